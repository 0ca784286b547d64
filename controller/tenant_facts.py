"""Facts of the whole tenant that only findings rest on: read tolerantly, since a plan holds without them.

`SendFromAliasEnabled` is an organisation setting [doc: Set-OrganizationConfig]; an account with audit bypass
leaves no trace in any mailbox [doc: Set-MailboxAuditBypassAssociation]. A role that may read neither is
common, and costs nothing but the findings.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from controller import canon
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """`send_from_alias` None: nobody could tell. `bypassed` holds GUIDs of those whom audit does not see."""

    send_from_alias: bool | None = None
    bypassed: frozenset[str] = frozenset()


async def read_facts(reader: Reader, directory: Directory) -> TenantFacts:
    sending, bypassed = await asyncio.gather(_send_from_alias(reader), _bypassed(reader, directory))
    return TenantFacts(sending, bypassed)


async def _send_from_alias(reader: Reader) -> bool | None:
    try:
        rows = await reader.exchange("Get-OrganizationConfig", select=("Identity", "SendFromAliasEnabled"))
    except ServiceError:
        return None
    return canon.flag(rows[0].get("SendFromAliasEnabled")) if len(rows) == 1 else None


async def _bypassed(reader: Reader, directory: Directory) -> frozenset[str]:
    try:
        rows = await reader.exchange(
            "Get-MailboxAuditBypassAssociation",
            {"ResultSize": "Unlimited"},
            select=("Identity", "Name", "AuditBypassEnabled"),
        )
    except ServiceError:
        return frozenset()
    on = [row for row in rows if canon.flag(row.get("AuditBypassEnabled"))]
    found = (directory.by_id(str(row.get("Name") or row.get("Identity") or "")) for row in on)
    return frozenset(one.guid for one in found if one is not None)

