"""Get- and Set-MailboxCalendarConfiguration: working hours, reminders, how a calendar looks.

WorkDays is a set of flags of which redundant values collapse: Monday to Friday comes back as `Weekdays`
[doc]. That the hours must not end before they start is known from Graph's door [reference: section 7].
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from controller.sandbox import mailbox_settings, zones
from controller.sandbox.exchange import own_settings, refusals
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import parse_span, print_span
from controller.sandbox.mailbox_settings import WorkingHours, collapsed_days, printed_days

# Defaults as in the reference's sample; what is only ever null or off is left out.
_PLAIN: dict[str, Any] = {
    "WeekStartDay": "Sunday",
    "TimeIncrement": "ThirtyMinutes",
    "RemindersEnabled": True,
    "ReminderSoundEnabled": True,
    "DefaultReminderTime": "00:15:00",
    "ShowWeekNumbers": False,
    "FirstWeekOfYear": "FirstDay",
    "DefaultOnlineMeetingProvider": "TeamsForBusiness",
    "OnlineMeetingsByDefaultEnabled": None,
    "EventsFromEmailEnabled": True,
    "LocationDetailsInFreeBusy": "Desk",
    "PreserveDeclinedMeetings": False,
    "DeleteMeetingRequestOnRespond": True,
    "UseBrightCalendarColorThemeInOwa": False,
    "ConversationalSchedulingEnabled": True,
    "WeatherUnit": "Default",
}
_UNPLAYED = {"WeatherEnabled": "FirstRun"}  # documented as Boolean, observed as a word: not taken


@cmdlet("Get-MailboxCalendarConfiguration", honours=())
def get_calendar_configuration(call: Invocation) -> Result:
    entry, seen = own_settings.target(call)
    hours = mailbox_settings.working_hours(seen)
    row = {
        "Identity": entry.name,
        "WorkDays": printed_days(hours.days),
        "WorkingHoursStartTime": hours.start,
        "WorkingHoursEndTime": hours.end,
        "WorkingHoursTimeZone": zones.windows(hours.time_zone) or hours.time_zone,
        **_PLAIN,
        **_UNPLAYED,
        **seen.stores.get("calendar", {}),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [selected(call, row)]


@cmdlet(
    "Set-MailboxCalendarConfiguration",
    honours={
        "WorkDays",
        "WorkingHoursStartTime",
        "WorkingHoursEndTime",
        "WorkingHoursTimeZone",
        *_PLAIN,
    },
)
def set_calendar_configuration(call: Invocation) -> Result:
    """No rows. CmdletError (400): hours that end before they start, a zone that Windows has not."""
    entry, _ = own_settings.target(call)
    hours = _hours(call, mailbox_settings.working_hours(entry))
    sent = {name: call.arguments[name] for name in _PLAIN if name in call.arguments}
    plain = {n: print_span(v) if isinstance(v, timedelta) else v for n, v in sent.items()}
    changed = own_settings.save(call, entry, "working_hours", hours)
    if not ((plain and own_settings.save_plain(call, entry, "calendar", plain)) or changed):
        own_settings.unchanged(call, entry)
    return None


def _hours(call: Invocation, before: WorkingHours) -> WorkingHours:
    arguments = call.arguments
    values: dict[str, Any] = {}
    if arguments.text("WorkDays"):
        named = [] if arguments["WorkDays"] == "None" else str(arguments["WorkDays"]).split(", ")
        values["days"] = collapsed_days(named)
    for parameter, name in (("WorkingHoursStartTime", "start"), ("WorkingHoursEndTime", "end")):
        span = arguments.get(parameter)
        if span is not None:
            if span >= timedelta(days=1):
                raise refusals.validation(f"The value of {parameter} must be less than one day.")
            values[name] = print_span(span)
    if arguments.text("WorkingHoursTimeZone"):
        zone = str(arguments["WorkingHoursTimeZone"])
        values["time_zone"] = own_settings.zone("WorkingHoursTimeZone", zone)
    after = replace(before, **values)
    start, end = parse_span(after.start), parse_span(after.end)
    if start is not None and end is not None and start >= end:
        raise refusals.validation("WorkingHoursStartTime must be earlier than WorkingHoursEndTime.")
    return after
