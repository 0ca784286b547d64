"""Who can read a mailbox before a plan and after it: people, not entries, groups expanded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controller.directory import Directory
from controller.grants import ACCESS, FULL_ACCESS
from controller.model import Action, Change, Key, Path, Present
from controller.observe import Observed


@dataclass(frozen=True, slots=True)
class Readers:
    """Addresses of people, in lower case. `losing` had a way in and keep none; those whose date came are
    `leaving`: that was reviewed when it was written."""

    before: frozenset[str]
    after: frozenset[str]
    leaving: frozenset[str]

    @property
    def losing(self) -> frozenset[str]:
        return self.before - self.after - self.leaving


def readers(key: Key, observed: Observed, changes: Iterable[Change]) -> Readers:
    """What `changes` would make of a mailbox's readers."""
    seen = observed.seen.get(ACCESS[0], {}).get(key)
    held = _holders(seen.fields) if isinstance(seen, Present) else set()
    given: set[str] = set()
    taken: set[str] = set()
    ended: set[str] = set()
    for change in changes:
        if change.key != key or len(change.path) != 3 or change.path[2] != FULL_ACCESS:
            continue
        if change.action is Action.GRANT:
            given.add(change.path[1])
        elif change.action is Action.REVOKE:
            (ended if change.due else taken).add(change.path[1])
    directory = observed.directory
    before = _people(held, directory)
    after = _people((held - taken - ended) | given, directory)
    on_time = _people((held - ended) | given, directory)
    return Readers(before, after, before - on_time)


def _holders(fields: Iterable[Path]) -> set[str]:
    return {path[1] for path in fields if path[-1] == FULL_ACCESS}


def _people(trustees: Iterable[str], directory: Directory) -> frozenset[str]:
    return frozenset(
        directory.principals[guid].address.lower()
        for trustee in trustees
        for principal in directory.by_address(trustee)
        for guid in directory.people(principal)
    )
