"""Delta queries over users and groups: what changed since a token was given.

A token stands for what its holder was last shown, kept here; the next round compares that with what a replica
sees now. The facts a reader would not guess: options are frozen into the token at the first call, properties
nobody ever set are left out of the first round, a soft-deleted user is `changed`, not `deleted`, and stays a
member of its groups [reference: Graph API, delta queries].
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import elsewhere, entities, permissions, query
from controller.sandbox.graph.answers import next_link
from controller.sandbox.graph.delta_rounds import Options, Round, Shown
from controller.sandbox.graph.errors import GraphError, bad_request, unsupported
from controller.sandbox.graph.filter_parser import Compare, Junction, Node
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.rows import Row, type_of
from controller.sandbox.graph.tenant import Tenant
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

PAGE = 200
IDS_MAX = 50


def delta(type_name: str) -> Respond:
    """A function that answers `/users/delta` or `/groups/delta`."""

    def answer(graph: Graph, request: Request) -> Answer:
        given = query.options(request)
        token = given.get("skiptoken") or given.get("deltatoken")
        if token is None or token == "latest":  # noqa: S105 -- a word of the protocol
            options = _options(request, type_name, given)
            shown = _look(graph.tenant, request, options)
            items = [] if token else [_first(oid, values) for oid, values in shown.items()]
            round_ = Round(options, graph.tenant.now, shown, items)
            return _page(graph, request, round_)
        found = graph.deltas.get(token, graph.tenant.now)
        if found is None or found.options.type != type_name:
            raise _expired(request)
        if "skiptoken" in given:
            return _page(graph, request, found)
        return _page(graph, request, _next_round(graph.tenant, request, found))

    return answer


def _expired(request: Request) -> GraphError:
    """410 with the way to start afresh."""
    location = f"{request.service_url}/{request.path.strip('/')}"
    return GraphError(
        410,
        "syncStateNotFound",
        "The sync state generation is not found; a full resynchronization is required.",
        {"Location": location},
    )


def _options(request: Request, type_name: str, given: dict[str, str]) -> Options:
    for name in ("top", "orderby", "expand", "search", "count"):
        if name in given:
            raise unsupported(f"The query option '${name}' is not supported for delta queries.")
    type_ = entities.entity(type_name)
    asked = query.parse(request, type_)
    elsewhere.refuse_in_list(asked, type_name)
    select = asked.select or type_.default
    # Without $select, memberships are tracked with the rest [doc: graph/api/group-delta].
    members = type_name == "group" and (asked.select is None or "members" in asked.select)
    pairs = tuple((k, v) for k, v in request.query if k.lower().removeprefix("$") in ("select", "filter"))
    ids = _ids(asked.filter) if asked.filter is not None else None
    return Options(type_name, tuple(n for n in select if n in type_.properties), members, ids, pairs)


def _ids(node: Node) -> frozenset[str]:
    """`id eq '…' or id eq '…'`; nothing else is taken."""
    found: set[str] = set()
    for part in node.parts if isinstance(node, Junction) and node.operator == "or" else (node,):
        if not isinstance(part, Compare) or part.path[0].lower() != "id" or part.operator not in ("eq", "in"):
            raise unsupported("Only filtering on 'id' is supported for delta queries.")
        found.update(str(literal.value).lower() for literal in part.literals)
    if len(found) > IDS_MAX:
        raise bad_request(f"The number of ids in the filter exceeds the maximum of {IDS_MAX}.")
    return frozenset(found)


# --- looking and comparing ----------------------------------------------------------------------------


def _look(tenant: Tenant, request: Request, options: Options) -> Shown:
    shown: Shown = {}
    for object_id in tenant.ids(options.type):
        if options.ids is not None and object_id.lower() not in options.ids:
            continue
        row = tenant.row(object_id, request.caller)
        if row is not None:
            shown[object_id] = _values(tenant, row, options)
    return shown


def _values(tenant: Tenant, row: Row, options: Options) -> dict[str, Any]:
    values = {name: row.get(name) for name in options.select if name != "id"}
    if options.members and row.entry is not None:
        values["members"] = {oid: _member_type(tenant, oid) for oid in tenant.members(row.entry)}
    return values


def _member_type(tenant: Tenant, object_id: str) -> str:
    entry = tenant.world.entries.get(object_id)
    return (type_of(entry) if entry is not None else "servicePrincipal") or "user"


def _first(object_id: str, values: dict[str, Any]) -> dict[str, Any]:
    """An object's first appearance: what is set of it, and all its members."""
    item: dict[str, Any] = {
        name: value for name, value in values.items() if name != "members" and value not in (None, [])
    }
    if values.get("members"):
        item["members@delta"] = [_joined(oid, name) for oid, name in values["members"].items()]
    return {**item, "id": object_id}


def _joined(object_id: str, type_name: str) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.{type_name}", "id": object_id}


def _next_round(tenant: Tenant, request: Request, before: Round) -> Round:
    now = _look(tenant, request, before.options)
    minimal = "return=minimal" in request.headers.get("prefer", "").lower()
    items = [_first(oid, values) for oid, values in now.items() if oid not in before.shown]
    for object_id, values in now.items():
        former = before.shown.get(object_id)
        if former is not None and former != values:
            items.append(_changed(object_id, former, values, minimal=minimal))
    items.extend(_removed(tenant, before.shown.keys() - now.keys()))
    return Round(before.options, tenant.now, now, items)


def _changed(
    object_id: str, former: dict[str, Any], values: dict[str, Any], *, minimal: bool
) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name, value in values.items():
        if name != "members" and (former.get(name) != value or (not minimal and value not in (None, []))):
            item[name] = value
    moves = _moves(former.get("members", {}), values.get("members", {}))
    if moves:
        item["members@delta"] = moves
    return {**item, "id": object_id}


def _moves(former: dict[str, str], now: dict[str, str]) -> list[dict[str, Any]]:
    came = [_joined(oid, name) for oid, name in now.items() if oid not in former]
    left = [
        {**_joined(oid, name), "@removed": {"reason": "deleted"}}
        for oid, name in former.items()
        if oid not in now
    ]
    return came + left


def _removed(tenant: Tenant, object_ids: Iterable[str]) -> list[dict[str, Any]]:
    """`changed` is in the bin and may come back, `deleted` is gone."""
    return [
        {
            "id": object_id,
            "@removed": {"reason": "changed" if object_id in tenant.world.entries else "deleted"},
        }
        for object_id in sorted(object_ids)
    ]


def _page(graph: Graph, request: Request, round_: Round) -> Answer:
    size = _page_size(request.headers.get("prefer", ""))
    items, waiting = round_.waiting[:size], round_.waiting[size:]
    token = graph.sandbox.new_request_id().replace("-", "")
    graph.deltas.keep(token, Round(round_.options, round_.issued, round_.shown, waiting))
    link = "@odata.nextLink" if waiting else "@odata.deltaLink"
    option = "$skiptoken" if waiting else "$deltatoken"
    body = {
        "@odata.context": request.context(f"{round_.options.type}s"),
        link: next_link(request, token, option, keep=False),
        "value": items,
    }
    return Answer(200, body)


def _page_size(prefer: str) -> int:
    _, found, rest = prefer.lower().partition("odata.maxpagesize=")
    digits = rest.split(",")[0].split(";")[0].strip() if found else ""
    return max(1, min(int(digits), query.PAGE_MAX)) if digits.isdigit() else PAGE


ROUTES = (
    Route("GET", "/users/delta", delta("user"), permissions.USERS_FULL),
    Route("GET", "/groups/delta", delta("group"), permissions.GROUPS_READ),
)
