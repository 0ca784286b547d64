"""The licence of the mailbox's account, through Graph.

A document names one product, or none: the truth is over what is assigned directly. What comes through a
group cannot be taken away here [doc: assignLicense], and counts where it is the one wished for. Both arrays
of the request are compulsory. A seat must be free and the account must have a usage location first.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.licences import LICENCE, NONE, Holding, Shelf, read_holdings, read_shelf
from controller.model import (
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Path,
    Present,
    Request,
    Risk,
    Severity,
    Unreadable,
    Want,
)

_SEATS, _LOCATION = "seats", "location"


class Licence(Aspect):
    name = "licence"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("User.Read.All", "LicenseAssignment.Read.All"), write=("LicenseAssignment.ReadWrite.All",)
    )
    mailbox_properties = ("ArchiveStatus", "LitigationHoldEnabled", "PersistedCapabilities")

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.licence is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """Seats are given out in the order of the mailboxes: two cannot count on the same one."""
        try:
            shelf = await read_shelf(reader)
        except ServiceError as error:
            return {r.key: Unreadable(error) for r in resources}
        holdings = await read_holdings(reader, resources, shelf)
        left = {part: sku.free for part, sku in shelf.skus.items()}
        seen: dict[Key, Observation] = {}
        for resource in sorted(resources, key=lambda resource: resource.key):
            holding = holdings[resource.key]
            if isinstance(holding, ServiceError):
                seen[resource.key] = Unreadable(holding)
                continue
            seen[resource.key] = _seen(resource, holding, shelf, left)
            left[_wished(resource)] = left.get(_wished(resource), 0) - int(_needs_seat(resource, holding))
        return seen

    def fresh(self, resource: Resource) -> Present:
        return Present({LICENCE: NONE})

    def desired(self, resource: Resource, context: Context) -> Desired:
        written = resource.spec.licence
        value = NONE if _wished(resource) == NONE.upper() else _wished(resource)
        return Desired({LICENCE: Want(value, written, resource.at(*LICENCE))})

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """Of several, a document can name none."""
        several = len(_parts(present.fields[LICENCE])) > 1
        return {} if several else super().spelling(present)

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        held = set(_parts(delta.before))
        wished = set(_parts(delta.after))
        body = {
            "addLicenses": [
                {"skuId": present.ids[part], "disabledPlans": []}
                for part in sorted(wished - held)
                if part in present.ids
            ],
            "removeLicenses": [present.ids[part] for part in sorted(held - wished)],
        }
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=_risk(resource, lost=bool(held - wished), licensed=bool(wished)),
            requests=(Request("graph", f"POST {resource.object_path}/assignLicense", body),),
            obstacle=_obstacle(delta, present, resource) if wished - held else None,
            notes=_notes(held - wished, licensed=bool(wished)),
        )


def _wished(resource: Resource) -> str:
    return canon.text(resource.spec.licence).upper()


def _needs_seat(resource: Resource, holding: Holding) -> bool:
    return _wished(resource) not in {NONE.upper(), *holding.direct, *holding.inherited}


def _parts(value: str) -> list[str]:
    return [] if value == NONE else value.split(", ")


def _seen(resource: Resource, holding: Holding, shelf: Shelf, left: Mapping[str, int]) -> Present:
    wished = _wished(resource)
    counting = holding.direct | ({wished} & holding.inherited)
    others = holding.inherited - {wished}
    ids = {part: sku.id for part, sku in shelf.skus.items()}
    ids |= {part: part.lower() for part in holding.direct if part not in ids}  # no longer sold: known by id
    ids |= {_LOCATION: holding.location, _SEATS: str(left.get(wished, 0))}
    findings = (_inherited(resource, sorted(others)),) if others else ()
    return Present({LICENCE: ", ".join(sorted(counting)) or NONE}, ids, findings)


def _risk(resource: Resource, *, lost: bool, licensed: bool) -> Risk:
    """Archive and hold go with the licence that they rest on."""
    row = resource.row or {}
    rests = str(row.get("ArchiveStatus") or NONE).lower() != NONE or canon.flag(
        row.get("LitigationHoldEnabled")
    )
    if lost and rests and not licensed:
        return Risk.HIGH
    return Risk.MEDIUM if lost else Risk.LOW


def _notes(lost: set[str], *, licensed: bool) -> tuple[str, ...]:
    if not lost or licensed:
        return ()
    return ("without a licence: at most 50 GB, no archive, no litigation hold",)


def _obstacle(delta: Delta, present: Present, resource: Resource) -> Finding | None:
    wished = str(delta.after)
    names = sorted(name for name in present.ids if name not in (_SEATS, _LOCATION))
    if wished not in names:
        near = difflib.get_close_matches(wished, names, 1)
        meant = f" — did you mean {near[0]}?" if near else f"; it has {', '.join(names) or 'none'}"
        return _told(
            "unknown-licence", resource, f"the tenant has no licence {wished}{meant}", Severity.ERROR
        )
    if int(present.ids.get(_SEATS, "0")) <= 0:
        return _told(
            "licence-no-seat", resource, f"no seat of {wished} is free: buy one, or take one from somebody"
        )
    if not present.ids.get(_LOCATION):
        return _told(
            "licence-location",
            resource,
            f"the account of {resource.key.address} has no usage location, without which no licence can be "
            "assigned: set it in the Microsoft 365 admin centre (Users, Licences and apps)",
        )
    return None


def _inherited(resource: Resource, parts: Sequence[str]) -> Finding:
    return _told(
        "licence-through-group",
        resource,
        f"{', '.join(parts)} comes through a group and cannot be taken away here: take "
        f"{resource.key.address} out of that group",
    )


def _told(code: str, resource: Resource, message: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(code, resource.key.address, severity, message, resource.key, resource.at(*LICENCE))
