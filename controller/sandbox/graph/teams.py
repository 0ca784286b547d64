"""Channels of teams, and plans and buckets of Planner, to be read.

The facts a reader would not guess: a team is a Microsoft 365 group and has its id; Planner takes no query
options at all; ids of channels hold `:` and `@` [doc: graph/api/channel-list, plannergroup-list-plans,
plannerplan-list-buckets].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import permissions, query
from controller.sandbox.graph.errors import GraphError, unsupported
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

_CHANNEL = ("id", "createdDateTime", "displayName", "description", "isFavoriteByDefault", "email", "tenantId",
            "webUrl", "membershipType", "isArchived")  # fmt: skip


def _team(graph: Graph, request: Request, key: str) -> dict[str, Any]:
    row = graph.tenant.object(key, request.caller, "group")
    team: dict[str, Any] | None = row.entry.stores.get("team") if row.entry is not None else None
    if team is None:
        raise GraphError(404, "NotFound", f"No team found with Group Id {key}")
    return team


def list_channels(graph: Graph, request: Request) -> Answer:
    """$filter and $select alone; here only $select is known to the sandbox."""
    team = _team(graph, request, request.params["team"])
    options = query.options(request)
    for name in options:
        if name != "select":
            raise unsupported(f"The query option '${name}' is not supported for this resource.")
    wanted = [name.strip() for name in options.get("select", "").split(",") if name.strip()] or _CHANNEL
    value = [{name: _channel(graph, channel).get(name) for name in wanted} for channel in team["channels"]]
    fragment = f"teams('{request.params['team']}')/channels"
    return Answer(
        200, {"@odata.context": request.context(fragment), "@odata.count": len(value), "value": value}
    )


def _channel(graph: Graph, channel: dict[str, Any]) -> dict[str, Any]:
    return {
        "membershipType": "standard",
        "isArchived": False,
        "tenantId": graph.tenant.world.tenant_id,
        **channel,
    }


def _plain(request: Request) -> None:
    for name in query.options(request):
        raise unsupported(f"The query option '${name}' is not supported for this resource.")


def list_plans(graph: Graph, request: Request) -> Answer:
    """Of a group that is no team, too; here plans are kept with the team."""
    _plain(request)
    group = graph.tenant.object(request.params["group"], request.caller, "group")
    team = group.entry.stores.get("team", {}) if group.entry is not None else {}
    value = [
        {
            "@odata.etag": 'W/"JzEtUGxhbiAgQEBAQEBAQEBAQEBAQEBARCc="',
            "createdDateTime": None,
            "owner": group.id,
            "title": plan["title"],
            "id": plan["id"],
            "container": {"containerId": group.id, "type": "group",
                          "url": f"{request.root}/v1.0/groups/{group.id}"},
        }
        for plan in team.get("plans", ())
    ]  # fmt: skip
    context = request.context(f"groups('{group.id}')/planner/plans")
    return Answer(200, {"@odata.context": context, "@odata.count": len(value), "value": value})


def list_buckets(graph: Graph, request: Request) -> Answer:
    _plain(request)
    wanted = request.params["plan"]
    plan = next((each for each in _plans(graph) if each["id"] == wanted), None)
    if plan is None:
        raise GraphError(404, "", "The requested item is not found.")
    value = [
        {
            "@odata.etag": 'W/"JzEtQnVja2V0QEBAQEBAQEBAQEBAQEBARCc="',
            "name": bucket["name"],
            "planId": wanted,
            "orderHint": f"85{number:02}",
            "id": bucket["id"],
        }
        for number, bucket in enumerate(plan["buckets"])
    ]
    context = request.context(f"planner/plans('{wanted}')/buckets")
    return Answer(200, {"@odata.context": context, "@odata.count": len(value), "value": value})


def _plans(graph: Graph) -> Iterator[dict[str, Any]]:
    for entry in graph.tenant.world.entries.values():
        if entry.deleted is None:
            yield from entry.stores.get("team", {}).get("plans", ())


ROUTES = (
    Route("GET", "/teams/{team}/channels", list_channels, permissions.CHANNELS_READ),
    Route("GET", "/groups/{group}/planner/plans", list_plans, permissions.PLANNER_READ),
    Route("GET", "/planner/plans/{plan}/buckets", list_buckets, permissions.PLANNER_READ),
)
