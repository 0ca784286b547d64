"""Being woken at a moment: one alarm for each name, the last one set counts.

APScheduler only wakes; it never runs a cycle, as its version 3 cancels what is running when it is shut down.
The scheduler counts in the machine's monotonic time, which stands still while a machine is asleep: a
heartbeat lets it look at the clock on the wall, and what was slept through rings at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

_HEARTBEAT: Final = 20  # seconds; a date is met as exactly after a night's sleep


class Alarms(Protocol):
    def start(self, ring: Callable[[str], None]) -> None:
        """`ring` is called with the name of an alarm, in the event loop."""

    def set(self, name: str, at: datetime) -> None:
        """A moment that is past rings at once."""

    def stop(self) -> None: ...


class ScheduledAlarms:
    """By the clock on the wall."""

    def __init__(self) -> None:
        late = {"misfire_grace_time": None, "coalesce": True}  # however late, it rings, and once
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=late)
        self._ring: Callable[[str], None] = lambda name: None

    def start(self, ring: Callable[[str], None]) -> None:
        self._ring = ring
        self._scheduler.add_job(_beat, IntervalTrigger(seconds=_HEARTBEAT, timezone=UTC))
        self._scheduler.start()

    def set(self, name: str, at: datetime) -> None:
        self._scheduler.add_job(
            self._rung, DateTrigger(at, timezone=UTC), args=[name], id=f"alarm {name}", replace_existing=True
        )

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _rung(self, name: str) -> None:
        self._ring(name)


async def _beat() -> None:
    """Having been woken is all."""
