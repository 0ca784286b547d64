"""The tenant's subscriptions. The world counts seats by SKU part number; ids are Microsoft's.

The fact a reader would not guess: `/subscribedSkus` takes $select and nothing else, and the id of a SKU is
the tenant's id and the SKU's joined by an underscore [reference: Graph API, licences].
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import entities, permissions, query
from controller.sandbox.graph.answers import project, single
from controller.sandbox.graph.errors import not_found, unsupported
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.rows import Row, type_of
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import World

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_PLAN_1 = ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD")
_PLAN_2 = ("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE")
_KIOSK = ("4a82b400-a79f-41a4-b4e2-e94f5787b113", "EXCHANGE_S_DESKLESS")


@dataclass(frozen=True, slots=True)
class Sku:
    """A product: its id and the Exchange plan in it (id, name)."""

    id: str
    part_number: str
    plan: tuple[str, str]


# [doc: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference]
_KNOWN = {
    sku.part_number: sku
    for sku in (
        Sku("4b9405b0-7788-4568-add1-99614e613b69", "EXCHANGESTANDARD", _PLAN_1),
        Sku("19ec0d23-8335-4cbd-94ac-6050e30712fa", "EXCHANGEENTERPRISE", _PLAN_2),
        Sku("80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82", "EXCHANGEDESKLESS", _KIOSK),
        Sku("3b555118-da6a-4418-894f-7df1e2096870", "O365_BUSINESS_ESSENTIALS", _PLAN_1),
        Sku("f245ecc8-75af-4f8e-b61f-27d8114de5f3", "O365_BUSINESS_PREMIUM", _PLAN_1),
        Sku("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "SPB", _PLAN_1),
        Sku("6fd2c87f-b296-42f0-b197-1e91e994b900", "ENTERPRISEPACK", _PLAN_2),
        Sku("c7df2760-2c81-4ef7-b578-5b5392b571df", "ENTERPRISEPREMIUM", _PLAN_2),
        Sku("05e9a617-0261-4cee-bb44-138d3ef5d965", "SPE_E3", _PLAN_2),
        Sku("06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5", _PLAN_2),
    )
}


def sku(part_number: str) -> Sku:
    """The product of that name; one that is not in the table gets an id made from it."""
    made = str(uuid.uuid5(_NAMESPACE, part_number))
    return _KNOWN.get(part_number) or Sku(made, part_number, _PLAN_2)


def holders(world: World, sku_id: str) -> int:
    """How many users hold it."""
    return sum(
        any(held.get("skuId", "").lower() == sku_id for held in entry.graph.get("assignedLicenses") or [])
        for entry in world.entries.values()
        if type_of(entry) == "user" and entry.deleted is None
    )


def row(world: World, part_number: str) -> Row:
    """A subscription as Graph shows it: seats as bought, and how many are taken."""
    found = sku(part_number)
    plan_id, plan = found.plan
    values: dict[str, Any] = {
        "accountId": world.tenant_id,
        "accountName": world.initial_domain.split(".")[0],
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": holders(world, found.id),
        "prepaidUnits": {
            "enabled": world.skus[part_number],
            "suspended": 0,
            "warning": 0,
            "lockedOut": 0,
        },
        "servicePlans": [
            {
                "servicePlanId": plan_id,
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
        ],
        "skuId": found.id,
        "skuPartNumber": part_number,
        "subscriptionIds": [str(uuid.uuid5(_NAMESPACE, f"{world.tenant_id}:{part_number}"))],
    }
    return Row("subscribedSku", f"{world.tenant_id}_{found.id}", world, None, values)


def list_skus(graph: Graph, request: Request) -> Answer:
    unwanted = next((name for name in query.options(request) if name != "select"), None)
    if unwanted is not None:
        raise unsupported(f"The query option '${unwanted}' is not supported for this resource.")
    asked = query.parse(request, entities.entity("subscribedSku"))
    world = graph.tenant.world
    value = [project(row(world, name), asked.select) for name in world.skus]
    return Answer(200, {"@odata.context": request.context("subscribedSkus"), "value": value})


def get_sku(graph: Graph, request: Request) -> Answer:
    world, wanted = graph.tenant.world, request.params["sku"].lower()
    found = next((r for r in (row(world, name) for name in world.skus) if r.id.lower() == wanted), None)
    if found is None:
        raise not_found(request.params["sku"])
    asked = query.parse(request, entities.entity("subscribedSku"))
    return single(request, found, asked, graph.related(request))


ROUTES = (
    Route("GET", "/subscribedSkus", list_skus, permissions.LICENCES_READ),
    Route("GET", "/subscribedSkus/{sku}", get_sku, permissions.LICENCES_READ),
)
