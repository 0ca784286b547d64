"""Dates, durations and windows as a document writes them, and the instants they stand for.

YAML 1.2 has no timestamps: they arrive as text. A date counts from the start of the day, or to its end,
in the tenant's time zone; so does a timestamp that names no offset of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s?(Z|z|[+-]\d\d:?\d\d)?")
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?")
_LONGEST: Final = timedelta(days=3660)  # ten years: dates stay far from the end of the calendar
_WINDOW = re.compile(r"([A-Za-z,\-]+) +(\d\d:\d\d)-(\d\d:\d\d)")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
MOMENT_FORM: Final = "a date (2027-01-31) or a timestamp (2027-01-31T18:00, 2027-01-31T18:00+01:00)"
DURATION_FORM: Final = "a duration such as 90, 90s, 15m, 1h or 2d (a bare number counts seconds)"
WINDOW_FORM: Final = "days and times such as 'mon-fri 08:00-18:00' or 'sat,sun 22:00-04:00'"


def parse_moment(text: str) -> date | datetime:
    """`2027-01-31`, or a timestamp with or without an offset. Raises ValueError."""
    match = _STAMP.fullmatch(text)
    if match is None and not _DATE.fullmatch(text):
        raise ValueError(f"expected {MOMENT_FORM}; got {text!r}")
    try:
        if match is None:
            return date.fromisoformat(text)
        day, clock, offset = match.groups()
        return datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")
    except ValueError as error:
        raise ValueError(f"expected {MOMENT_FORM}; {text!r} is none: {error}") from None


def starts_at(value: date | datetime, zone: tzinfo) -> datetime:
    """The first instant that counts: of a date, its first in the zone."""
    return _instant(value if isinstance(value, datetime) else datetime.combine(value, time.min), zone)


def ends_at(value: date | datetime, zone: tzinfo) -> datetime:
    """The first instant that counts no more: a date is counted to its end, a timestamp up to itself."""
    if isinstance(value, datetime):
        return _instant(value, zone)
    if value == date.max:  # people write 9999-12-31 for "for ever"
        return FOREVER
    return starts_at(value + timedelta(days=1), zone)


def _instant(value: datetime, zone: tzinfo) -> datetime:
    """With a fixed offset, since Python compares two datetimes of one zone by the clock on the wall. A
    time that the clock skips counts as the moment it skips to; of one that comes twice, the first."""
    stamped = value if value.tzinfo is not None else value.replace(tzinfo=zone)
    try:
        here = stamped.astimezone(UTC).astimezone(zone)
    except OverflowError:
        return FOREVER if stamped.year > 5000 else datetime.min.replace(tzinfo=UTC)
    offset = here.utcoffset()
    assert offset is not None
    return here.replace(tzinfo=timezone(offset), fold=0)


def parse_duration(value: str | int) -> timedelta:
    """`90` (seconds), `90s`, `15m`, `1h`, `2d`, `1h30m`; longer than nothing. Raises ValueError."""
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"expected {DURATION_FORM}; got {value!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not 0 < total <= _LONGEST.total_seconds():
        raise ValueError(f"expected {DURATION_FORM}, more than 0 and at most {_LONGEST.days}d; got {value!r}")
    return timedelta(seconds=total)


@dataclass(frozen=True, slots=True)
class ApplyWindow:
    """When the loop may write. `days` are the days on which the window opens (0 is Monday); with an end
    before its start it closes on the following day. `end` is None for 24:00."""

    text: str
    days: frozenset[int]
    start: time
    end: time | None

    def __str__(self) -> str:
        return self.text

    def is_open(self, now: datetime, zone: tzinfo) -> bool:
        local = now.astimezone(zone)
        clock = local.time()
        today, yesterday = local.weekday() in self.days, (local.weekday() - 1) % 7 in self.days
        if self.end is None or self.end > self.start:
            return today and self.start <= clock and (self.end is None or clock < self.end)
        return (today and clock >= self.start) or (yesterday and clock < self.end)


def parse_window(text: str) -> ApplyWindow:
    """`mon-fri 08:00-18:00`, `mon,wed 22:00-04:00`. Raises ValueError."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected {WINDOW_FORM}; got {text!r}")
    days = frozenset(day for part in match[1].lower().split(",") for day in _days(part, text))
    start, end = _clock(match[2], text), None if match[3] == "24:00" else _clock(match[3], text)
    if start == end:
        raise ValueError(f"window {text!r} ends when it starts; the whole day is 00:00-24:00")
    return ApplyWindow(text, days, start, end)


def _days(part: str, text: str) -> list[int]:
    names = part.split("-")
    if len(names) > 2 or any(name not in DAYS for name in names):
        wrong = next((name for name in names if name not in DAYS), part)
        raise ValueError(f"expected {WINDOW_FORM}; {wrong!r} in {text!r} is no day ({', '.join(DAYS)})")
    first, last = DAYS.index(names[0]), DAYS.index(names[-1])
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _clock(clock: str, text: str) -> time:
    try:
        return time.fromisoformat(clock)
    except ValueError:
        raise ValueError(f"expected {WINDOW_FORM}; {clock} in {text!r} is no time of day") from None


def in_windows(windows: tuple[ApplyWindow, ...] | None, now: datetime, zone: tzinfo) -> bool:
    """Whether the loop may write now. None (left out): always. None listed: never."""
    return windows is None or any(window.is_open(now, zone) for window in windows)


def next_opening(windows: tuple[ApplyWindow, ...] | None, now: datetime, zone: tzinfo) -> datetime | None:
    """When the next window opens after `now`; None where none is listed."""
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(8)]
    starts = (
        starts_at(datetime.combine(day, window.start), zone)
        for window in windows or ()
        for day in days
        if day.weekday() in window.days
    )
    return min((start for start in starts if start > now), default=None)
