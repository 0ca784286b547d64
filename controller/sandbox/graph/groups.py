"""Reading groups: `/groups`, one group, its members and owners, near and nested.

The fact a reader would not guess: distribution lists and mail-enabled security groups are here too,
read-only; dynamic distribution groups are not [doc: graph/api/resources/groups-overview].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.sandbox.graph import elsewhere, entities, permissions, query
from controller.sandbox.graph.answers import Listing, single
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph


def list_groups(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    listing = Listing(
        tenant.ids("group"),
        lambda oid: tenant.row(oid, request.caller),
        ("group",),
        "groups",
        world=tenant.world,
    )
    return listing.answer(request, graph.related(request))


def get_group(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, entities.entity("group"))
    row = graph.tenant.object(request.params["group"], request.caller, "group")
    answer = single(request, row, asked, graph.related(request))
    answer.body |= elsewhere.of_group(row, asked)
    return answer


def related(name: str, *types: str) -> Respond:
    """A function that answers one navigation property of a group."""

    def answer(graph: Graph, request: Request) -> Answer:
        tenant, leads_to = graph.tenant, graph.related(request)
        row = tenant.object(request.params["group"], request.caller, "group")
        listing = Listing(
            leads_to.ids(row, name),
            lambda oid: tenant.row(oid, request.caller),
            types or entities.DIRECTORY_TYPES,
            "directoryObjects",
            mixed=True,
        )
        return listing.answer(request, leads_to)

    return answer


ROUTES = (
    Route("GET", "/groups", list_groups, permissions.GROUPS_READ, collection=True),
    Route("GET", "/groups/{group}", get_group, permissions.GROUPS_READ),
    Route("GET", "/groups/{group}/members", related("members"), permissions.MEMBERS_READ, collection=True),
    Route(
        "GET",
        "/groups/{group}/transitiveMembers",
        related("transitiveMembers"),
        permissions.MEMBERS_READ,
        collection=True,
    ),
    Route("GET", "/groups/{group}/owners", related("owners"), permissions.OWNERS_READ, collection=True),
    Route(
        "GET",
        "/groups/{group}/memberOf",
        related("memberOf", "group"),
        permissions.MEMBERS_READ,
        collection=True,
    ),
    Route(
        "GET",
        "/groups/{group}/transitiveMemberOf",
        related("transitiveMemberOf", "group"),
        permissions.MEMBERS_READ,
        collection=True,
    ),
)
