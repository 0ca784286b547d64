"""A category for each person who works in a mailbox: who they are, and what theirs is called.

Pure but for `read_names`: Graph owns given and family names; Exchange's listing of people is not said to
have them [reference: Exchange admin API, Get-User], so that Graph's is asked, once for all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from controller.aspect import Context, Resource
from controller.clients import Reader
from controller.directory import Directory, Principal
from controller.errors import ServiceError
from controller.model import Desired, Finding, Origin, Path, Severity, Want
from controller.people.grants import FULL_ACCESS, desired_access

CLAIMS: Final = ("claimCategories",)
_RECORD: Final = "category/"  # what our own record calls a category that we made
_PLACES: Final = frozenset({"SharedMailbox", "RoomMailbox", "EquipmentMailbox", "SchedulingMailbox"})
_PARTING: Final = re.compile(r"[,;\r\n]+")  # Outlook parts categories there
_LONGEST: Final = 255


async def read_names(reader: Reader, directory: Directory) -> None:
    """Notes everybody's given and family name in the directory. Raises ServiceError."""
    if directory.given:
        return
    rows = await reader.graph_list("/users", top=999, select="id,givenName,surname")
    directory.given = {
        str(row.get("id")).lower(): (_told(row, "givenName"), _told(row, "surname")) for row in rows
    }


def _told(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "").strip()


def claims(resource: Resource, context: Context) -> Desired:
    """The categories of those who have full access at this moment, and those of leavers that we made."""
    claim = resource.spec.claim_categories
    if claim is None:
        return Desired()
    origin = resource.at(*CLAIMS)
    if resource.spec.access is None:
        return Desired(findings=(_without_access(resource, origin),))
    granted = desired_access(resource, context)
    directory = context.ahead  # this very plan may change who is on a list
    trustees = {
        want.ref.principal.guid: (want.ref.principal, want.due)
        for path, want in granted.wants.items()
        if path[-1] == FULL_ACCESS
    }
    if error := next((e for one, _ in trustees.values() if (e := directory.unread_in(one))), None):
        return Desired(findings=(_unread(resource, error, origin),))
    people = _people((one for one, _ in trustees.values()), directory)
    wants: dict[Path, Want] = {}
    for guid, name in sorted(names(claim.name, people, directory.given).items(), key=itemgetter(1)):
        due = trustees[guid][1] if guid in trustees else None
        wants[(*CLAIMS, name)] = Want(claim.colour.plain, claim.colour.plain, origin, due=due)
    # Whoever cannot be resolved at the moment may still be one of them: then nobody's goes.
    gone = () if granted.findings else _made_for_others(resource, context, wants)
    left = _left(claim.name, granted, directory)
    return Desired(
        wants,
        gone=frozenset((*CLAIMS, name) for name in gone),
        ended={(*CLAIMS, name): left[name.casefold()] for name in gone if name.casefold() in left},
    )


def _made_for_others(resource: Resource, context: Context, wants: Iterable[Path]) -> tuple[str, ...]:
    """Categories that by our own record we made, and that nobody is called by any more."""
    ours = context.memory.auto_mapping.get(resource.key, {})
    kept = {path[-1].casefold() for path in wants}
    made = (name.removeprefix(_RECORD) for name, mine in ours.items() if mine and name.startswith(_RECORD))
    return tuple(name for name in made if name.casefold() not in kept)


def _left(template: str, granted: Desired, directory: Directory) -> dict[str, tuple[datetime, Origin]]:
    """When, and where it is written, by what whoever left on a date may have been called."""
    left: dict[str, tuple[datetime, Origin]] = {}
    for path, end in granted.ended.items():
        if path[-1] == FULL_ACCESS:
            for one in directory.by_address(path[1]):
                person = _person(one, directory.given)
                left |= {_filled(template, person, form).casefold(): end for form in person.forms()}
    return left


def _people(trustees: Iterable[Principal], directory: Directory) -> list[Principal]:
    found = {guid: directory.principals[guid] for trustee in trustees for guid in directory.people(trustee)}
    return sorted(
        (one for one in found.values() if one.type not in _PLACES), key=lambda one: one.address.lower()
    )


@dataclass(frozen=True, slots=True)
class _Person:
    given: str
    family: str
    shown: str
    address: str

    def forms(self) -> tuple[str, ...]:
        """What to call them, from short to certain."""
        initial, whole = f"{self.given} {self.family[:1]}", f"{self.given} {self.family}"
        return self.given, initial.strip(), whole.strip(), f"{self.given} ({self.address})"


def names(template: str, people: Iterable[Principal], given: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """What each person's category is called, by GUID: as short as tells them apart. People of one given
    name get the first letter of their family name, then the whole of it, then their address."""
    persons = {one.guid: _person(one, given) for one in people}
    called: dict[str, str] = {}
    for step in range(4):
        taken = Counter(name.casefold() for name in called.values())
        for guid, person in persons.items():
            if guid not in called or taken[called[guid].casefold()] > 1:
                called[guid] = _filled(template, person, person.forms()[step])
    return called


def _person(one: Principal, given: Mapping[str, tuple[str, str]]) -> _Person:
    """By the directory's given and family name; by the display name where it has none."""
    first, last = given.get(one.object_id, ("", ""))
    head, _, tail = (one.display_name or one.name).partition(" ")
    return _Person(
        given=first or head,
        family=last or ("" if first else tail.strip()),
        shown=one.display_name or one.name,
        address=one.address.lower(),
    )


def _filled(template: str, person: _Person, called: str) -> str:
    """The template with the person in it; what tells two apart stands with the given name, or behind."""
    text = template.replace("{surname}", person.family).replace("{displayName}", person.shown)
    if "{givenName}" in template:
        text = text.replace("{givenName}", called)
    elif called != person.given:
        text = f"{text} {called.removeprefix(person.given).strip()}"
    return " ".join(_PARTING.sub(" ", text).split())[:_LONGEST]


def _without_access(resource: Resource, origin: Origin) -> Finding:
    return Finding(
        "claims-without-access",
        resource.key.address,
        Severity.WARNING,
        f"claimCategories of {resource.key.address} follows who has full access, and the document has no "
        "`access`: no category is made. List who has access, or leave claimCategories out",
        resource.key,
        origin,
    )


def _unread(resource: Resource, error: Exception, origin: Origin) -> Finding:
    assert isinstance(error, ServiceError)
    return Finding(
        "unreadable",
        f"{resource.key.address}/claimCategories",
        Severity.ERROR,
        f"who has access through a group could not be read, so that the categories of {resource.key.address} "
        f"are left as they are: {error}",
        resource.key,
        origin,
        blocks=(resource.key, "categories"),
    )
