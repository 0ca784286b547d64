"""Dates are met as they are written, by the alarms that production has: over years, over changes of the clock in
spring and autumn, through sleep, and when the clock on the wall is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller.loop import Onward, ScheduledAlarms
from controller.model import Condition
from tests.rig import TENANT

from .loop_rig import Follow

LIBRE = "libre@entreprise.example"
BRUNO = "bruno@entreprise.example"
BOX = f"""\
kind: SharedMailbox
address: {LIBRE}
access:
  alice@entreprise.example: [full-access]
"""
SECOND = timedelta(seconds=1)


@pytest.fixture
def tenant(rig, monkeypatch):
    """On a clock that both the loop and APScheduler read, and that moves only when it is told to."""
    made = rig(BOX)
    made.write("tenant.yaml", TENANT + "interval: 6h\n")

    class Datetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return made.clock.now().astimezone(tz)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Datetime)
    return made


def follow(tenant):
    alarms = ScheduledAlarms(tenant.clock.now, heartbeat=timedelta(milliseconds=1))
    return Follow(tenant.folder, tenant, alarms=alarms, now=Onward(tenant.clock.now).now)


async def at(loop, moment):
    """The turn that comes of it when the clock is set to `moment`."""
    loop.rig.clock.advance(moment - loop.rig.clock.now())
    return await loop.turn()


def given(tenant, operation):
    return [record for record in tenant.sandbox.world.audit if record.operation == operation]


def instant(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("begin", "end", "begins", "ends"),
    [
        ("2027-03-28", "2027-03-28", "2027-03-27T23:00:00+00:00", "2027-03-28T22:00:00+00:00"),  # of 23 hours
        ("2027-10-31", "2027-10-31", "2027-10-30T22:00:00+00:00", "2027-10-31T23:00:00+00:00"),  # of 25
        ("2028-02-29", "2028-02-29", "2028-02-28T23:00:00+00:00", "2028-02-29T23:00:00+00:00"),
        ("2027-02-28", "2027-12-31", "2027-02-27T23:00:00+00:00", "2027-12-31T23:00:00+00:00"),
        ("2027-10-31T02:30", "2027-10-31T03:30", "2027-10-31T00:30:00+00:00", "2027-10-31T02:30:00+00:00"),  # comes twice
        ("2027-03-28T02:30", "2027-03-28T04:00", "2027-03-28T01:30:00+00:00", "2027-03-28T02:00:00+00:00"),  # never comes
    ],
)
def test_access_begins_and_ends_on_the_second(tenant, go, begin, end, begins, ends):
    tenant.write("0.yaml", BOX + f"  {BRUNO}: {{rights: [full-access], from: {begin}, until: {end}, reason: T-1}}\n")

    async def story():
        loop = follow(tenant)
        async with loop.running():
            for moment, holds in (
                (instant(begins) - SECOND, False),
                (instant(begins), True),
                (instant(ends), False),
            ):
                await at(loop, moment)
                assert (BRUNO in tenant.full_access(LIBRE)) is holds, moment

    go(story())
    assert len(given(tenant, "Add-MailboxPermission")) == 2
    assert len(given(tenant, "Remove-MailboxPermission")) == 1


def test_a_machine_that_slept_makes_up_for_what_came_and_went(tenant, go):
    """Suspended, the wall goes on and monotonic time does not: no timer runs out."""
    tenant.write("0.yaml", BOX + f"  {BRUNO}: {{rights: [full-access], from: 2026-12-02, until: 2026-12-04, reason: T-1}}\n")

    async def story():
        loop = follow(tenant)
        async with loop.running():
            await at(loop, instant("2026-12-03T10:00+00:00"))
            assert BRUNO in tenant.full_access(LIBRE)
            await at(loop, instant("2026-12-20T10:00+00:00"))
            assert BRUNO not in tenant.full_access(LIBRE)

    go(story())


def test_what_came_and_went_in_one_sleep_is_never_given(tenant, go):
    tenant.write("0.yaml", BOX + f"  {BRUNO}: {{rights: [full-access], from: 2026-12-02, until: 2026-12-04, reason: T-1}}\n")

    async def story():
        loop = follow(tenant)
        async with loop.running():
            assert (await at(loop, instant("2027-01-20T10:00+00:00"))).condition is Condition.CLEAN

    go(story())
    assert len(given(tenant, "Add-MailboxPermission")) == 1


def test_a_clock_set_back_by_seconds_gives_nothing_again(tenant, go):
    tenant.write("0.yaml", BOX + f"  {BRUNO}: {{rights: [full-access], until: 2026-12-01T12:00, reason: T-1}}\n")
    noon = instant("2026-12-01T11:00+00:00")

    async def story():
        loop = follow(tenant)
        async with loop.running():
            await at(loop, noon)
            assert BRUNO not in tenant.full_access(LIBRE)
            turn = await at(loop, noon - timedelta(seconds=40))  # as a time server does; it looks, and waits for noon
            assert turn.condition is Condition.CLEAN

    go(story())
    assert len(given(tenant, "Add-MailboxPermission")) == 2


def test_a_clock_that_was_hours_ahead_is_believed_once_it_is_right(tenant, go):
    tenant.write("0.yaml", BOX + f"  {BRUNO}: {{rights: [full-access], from: 2026-12-05, reason: T-1}}\n")

    async def story():
        loop = follow(tenant)
        async with loop.running():
            await at(loop, instant("2026-12-04T22:00+00:00"))
            await at(loop, instant("2026-12-01T09:00+00:00"))
            assert BRUNO not in tenant.full_access(LIBRE)
            await at(loop, instant("2026-12-04T23:00+00:00"))
            assert BRUNO in tenant.full_access(LIBRE)

    go(story())


def test_a_holiday_text_stands_from_the_minute_to_the_minute(tenant, go):
    tenant.write(
        "0.yaml",
        f"kind: SharedMailbox\naddress: {LIBRE}\nautomaticReplies:\n  state: disabled\n  periods:\n"
        "    - {name: Fêtes, from: 2026-12-24T18:00, until: 2027-01-04T08:00, external: Fermé, internal: Fermé}\n",
    )

    def state():
        (row,) = tenant.poke("Get-MailboxAutoReplyConfiguration", Identity=LIBRE)
        return row["AutoReplyState"], row["ExternalMessage"]

    async def story():
        loop = follow(tenant)
        async with loop.running():
            for moment, closed in (
                (instant("2026-12-24T17:00+00:00") - SECOND, False),
                (instant("2026-12-24T17:00+00:00"), True),
                (instant("2027-01-04T07:00+00:00") - SECOND, True),
                (instant("2027-01-04T07:00+00:00"), False),
            ):
                await at(loop, moment)
                now, text = state()
                assert (now != "Disabled" and "Fermé" in text) is closed, (moment, now, text)

    go(story())


def test_what_an_approval_let_through_is_held_from_its_end_on(tenant, go):
    tenant.write("0.yaml", BOX.replace("  alice@entreprise.example: [full-access]\n", "").replace("access:", "access: {}"))
    approval = f"kind: Approval\nfinding: last-reader/{LIBRE}\nreason: T-1\nuntil: 2026-12-03\n"
    tenant.write("tenant.yaml", TENANT + "interval: 20d\n")
    tenant.write("approval.yaml", approval)
    end = instant("2026-12-03T23:00+00:00")

    async def story():
        tenant.poke("Add-MailboxPermission", Identity=LIBRE, User=BRUNO, AccessRights="FullAccess", Confirm=False)
        loop = follow(tenant)
        async with loop.running() as first:
            assert first.condition is Condition.CONVERGED
            tenant.poke("Add-MailboxPermission", Identity=LIBRE, User=BRUNO, AccessRights="FullAccess", Confirm=False)
            turn = await at(loop, end)
            assert turn.started_at == end
            (change,) = turn.cycle.plan.changes
            assert f"last-reader/{LIBRE}" in change.blocked_by

    go(story())
    assert BRUNO in tenant.full_access(LIBRE)


def test_time_goes_on_or_stands_still():
    moments = iter([10, 20, 12, 15, 21, 21 - 301, 30])
    clock = Onward(lambda: datetime(2026, 12, 1, tzinfo=UTC) + timedelta(seconds=next(moments)))
    told = [(clock.now() - datetime(2026, 12, 1, tzinfo=UTC)).total_seconds() for _ in range(7)]
    assert told == [10, 20, 20, 20, 21, -280, 30]
