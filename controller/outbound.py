"""What the tenant lets out: outbound spam policies and remote domains decide on automatic forwarding.

`Automatic` has meant off since 2021 [doc: outbound spam policies, external email forwarding]. A role may
lack either cmdlet: then nobody can tell beforehand, and nothing is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller import canon
from controller.clients import Reader
from controller.directory import Directory, Principal
from controller.errors import ServiceError

_SHUT = ("off", "automatic")
_OUTSIDERS = frozenset({"MailContact", "MailUser", "GuestMailUser"})  # recipients whose mail is elsewhere


@dataclass(frozen=True, slots=True)
class Outbound:
    """Rows of Get-HostedOutboundSpamFilterPolicy and Get-RemoteDomain, as far as they could be read."""

    policies: Sequence[Mapping[str, Any]] = ()
    domains: Sequence[Mapping[str, Any]] = ()

    def obstacle(self, address: str) -> str | None:
        """Why mail forwarded to an outside address will not arrive, as far as that is known."""
        shut = [row for row in self.policies if str(row.get("AutoForwardingMode")).lower() in _SHUT]
        if shut and len(shut) == len(self.policies):  # one that lets it out may be the one that counts
            first = next((row for row in shut if canon.flag(row.get("IsDefault"))), shut[0])
            mode = first.get("AutoForwardingMode")
            return f"the outbound spam policy {first.get('Name')} has AutoForwardingMode {mode}"
        domain = canon.domain(address)
        fitting = [row for row in self.domains if _covers(str(row.get("DomainName") or ""), domain)]
        if not fitting:
            return None
        closest = max(fitting, key=lambda row: len(str(row.get("DomainName"))))
        if canon.flag(closest.get("AutoForwardEnabled")) is False:
            return f"the remote domain {closest.get('DomainName')} has AutoForwardEnabled off"
        return None


async def read_outbound(reader: Reader) -> Outbound:
    hurried = reader.hurried  # what cannot be told beforehand is not waited for
    policies, domains = await asyncio.gather(
        _rows(hurried, "Get-HostedOutboundSpamFilterPolicy", ("Name", "IsDefault", "AutoForwardingMode")),
        _rows(hurried, "Get-RemoteDomain", ("Name", "DomainName", "AutoForwardEnabled")),
    )
    return Outbound(policies, domains)


async def _rows(reader: Reader, cmdlet: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    try:
        return await reader.exchange(cmdlet, select=columns)
    except ServiceError:
        return []


def _covers(pattern: str, domain: str) -> bool:
    """`*` is everything else, `*.x` covers x and what is below it [doc: New-RemoteDomain]."""
    pattern = pattern.lower()
    if pattern.startswith("*."):
        return domain == pattern[2:] or domain.endswith(pattern[1:])
    return pattern in ("*", domain)


def is_outside(address: str, target: Principal | None, directory: Directory) -> bool:
    """Whether mail to it leaves the organisation. A contact or a guest may have an address of ours, and
    its mail goes out all the same."""
    return target.type in _OUTSIDERS if target else not directory.accepts(address)
