"""That the mailbox of a delegation is there. It belongs to somebody: it is never created, converted or
deleted, and where it is missing, nothing of the document can be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.model import (
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Present,
    Severity,
)


class Delegation(Aspect):
    name = "delegation"
    kinds = frozenset({Kind.MAILBOX_DELEGATION})
    permissions = Permissions(read=("Get-Recipient", "Get-Mailbox"))
    mailbox_properties = ("RecipientTypeDetails", "IsDirSynced", "IsExchangeCloudManaged")

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        return {r.key: Present({}, findings=() if r.principal else (_missing(r),)) for r in resources}

    def desired(self, resource: Resource, context: Context) -> Desired:
        return Desired()

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        raise AssertionError("unreachable: it wishes for nothing")


def _missing(resource: Resource) -> Finding:
    address = resource.key.address
    if resource.holder is None:
        code, why = "unknown-address", f"nobody in this tenant has the address {address}"
    else:
        code, why = "not-a-mailbox", f"{address} is a {resource.holder.type}, not a mailbox"
    return Finding(
        code,
        address,
        Severity.ERROR,
        f"{why}: a MailboxDelegation gives rights on a mailbox that is there, and creates none",
        resource.key,
        resource.at("mailbox"),
        blocks=(resource.key, None),
    )
