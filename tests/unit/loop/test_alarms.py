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
