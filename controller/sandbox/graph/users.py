"""Reading users: `/users`, one user, and what a user leads to.

Mailboxes of every kind are users here, mail contacts are not. The fact a reader would not guess: without
$select eleven properties come back, and `accountEnabled` is not among them [doc: graph/api/resources/user].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import elsewhere, entities, permissions, query
from controller.sandbox.graph.answers import Listing, project, single
from controller.sandbox.graph.errors import GraphError, bad_request, malformed, not_found
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.rows import Row, instant
from controller.sandbox.graph.tenant import is_guid
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph


# Subscriptions with Entra ID P1 or P2 in them [doc: entra licensing-service-plan-reference].
_PREMIUM = frozenset(
    {"AAD_PREMIUM", "AAD_PREMIUM_P2", "EMS", "EMSPREMIUM", "SPB", "SPE_E3", "SPE_E5", "SPE_F1"}
)


def _refuse_sign_ins(graph: Graph, request: Request, asked: query.Query, key: str = "") -> None:
    """`signInActivity` has a permission and a price of its own [doc: graph/api/resources/user; github
    microsoft-graph-docs-contrib issue 3033], and is told by id alone, never by principal name
    [learn.microsoft.com/answers 1311910]."""
    if "signInActivity" not in (asked.select or ()):
        return
    if not _PREMIUM & set(graph.tenant.world.skus):
        raise GraphError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )
    permissions.require(request.caller, permissions.SIGN_INS_READ)
    if key and not is_guid(key):
        raise bad_request("Get By Key only supports UserId and the key has to be a valid Guid")


def list_users(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    _refuse_sign_ins(graph, request, query.parse(request, entities.entity("user")))
    listing = Listing(
        tenant.ids("user"),
        lambda oid: tenant.row(oid, request.caller),
        ("user",),
        "users",
        world=tenant.world,
    )
    return listing.answer(request, graph.related(request))


def get_user(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, entities.entity("user"))
    _refuse_sign_ins(graph, request, asked, request.params["user"])
    row = graph.tenant.user(request.params["user"], request.caller)
    answer = single(request, row, asked, graph.related(request))
    answer.body |= elsewhere.of_user(graph, request, asked)
    return answer


def by_principal_name(respond: Respond) -> Respond:
    """For `/users(userPrincipalName='…')`, the alternate key."""

    def answer(graph: Graph, request: Request) -> Answer:
        request.params["user"] = request.params["userPrincipalName"]
        return respond(graph, request)

    return answer


def _related(graph: Graph, request: Request, name: str, *types: str) -> Answer:
    tenant, related = graph.tenant, graph.related(request)
    row = tenant.user(request.params["user"], request.caller)
    listing = Listing(
        related.ids(row, name),
        lambda oid: tenant.row(oid, request.caller),
        types or entities.DIRECTORY_TYPES,
        "directoryObjects",
        mixed=True,
    )
    return listing.answer(request, related)


def member_of(graph: Graph, request: Request) -> Answer:
    return _related(graph, request, "memberOf", "group")


def transitive_member_of(graph: Graph, request: Request) -> Answer:
    return _related(graph, request, "transitiveMemberOf", "group")


def direct_reports(graph: Graph, request: Request) -> Answer:
    return _related(graph, request, "directReports")


def manager(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, entities.entity("user"))
    related = graph.related(request)
    row = graph.tenant.user(request.params["user"], request.caller)
    found = related(row, "manager")
    if not found:
        raise not_found("manager")
    return single(request, found[0], asked, related, typed=True)


def revoke_sessions(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    row = tenant.user(request.params["user"], request.caller)
    entry = tenant.target(row)
    tenant.before(entry)
    entry.graph["signInSessionsValidFromDateTime"] = instant(tenant.now)
    tenant.record(request, "Update StsRefreshTokenValidFrom Timestamp.", entry.upn or entry.object_id, ())
    return Answer(200, {"@odata.context": request.context("Edm.Boolean"), "value": True})


def me(graph: Graph, request: Request) -> Answer:
    """There is nobody behind an application's token."""
    raise malformed("/me request is only valid with delegated authentication flow.")


def entity_body(request: Request, row: Row) -> dict[str, Any]:
    """A user or group in full default dress, as POST answers it."""
    return {"@odata.context": request.context(f"{row.collection}/$entity"), **project(row, None)}


ROUTES = (
    Route("GET", "/me", me, None),
    Route("GET", "/users", list_users, permissions.USERS_READ, collection=True),
    Route("GET", "/users/{user}", get_user, permissions.USERS_READ),
    Route("GET", "/users(userPrincipalName=)", by_principal_name(get_user), permissions.USERS_READ),
    Route("GET", "/users/{user}/memberOf", member_of, permissions.MEMBER_OF_READ, collection=True),
    Route(
        "GET",
        "/users/{user}/transitiveMemberOf",
        transitive_member_of,
        permissions.MEMBER_OF_READ,
        collection=True,
    ),
    Route("GET", "/users/{user}/directReports", direct_reports, permissions.USERS_FULL, collection=True),
    Route("GET", "/users/{user}/manager", manager, permissions.USERS_FULL),
    Route(
        "POST",
        "/users/{user}/revokeSignInSessions",
        revoke_sessions,
        permissions.USERS_REVOKE,
        writes=True,
    ),
)
