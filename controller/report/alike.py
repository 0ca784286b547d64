"""What one line of a spec, say of a profile, does to many resources alike is told once, with all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.model import Key, Risk

_FEW: Final = 3  # so many are still told one by one


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of one change, or of several that share a line."""

    risk: Risk
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that are told of these resources, of each of them all."""

    keys: tuple[Key, ...]
    entries: tuple[Entry, ...]

    @property
    def rank(self) -> tuple[int, tuple[Key, ...]]:
        return -max(entry.risk.rank for entry in self.entries), self.keys


def sections(told: Mapping[Key, Sequence[Entry]]) -> list[Section]:
    """One for each resource, and one for each set of them of which the same is told; the riskiest first."""
    where: dict[Entry, list[Key]] = {}
    for key, entries in told.items():
        for entry in entries:
            where.setdefault(entry, []).append(key)
    shared: dict[tuple[Key, ...], list[Entry]] = {}
    for entry, keys in where.items():
        if len(keys) > _FEW:
            shared.setdefault(tuple(keys), []).append(entry)
    found = [Section(keys, tuple(entries)) for keys, entries in shared.items()]
    for key, entries in told.items():
        if own := tuple(_own(entries, where)):
            found.append(Section((key,), own))
    return sorted(found, key=lambda section: section.rank)


def _own(entries: Iterable[Entry], where: Mapping[Entry, Sequence[Key]]) -> Iterable[Entry]:
    return (entry for entry in entries if len(where[entry]) <= _FEW)
