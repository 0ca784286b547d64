"""The tenant as a plan leaves it: whom it creates and renames, and who is then on which list.

A mailbox may name a list in the very commit that creates it, and `expand` follows a list whose members that
commit changes. Pure; what is in the way of any of it is found by the aspects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from controller import canon
from controller.aspect import Context, Resource
from controller.directory import Directory, Principal
from controller.model import Action, Change, Key, Kind, Observation, Origin, Present, Unreadable, ident
from controller.people.membership import MEMBERS, is_declared, leavers, members_after

_TYPES: Final = {
    "distribution": "MailUniversalDistributionGroup",
    "security": "MailUniversalSecurityGroup",
}


@dataclass(slots=True)
class Ahead:
    """As in `Context`: the directory, the ids of the changes that create somebody, and whom dates take off
    a list."""

    directory: Directory
    founding: dict[str, str] = field(default_factory=dict)
    leaving: dict[str, Mapping[str, tuple[datetime, Origin]]] = field(default_factory=dict)


def look_ahead(
    resources: Iterable[Resource],
    members: Mapping[Key, Observation],
    unreadable: Mapping[Key, Exception],
    context: Context,
) -> Context:
    """The context, told what the plan will have done. `members` has what was read of lists, `unreadable` the
    resources whose existence could not be read."""
    here = [r for r in resources if not r.unwanted]
    wished = [r for r in here if r.key not in unreadable]
    lists = [r for r in here if r.key.kind is Kind.DISTRIBUTION_LIST and is_declared(r)]
    newcomers = [(r, one) for r in wished if (one := _newcomer(r)) is not None]
    if not (newcomers or lists or any(_renamed(wished, context.directory))):
        return context
    ahead = Ahead(context.directory.copy())
    ahead.directory.unread.update(_unsure(lists, members, unreadable))
    for resource, newcomer in newcomers:
        ahead.directory.add(newcomer)
        ahead.founding[newcomer.guid] = ident(resource.key, ())
    for renamed in _renamed(wished, context.directory):
        ahead.directory.add(renamed)
    context = replace(context, coming=ahead.directory, founding=ahead.founding, leaving=ahead.leaving)
    for resource in lists:
        if resource.key not in unreadable:
            _follow(resource, members.get(resource.key), ahead, context)
    return context


def _unsure(
    lists: Iterable[Resource],
    members: Mapping[Key, Observation],
    unreadable: Mapping[Key, Exception],
) -> Iterator[tuple[str, Exception]]:
    """Lists that could not be read in full: what their documents say of members is not planned, and that
    somebody is not on them yet is no reason to take a mailbox away."""
    for resource in lists:
        seen = members.get(resource.key)
        error = unreadable.get(resource.key) or (seen.error if isinstance(seen, Unreadable) else None)
        if error is not None and resource.principal is not None:
            yield resource.principal.guid, error


def _newcomer(resource: Resource) -> Principal | None:
    """Whoever the plan creates for a document, named by its address until the service has given it a GUID."""
    if resource.principal is not None or resource.holder is not None:
        return None
    if resource.key.kind is Kind.SHARED_MAILBOX:
        kind = "SharedMailbox"
    elif resource.key.kind is Kind.DISTRIBUTION_LIST:
        kind = _TYPES[str(resource.spec.type or "distribution")]
    else:
        return None
    address = str(resource.spec.identity())
    return Principal(
        guid=address,
        object_id="",
        type=kind,
        name="",
        display_name=resource.spec.display_name or address.partition("@")[0],
        address=address,
        upn="",
        addresses=(canon.address(address),),
    )


def _renamed(resources: Iterable[Resource], directory: Directory) -> Iterator[Principal]:
    """Those that get another address, which may be named at once; they are still shown by the former."""
    for resource in resources:
        one, address = resource.principal, resource.key.address
        if one is not None and address not in one.addresses and not directory.by_address(address):
            yield replace(one, addresses=(*one.addresses, address))


def _follow(resource: Resource, seen: Observation | None, ahead: Ahead, context: Context) -> None:
    left_alone = resource.only_reported or resource.is_synced
    if seen is None or isinstance(seen, Unreadable) or left_alone:
        return
    held = seen.ids if isinstance(seen, Present) else {}
    after = members_after(resource, context, held)
    if after is not None:
        guid = resource.principal.guid if resource.principal else str(resource.spec.identity())
        ahead.directory.members[guid] = tuple(after.values())
        ahead.leaving[guid] = leavers(resource, context, held)


def membership_after(
    resources: Iterable[Resource], changes: Iterable[Change], directory: Directory
) -> Directory:
    """The directory once these changes of lists are made: who is then in which group."""
    of_lists = [change for change in changes if change.key.kind is Kind.DISTRIBUTION_LIST]
    if not of_lists:
        return directory
    after = directory.copy()
    ids: dict[Key, str] = {}
    for resource in resources:
        if resource.principal is not None:
            ids[resource.key] = resource.principal.guid
        elif (newcomer := _newcomer(resource)) is not None:
            after.add(newcomer)
            ids[resource.key] = newcomer.guid
    members: dict[str, dict[str, None]] = {}  # ordered sets
    for change in of_lists:
        guid = ids.get(change.key)
        if guid is None:
            continue
        held = members.setdefault(guid, dict.fromkeys(after.members.get(guid, ())))
        if change.action is Action.DELETE:
            held.clear()
        elif change.path[:1] == MEMBERS:
            member = str(change.requests[0].parameters["Member"])
            held.pop(member, None)
            if change.action is Action.ADD:
                held[member] = None
    after.members.update({guid: tuple(held) for guid, held in members.items()})
    return after
