"""What is kept of an observation: the access list of each mailbox and list, the members of each group, and
under which other addresses the people in them are known.

All of it is kept as lists under an address, each list only when it changes, so that any day's state is the
lists of that day. Rows are plain JSON: `{"who", "right"}`, where the right is one of the three on a mailbox,
or `folder` (with `folder` and `role`), `member` of a group, `unread` (a group whose members could not be
read), `address` (`who` is another address of the same person), or `is` (`who` is a kind of document).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.directory import Directory, Principal
from controller.journal import AccessRecord, Journal
from controller.model import Action, Change, Key, Path, Present, Unreadable
from controller.observe import NAMING, Observed

Row = dict[str, Any]
Lists = dict[str, list[Row]]

MEMBER: Final = "member"
UNREAD: Final = "unread"
ADDRESS: Final = "address"
KIND: Final = "is"
FOLDER: Final = "folder"
RIGHTS: Final = ("full-access", "send-as", "send-on-behalf")
_SENDERS: Final = {"sendAs": "send-as", "sendOnBehalf": "send-on-behalf"}


@dataclass(frozen=True, slots=True)
class Notes:
    """The lists of one moment, by address, with when each was last seen to be so."""

    lists: Mapping[str, Sequence[Mapping[str, Any]]]
    seen_at: Mapping[str, datetime]

    @classmethod
    def of_records(cls, records: Mapping[str, AccessRecord], moment: datetime) -> Notes:
        """`moment`: what is asked about; a list that held beyond it was seen then."""
        seen = {address: min(record.last_seen, moment) for address, record in records.items()}
        return cls({address: record.rows for address, record in records.items()}, seen)

    @classmethod
    def of_now(cls, lists: Lists, now: datetime) -> Notes:
        return cls(lists, dict.fromkeys(lists, now))


def noted(journal: Journal, tenant_id: str, observed: Observed, now: datetime) -> None:
    """Keeps what was observed. What could not be read is left as it was last known."""
    if observed.directory_error is None:
        journal.record_access_lists(tenant_id, as_lists(observed), at=now)


def as_lists(observed: Observed, changes: Iterable[Change] = ()) -> Lists:
    """Every list that an observation tells in full. `changes` were made since, and count."""
    directory = observed.directory
    found: Lists = {}
    made: dict[Key, list[Change]] = {}
    for change in changes:
        made.setdefault(change.key, []).append(change)
    for resource in observed.resources:
        own = made.get(resource.key, ())
        told = _rows(resource.key, observed, own)
        there = resource.principal is not None or any(change.action is Action.CREATE for change in own)
        if told is not None and there:
            found[resource.key.address] = [{"who": resource.key.kind.value, "right": KIND}, *told]
    for guid in sorted({*directory.members, *directory.unread} & directory.principals.keys()):
        group = directory.principals[guid]
        found.setdefault(group.address.lower(), []).extend(_members(group, directory))
    for address, (come, gone) in _moved(made).items():
        found[address] = [each for each in found.get(address, ()) if each not in gone] + come
    named = {str(row["who"]) for rows in found.values() for row in rows}
    found |= _names(directory, named | found.keys(), found)
    return found


def _rows(key: Key, observed: Observed, changes: Iterable[Change]) -> list[Row] | None:
    """None where a part of it could not be read."""
    fields: dict[Path, Any] = {}
    for aspect in NAMING:
        seen = observed.seen.get(aspect, {}).get(key)
        if isinstance(seen, Unreadable):
            return None
        if isinstance(seen, Present):
            fields |= seen.fields
    for change in changes:
        if change.action is Action.DELETE and not change.path:
            return None
        if change.after is None or change.action is Action.REVOKE:
            fields.pop(change.path, None)
        elif _row(change.path, change.after):
            fields[change.path] = change.after
    return [made for path, value in sorted(fields.items()) if (made := _row(path, value))]


def _row(path: Path, value: Any) -> Row | None:
    """The note of one value of an access list."""
    if path[:1] == ("access",) and len(path) == 3 and path[2] in RIGHTS:
        return {"who": path[1], "right": path[2]}
    if path[:1] == ("folderPermissions",) and len(path) == 3:
        return {"who": path[2], "right": FOLDER, "folder": path[1], "role": str(value)}
    if len(path) == 2 and path[0] in _SENDERS:
        return {"who": path[1], "right": _SENDERS[path[0]]}
    return None


def _moved(made: Mapping[Key, Iterable[Change]]) -> dict[str, tuple[list[Row], list[Row]]]:
    """Who came onto and went off each list."""
    found: dict[str, tuple[list[Row], list[Row]]] = {}
    for key, changes in made.items():
        for change in changes:
            if change.path[:1] == ("members",) and len(change.path) == 2:
                come, gone = found.setdefault(key.address, ([], []))
                (gone if change.action is Action.REMOVE else come).append(
                    {"who": change.path[1], "right": MEMBER}
                )
    return found


def _members(group: Principal, directory: Directory) -> Iterator[Row]:
    if group.guid in directory.unread:
        yield {"who": group.address.lower(), "right": UNREAD}
        return
    for guid in directory.members[group.guid]:
        if one := directory.principals.get(guid):
            yield {"who": (one.address or one.guid).lower(), "right": MEMBER}


def _names(directory: Directory, named: Iterable[str], lists: Lists) -> Lists:
    """Other addresses of whoever is named. The tenant's own onmicrosoft.com ones tell nobody anything."""
    names: Lists = {}
    for who in named:
        holders = directory.by_address(who) if "@" in who else []
        others = sorted({a for one in holders for a in one.addresses if a != who and not _is_routing(a)})
        if len(holders) == 1 and others:
            names[who] = [*lists.get(who, ()), *({"who": other, "right": ADDRESS} for other in others)]
    return names


def _is_routing(address: str) -> bool:
    return address.endswith(".onmicrosoft.com")
