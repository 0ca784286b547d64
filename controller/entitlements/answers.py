"""People, worked out from notes: who can open a mailbox, and what a person can open. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from controller.directory import Directory, Principal
from controller.entitlements.notes import ADDRESS, FOLDER, KIND, MEMBER, RIGHTS, UNREAD, Notes
from controller.model import Kind
from controller.ways import Ways

Chain = tuple[str, ...]
"""Groups that lead to somebody, the one that the mailbox names first; empty where it names them."""

_GROUP: Final = "MailUniversalSecurityGroup"
_PERSON: Final = "UserMailbox"
_MAILBOXES: Final = frozenset({Kind.SHARED_MAILBOX.value, Kind.MAILBOX_DELEGATION.value})


@dataclass(slots=True)
class Holder:
    """What somebody may do, each right with every way to it. `folders` the same, by folder and role."""

    who: str
    rights: dict[str, list[Chain]] = field(default_factory=dict)
    folders: dict[tuple[str, str], list[Chain]] = field(default_factory=dict)

    @property
    def via(self) -> list[str]:
        """The groups that a mailbox names and they are behind."""
        chains = (chain for found in (self.rights, self.folders) for each in found.values() for chain in each)
        return sorted({chain[0] for chain in chains if chain})


@dataclass(frozen=True, slots=True)
class Opening:
    """Who has what on one mailbox or list. `orphans` are the SIDs of people deleted, `untold` groups whose
    members could not be read: whoever is in them, too."""

    address: str
    kind: str
    seen_at: datetime
    people: tuple[Holder, ...]
    orphans: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    everybody: tuple[tuple[str, str, str], ...] = ()  # default or anonymous, folder, role


class Answers:
    """Over one set of notes."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._known: dict[str, str] = {}
        for address, rows in notes.lists.items():
            self._known.setdefault(address, address)
            for row in rows:
                if row["right"] == ADDRESS:
                    self._known[str(row["who"])] = address
                elif row["right"] != KIND:
                    self._known.setdefault(str(row["who"]), str(row["who"]))
        self._ways = Ways(_directory(notes.lists))

    def primary(self, address: str) -> str | None:
        """The primary address of whoever is known under an address; None for a stranger."""
        return self._known.get(address.lower())

    def addresses(self, primary: str) -> list[str]:
        """Every address that somebody is known under."""
        return sorted(address for address, known in self._known.items() if known == primary)

    def without(self, entries: frozenset[tuple[str, str]]) -> Answers:
        """The same once these are gone: who is named on which list."""

        def stays(address: str, row: Mapping[str, Any]) -> bool:
            return row["right"] in (KIND, ADDRESS) or (address, row["who"]) not in entries

        lists = {a: [row for row in rows if stays(a, row)] for a, rows in self._notes.lists.items()}
        return Answers(Notes(lists, self._notes.seen_at))

    def alike(self, part: str) -> list[str]:
        """The primary addresses of all who are known under an address that has this in it."""
        return sorted({known for address, known in self._known.items() if part.lower() in address})

    @property
    def mailboxes(self) -> list[str]:
        """Every mailbox and list that was looked at."""
        return sorted(address for address, rows in self._notes.lists.items() if _kind(rows))

    def opening(self, address: str) -> Opening | None:
        """Who has what on a mailbox, by any of its addresses; None where nobody looked at it."""
        primary = self.primary(address)
        rows = self._notes.lists.get(primary or "", ())
        if primary is None or not (kind := _kind(rows)):
            return None
        people: dict[str, Holder] = {}
        untold: set[str] = set()
        for row in rows:
            if row["right"] in RIGHTS or row["right"] == FOLDER:
                for who, chain in self._behind(str(row["who"]), untold):
                    _note(people.setdefault(who, Holder(who)), row, chain)
        return Opening(
            primary,
            kind,
            self._notes.seen_at[primary],
            tuple(people[who] for who in sorted(people)),
            tuple(sorted({str(row["who"]) for row in rows if _is_orphan(row)})),
            tuple(sorted(untold)),
            tuple(sorted(
                (str(row["who"]), str(row["folder"]), str(row["role"]))
                for row in rows
                if row["right"] == FOLDER and "@" not in str(row["who"]) and row["role"] != "none"
                and not _is_orphan(row)
            )),
        )  # fmt: skip

    def of_person(self, who: str) -> list[tuple[Opening, Holder]]:
        """Everything that a person can open or send as, by any of their addresses."""
        primary = self.primary(who) or who.lower()
        names = {primary, *(group for group in self._groups if primary in self._ways.behind(group).people)}
        found = []
        for address in sorted({address for name in names for address in self._naming.get(name, ())}):
            opening = self.opening(address)
            if opening is not None:
                found += [(opening, holder) for holder in opening.people if holder.who == primary]
        return found

    def behind(self, group: str) -> Mapping[str, Chain] | None:
        """Who is in a group, each with the groups that lead there; None for who is no group."""
        return self._ways.behind(group).people if self._ways.is_group(group) else None

    def of_group(self, group: str) -> list[tuple[Opening, Holder]]:
        """What a group itself is named for: all in it may do that."""
        found = []
        for address in sorted(self._naming.get(group, ())):
            opening = self.opening(address)
            holder = Holder(group)
            for row in self._notes.lists[address]:
                if row["who"] == group and (row["right"] in RIGHTS or row["right"] == FOLDER):
                    _note(holder, row, ())
            if opening is not None:
                found.append((opening, holder))
        return found

    @cached_property
    def _naming(self) -> Mapping[str, set[str]]:
        """By who is named, on which lists: few of many have to be looked at for one person."""
        found: dict[str, set[str]] = {}
        for address, rows in self._notes.lists.items():
            for row in rows:
                if row["right"] in RIGHTS or row["right"] == FOLDER:
                    found.setdefault(str(row["who"]), set()).add(address)
        return found

    @cached_property
    def _groups(self) -> list[str]:
        """Who is named and may stand for others."""
        return [name for name in self._naming if self._ways.is_group(name)]

    def readers(self, address: str) -> set[str]:
        """Who can open the whole mailbox."""
        opening = self.opening(address)
        return {holder.who for holder in opening.people if RIGHTS[0] in holder.rights} if opening else set()

    def _behind(self, trustee: str, untold: set[str]) -> Iterator[tuple[str, Chain]]:
        reach = self._ways.behind(trustee)
        untold.update(reach.untold)
        yield from reach.people.items()


def _note(holder: Holder, row: Mapping[str, Any], chain: Chain) -> None:
    if row["right"] == FOLDER:
        holder.folders.setdefault((str(row["folder"]), str(row["role"])), []).append(chain)
    else:
        holder.rights.setdefault(str(row["right"]), []).append(chain)
    for found in (*holder.rights.values(), *holder.folders.values()):
        found.sort()


def _kind(rows: Any) -> str:
    return next((str(row["who"]) for row in rows if row["right"] == KIND), "")


def _is_orphan(row: Mapping[str, Any]) -> bool:
    return str(row["who"]).upper().startswith("S-1-5-")


def _directory(lists: Mapping[str, Any]) -> Directory:
    """Everybody who is named, as far as it takes to walk through groups: each by the primary address."""
    directory = Directory()
    groups = {a for a, rows in lists.items() if any(row["right"] in (MEMBER, UNREAD) for row in rows)}
    every = (row for rows in lists.values() for row in rows)
    named = {str(row["who"]) for row in every if row["right"] not in (ADDRESS, KIND)}
    empty = {a for a, rows in lists.items() if _kind(rows) == Kind.DISTRIBUTION_LIST.value}
    for address in sorted(named | groups | empty):
        if "@" in address:
            kind = _GROUP if address in groups | empty else _PERSON
            directory.add(Principal(address, address, kind, address, "", address, "", (address,)))
    for address in groups | empty:
        rows = lists[address]
        if any(row["right"] == UNREAD for row in rows):
            directory.unread[address] = LookupError(address)
        else:
            directory.members[address] = tuple(str(r["who"]) for r in rows if r["right"] == MEMBER)
    return directory
