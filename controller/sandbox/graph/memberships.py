"""In which groups an object is, nested ones included: getMemberGroups, checkMemberGroups, and their likes.

The same four actions stand on users, groups and objects of any type. The fact a reader would not guess: a
check takes twenty ids at most, and says nothing of those it does not know [doc:
graph/api/directoryobject-checkmembergroups]. Directory roles and administrative units, which the two
`…Objects` actions would tell too, are not played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import permissions
from controller.sandbox.graph.bodies import json_object
from controller.sandbox.graph.errors import bad_request, malformed
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.rows import Row
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

CHECKED_MAX = 20


def _subject(graph: Graph, request: Request) -> Row:
    params, tenant = request.params, graph.tenant
    if "user" in params:
        return tenant.user(params["user"], request.caller)
    if "group" in params:
        return tenant.object(params["group"], request.caller, "group")
    return tenant.object(params["object"], request.caller)


def _above(graph: Graph, request: Request) -> list[Row]:
    tenant = graph.tenant
    found = (tenant.row(oid, request.caller) for oid in tenant.groups_above(_subject(graph, request).id))
    return [group for group in found if group is not None]


def _ids(request: Request, found: list[str]) -> Answer:
    return Answer(200, {"@odata.context": request.context("Collection(Edm.String)"), "value": found})


def _parameter(request: Request, name: str, kind: type) -> Any:
    body = {key.lower(): value for key, value in json_object(request).items()}
    if not isinstance(body.get(name.lower()), kind):
        raise malformed(f"The request is missing the required parameter '{name}'.")
    return body[name.lower()]


def groups_of(graph: Graph, request: Request) -> Answer:
    """Ids of all groups; only security groups where asked."""
    only_security = _parameter(request, "securityEnabledOnly", bool)
    found = _above(graph, request)
    return _ids(request, [group.id for group in found if not only_security or group.get("securityEnabled")])


def among(parameter: str) -> Respond:
    """Which of the ids that `parameter` of the body names the object is in."""

    def answer(graph: Graph, request: Request) -> Answer:
        asked = _parameter(request, parameter, list)
        if len(asked) > CHECKED_MAX:
            raise bad_request(f"The number of ids in '{parameter}' exceeds the maximum of {CHECKED_MAX}.")
        wanted = {str(identifier).lower() for identifier in asked}
        return _ids(request, [group.id for group in _above(graph, request) if group.id.lower() in wanted])

    return answer


_SUBJECTS = (
    ("/users/{user}", permissions.MEMBER_OF_READ),
    ("/groups/{group}", permissions.MEMBERS_READ),
    ("/directoryObjects/{object}", permissions.DIRECTORY_READ),
)
_ACTIONS = {
    "getMemberGroups": groups_of,
    "getMemberObjects": groups_of,
    "checkMemberGroups": among("groupIds"),
    "checkMemberObjects": among("ids"),
}
ROUTES = tuple(
    Route("POST", f"{subject}/{action}", respond, roles)
    for subject, roles in _SUBJECTS
    for action, respond in _ACTIONS.items()
)
