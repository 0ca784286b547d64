"""Once a day for each tenant, by whoever leads it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.errors import StateError
from controller.journal import Journal
from controller.loop import Pruning
from controller.turn import Reason, Turn

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TURN = Turn("t", "entreprise", "7f1b2c3d", START, START)


def rows(journal: Journal) -> int:
    return len(journal.outbox.recent("7f1b2c3d", limit=100))


def told(journal: Journal, at: datetime, name: str) -> None:
    journal.outbox.enqueue("7f1b2c3d", "ops", name, {}, at=at)
    (message,) = journal.outbox.claim(now=at, hold=timedelta(minutes=5))
    journal.outbox.sent(message, at=at)


def test_it_goes_by_the_day_and_by_who_leads() -> None:
    journal, now = Journal.open("sqlite://"), START
    down = False

    def opened() -> Journal:
        if down:
            raise StateError("the database does not answer")
        return journal

    pruning = Pruning(opened, lambda: now, history=90 * DAY, messages=30 * DAY)
    told(journal, START, "a")
    now = START + 31 * DAY
    asyncio.run(pruning(replace(TURN, reason=Reason.NOT_LEADING)))
    assert rows(journal) == 1
    down = True
    asyncio.run(pruning(TURN))
    down = False
    asyncio.run(pruning(TURN))
    assert rows(journal) == 0, "tried again after the database came back"
    told(journal, START, "b")
    asyncio.run(pruning(TURN))
    assert rows(journal) == 1, "not twice a day"
    now += DAY
    asyncio.run(pruning(TURN))
    assert rows(journal) == 0
