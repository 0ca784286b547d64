"""Get-RetentionPolicy: what `RetentionPolicy` of a mailbox may name. Read only.

A scenario lists further policies by name under the organisation's `RetentionPolicies`.
"""

from __future__ import annotations

import uuid
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import Guid
from controller.sandbox.world import World

DEFAULT = "Default MRM Policy"


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
