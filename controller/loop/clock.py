"""The time that a loop goes by: the clock on the wall, but that it stands still rather than go back a little.

A clock that is set back by seconds, as time servers do, would undo what a date has brought: a right that
ended at midnight would be given again for those seconds. Set back by more, it was wrong before, and the new
time counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_LITTLE: Final = timedelta(minutes=5)  # more than a machine with a time server is ever off


def on_the_wall() -> datetime:
    return datetime.now(UTC)


class Onward:
    """May be asked by several threads."""

    def __init__(self, wall: Callable[[], datetime] = on_the_wall) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._last: datetime | None = None

    def now(self) -> datetime:
        with self._lock:
            now = self._wall()
            if self._last is None or not now < self._last <= now + _LITTLE:
                self._last = now
            return self._last
