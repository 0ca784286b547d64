"""Who may open the mailbox and send as it: FullAccess, SendAs, SendOnBehalf.

The three rights live in three places: the mailbox's access list, the directory's extended rights, and a
property of the mailbox. All three answer with display-oriented names, and all three mix what people granted
with what Exchange itself owns (SELF, inherited and deny entries), which is never touched.

AutoMapping is write-only: no cmdlet returns it [reference: Add-MailboxPermission]. It is compared with what
the controller last applied, and changed by removing the grant and adding it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from controller.acl import read_access
from controller.aspect import Aspect, Context, Permissions, Resource, add_or_remove, set_mailbox
from controller.clients import Reader
from controller.directory import Directory
from controller.model import (
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
)
from controller.people.grants import (
    AUTO_MAPPING,
    FULL_ACCESS,
    SEND_AS,
    SEND_ON_BEHALF,
    Grant,
    desired_access,
)
from controller.people.whom import orphaned, protected, spared


class Access(Aspect):
    name = "access"
    kinds = frozenset({Kind.SHARED_MAILBOX, Kind.MAILBOX_DELEGATION})
    permissions = Permissions(
        read=("Get-MailboxPermission", "Get-RecipientPermission", "Get-Mailbox"),
        write=(
            "Add-MailboxPermission",
            "Remove-MailboxPermission",
            "Add-RecipientPermission",
            "Remove-RecipientPermission",
            "Set-Mailbox",
        ),
    )
    mailbox_properties = ("GrantSendOnBehalfTo",)

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        return await read_access(reader, resources, directory)

    def desired(self, resource: Resource, context: Context) -> Desired:
        return desired_access(resource, context)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Adds what our record says of AutoMapping. A grant that was there before us and leaves it to
        its default is left alone: its AutoMapping is unknown, and taken to be as wished."""
        recorded = context.memory.auto_mapping.get(resource.key, {})
        fields = dict(present.fields)
        for path, want in desired.wants.items():
            if path[-1] != AUTO_MAPPING:
                continue
            granted = (*path[:-1], FULL_ACCESS) in present.fields
            record = recorded.get(want.ref.principal.guid)
            if not granted or (record is None and not want.ref.spelt_out):
                fields[path] = want.value
            else:
                fields[path] = record
        return fields

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        right = delta.path[2]
        if delta.want is None:
            return self._revoke(delta, present, resource, context)
        grant: Grant = delta.want.ref
        remap = right == AUTO_MAPPING
        take = (_take(FULL_ACCESS, resource, grant.principal.guid),) if remap else ()
        give = _give(FULL_ACCESS if remap else right, resource, grant)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE if remap else Action.GRANT,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            requests=(*take, give),
            depends_on=(*context.needs(grant.principal), *(context.needs(grant.via) if grant.via else ())),
            notes=tuple(_grant_notes(grant, right, resource, context)),
            due=delta.due,
            rests_on=((*delta.path[:2], FULL_ACCESS),) if remap else (),
        )

    def own_record(self, change: Change, request: Request) -> Mapping[str, bool | None]:
        if request.call == "Add-MailboxPermission":
            return {request.parameters["User"]: request.parameters["AutoMapping"]}
        return {request.parameters["User"]: None} if request.call == "Remove-MailboxPermission" else {}

    def _revoke(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        who, right = delta.path[1], delta.path[2]
        trustee = present.ids[who]
        orphan = trustee == who
        if orphan and context.tenant.orphans != "remove":
            return orphaned(resource, who, right, delta.origin)
        obstacle = None
        if not orphan and (kept := protected(context, trustee)):
            obstacle = spared(resource, who, right, kept, delta.origin)
            if kept.guid == trustee:
                return obstacle
        if not orphan and (error := context.directory.unread_in(context.directory.principals[trustee])):
            obstacle = _unread(resource, who, right, error)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.REVOKE,
            path=delta.path,
            before=delta.before,
            after=None,
            origin=delta.origin,
            risk=Risk.LOW if orphan else Risk.MEDIUM,
            requests=(_take(right, resource, trustee),),
            notes=("somebody deleted: the entry opens nothing any more",) if orphan else (),
            due=delta.due,
            obstacle=obstacle,
        )


def _give(right: str, resource: Resource, grant: Grant) -> Request:
    trustee = grant.principal.guid
    if right == FULL_ACCESS:
        parameters = {**_mailbox_right(resource, trustee), "AutoMapping": grant.auto_mapping}
        return Request("exchange", "Add-MailboxPermission", parameters)
    if right == SEND_AS:
        return Request("exchange", "Add-RecipientPermission", _send_as(resource, trustee))
    assert right == SEND_ON_BEHALF
    return _on_behalf(Action.GRANT, resource, trustee)


def _take(right: str, resource: Resource, trustee: str) -> Request:
    if right == FULL_ACCESS:
        return Request("exchange", "Remove-MailboxPermission", _mailbox_right(resource, trustee))
    if right == SEND_AS:
        return Request("exchange", "Remove-RecipientPermission", _send_as(resource, trustee))
    assert right == SEND_ON_BEHALF
    return _on_behalf(Action.REVOKE, resource, trustee)


def _mailbox_right(resource: Resource, trustee: str) -> dict[str, Any]:
    return {
        "Identity": resource.identity,
        "User": trustee,
        "AccessRights": ["FullAccess"],
        "InheritanceType": "All",
        "Confirm": False,
    }


def _send_as(resource: Resource, trustee: str) -> dict[str, Any]:
    return {"Identity": resource.identity, "Trustee": trustee, "AccessRights": ["SendAs"], "Confirm": False}


def _on_behalf(action: Action, resource: Resource, trustee: str) -> Request:
    return set_mailbox(resource, {"GrantSendOnBehalfTo": add_or_remove(action, trustee)})


def _grant_notes(grant: Grant, right: str, resource: Resource, context: Context) -> list[str]:
    notes = []
    if right == FULL_ACCESS and resource.key.kind is Kind.MAILBOX_DELEGATION:
        notes.append("opens the whole mailbox: items that its owner marked as private are shown, too")
    if right == AUTO_MAPPING:
        notes.append(
            "going by our own record, as Exchange cannot tell: full access is removed and added again"
        )
    if grant.via:
        notes.append(f"as a member of {grant.via.address}")
    if grant.principal.is_group and not context.ahead.people(grant.principal):
        notes.append(f"{grant.principal.address.lower()} is an empty group")
    return notes


def _unread(resource: Resource, who: str, right: str, error: Exception) -> Finding:
    return Finding(
        "unreadable",
        f"{resource.key.address}/{who}",
        Severity.ERROR,
        f"{who} would lose {right}, and who that concerns could not be read: {error}",
        resource.key,
        resource.at("access"),
        blocks=(resource.key, "access"),
    )
