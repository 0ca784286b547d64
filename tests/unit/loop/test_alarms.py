"""The alarms that production has: a moment that is past rings at once, and only the last one set counts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from controller.loop import ScheduledAlarms

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NEVER = datetime.now(UTC) + timedelta(days=3000)


def rung(*sets):
    """What rings, up to the alarm that ends it."""
    heard = []

    async def story():
        alarms, done = ScheduledAlarms(), asyncio.Event()

        def ring(name):
            heard.append(name)
            if name == "end":
                done.set()

        alarms.start(ring)
        for name, at in sets:
            alarms.set(name, at)
        alarms.set("end", datetime.now(UTC))
        await asyncio.wait_for(done.wait(), 30)
        alarms.stop()
        alarms.stop()

    asyncio.run(story())
    return heard


def test_what_is_past_however_long_rings_at_once_and_once():
    assert sorted(rung(("slept through", LONG_AGO))) == ["end", "slept through"]


def test_the_last_one_set_counts():
    assert rung(("a", LONG_AGO), ("a", NEVER)) == ["end"]


def test_each_name_has_its_own():
    assert sorted(rung(("a", LONG_AGO), ("", LONG_AGO), ("b", NEVER))) == ["", "a", "end"]


class Wall:
    """A clock on the wall that is set at will; the monotonic one goes on by itself."""

    def __init__(self, monkeypatch, moment):
        self.moment = moment
        self.looked = asyncio.Event()
        wall = self

        class Datetime(datetime):
            @classmethod
            def now(cls, tz=None):
                return wall.moment.astimezone(tz)

        monkeypatch.setattr("apscheduler.schedulers.base.datetime", Datetime)

    def now(self):
        self.looked.set()
        return self.moment

    async def beats(self, count=3):
        for _ in range(count):
            self.looked.clear()
            await asyncio.wait_for(self.looked.wait(), 30)


def lived(monkeypatch, story):
    """Each step of a story sets the clock, then alarms, and says what rings within a few heartbeats."""
    wall, heard = Wall(monkeypatch, NOON), []

    async def live():
        alarms = ScheduledAlarms(wall.now, heartbeat=timedelta(milliseconds=1))
        alarms.start(heard.append)
        for moment, sets, awaited in story:
            wall.moment = moment
            for name, at in sets:
                alarms.set(name, at)
            await wall.beats()
            assert sorted(heard) == sorted(awaited)
            heard.clear()
        alarms.stop()

    asyncio.run(live())


NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MIDNIGHT = NOON + timedelta(hours=12)


def test_a_date_slept_through_rings_once_the_wall_is_looked_at(monkeypatch):
    story = [
        (NOON, [("a", MIDNIGHT)], []),
        (MIDNIGHT - timedelta(seconds=1), [], []),
        (MIDNIGHT + timedelta(days=3), [], ["a"]),  # suspended: the wall jumps, monotonic time does not
    ]
    lived(monkeypatch, story)


def test_a_clock_set_back_rings_everything_and_the_date_still_rings_when_it_comes(monkeypatch):
    story = [
        (NOON, [("a", NOON + timedelta(minutes=15)), ("b", MIDNIGHT)], []),
        (NOON - timedelta(hours=2), [], ["a", "b"]),
        (NOON - timedelta(hours=2), [("a", NOON), ("b", MIDNIGHT)], []),
        (NOON, [], ["a"]),
        (MIDNIGHT, [], ["b"]),
    ]
    lived(monkeypatch, story)


def test_a_clock_that_is_only_slewed_rings_nothing(monkeypatch):
    story = [(NOON, [("a", MIDNIGHT)], []), (NOON - timedelta(seconds=2), [], [])]
    lived(monkeypatch, story)


def test_set_back_and_forth_again_a_date_is_met(monkeypatch):
    """A heartbeat by the wall would be waiting for the wrong hour."""
    story = [
        (NOON, [], []),
        (NOON - timedelta(hours=20), [], []),
        (NOON - timedelta(hours=20), [("a", MIDNIGHT)], []),
        (MIDNIGHT, [], ["a"]),
    ]
    lived(monkeypatch, story)
