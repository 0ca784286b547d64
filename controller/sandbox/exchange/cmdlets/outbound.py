"""Get-HostedOutboundSpamFilterPolicy and Get-RemoteDomain: what the tenant lets out. Read only.

A scenario says more under the organisation's `OutboundSpamPolicies` and `RemoteDomains`, as rows. Without,
there is one of each: `Default`, whose AutoForwardingMode `Automatic` means off, and which as a remote domain
lets automatic forwarding through [doc: outbound spam policies, external email forwarding; New-RemoteDomain].
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import Guid

POLICIES, DOMAINS = "OutboundSpamPolicies", "RemoteDomains"

_POLICY: dict[str, Any] = {
    "Name": "Default",
    "IsDefault": True,
    "Enabled": True,
    "AutoForwardingMode": "Automatic",
    "ActionWhenThresholdReached": "BlockUserForToday",
    "AdminDisplayName": "",
    "BccSuspiciousOutboundMail": False,
    "BccSuspiciousOutboundAdditionalRecipients": [],
    "NotifyOutboundSpam": False,
    "NotifyOutboundSpamRecipients": [],
    "RecipientLimitExternalPerHour": 0,
    "RecipientLimitInternalPerHour": 0,
    "RecipientLimitPerDay": 0,
    "RecommendedPolicyType": "Custom",
}
_DOMAIN: dict[str, Any] = {
    "Name": "Default",
    "DomainName": "*",
    "AutoForwardEnabled": True,
    "AutoReplyEnabled": True,
    "AllowedOOFType": "External",
    "DeliveryReportEnabled": True,
    "NDREnabled": True,
    "IsInternal": False,
    "TrustedMailOutboundEnabled": False,
    "TrustedMailInboundEnabled": False,
    "CharacterSet": "iso-8859-1",
    "ContentType": "MimeHtmlText",
    "TNEFEnabled": None,
}


def _rows(call: Invocation, key: str, default: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = call.world.organization.get(key) or [{}]
    found = []
    for each in told:
        row = {**default, "IsDefault": each.get("Name", "Default") == "Default", **each}
        guid = Guid(uuid.uuid5(uuid.NAMESPACE_DNS, f"{key}/{call.world.tenant_id}/{row['Name']}"))
        found.append({**row, "Identity": row["Name"], "Id": row["Name"], "Guid": guid})
    wanted = call.arguments.text("Identity")
    chosen = [row for row in found if wanted is None or row["Name"].lower() == wanted.lower()]
    if not chosen:
        raise refusals.not_found(str(wanted))
    return chosen


@cmdlet("Get-HostedOutboundSpamFilterPolicy", honours={"Identity"})
def get_outbound_policy(call: Invocation) -> Result:
    return [selected(call, row) for row in _rows(call, POLICIES, _POLICY)]


@cmdlet("Get-RemoteDomain", honours={"Identity", "ResultSize"})
def get_outside_domain(call: Invocation) -> Result:
    rows = _rows(call, DOMAINS, _DOMAIN)
    return [selected(call, {k: v for k, v in row.items() if k != "IsDefault"}) for row in rows]
