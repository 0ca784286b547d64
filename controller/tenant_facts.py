"""Facts of the whole tenant that only findings rest on: read tolerantly, since a plan holds without them.

`SendFromAliasEnabled` is an organisation setting [doc: Set-OrganizationConfig]; an account with audit bypass
leaves no trace in any mailbox [doc: Set-MailboxAuditBypassAssociation]. A role that may read neither is
common, and costs nothing but the findings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError

_SIZES: Final = 500  # mailboxes; beyond that, sizes would be half of all requests


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """`send_from_alias` None: nobody could tell. `bypassed` holds GUIDs of those whom audit does not see;
    `sizes` the bytes in each mailbox, by GUID, as far as they were asked for."""

    send_from_alias: bool | None = None
    bypassed: frozenset[str] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)


async def read_facts(reader: Reader, directory: Directory) -> TenantFacts:
    sending, bypassed = await asyncio.gather(_send_from_alias(reader), _bypassed(reader, directory))
    return TenantFacts(sending, bypassed)


async def read_sizes(reader: Reader, resources: Iterable[Resource]) -> dict[str, int]:
    """Bytes in each mailbox. Each is a request of its own, so that a large estate is not asked."""
    there = [resource for resource in resources if resource.principal and resource.row]
    if len(there) > _SIZES:
        return {}
    found = await asyncio.gather(*(_size(reader, resource.identity) for resource in there))
    return {r.identity: size for r, size in zip(there, found, strict=True) if size is not None}


async def _size(reader: Reader, identity: str) -> int | None:
    try:
        rows = await reader.exchange("Get-MailboxStatistics", {"Identity": identity})
    except ServiceError:
        return None
    return canon.in_bytes(rows[0].get("TotalItemSize")) if len(rows) == 1 else None


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

