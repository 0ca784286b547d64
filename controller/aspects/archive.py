"""Whether the mailbox has an archive: Enable-/Disable-Mailbox -Archive, as Set-Mailbox cannot.

A shared mailbox needs a licence for one [doc: Enable-Mailbox; about shared mailboxes]. Disabling it
disconnects the archive with the mail in it, which is lost when the 30 days in which it can be reconnected
are over [doc: Disable-Mailbox, enable or disable archive mailboxes].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.licences import after_licence, exchange_plan, needs_licence, plans_to_be
from controller.model import (
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Present,
    Request,
    Risk,
    Want,
)

ARCHIVE = ("archive",)
_UNLICENSED = "unlicensed"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_LOST = "its mail can be brought back for about 30 days (Enable-Mailbox)"


class Archive(Aspect):
    name = "archive"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("Get-Mailbox", "User.Read.All", "LicenseAssignment.Read.All"),
        write=("Enable-Mailbox", "Disable-Mailbox"),
    )
    mailbox_properties = ("ArchiveStatus", "ArchiveGuid", "PersistedCapabilities")

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.archive is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """`ids` says of a mailbox that shall have one that it will have no licence for it."""
        wishing = [r for r in resources if r.spec.archive and not _archived(r.row or {})]
        plans = await plans_to_be(reader, wishing)
        seen = {}
        for resource in resources:
            there = plans.get(resource.key)
            without = there is not None and not exchange_plan(there)
            ids = {_UNLICENSED: _UNLICENSED} if without else {}
            seen[resource.key] = Present({ARCHIVE: _archived(resource.row or {})}, ids)
        return seen

    def fresh(self, resource: Resource) -> Present:
        return Present({ARCHIVE: False})

    def desired(self, resource: Resource, context: Context) -> Desired:
        wished = resource.spec.archive
        return Desired({ARCHIVE: Want(wished, wished, resource.at(*ARCHIVE))})

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        cmdlet = "Enable-Mailbox" if delta.after else "Disable-Mailbox"
        parameters: dict[str, Any] = {"Identity": resource.identity, "Archive": True, "Confirm": False}
        without = delta.after and _UNLICENSED in present.ids
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.LOW if delta.after else Risk.HIGH,
            requests=(Request("exchange", cmdlet, parameters),),
            depends_on=after_licence(resource) if delta.after else (),
            obstacle=needs_licence(resource, ARCHIVE, "the archive") if without else None,
            notes=() if delta.after else (_LOST,),
        )


def _archived(row: Mapping[str, Any]) -> bool:
    """ArchiveStatus says so; tenants are known where only the archive's GUID does."""
    if str(row.get("ArchiveStatus") or "None").lower() != "none":
        return True
    return str(row.get("ArchiveGuid") or _NOBODY) != _NOBODY
