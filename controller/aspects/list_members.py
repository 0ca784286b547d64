"""Who is on a list: Get-, Add-, Remove-DistributionGroupMember, one member a call.

Adding somebody who is there, and removing somebody who is not, are errors that mean "it is so already"
[obs: CIPP]. A member is known by its address, or by its sign-in name where it has no mailbox. With
`redirectTo` the mailbox comes first, and only then do the others go: no mail is lost in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from controller.aspect import Aspect, Context, Permissions, Resource, on_list
from controller.clients import Reader, Receipt, Writer, codes
from controller.directory import Directory, Principal
from controller.errors import ConflictError, NotFoundError, ServiceError
from controller.model import (
    Absent,
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Path,
    Present,
    Request,
    Risk,
    Severity,
    Unreadable,
    ident,
)
from controller.people.membership import MEMBERS, RECORD, desired_members, is_declared, name_of
from controller.people.whom import protected
from controller.recipients import read_direct_members


class Members(Aspect):
    name = "members"
    kinds = frozenset({Kind.DISTRIBUTION_LIST})
    permissions = Permissions(
        read=("Get-DistributionGroupMember",),
        write=("Add-DistributionGroupMember", "Remove-DistributionGroupMember"),
    )

    def concerns(self, resource: Resource) -> bool:
        return is_declared(resource)

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """Who is behind a list matters to others, too: the directory learns of it."""
        there = [r for r in resources if r.principal is not None]
        answers: dict[Key, Observation] = {r.key: Absent() for r in resources}
        seen = await asyncio.gather(*(_observe(reader, r.identity, directory) for r in there))
        answers.update(zip((r.key for r in there), seen, strict=True))
        return answers

    def desired(self, resource: Resource, context: Context) -> Desired:
        return desired_members(resource, context)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        kept = {path: want.value for path, want in desired.wants.items() if path[:1] == RECORD}
        return {**present.fields, **kept}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        if delta.want is None:
            return self._remove(delta, present, resource, context)
        one: Principal = delta.want.ref
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.ADD,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            requests=(on_list("Add-DistributionGroupMember", resource, {"Member": one.guid}),),
            depends_on=context.needs(one),
            notes=_add_notes(one, resource, context),
            due=delta.due,
        )

    def _remove(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        guid = present.ids[delta.path[1]]
        spared = protected(context, guid)
        if spared is not None and spared.guid == guid:
            return _spared(resource, delta, spared)
        parameters = {"Member": guid, "Confirm": False}
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.REMOVE,
            path=delta.path,
            before=delta.before,
            after=None,
            origin=delta.origin,
            risk=Risk.MEDIUM,
            requests=(on_list("Remove-DistributionGroupMember", resource, parameters),),
            depends_on=_after_whom(resource, context.directory.principals[guid], context),
            notes=_remove_notes(delta.path, resource),
            due=delta.due,
            obstacle=_spared(resource, delta, spared) if spared else None,
        )

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        try:
            return await writer.send(request)
        except (ConflictError, NotFoundError) as error:
            if error.code != (codes.MEMBER_EXISTS if change.action is Action.ADD else codes.MEMBER_ABSENT):
                raise
            return Receipt([], (), (error.request_id,) if error.request_id else ())


async def _observe(reader: Reader, guid: str, directory: Directory) -> Observation:
    try:
        members = await read_direct_members(reader, guid, directory)
    except ServiceError as error:
        directory.members.pop(guid, None)
        directory.unread[guid] = error
        return Unreadable(error)
    directory.members[guid] = tuple(member.guid for member in members)
    return Present(
        {(*MEMBERS, name_of(one)): True for one in members}, {name_of(one): one.guid for one in members}
    )


def _after_whom(resource: Resource, leaver: Principal, context: Context) -> tuple[str, ...]:
    """Mail goes on to arrive: the mailbox that a list feeds is on it before the others go, and stays until
    they are back."""
    if resource.spec.redirect_to is not None:
        return tuple(
            ident(resource.key, (*MEMBERS, name_of(one)))
            for one in context.ahead.by_address(resource.spec.redirect_to)
        )
    if not leaver.is_shared:
        return ()
    return tuple(ident(resource.key, path) for path in desired_members(resource, context).wants)


def _add_notes(one: Principal, resource: Resource, context: Context) -> tuple[str, ...]:
    if resource.spec.redirect_to is not None:
        return ("the list only feeds this mailbox from now on; without `redirectTo` its members come back",)
    return ("an empty group",) if one.is_group and not context.ahead.people(one) else ()


def _remove_notes(path: Path, resource: Resource) -> tuple[str, ...]:
    if resource.spec.redirect_to is None:
        return ()
    listed = {member.who.lower() for member in resource.spec.members or ()}
    if path[1] in listed:
        return ("stays on record under `members`",)
    return ("not listed under `members`: only the journal remembers it",)


def _spared(resource: Resource, delta: Delta, spared: Principal) -> Finding:
    who = delta.path[1]
    through = "" if spared.address.lower() == who else f", through {who}"
    return Finding(
        "protected",
        f"{resource.key.address}/{who}",
        Severity.WARNING,
        f"{spared.address} stays on {resource.key.address}{through}: protected by the tenant's "
        "safety.protect",
        resource.key,
        delta.origin,
    )
