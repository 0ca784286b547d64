"""Who holds which licence, and what that allows.

Exchange says little about it (`PersistedCapabilities` is a hint); Graph knows: `assignedLicenses` is what
holds, `licenseAssignmentStates` whether it came directly or through a group, `/subscribedSkus` how many
seats there are and which service plans a product has [reference: Graph, licences].
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.aspect import Resource
from controller.clients import Reader
from controller.errors import ServiceError
from controller.model import Finding, Key, Path, Severity, ident

LICENCE: Path = ("licence",)
NONE: Final = "none"
UNTOLD: Final = "?"  # a product of which nobody says what is in it
_COLUMNS = "id,usageLocation,assignedLicenses,licenseAssignmentStates"
_LISTING = 200  # mailboxes; from here on one listing of all users costs fewer requests
_USABLE = ("Enabled", "Warning")  # [doc: subscribedSku capabilityStatus]


@dataclass(frozen=True, slots=True)
class Sku:
    """A product that the tenant has bought."""

    id: str
    free: int
    plans: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holding:
    """Products that a mailbox's account holds, by part number in upper case: directly, through a group."""

    direct: frozenset[str] = frozenset()
    inherited: frozenset[str] = frozenset()
    location: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tenant's products by part number in upper case."""

    skus: Mapping[str, Sku]

    def part_of(self, sku_id: str) -> str:
        return next((part for part, sku in self.skus.items() if sku.id == sku_id.lower()), sku_id.upper())

    def plans(self, parts: Iterable[str]) -> frozenset[str]:
        """Service plans of these products."""
        found: set[str] = set()
        for part in parts:
            sku = self.skus.get(part)
            found |= sku.plans if sku and sku.plans else {UNTOLD}
        return frozenset(found)


async def read_shelf(reader: Reader) -> Shelf:
    """Raises ServiceError."""
    rows = await reader.graph_list("/subscribedSkus")
    return Shelf({str(row.get("skuPartNumber", "")).upper(): _sku(row) for row in rows})


def _sku(row: Mapping[str, Any]) -> Sku:
    units = row.get("prepaidUnits") or {}
    bought = int(units.get("enabled") or 0) + int(units.get("warning") or 0)
    usable = str(row.get("capabilityStatus") or "Enabled") in _USABLE
    return Sku(
        id=str(row.get("skuId", "")).lower(),
        free=bought - int(row.get("consumedUnits") or 0) if usable else 0,
        plans=frozenset(str(plan.get("servicePlanName")) for plan in row.get("servicePlans") or ()),
    )


async def read_holdings(
    reader: Reader, resources: Sequence[Resource], shelf: Shelf
) -> dict[Key, Holding | ServiceError]:
    """What each account holds; a mailbox that is still to be made holds nothing."""
    there = [r for r in resources if r.principal]
    listed = await _listed(reader) if len(there) >= _LISTING else {}
    missing = [r for r in there if r.principal and r.principal.object_id not in listed]
    asked = await asyncio.gather(*(_one(reader, r) for r in missing))
    users = {
        **listed,
        **{r.principal.object_id: user for r, user in zip(missing, asked, strict=True) if r.principal},
    }
    found: dict[Key, Holding | ServiceError] = {r.key: Holding() for r in resources}
    for resource in there:
        assert resource.principal is not None
        user = users[resource.principal.object_id]
        found[resource.key] = user if isinstance(user, ServiceError) else _holding(user, shelf)
    return found


async def _listed(reader: Reader) -> dict[str, Mapping[str, Any] | ServiceError]:
    try:
        rows = await reader.graph_list("/users", top=999, select=_COLUMNS)
    except ServiceError:
        return {}  # each is asked for, and names its own trouble
    return {str(row["id"]).lower(): row for row in rows}


async def _one(reader: Reader, resource: Resource) -> Mapping[str, Any] | ServiceError:
    try:
        return await reader.graph(resource.object_path, select=_COLUMNS)
    except ServiceError as error:
        return error


def _holding(user: Mapping[str, Any], shelf: Shelf) -> Holding:
    held = {str(row.get("skuId", "")).lower() for row in user.get("assignedLicenses") or ()}
    states = user.get("licenseAssignmentStates") or ()
    by_group = {str(row.get("skuId", "")).lower() for row in states if row.get("assignedByGroup")}
    by_hand = {str(row.get("skuId", "")).lower() for row in states if not row.get("assignedByGroup")}
    return Holding(
        direct=frozenset(shelf.part_of(sku) for sku in held if sku in by_hand or sku not in by_group),
        inherited=frozenset(shelf.part_of(sku) for sku in held & by_group),
        location=str(user.get("usageLocation") or ""),
    )


# --- what a mailbox may have ------------------------------------------------------------------------------


async def plans_to_be(reader: Reader, resources: Sequence[Resource]) -> dict[Key, frozenset[str] | None]:
    """The service plans that each mailbox will have once its document is in place, with what Exchange
    hints at. None where it cannot be told: then Exchange will say."""
    if not resources:
        return {}
    try:
        shelf = await read_shelf(reader)
    except ServiceError:
        shelf = Shelf({})  # what an account holds may be told all the same; holding nothing says enough
    holdings = await read_holdings(reader, resources, shelf)
    return {r.key: _plans(r, holdings[r.key], shelf) for r in resources}


def _plans(resource: Resource, holding: Holding | ServiceError, shelf: Shelf) -> frozenset[str] | None:
    if isinstance(holding, ServiceError):
        return None
    wished = resource.spec.licence
    direct = holding.direct if wished is None else frozenset({wished.upper()} - {NONE.upper()})
    hints = (resource.row or {}).get("PersistedCapabilities") or () if wished is None else ()
    return shelf.plans(direct | holding.inherited) | {str(hint) for hint in hints}


def exchange_plan(plans: Iterable[str]) -> bool:
    """Whether any licence for Exchange is among them."""
    return any(plan == UNTOLD or "EXCHANGE" in plan.upper() or "BPOS_S" in plan.upper() for plan in plans)


def hold_plan(plans: Iterable[str]) -> bool:
    """Whether a hold is allowed: Exchange Online Plan 2, or Plan 1 with archiving [doc: Set-Mailbox]."""
    marks = ("EXCHANGE_S_ENTERPRISE", "BPOS_S_ENTERPRISE", "ARCHIVE")
    return any(plan == UNTOLD or any(mark in plan.upper() for mark in marks) for plan in plans)


def needs_licence(resource: Resource, path: Path, what: str) -> Finding:
    """Why something of a mailbox without the licence for it is not planned."""
    return Finding(
        "licence-needed",
        "/".join((resource.key.address, *path)),
        Severity.WARNING,
        f"{what} of {resource.key.address} needs a licence that the mailbox does not have: write `licence:` "
        "with one that includes it (EXCHANGEENTERPRISE), or leave this out",
        resource.key,
        resource.at(*path),
    )


def after_licence(resource: Resource) -> tuple[str, ...]:
    """What such a change waits for: the licence, where this plan assigns one."""
    return (ident(resource.key, LICENCE),)
