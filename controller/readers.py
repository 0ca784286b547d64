"""Who can read a mailbox before a plan and after it: people, not entries, groups expanded.

A plan takes access in two ways: it revokes what a mailbox grants, and it takes people off a list to which
a mailbox grants it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controller.directory import Directory
from controller.model import Action, Change, Key, Kind, Path, Present
from controller.observe import Observed
from controller.people.grants import ACCESS, FULL_ACCESS


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is in which group after the plan, and after only what it gives and what dates bring; `takes` are
    the changes that take somebody out of one, by the GUID of the list."""

    after: Directory
    on_time: Directory
    takes: tuple[tuple[str, Change], ...] = ()


@dataclass(frozen=True, slots=True)
class Readers:
    """Addresses of people, in lower case. `losing` had a way in and keep none; those whose date came are
    `leaving`: that was reviewed when it was written. `through` has the ids of the changes of lists that
    take it from somebody."""

    before: frozenset[str]
    after: frozenset[str]
    leaving: frozenset[str]
    through: frozenset[str] = frozenset()

    @property
    def losing(self) -> frozenset[str]:
        return self.before - self.after - self.leaving


def readers(key: Key, observed: Observed, changes: Iterable[Change], groups: Groups) -> Readers:
    """What `changes` (of this mailbox) and those of groups would make of a mailbox's readers."""
    held = _held(key, observed)
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
    owner = _owner(key, observed)
    before = _people(held, observed.directory) | owner
    after = _people((held - taken - ended) | given, groups.after) | owner
    on_time = _people((held - ended) | given, groups.on_time)
    count = Readers(before, after, before - on_time - owner)
    return Readers(before, after, count.leaving, _through(held, count.losing, observed.directory, groups))


def reached(observed: Observed, groups: Groups) -> frozenset[Key]:
    """The mailboxes of which somebody may lose something because of a list."""
    lists = {guid for guid, _ in groups.takes}
    if not lists:
        return frozenset()
    keys = observed.seen.get(ACCESS[0], {})
    return frozenset(key for key in keys if lists & _groups(_held(key, observed), observed.directory))


def _held(key: Key, observed: Observed) -> set[str]:
    seen = observed.seen.get(ACCESS[0], {}).get(key)
    return _holders(seen.fields) if isinstance(seen, Present) else set()


def _holders(fields: Iterable[Path]) -> set[str]:
    return {path[1] for path in fields if path[-1] == FULL_ACCESS}


def _owner(key: Key, observed: Observed) -> frozenset[str]:
    """Whoever a person's mailbox belongs to reads it whatever is delegated."""
    if key.kind is not Kind.MAILBOX_DELEGATION:
        return frozenset()
    owners = (r.principal for r in observed.resources if r.key == key)
    return frozenset(one.address.lower() for one in owners if one and one.type == "UserMailbox")


def _through(
    trustees: Iterable[str], losing: frozenset[str], directory: Directory, groups: Groups
) -> frozenset[str]:
    reach = _groups(trustees, directory)
    return frozenset(
        change.id
        for guid, change in groups.takes
        if guid in reach and (not change.path or _people([change.path[-1]], directory) & losing)
    )


def _groups(trustees: Iterable[str], directory: Directory) -> set[str]:
    found: set[str] = set()
    for trustee in trustees:
        for principal in directory.by_address(trustee):
            found |= directory.groups(principal)
    return found


def _people(trustees: Iterable[str], directory: Directory) -> frozenset[str]:
    return frozenset(
        directory.principals[guid].address.lower()
        for trustee in trustees
        for principal in directory.by_address(trustee)
        for guid in directory.people(principal)
    )
