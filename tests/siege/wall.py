"""The clock on the wall, for processes: libfaketime adds to it what a file says, and the siege writes the file.

Only the wall clock jumps; the monotonic clock, in which time-outs count, goes on as it does: so it is on a
machine that slept. Without libfaketime the clock goes as it does, and no date in the specs comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

_PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")


def library() -> Path | None:
    """Debian: package `faketime`."""
    found = (path for pattern in _PLACES for path in Path("/").glob(pattern.removeprefix("/")))
    return next(found, None)


@dataclass
class Wall:
    file: Path
    ahead: timedelta = field(default_factory=timedelta)

    def __post_init__(self) -> None:
        self.jump(timedelta())

    @property
    def moves(self) -> bool:
        return library() is not None

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def jump(self, by: timedelta) -> None:
        if self.moves or not by:
            self.ahead += by
            part = self.file.with_suffix(".part")
            part.write_text(f"+{self.ahead.total_seconds():.0f}\n")
            part.replace(self.file)  # never read half

    def environment(self) -> dict[str, str]:
        """For a process that shall live by this clock."""
        found = library()
        if found is None:
            return {}
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
