"""What was last applied, recalled for one resource at a time.

Most plans ask about few resources or none, and the record of a large tenant is a million values: reading it
whole cost a plan more time than comparing did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from controller.journal.journal import Journal
from controller.model import Key, Path


class LastApplied(Mapping[Key, Mapping[Path, Any]]):
    """By resource, every value last applied to it. `keys` are all that there is a record of."""

    def __init__(self, journal: Journal, tenant_id: str, keys: Collection[Key]) -> None:
        self._journal = journal
        self._tenant_id = tenant_id
        self._all = keys
        self._recalled: dict[Key, Mapping[Path, Any]] = {}

    def __getitem__(self, key: Key) -> Mapping[Path, Any]:
        if key not in self._all:
            raise KeyError(key)
        if key not in self._recalled:
            self._recalled[key] = self._journal.applied_to(self._tenant_id, key)
        return self._recalled[key]

    def __contains__(self, key: object) -> bool:
        return key in self._all

    def __iter__(self) -> Iterator[Key]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)
