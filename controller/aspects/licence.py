"""The licence of the mailbox's account, through Graph.

A document names one product, or none: the truth is over what is assigned directly. What comes through a
group cannot be taken away here [doc: assignLicense], and counts where it is the one wished for. Both arrays
of the request are compulsory. A seat must be free and the account must have a usage location first. One is
released only where the mailbox can do without: `controller.release` says when.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader, Receipt, Writer
from controller.directory import Directory
from controller.errors import ServiceError
from controller.licences import (
    LICENCE,
    NONE,
    Holding,
    Shelf,
    exchange_plan,
    hold_plan,
    read_holdings,
    read_shelf,
)
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
from controller.release import PROPERTIES, expect_shared, is_held, rests_on, why_not
from controller.tenant_facts import read_size

_SEATS, _LOCATION = "seats", "location"
_BYTES, _COVERED = "bytes", "covered"  # of a mailbox whose licence goes: what it holds; another one is enough


class Licence(Aspect):
    name = "licence"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("User.Read.All", "LicenseAssignment.Read.All", "Get-MailboxStatistics"),
        write=("LicenseAssignment.ReadWrite.All",),
    )
    mailbox_properties = (*PROPERTIES, "PersistedCapabilities")

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.licence is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """Seats are given out in the order of the mailboxes: two cannot count on the same one. Of a mailbox
        whose licence shall go, how much it holds is read, too."""
        try:
            shelf = await read_shelf(reader)
        except ServiceError as error:
            return {r.key: Unreadable(error) for r in resources}
        holdings = await read_holdings(reader, resources, shelf)
        going = [r for r in resources if _releases(r, holdings[r.key])]
        asked = await asyncio.gather(*(read_size(reader, r.identity) for r in going))
        sizes = {r.identity: size for r, size in zip(going, asked, strict=True) if size is not None}
        left = {part: sku.free for part, sku in shelf.skus.items()}
        seen: dict[Key, Observation] = {}
        for resource in sorted(resources, key=lambda resource: resource.key):
            holding = holdings[resource.key]
            if isinstance(holding, ServiceError):
                seen[resource.key] = Unreadable(holding)
                continue
            present = _seen(resource, holding, shelf, left)
            seen[resource.key] = replace(
                present, ids={**present.ids, **_room(resource, holding, shelf, sizes)}
            )
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
            risk=Risk.MEDIUM if held - wished else Risk.LOW,
            requests=(Request("graph", f"POST {resource.object_path}/assignLicense", body),),
            depends_on=() if wished else rests_on(resource),
            obstacle=_obstacle(delta, present, resource)
            if wished - held
            else _needed(present, resource, wished),
            notes=() if wished else ("without a licence: at most 50 GB, no archive, no hold",),
        )

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """The last licence of a mailbox goes only once that is seen to be shared."""
        if change.after == NONE:
            await expect_shared(reader, change.key.address)
        return await super().write(reader, writer, change, request)


def _wished(resource: Resource) -> str:
    return canon.text(resource.spec.licence).upper()


def _needs_seat(resource: Resource, holding: Holding) -> bool:
    return _wished(resource) not in {NONE.upper(), *holding.direct, *holding.inherited}


def _releases(resource: Resource, holding: Holding | ServiceError) -> bool:
    return isinstance(holding, Holding) and _wished(resource) == NONE.upper() and bool(holding.direct)


def _room(resource: Resource, holding: Holding, shelf: Shelf, sizes: Mapping[str, int]) -> dict[str, str]:
    """What the release of its licence is judged by."""
    left = shelf.plans(holding.inherited)
    enough = hold_plan(left) if is_held(resource) else exchange_plan(left)
    covered = {_COVERED: _COVERED} if enough else {}
    size = {_BYTES: str(sizes[resource.identity])} if resource.identity in sizes else {}
    return covered | size


def _needed(present: Present, resource: Resource, wished: set[str]) -> Finding | None:
    """Why the licence cannot go, where none is to take its place."""
    if wished or _COVERED in present.ids:
        return None
    return why_not(resource, int(present.ids[_BYTES]) if _BYTES in present.ids else None)


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


def _obstacle(delta: Delta, present: Present, resource: Resource) -> Finding | None:
    wished = str(delta.after)
    names = sorted(name for name in present.ids if name not in (_SEATS, _LOCATION, _BYTES, _COVERED))
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
