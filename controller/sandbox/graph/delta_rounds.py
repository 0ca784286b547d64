"""What delta tokens stand for, kept until they are too old or too many; what is asked and compared with them
is `deltas.py`'s."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(days=7)  # of a directory's delta token [doc: delta-query-overview]
_KEPT = 2_000  # tokens; the oldest go first

Shown = dict[str, dict[str, Any]]  # by object id, what was shown of it


@dataclass(frozen=True, slots=True)
class Options:
    """What the first call asked for."""

    type: str
    select: tuple[str, ...]
    members: bool
    ids: frozenset[str] | None
    pairs: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Round:
    """What a token stands for: `shown` at its time, and `waiting` items of pages not fetched yet."""

    options: Options
    issued: datetime
    shown: Shown
    waiting: list[dict[str, Any]] = field(default_factory=list)


class DeltaStore:
    """Every token given, until it is too old or there are too many."""

    def __init__(self) -> None:
        self._rounds: dict[str, Round] = {}

    def keep(self, token: str, round_: Round) -> None:
        self._rounds[token] = round_
        while len(self._rounds) > _KEPT:
            self._rounds.pop(next(iter(self._rounds)))

    def get(self, token: str, now: datetime) -> Round | None:
        found = self._rounds.get(token)
        return found if found is not None and now - found.issued < LIFETIME else None
