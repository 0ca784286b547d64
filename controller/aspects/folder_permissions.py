"""Who may do what in single folders of the mailbox, and who is the calendar's delegate.

`Default` and `Anonymous` stand in every folder: they are set, never removed, and left alone unless written.
Set replaces all rights of a holder. Leaving the sharing flags out keeps a delegate as it is, while sending
a notification switch alone silently takes the delegate away [doc: Set-MailboxFolderPermission], so that the
flags are always sent where they differ, and the notification never.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader, Receipt, Writer
from controller.directory import Directory
from controller.errors import NotFoundError
from controller.folders.permissions import PERMISSIONS, level, read_folders, read_permissions
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
    Origin,
    Path,
    Present,
    Request,
    Risk,
    Severity,
    Want,
    ident,
)
from controller.people.whom import orphaned, protected, spared
from controller.spec.collections import is_exclusive
from controller.spec.models.folder_permissions import EVERYBODY, STRANGERS, FolderPermission, Role

_BOTH = (EVERYBODY, STRANGERS)
_NEW = "{folder:"  # a folder whose id is known only once it is there


class FolderAccess(Aspect):
    name = "folderPermissions"
    kinds = frozenset({Kind.SHARED_MAILBOX, Kind.MAILBOX_DELEGATION})
    permissions = Permissions(
        read=("Get-MailboxFolderStatistics", "Get-MailboxFolderPermission"),
        write=(
            "Add-MailboxFolderPermission",
            "Set-MailboxFolderPermission",
            "Remove-MailboxFolderPermission",
        ),
    )

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.folder_permissions is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        there = [r for r in resources if r.principal is not None]
        seen = await asyncio.gather(*(read_permissions(reader, r, directory) for r in there))
        answers: dict[Key, Observation] = {r.key: Absent() for r in resources}
        answers.update(zip((r.key for r in there), seen, strict=True))
        return answers

    def desired(self, resource: Resource, context: Context) -> Desired:
        exclusive = is_exclusive(resource.spec, context.tenant, PERMISSIONS[0])
        wants: dict[Path, Want] = {}
        collections: dict[Path, bool] = {}
        origins: dict[Path, Origin] = {(): resource.at(*PERMISSIONS)}
        findings: list[Finding] = []
        for folder, holders in resource.spec.folder_permissions.items():
            collections[(*PERMISSIONS, folder)] = exclusive
            origins[(*PERMISSIONS, folder)] = resource.at(*PERMISSIONS, folder)
            for who, permission in holders.items():
                origin = resource.at(*PERMISSIONS, folder, who)
                holder = _holder(who, resource, context, origin)
                if isinstance(holder, Finding):
                    findings.append(holder)
                else:
                    address, ref = holder
                    wish = Want(_level(permission), permission, origin, ref=ref)
                    wants[(*PERMISSIONS, folder, address)] = wish
        return Desired(wants, collections, origins=origins, findings=tuple(findings))

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """The two entries that every folder has count only where the document writes them."""
        return {p: v for p, v in present.fields.items() if p[-1] not in _BOTH or p in desired.wants}

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """A role, or a delegate's; a set of rights that is no role cannot be said."""
        said = {path: _spelt(value) for path, value in present.fields.items()}
        return {path: value for path, value in said.items() if value is not None}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        folder = delta.path[1]
        place = present.ids.get(f"folder:{folder}")
        created = ident(resource.key, ("folders", folder))
        planned = getattr(resource.spec, "folders", None) or {}  # a delegation has none
        missing = place is None and resource.principal is not None and folder not in planned
        if delta.want is None and (kept := _kept(delta, present, resource, context)):
            return kept
        founded = context.founding.get(delta.want.ref) if delta.want else None
        identity = f"{resource.identity}:{place or f'{_NEW}{folder}}}'}"
        action, request = _request(delta, present, identity)
        return Change(
            key=resource.key,
            aspect=self.name,
            action=action,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.MEDIUM if action is Action.REVOKE and not _is_orphan(delta.path[-1]) else Risk.LOW,
            requests=(request,),
            depends_on=(*(() if place else (created,)), *((founded,) if founded else ())),
            obstacle=_missing(folder, resource) if missing else None,
            notes=("private appointments are shown as well",) if "Private" in str(delta.after) else (),
        )

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """A folder that came with this plan is looked up by its path."""
        mailbox, _, place = str(request.parameters["Identity"]).partition(":")
        anchor = f"SMTP:{change.key.address}"
        if place.startswith(_NEW):
            path = place.removeprefix(_NEW).removesuffix("}")
            found = (await read_folders(reader, mailbox, anchor)).find(path)
            if found is None:
                raise NotFoundError("exchange", request.call, "the folder is not there yet", target=path)
            request = replace(request, parameters={**request.parameters, "Identity": f"{mailbox}:{found}"})
        return await writer.send(request, anchor=anchor)


def _holder(who: str, resource: Resource, context: Context, origin: Origin) -> tuple[str, str] | Finding:
    """The address that stands for somebody in paths, and what a cmdlet is given to name them."""
    if who.lower() in _BOTH:
        return who.lower(), who.capitalize()
    found = context.ahead.by_address(who)
    if len(found) == 1 and found[0].can_hold_rights:
        return found[0].address.lower(), found[0].guid
    if not found:
        code, why = "unknown-address", f"nobody in this tenant has the address {who}"
    elif len(found) > 1:
        code, why = "ambiguous-address", f"{who} is claimed by several"
    else:
        code, why = "invalid-trustee", f"{who} is a {found[0].type}, which cannot hold rights on folders"
    return Finding(
        code,
        f"{resource.key.address}/folderPermissions/{canon.address(who)}",
        Severity.ERROR,
        f"{why}; folder permissions of {resource.key.address} are left as they are until this is settled",
        resource.key,
        origin,
        blocks=(resource.key, FolderAccess.name),
    )


def _level(permission: FolderPermission) -> str:
    return level(str(permission.role).replace("-", ""), _flags(permission))


def _spelt(value: str) -> Any:
    """A level as a document says it; None where it is no role, or has flags that no document knows."""
    role, *flags = value.split(" + ")
    if role not in list(Role):
        return None
    for private in (False, True):
        written = {"role": role, "delegate": True, **({"seePrivateItems": True} if private else {})}
        if flags == sorted(_flags(FolderPermission.model_validate(written))):
            return written
    return None if flags else role


def _flags(permission: FolderPermission) -> list[str]:
    private = ["CanViewPrivateItems"] if permission.see_private_items else []
    return ["Delegate", *private] if permission.delegate else []


def _exchange_role(role: str) -> str:
    """`nonediting-author` is spelt NonEditingAuthor."""
    if role == "nonediting-author":
        return "NonEditingAuthor"
    return "".join(part.capitalize() for part in role.split("-"))


def _request(delta: Delta, present: Present, identity: str) -> tuple[Action, Request]:
    who = delta.path[-1]
    if delta.want is None:
        parameters = {"Identity": identity, "User": present.ids[who], "Confirm": False}
        return Action.REVOKE, Request("exchange", "Remove-MailboxFolderPermission", parameters)
    permission: FolderPermission = delta.want.verbatim
    parameters = {
        "Identity": identity,
        "User": delta.want.ref,
        "AccessRights": [_exchange_role(str(permission.role))],
    }
    flags = _flags(permission)
    if flags or "Delegate" in str(delta.before or ""):
        parameters["SharingPermissionFlags"] = ",".join(flags) or "None"
    if delta.before is None and who not in _BOTH:
        return Action.GRANT, Request("exchange", "Add-MailboxFolderPermission", parameters)
    return Action.UPDATE, Request("exchange", "Set-MailboxFolderPermission", parameters)


def _kept(delta: Delta, present: Present, resource: Resource, context: Context) -> Finding | None:
    """Why an entry stays although the document does not have it: of somebody deleted, or protected."""
    who, held = delta.path[-1], f"{delta.before} on {delta.path[1]}"
    trustee = present.ids[who]
    if _is_orphan(who):
        return None if context.tenant.orphans == "remove" else orphaned(resource, who, held, delta.origin)
    kept = protected(context, trustee)
    return spared(resource, who, held, kept, delta.origin) if kept else None


def _is_orphan(who: str) -> bool:
    return who.startswith("S-1-")


def _missing(folder: str, resource: Resource) -> Finding:
    return Finding(
        "folder-missing",
        f"{resource.key.address}/{folder}",
        Severity.WARNING,
        f"{resource.key.address} has no folder {folder}: list it under `folders` to have it made, or mend "
        "its path (well-known names such as Inbox and Calendar work in every language)",
        resource.key,
        resource.at(*PERMISSIONS, folder),
    )
