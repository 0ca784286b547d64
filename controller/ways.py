"""The ways into a mailbox: who is named on it for what, and who is behind a name, through which groups. Pure.

Groups may hold groups, and each other. Of several chains to one person the shortest counts, of equally long
ones the first in the order of the addresses, whatever order a service lists members in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.directory import Directory, Principal
from controller.impact import Can
from controller.model import Action, Change, Key, Kind, Path, Present
from controller.observe import NAMING, Observed
from controller.people.grants import ACCESS, FULL_ACCESS, SEND_AS, SEND_ON_BEHALF

EVERYBODY: Final = "default"  # the entry of a folder that stands for the whole organisation
STRANGERS: Final = "anonymous"
SENDERS: Final = {"sendAs": Can.SEND_AS, "sendOnBehalf": Can.SEND_ON_BEHALF}  # of a list
FOLDERS: Final = "folderPermissions"
_RIGHTS: Final = {
    FULL_ACCESS: Can.READ,
    SEND_AS: Can.SEND_AS,
    SEND_ON_BEHALF: Can.SEND_ON_BEHALF,
}
# Roles that hold ReadItems [doc: Add-MailboxFolderPermission]; free/busy, subject and place are no items.
_READING: Final = frozenset(
    {"reviewer", "nonediting-author", "author", "publishing-author", "editor", "publishing-editor", "owner"}
)
_KEPT: Final = 200_000  # people and groups kept expanded at a time: some ten megabytes

Door = tuple[Can, str | None]
"""What one can do, in which folder; None for the whole mailbox."""
Doors = dict[Door, set[str]]
"""Who is named for it: addresses, in lower case."""


def named(path: Path) -> tuple[str, tuple[Door, ...]] | None:
    """Who is named by a path of an access list, and the doors that it may open."""
    if path[:1] == ACCESS and len(path) == 3 and path[2] in _RIGHTS:
        return path[1], ((_RIGHTS[path[2]], None),)
    if path[:1] == (FOLDERS,) and len(path) == 3:
        return path[2], ((Can.READ, path[1]), (Can.DELEGATE, path[1]))
    if len(path) == 2 and path[0] in SENDERS:
        return path[1], ((SENDERS[path[0]], None),)
    return None


def opens(door: Door, value: object) -> bool:
    """Whether an entry of that value opens a door: any value of a right; of a folder it takes a role."""
    can, folder = door
    if value is None or folder is None:
        return value is not None
    role, *flags = str(value).split(" + ")
    if can is Can.DELEGATE:
        return "Delegate" in flags
    return role in _READING or "ReadItems" in role


def doors(key: Key, observed: Observed) -> Doors:
    """Who is named on it now, as far as it was read. Whoever a mailbox belongs to opens it anyway."""
    found: Doors = {}
    for aspect in NAMING:
        seen = observed.seen.get(aspect, {}).get(key)
        for path, value in seen.fields.items() if isinstance(seen, Present) else ():
            _enter(found, path, value)
    return found


def doors_after(before: Doors, changes: Iterable[Change]) -> Doors:
    """The same once these changes are made."""
    after = {door: set(trustees) for door, trustees in before.items()}
    for change in changes:
        if change.action is Action.DELETE and not change.path:
            return {}
        _enter(after, change.path, change.after)
    return after


def _enter(found: Doors, path: Path, value: object) -> None:
    who, possible = named(path) or ("", ())
    for door in possible:
        if opens(door, value):
            found.setdefault(door, set()).add(who)
        elif door in found:
            found[door].discard(who)


def owner(key: Key, observed: Observed) -> str | None:
    """Whose mailbox it is, where it is a person's."""
    if key.kind is not Kind.MAILBOX_DELEGATION:
        return None
    owners = (r.principal for r in observed.resources if r.key == key)
    return next((one.address.lower() for one in owners if one and one.type == "UserMailbox"), None)


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is behind somebody. `people` and `groups` by GUID, each with the addresses of the groups that lead
    there: to a person those they are in, to a group itself included. `untold` are groups whose members were
    not read."""

    people: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    untold: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.people) + len(self.groups)


_NOBODY: Final = Reach({}, {})


class Ways:
    """Who is behind whom in one directory. What it worked out is kept, up to a bound."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self._known: dict[str, Reach] = {}
        self._size = 0

    def address(self, guid: str) -> str:
        one = self.directory.principals.get(guid)
        return (one.address or one.guid).lower() if one else guid

    def is_group(self, trustee: str) -> bool:
        """Whether somebody else may be behind an address."""
        return any(one.is_group for one in self.directory.by_address(trustee))

    def behind(self, trustee: str) -> Reach:
        """Behind an address; nobody behind the SID of somebody deleted."""
        found = self.directory.by_address(trustee)
        if len(found) == 1:
            return self.behind_guid(found[0].guid)
        if found:
            return Reach({one.guid: () for one in found}, {})
        return Reach({trustee: ()}, {}) if "@" in trustee else _NOBODY

    def behind_guid(self, guid: str) -> Reach:
        one = self.directory.principals.get(guid)
        if one is None:
            return _NOBODY
        if not one.is_group:
            return Reach({guid: ()}, {}) if one.is_person else _NOBODY
        if guid not in self._known:
            reach = self._walk(one)
            if self._size + reach.size > _KEPT:
                self._known.clear()
                self._size = 0
            self._known[guid] = reach
            self._size += reach.size
        return self._known[guid]

    def _walk(self, group: Principal) -> Reach:
        people: dict[str, tuple[str, ...]] = {}
        groups: dict[str, tuple[str, ...]] = {}
        untold: set[str] = set()
        seen = {group.guid}
        level: list[tuple[Principal, tuple[str, ...]]] = [(group, (self.address(group.guid),))]
        while level:
            inner: list[tuple[Principal, tuple[str, ...]]] = []
            for one, chain in level:
                groups[one.guid] = chain
                if self._is_untold(one):
                    untold.add(chain[-1])
                for guid in self.directory.members.get(one.guid, ()):
                    member = self.directory.principals.get(guid)
                    if member is None or guid in seen:
                        continue
                    seen.add(guid)
                    if member.is_group:
                        inner.append((member, (*chain, self.address(guid))))
                    elif member.is_person:
                        people[guid] = chain
            level = sorted(inner, key=lambda found: found[1])
        return Reach(people, groups, tuple(sorted(untold)))

    def _is_untold(self, group: Principal) -> bool:
        created = "@" in group.guid  # by the plan: named by its address, and empty unless something is added
        read = group.guid in self.directory.members
        return group.guid in self.directory.unread or not (read or created)
