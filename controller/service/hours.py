"""Time in which somebody is there: working days and hours of a zone, holidays left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

Span = tuple[datetime, datetime]
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """`days` counts from Monday (0). An end at or before the start is on the following day, and the whole
    belongs to the day that it begins on. `holidays` are spans in which nobody is there."""

    days: frozenset[int]
    start: time
    end: time
    zone: tzinfo
    holidays: tuple[Span, ...] = ()

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """Working time from one moment to another; nothing where they are the wrong way round. Where clocks
        are changed, hours count as they really pass."""
        total = timedelta()
        day = begin.astimezone(self.zone).date() - _DAY
        last = end.astimezone(self.zone).date()
        while day <= last:
            for opens, closes in self._open(day):
                total += max(min(closes, end) - max(opens, begin), timedelta())
            day += _DAY
        return total

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def _open(self, day: date) -> Iterator[Span]:
        if day.weekday() not in self.days:
            return
        until = day if self.end > self.start else day + _DAY
        pieces = [(self._at(day, self.start), self._at(until, self.end))]
        for begin, end in self.holidays:
            pieces = [
                piece
                for opens, closes in pieces
                for piece in ((opens, min(closes, begin)), (max(opens, end), closes))
                if piece[0] < piece[1]
            ]
        yield from pieces

    def _at(self, day: date, clock: time) -> datetime:
        """In UTC: two local times of one zone would be subtracted as if clocks were never changed."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)
