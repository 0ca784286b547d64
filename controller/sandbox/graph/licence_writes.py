"""Licences of a user: who holds which, and `POST /users/{id}/assignLicense`.

The facts a reader would not guess: both arrays of the body are compulsory; every refusal is a 400
Request_BadRequest that only its text tells apart; a user without a usage location takes none; what came
through a group cannot be taken from the user [doc: graph/api/user-assignlicense; texts seen in public].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import bodies, entities, permissions
from controller.sandbox.graph.errors import GraphError, bad_request
from controller.sandbox.graph.licences import holders, sku
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.rows import instant
from controller.sandbox.graph.tenant import is_guid
from controller.sandbox.graph.users import entity_body
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import Entry, World

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph


def assign(graph: Graph, request: Request) -> Answer:
    """200 with the user. Nothing is done where any part is refused."""
    body = bodies.json_object(request)
    adding, removing = _list(body, "addLicenses"), _list(body, "removeLicenses")
    tenant = graph.tenant
    entry = tenant.target(tenant.user(request.params["user"], request.caller))
    held = {each["skuId"].lower(): each for each in entry.graph.get("assignedLicenses") or []}
    wanted = [_wanted(item) for item in adding]
    for item in removing:
        _check_removal(entry, held, item)
    for licence in wanted:
        _check_seat(tenant.world, entry, held, licence["skuId"])
    tenant.before(entry)
    gone = {str(item).lower() for item in removing}
    for sku_id in gone - _from_groups(entry):
        held.pop(sku_id, None)
    held |= {licence["skuId"]: licence for licence in wanted}
    direct = (_direct(entry) | (held.keys() - _from_groups(entry))) - gone
    direct |= {licence["skuId"] for licence in wanted}
    entry.graph["assignedLicenses"] = list(held.values())
    _tell_states(entry, held, direct, instant(tenant.now))
    tenant.record(
        request,
        "Change user license.",
        entry.upn or entry.object_id,
        [("AssignedLicense", [each["skuId"] for each in held.values()])],
    )
    return Answer(200, entity_body(request, graph.made(entry, request)))


def _list(body: dict[str, Any], name: str) -> list[Any]:
    found = next((value for key, value in body.items() if key.lower() == name.lower()), None)
    if found is None:
        raise bad_request(f"One or more parameters of the operation 'assignLicense' are missing: {name}.")
    if not isinstance(found, list):
        raise bodies.refused("A 'StartArray' node was expected.")
    return found


def _wanted(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise bodies.refused("A 'StartObject' node was expected.")
    bodies.read(item, entities.entity("assignedLicense"))
    return {"disabledPlans": list(item.get("disabledPlans") or []), "skuId": _guid(item.get("skuId"))}


def _guid(value: Any) -> str:
    if not isinstance(value, str) or not is_guid(value):
        raise bodies.refused(f"Cannot convert the literal '{value}' to the expected type 'Edm.Guid'.")
    return value.lower()


def _subscribed(world: World, sku_id: str) -> str | None:
    """The part number of a subscription by its id."""
    return next((name for name in world.skus if sku(name).id == sku_id), None)


def _check_removal(entry: Entry, held: dict[str, Any], item: Any) -> None:
    sku_id = _guid(item)
    if sku_id in _from_groups(entry) - _direct(entry):
        raise bad_request(
            "User license is inherited from a group membership and it cannot be removed directly from the "
            "user."
        )
    if sku_id not in held:
        raise bad_request("User does not have a corresponding license.")


def _states(entry: Entry) -> list[dict[str, Any]]:
    return list(entry.graph.get("licenseAssignmentStates") or [])


def _from_groups(entry: Entry) -> set[str]:
    return {each["skuId"].lower() for each in _states(entry) if each.get("assignedByGroup")}


def _direct(entry: Entry) -> set[str]:
    return {each["skuId"].lower() for each in _states(entry) if not each.get("assignedByGroup")}


def _check_seat(world: World, entry: Entry, held: dict[str, Any], sku_id: str) -> None:
    part_number = _subscribed(world, sku_id)
    if part_number is None:
        raise bad_request(f"License {sku_id} does not correspond to a valid company License.")
    if not entry.graph.get("usageLocation"):
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    if sku_id not in held and holders(world, sku_id) >= world.skus[part_number]:
        raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")


def _tell_states(entry: Entry, held: dict[str, Any], direct: set[str], now: str) -> None:
    """`licenseAssignmentStates`: what came through groups stays, what is direct follows the assignment."""
    inherited = [each for each in _states(entry) if each.get("assignedByGroup")]
    before = {each["skuId"].lower(): each for each in _states(entry) if not each.get("assignedByGroup")}
    assigned = [
        {
            "skuId": sku_id,
            "disabledPlans": licence["disabledPlans"],
            "assignedByGroup": None,
            "state": "Active",
            "error": "None",
            "lastUpdatedDateTime": before.get(sku_id, {}).get("lastUpdatedDateTime", now),
        }
        for sku_id, licence in held.items()
        if sku_id in direct
    ]
    entry.graph["licenseAssignmentStates"] = [*inherited, *assigned]


def details(graph: Graph, request: Request) -> Answer:
    """GET licenseDetails: the products with their plans."""
    row = graph.tenant.user(request.params["user"], request.caller)
    if row.entry is None:
        raise GraphError(404, "Request_ResourceNotFound", "Resource does not exist.")
    world = graph.tenant.world
    value = []
    for held in row.entry.graph.get("assignedLicenses") or []:
        sku_id = str(held["skuId"]).lower()
        part_number = _subscribed(world, sku_id) or sku_id
        plan_id, plan = sku(part_number).plan
        disabled = plan_id in [each.lower() for each in held.get("disabledPlans") or []]
        status = "Disabled" if disabled else "Success"
        value.append(
            {
                "id": f"{row.id}_{sku_id}",
                "skuId": sku_id,
                "skuPartNumber": part_number,
                "servicePlans": [
                    {
                        "servicePlanId": plan_id,
                        "servicePlanName": plan,
                        "provisioningStatus": status,
                        "appliesTo": "User",
                    }
                ],
            }
        )
    context = request.context(f"users('{row.id}')/licenseDetails")
    return Answer(200, {"@odata.context": context, "value": value})


_USER = "/users/{user}"
ROUTES = (
    Route("POST", f"{_USER}/assignLicense", assign, permissions.LICENCES_WRITE, writes=True),
    Route("GET", f"{_USER}/licenseDetails", details, permissions.LICENCE_DETAILS_READ),
)
