"""Working days and hours, in whose zone they count, and what the service makes of them."""

from __future__ import annotations

import pytest

from controller.model import Status
from controller.sandbox import mailbox_settings

BOX = "libre@entreprise.example"
NOUN = "MailboxCalendarConfiguration"


def document(text, more=""):
    return f"kind: SharedMailbox\naddress: {BOX}\n{more}workingHours: {text}\n"


WEEK = document('{days: [friday, monday, tuesday, wednesday, thursday], start: "09:00", end: "18:00"}')


def hours(tenant):
    return mailbox_settings.working_hours(tenant.entry(BOX))


def sent(plan):
    return [
        (c.field, {k: v for k, v in c.requests[0].parameters.items() if k != "Identity"}) for c in plan.changes
    ]


def test_the_tenant_ends_as_the_document_says(rig, go):
    tenant = rig(WEEK)
    cycle = go(tenant.apply())
    assert sent(cycle.plan) == [
        ("workingHours.start", {"WorkingHoursStartTime": "09:00:00", "WorkingHoursEndTime": "18:00:00"}),
        ("workingHours.timeZone", {"WorkingHoursTimeZone": "Romance Standard Time"}),
    ]
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert (hours(tenant).start, hours(tenant).end) == ("09:00:00", "18:00:00")
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize(
    ("days", "stored"),
    [
        ("[saturday, sunday]", "WeekEndDays"),
        ("[monday, tuesday, wednesday, thursday, friday, saturday, sunday]", "AllDays"),
        ("[sunday, monday]", "Monday, Sunday"),
        ("[]", "None"),
    ],
)
def test_days_are_a_set_however_the_service_writes_it(rig, go, days, stored):
    tenant = rig(document(f"{{days: {days}}}"))
    go(tenant.apply())
    (row,) = tenant.poke(f"Get-{NOUN}", Identity=BOX)
    assert row["WorkDays"] == stored
    assert not go(tenant.plan()).changes


def test_a_day_that_lies_after_the_former_one(rig, go):
    """Start and end go together: the new start is later than the old end."""
    tenant = rig(document('{start: "18:00", end: "22:30"}'))
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert (hours(tenant).start, hours(tenant).end) == ("18:00:00", "22:30:00")


def test_one_end_alone_is_one_change(rig, go):
    tenant = rig(document('{start: "08:00", end: "12:00"}'))
    assert sent(go(tenant.plan()))[0] == ("workingHours.end", {"WorkingHoursEndTime": "12:00:00"})


def test_the_hours_count_in_the_zone_of_the_mailbox(rig, go):
    tenant = rig(document('{end: "16:00"}', "regional: {timeZone: Europe/Berlin}\n"))
    go(tenant.apply())
    assert hours(tenant).time_zone == "W. Europe Standard Time"
    assert not go(tenant.plan()).changes


def test_a_tenant_that_names_no_zone_decides_nothing(rig, go):
    tenant = rig(document('{end: "16:00"}'))
    text = (tenant.folder / "tenant.yaml").read_text().replace("timeZone: Europe/Paris\n", "")
    tenant.write("tenant.yaml", text)
    assert [c.field for c in go(tenant.plan()).changes] == ["workingHours.end"]


def test_other_calendar_settings_are_left_alone(rig, go):
    tenant = rig(WEEK)
    tenant.poke(f"Set-{NOUN}", Identity=BOX, ShowWeekNumbers=True, WeekStartDay="Monday")
    go(tenant.apply())
    (row,) = tenant.poke(f"Get-{NOUN}", Identity=BOX)
    assert (row["ShowWeekNumbers"], row["WeekStartDay"]) == (True, "Monday")
