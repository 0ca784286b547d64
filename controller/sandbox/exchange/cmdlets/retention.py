"""Get-RetentionPolicy and Get-RetentionPolicyTag: what a mailbox's `RetentionPolicy`, and the stamp on a
folder, may name. Read only.

A scenario lists further policies by name under the organisation's `RetentionPolicies`, and further tags under
`RetentionTags`, as name: {days, type, action}. A tag without days has no limit, which is a tag that is
switched off [doc: New-RetentionPolicyTag]. A stamp on a folder holds the RetentionId of its tag.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import Guid, print_span
from controller.sandbox.world import World

DEFAULT = "Default MRM Policy"
# What every tenant is born with, or some of it: days, type, action.
_BORN: dict[str, tuple[int | None, str, str]] = {
    "Default 2 year move to archive": (730, "All", "MoveToArchive"),
    "Personal 1 year move to archive": (365, "Personal", "MoveToArchive"),
    "1 Month Delete": (30, "Personal", "DeleteAndAllowRecovery"),
    "1 Year Delete": (365, "Personal", "DeleteAndAllowRecovery"),
    "Never Delete": (None, "Personal", "DeleteAndAllowRecovery"),
    "Deleted Items": (30, "DeletedItems", "DeleteAndAllowRecovery"),
    "Junk Email": (30, "JunkEmail", "DeleteAndAllowRecovery"),
}
_OF_A_MAILBOX = frozenset({"All", "Personal"})  # [reference: Exchange admin API, 15.19]


def policies(world: World) -> list[dict[str, Any]]:
    """Every retention policy of the tenant, as rows."""
    names = [DEFAULT, *(name for name in world.organization.get("RetentionPolicies", ()) if name != DEFAULT)]
    return [
        {
            "Identity": name,
            "Name": name,
            "IsDefault": name == DEFAULT,
            "RetentionId": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, f"retention/{world.tenant_id}/{name}")),
            "RetentionPolicyTagLinks": ["Deleted Items", "Junk Email"],
            "Guid": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, f"{world.tenant_id}/{name}")),
        }
        for name in names
    ]


@cmdlet("Get-RetentionPolicy", honours={"Identity"})
def get_retention_policy(call: Invocation) -> Result:
    wanted = call.arguments.text("Identity")
    found = policies(call.world)
    if wanted is None:
        return found
    chosen = [row for row in found if wanted.lower() in (str(row["Name"]).lower(), str(row["Guid"]).lower())]
    if not chosen:
        raise refusals.not_found(wanted)
    return chosen


def tags(world: World) -> list[dict[str, Any]]:
    """Every retention tag of the tenant, as rows."""
    given = {
        name: (tag.get("days"), tag.get("type", "Personal"), tag.get("action", "DeleteAndAllowRecovery"))
        for name, tag in world.organization.get("RetentionTags", {}).items()
    }
    return [_tag_row(world, name, *tag) for name, tag in {**_BORN, **given}.items()]


def _tag_row(world: World, name: str, days: int | None, kind: str, action: str) -> dict[str, Any]:
    return {
        "Identity": name,
        "Name": name,
        "Type": kind,
        "RetentionAction": action,
        "AgeLimitForRetention": None if days is None else print_span(timedelta(days=days)),
        "RetentionEnabled": days is not None,
        "RetentionId": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, f"retention-tag/{world.tenant_id}/{name}")),
        "MessageClass": "*",
        "SystemTag": False,
        "Comment": "",
        "Guid": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, f"tag/{world.tenant_id}/{name}")),
    }


@cmdlet("Get-RetentionPolicyTag", honours={"Identity", "Mailbox", "Types"})
def get_retention_policy_tag(call: Invocation) -> Result:
    """CmdletError: no such tag."""
    wanted = call.arguments.text("Identity")
    kinds = {str(kind).lower() for kind in call.arguments.get("Types") or ()}
    found = [row for row in tags(call.world) if not kinds or row["Type"].lower() in kinds]
    if call.arguments.text("Mailbox"):
        found = [row for row in found if row["Type"] in _OF_A_MAILBOX]
    if wanted is None:
        return found
    chosen = [row for row in found if wanted.lower() in (row["Name"].lower(), str(row["Guid"]).lower())]
    if not chosen:
        raise refusals.not_found(wanted)
    return chosen
