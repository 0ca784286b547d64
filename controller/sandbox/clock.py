"""The sandbox's time: real, or moved. A test's clock stands still until it is pushed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The tenant's time, aware, UTC."""
        ...

    def advance(self, by: timedelta) -> None: ...


class RunningClock:
    """Wall time plus whatever it has been moved by."""

    def __init__(self, start: datetime | None = None) -> None:
        self.shift = (start - datetime.now(UTC)) if start else timedelta()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self.shift

    def advance(self, by: timedelta) -> None:
        self.shift += by


class StandingClock:
    """Moves only when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by
