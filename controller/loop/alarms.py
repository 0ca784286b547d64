"""Being woken at a moment: one alarm for each name, the last one set counts.

APScheduler only wakes; it never runs a cycle, as its version 3 cancels what is running when it is shut down.
It sleeps by the machine's monotonic clock, which stands still while a machine is suspended and knows nothing
of a clock on the wall that is set: so a heartbeat, by that same monotonic clock, lets it look at the wall
every few seconds. What was slept through rings at once; and once the clock was set back everything rings, as
nobody can tell any more how long ago an alarm was set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from apscheduler.jobstores.base import JobLookupError  # type: ignore[import-untyped]
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]

_HEARTBEAT: Final = timedelta(seconds=5)  # a date is met as exactly after a night's sleep
_BACK: Final = timedelta(seconds=10)  # what a clock that is slewed never goes back


class Alarms(Protocol):
    def start(self, ring: Callable[[str], None]) -> None:
        """`ring` is called with the name of an alarm, in the event loop."""

    def set(self, name: str, at: datetime) -> None:
        """A moment that is past rings at once."""

    def stop(self) -> None: ...


class ScheduledAlarms:
    """By the clock on the wall, which `now` tells as APScheduler reads it."""

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), heartbeat: timedelta = _HEARTBEAT
    ) -> None:
        late = {"misfire_grace_time": None, "coalesce": True}  # however late, it rings, and once
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=late)
        self._ring: Callable[[str], None] = lambda name: None
        self._now = now
        self._heartbeat = heartbeat
        self._set: dict[str, datetime] = {}
        self._seen: datetime | None = None
        self._beating: asyncio.TimerHandle | None = None

    def start(self, ring: Callable[[str], None]) -> None:
        self._ring = ring
        self._scheduler.start()
        self._beat()

    def set(self, name: str, at: datetime) -> None:
        self._set[name] = at
        self._scheduler.add_job(
            self._rung, DateTrigger(at, timezone=UTC), args=[name, at], id=_id(name), replace_existing=True
        )

    def stop(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _rung(self, name: str, at: datetime) -> None:
        if self._set.get(name) == at:  # or it was set anew meanwhile
            del self._set[name]
        self._ring(name)

    def _beat(self) -> None:
        now = self._now()
        if self._seen is not None and now < self._seen - _BACK:
            self._ring_all()
        self._seen = now
        self._scheduler.wakeup()
        seconds = self._heartbeat.total_seconds()
        self._beating = asyncio.get_running_loop().call_later(seconds, self._beat)

    def _ring_all(self) -> None:
        for name in list(self._set):
            with suppress(JobLookupError):  # it rings just now
                self._scheduler.remove_job(_id(name))
            del self._set[name]
            self._ring(name)


def _id(name: str) -> str:
    return f"alarm {name}"
