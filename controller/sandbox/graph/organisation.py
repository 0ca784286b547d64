"""The tenant itself, its domains, and the service principals with their grants.

The fact a reader would not guess: `/organization` is a collection of one, and the SMTP domains of Exchange
are `/domains` here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import apps, entities, permissions, query
from controller.sandbox.graph.answers import Listing, project, single
from controller.sandbox.graph.errors import not_found
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.rows import Row
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import World

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph


def _verified(world: World) -> list[dict[str, Any]]:
    return [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": name == world.default_domain,
            "isInitial": name == world.initial_domain,
            "name": name,
            "type": "Managed",
        }
        for name in world.domains
    ]


def _organisation(world: World) -> Row:
    synced = any(entry.dir_synced for entry in world.entries.values())
    values = {
        "displayName": world.name,
        "tenantType": "AAD",
        "onPremisesSyncEnabled": True if synced else None,
        "verifiedDomains": _verified(world),
        **world.organization.get("graph", {}),
    }
    return Row("organization", world.tenant_id, world, None, values)


def list_organisation(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, entities.entity("organization"))
    value = [project(_organisation(graph.tenant.world), asked.select)]
    return Answer(200, {"@odata.context": request.context("organization"), "value": value})


def get_organisation(graph: Graph, request: Request) -> Answer:
    world = graph.tenant.world
    if request.params["organisation"].lower() != world.tenant_id.lower():
        raise not_found(request.params["organisation"])
    asked = query.parse(request, entities.entity("organization"))
    body = project(_organisation(world), asked.select)
    return Answer(200, {"@odata.context": request.context("organization/$entity"), **body})


def _domain(world: World, name: str) -> Row:
    values = {
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": name == world.default_domain,
        "isInitial": name == world.initial_domain,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }
    return Row("domain", name, world, None, values)


def list_domains(graph: Graph, request: Request) -> Answer:
    world = graph.tenant.world
    listing = Listing(world.domains, lambda name: _domain(world, name), ("domain",), "domains")
    return listing.answer(request, graph.related(request))


def get_domain(graph: Graph, request: Request) -> Answer:
    world, wanted = graph.tenant.world, request.params["domain"].lower()
    found = next((name for name in world.domains if name.lower() == wanted), None)
    if found is None:
        raise not_found(request.params["domain"])
    asked = query.parse(request, entities.entity("domain"))
    return single(request, _domain(world, found), asked, graph.related(request))


# --- service principals -------------------------------------------------------------------------------


def list_principals(graph: Graph, request: Request) -> Answer:
    world = graph.tenant.world
    listing = Listing(
        apps.ids(world),
        lambda oid: apps.row(world, oid.lower(), request.caller),
        ("servicePrincipal",),
        "servicePrincipals",
    )
    return listing.answer(request, graph.related(request))


def _principal(graph: Graph, request: Request) -> Row:
    world = graph.tenant.world
    if "appId" in request.params:
        object_id = apps.by_app_id(world, request.params["appId"])
    else:
        object_id = request.params["principal"]
    row = apps.row(world, object_id.lower(), request.caller) if object_id else None
    if row is None:
        raise not_found(request.params.get("appId") or request.params["principal"])
    return row


def get_principal(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, entities.entity("servicePrincipal"))
    return single(request, _principal(graph, request), asked, graph.related(request))


def list_grants(graph: Graph, request: Request) -> Answer:
    principal = _principal(graph, request).id
    found = {grant.id: grant for grant in apps.grants(graph.tenant.world, principal)}
    fragment = f"servicePrincipals('{principal}')/appRoleAssignments"
    listing = Listing(list(found), found.get, ("appRoleAssignment",), fragment)
    return listing.answer(request, graph.related(request))


_BY_APP = "/servicePrincipals(appId=)"
_BY_ID = "/servicePrincipals/{principal}"
ROUTES = (
    Route("GET", "/organization", list_organisation, permissions.ORGANIZATION_READ),
    Route("GET", "/organization/{organisation}", get_organisation, permissions.ORGANIZATION_READ),
    Route("GET", "/domains", list_domains, permissions.DOMAINS_READ),
    Route("GET", "/domains/{domain}", get_domain, permissions.DOMAINS_READ),
    Route("GET", "/servicePrincipals", list_principals, permissions.APPS_READ, collection=True),
    Route("GET", _BY_ID, get_principal, permissions.APPS_READ),
    Route("GET", _BY_APP, get_principal, permissions.APPS_READ),
    Route("GET", f"{_BY_ID}/appRoleAssignments", list_grants, permissions.APPS_READ),
    Route("GET", f"{_BY_APP}/appRoleAssignments", list_grants, permissions.APPS_READ),
)
