"""Facts that only findings rest on: read tolerantly and in a hurry, since a plan holds without them.

`SendFromAliasEnabled` is an organisation setting [doc: Set-OrganizationConfig]; an account with audit bypass
leaves no trace in any mailbox [doc: Set-MailboxAuditBypassAssociation]. A role that may read neither is
common, and costs nothing but the findings. Who has a licence is asked of Graph, and only for mailboxes that
have what needs one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.licences import exchange_plan, hold_plan, plans_to_be

ARCHIVE: Final = "archive"
HOLD: Final = "hold"
ROOM: Final = "room"
UNLICENSED_ROOM: Final = 50 * 1024**3  # bytes of a mailbox without a licence [doc: about shared mailboxes]
_SIZES: Final = 500  # mailboxes; beyond that, sizes would be half of all requests


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """`send_from_alias` None: nobody could tell. `bypassed` holds GUIDs of those whom audit does not see;
    `sizes` the bytes in each mailbox, by GUID, as far as they were asked for; `unlicensed` the GUIDs of
    mailboxes that will have no licence for what they have (`ARCHIVE`, `HOLD`, `ROOM`)."""

    send_from_alias: bool | None = None
    bypassed: frozenset[str] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)
    unlicensed: Mapping[str, frozenset[str]] = field(default_factory=dict)


async def read_facts(reader: Reader, directory: Directory) -> TenantFacts:
    """Of the tenant as a whole."""
    hurried = reader.hurried
    sending, bypassed = await asyncio.gather(_send_from_alias(hurried), _bypassed(hurried, directory))
    return TenantFacts(sending, bypassed)


async def with_mailboxes(facts: TenantFacts, reader: Reader, resources: Sequence[Resource]) -> TenantFacts:
    """The same, with what is known of single mailboxes."""
    hurried = reader.hurried
    sizes, unlicensed = await asyncio.gather(_sizes(hurried, resources), _unlicensed(hurried, resources))
    return replace(facts, sizes=sizes, unlicensed=unlicensed)


async def _unlicensed(reader: Reader, resources: Iterable[Resource]) -> dict[str, frozenset[str]]:
    having = {r.key: has for r in resources if r.principal and (has := _in_need(r.row or {}))}
    asked = [r for r in resources if r.key in having]
    plans = await plans_to_be(reader, asked)
    lacking = {r.identity: having[r.key] - _covered(plans[r.key]) for r in asked}
    return {guid: lacks for guid, lacks in lacking.items() if lacks}


def _in_need(row: Mapping[str, Any]) -> frozenset[str]:
    """What a mailbox has that no shared mailbox may have without a licence [doc: about shared mailboxes]."""
    archived = str(row.get("ArchiveStatus") or "None").lower() != "none"
    roomy = (canon.in_bytes(row.get("ProhibitSendReceiveQuota")) or 0) > UNLICENSED_ROOM
    found = {ARCHIVE: archived, HOLD: bool(canon.flag(row.get("LitigationHoldEnabled"))), ROOM: roomy}
    return frozenset(name for name, has in found.items() if has)


def _covered(plans: frozenset[str] | None) -> frozenset[str]:
    """What these service plans allow; all of it where nobody could tell."""
    if plans is None:
        return frozenset((ARCHIVE, HOLD, ROOM))
    allowed = {ARCHIVE: exchange_plan(plans), HOLD: hold_plan(plans), ROOM: exchange_plan(plans)}
    return frozenset(name for name, fine in allowed.items() if fine)


async def _sizes(reader: Reader, resources: Iterable[Resource]) -> dict[str, int]:
    """Bytes in each mailbox. Each is a request of its own, so that a large estate is not asked."""
    there = [resource for resource in resources if resource.principal and resource.row]
    if len(there) > _SIZES:
        return {}
    found = await asyncio.gather(*(read_size(reader, resource.identity) for resource in there))
    return {r.identity: size for r, size in zip(there, found, strict=True) if size is not None}


async def read_size(reader: Reader, identity: str) -> int | None:
    """Bytes in a mailbox; None where nobody could tell, also because nobody has opened it yet."""
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
