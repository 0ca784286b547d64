"""What a PATCH of mailboxSettings does to the settings that stand there, and how they look on the wire.

Objects are merged: what a body leaves out keeps its value. The facts a reader would not guess: each bad value
of working hours has a code of its own, while enums and times that do not parse never reach the service
[doc: graph/api/user-update-mailboxsettings, errors].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controller.sandbox import cultures, zones
from controller.sandbox.graph import bodies
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import invalid
from controller.sandbox.mailbox_settings import (
    DAYS,
    REPLY_LIMIT,
    AutomaticReplies,
    Regional,
    WorkingHours,
    collapsed_days,
    stored_reply,
)

REGIONAL = frozenset({"language", "timeZone", "dateFormat", "timeFormat"})
# Graph's words for Exchange's.
_STATES = {"disabled": "Disabled", "alwaysEnabled": "Enabled", "scheduled": "Scheduled"}
_AUDIENCES = {"none": "None", "contactsOnly": "Known", "all": "All"}
Body = Mapping[str, Any]


def _member(value: Body, name: str) -> Any:
    """A member of a body in any case; None where it is not there or null, which changes nothing."""
    return next((item for key, item in value.items() if key.lower() == name.lower()), None)


# --- automatic replies --------------------------------------------------------------------------------


def replies(value: Body, held: AutomaticReplies, now: datetime) -> AutomaticReplies:
    """The replies after a PATCH.

    Raises:
        GraphError: a time that is none, a zone nobody knows, a schedule that ends before it starts or now.
    """
    changes: dict[str, Any] = {}
    for name, field, words in (("status", "state", _STATES), ("externalAudience", "audience", _AUDIENCES)):
        word = _member(value, name)
        if word is not None:
            changes[field] = next(ours for theirs, ours in words.items() if theirs.lower() == word.lower())
    for name, field in (("internalReplyMessage", "internal"), ("externalReplyMessage", "external")):
        text = _member(value, name)
        if text is not None:
            if len(text) > REPLY_LIMIT:
                raise invalid("The reply message is too long.", "ErrorInvalidArgument")
            changes[field] = stored_reply(text)
    for name, field in (("scheduledStartDateTime", "start"), ("scheduledEndDateTime", "end")):
        moment = _member(value, name)
        if moment is not None:
            changes[field] = _moment(moment)
    after = replace(held, **changes)
    start, end = after.start, after.end
    if after.state == "Scheduled" and start is not None and end is not None and end <= max(start, now):
        text = "The end of the schedule must be later than its start and lie in the future."
        raise invalid(text, "ErrorInvalidTimeSettings")
    return after


def _moment(value: Body) -> datetime:
    """A dateTimeTimeZone in UTC; fractions beyond microseconds are cut."""
    text, zone = str(_member(value, "dateTime") or ""), _member(value, "timeZone") or "UTC"
    head, dot, fraction = text.removesuffix("Z").partition(".")
    try:
        parsed = datetime.fromisoformat(f"{head}{dot}{fraction[:6]}")
    except ValueError:
        raise bodies.refused(f"Cannot convert the literal '{text}' to a date and time.") from None
    where = _zone(zone)
    local = parsed if parsed.tzinfo else parsed.replace(tzinfo=where)
    return local.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(zones.iana(name) or name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name too long for a file
        raise GraphError(400, "InvalidTimeZone", f"The time zone '{name}' is not valid.") from None


def shown_replies(found: AutomaticReplies) -> dict[str, Any]:
    return {
        "status": next(theirs for theirs, ours in _STATES.items() if ours == found.state),
        "externalAudience": next(theirs for theirs, ours in _AUDIENCES.items() if ours == found.audience),
        "internalReplyMessage": found.internal,
        "externalReplyMessage": found.external,
        "scheduledStartDateTime": _instant(found.start),
        "scheduledEndDateTime": _instant(found.end),
    }


def _instant(at: datetime | None) -> dict[str, str] | None:
    if at is None:
        return None
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": "UTC"}


# --- language, zone, formats --------------------------------------------------------------------------


def regional(values: Body, held: Regional) -> Regional:
    """Language, zone and formats after a PATCH. A language without formats takes its own where those that
    stand there do not suit it [inf].

    Raises:
        GraphError: a neutral or unknown culture, a zone nobody knows, a format that does not suit.
    """
    after = held
    locale = _member(values.get("language") or {}, "locale")
    if locale is not None:
        if not cultures.is_specific(locale):
            raise invalid(f"The locale '{locale}' is not valid.", "InvalidArguments")
        after = replace(after, language=cultures.proper(locale))
    if values.get("timeZone") is not None:
        _zone(values["timeZone"])
        after = replace(after, time_zone=values["timeZone"])
    for name, field, suits, default in (
        ("dateFormat", "date_format", cultures.suits_date, cultures.default_date),
        ("timeFormat", "time_format", cultures.suits_time, cultures.default_time),
    ):
        given, standing = values.get(name), getattr(after, field)
        if given and not suits(after.language, given):
            raise invalid(f"The {name} '{given}' does not suit the language.", "InvalidArguments")
        if given:
            after = replace(after, **{field: given})
        elif after.language and (not standing or not suits(after.language, standing)):
            after = replace(after, **{field: default(after.language)})
    return after


# --- working hours ------------------------------------------------------------------------------------


def check_days(body: Body) -> None:
    """A weekday nobody knows is refused by the service, unlike other enums [doc]."""
    given = _member(body, "workingHours")
    days = _member(given, "daysOfWeek") if isinstance(given, dict) else None
    known = {day.lower() for day in DAYS}
    if isinstance(days, list) and any(str(day).lower() not in known for day in days):
        raise GraphError(400, "InvalidArguments", "The days of the week are not valid.")


def hours(value: Body, held: WorkingHours) -> WorkingHours:
    """Working hours after a PATCH.

    Raises:
        GraphError: InvalidTimeZone; ErrorInvalidTimeSettings where they end before they start.
    """
    changes: dict[str, Any] = {}
    days = _member(value, "daysOfWeek")
    if days is not None:
        changes["days"] = collapsed_days([day.title() for day in days])
    for name, field in (("startTime", "start"), ("endTime", "end")):
        text = _member(value, name)
        if text is not None:
            changes[field] = f"{time.fromisoformat(text):%H:%M:%S}"
    zone = _member(value, "timeZone")
    if zone is not None:
        name = _member(zone, "name") or ""
        _zone(name)  # a zone of one's own making (customTimeZone) is not played
        changes["time_zone"] = name
    after = replace(held, **changes)
    if after.start >= after.end:
        text = "The start of working hours must be earlier than their end."
        raise GraphError(400, "ErrorInvalidTimeSettings", text)
    return after


def shown_hours(found: WorkingHours) -> dict[str, Any]:
    return {
        "daysOfWeek": [day.lower() for day in found.days],
        "startTime": f"{found.start}.0000000",
        "endTime": f"{found.end}.0000000",
        "timeZone": {"name": found.time_zone},
    }


def zone_title(name: str, now: datetime) -> str:
    """`(UTC+01:00) Paris`: the offset without summer time, and the zone's city."""
    iana = zones.iana(name) or name
    try:
        zone = ZoneInfo(iana)
    except (ZoneInfoNotFoundError, ValueError):
        return name
    winter = min(now.replace(month=month, day=1).astimezone(zone).utcoffset() for month in (1, 7))  # type: ignore[type-var]
    minutes = int(winter.total_seconds() // 60) if winter is not None else 0
    sign, city = "-" if minutes < 0 else "+", iana.rpartition("/")[2].replace("_", " ")
    return f"(UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}) {city}"
