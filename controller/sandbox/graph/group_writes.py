"""Writing groups and who is in them, as far as Graph is the master: security groups and Microsoft 365 groups.

The facts a reader would not guess: the refusal for what Exchange masters has one odd text for every verb but
POST; adding a member twice is an error; and DELETE of a member without `/$ref` deletes the member itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from controller.sandbox.graph import bodies, elsewhere, entities, permissions
from controller.sandbox.graph.errors import GraphError, bad_request, not_found, not_offered, on_premises
from controller.sandbox.graph.permissions import require
from controller.sandbox.graph.references import linked
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.user_writes import bin_user
from controller.sandbox.graph.users import entity_body
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

EXCHANGE_MASTERED = frozenset({"MailUniversalDistributionGroup", "MailUniversalSecurityGroup"})
BOUND_MAX = 20  # members in one PATCH or POST [doc: graph/api/group-post-members]
_NICKNAME_FORBIDDEN = frozenset('@()\\[]";:<>, ')
_BOUND = {"members@odata.bind": "members", "owners@odata.bind": "owners"}
Side = Literal["members", "owners"]


def refuse_exchange(verb: str) -> GraphError:
    """[seen: CIPP-API's tests and public scripts]"""
    return bad_request(f"Cannot {verb} a mail-enabled security groups and or distribution list.")


def _writable(graph: Graph, request: Request) -> Entry:
    """The group of the path, where Graph may write it."""
    tenant = graph.tenant
    entry = tenant.target(tenant.object(request.params["group"], request.caller, "group"))
    if entry.dir_synced:
        raise on_premises()
    if entry.type in EXCHANGE_MASTERED:
        raise refuse_exchange("Update")
    return entry


def update_group(graph: Graph, request: Request) -> Answer:
    type_ = entities.entity("group")
    values = bodies.read(bodies.json_object(request), type_)
    if any(name not in _BOUND for name in values) or not values:
        require(request.caller, permissions.GROUPS_WRITE)
    bodies.lengths(values, type_)
    _refuse_elsewhere(values)
    entry = _writable(graph, request)
    _check(values)
    added = {_BOUND[name]: _bound(graph, request, links) for name, links in values.items() if name in _BOUND}
    for side, ids in added.items():
        _refuse_present(entry, "members" if side == "members" else "owners", ids)
    graph.tenant.before(entry)
    for name, value in values.items():
        _set(entry, name, value)
    for side, ids in added.items():
        getattr(entry, side).extend(ids)
    graph.tenant.world.reindex(entry)
    graph.tenant.record(request, "Update group.", entry.display_name, values.items())
    return Answer(204)


def _refuse_elsewhere(values: dict[str, Any]) -> None:
    """What Exchange keeps of a group has rules of its own in Graph [doc: graph/api/group-update]."""
    if kept := sorted(elsewhere.OF_GROUPS & values.keys()):
        raise not_offered(f"the property {kept[0]} in a write of a group: use Set-UnifiedGroup")


def _check(values: dict[str, Any]) -> None:
    nickname = values.get("mailNickname")
    if nickname is not None and (set(nickname) & _NICKNAME_FORBIDDEN or not nickname.isascii()):
        raise bad_request("Invalid value specified for property 'mailNickname' of resource 'Group'.")


def _set(entry: Entry, name: str, value: Any) -> None:
    match name:
        case "displayName":
            entry.display_name = value
        case "mailNickname":
            entry.alias = value
        case "mailEnabled" | "groupTypes":
            pass
        case "securityEnabled" if entry.type == "SecurityGroup":
            pass
        case _ if "@" not in name:
            entry.graph[name] = value


def create_group(graph: Graph, request: Request) -> Answer:
    type_ = entities.entity("group")
    values = bodies.read(bodies.json_object(request), type_)
    bodies.required(values, ("displayName", "mailEnabled", "mailNickname", "securityEnabled"), type_)
    bodies.lengths(values, type_)
    _refuse_elsewhere(values)
    _check(values)
    unified = "Unified" in values.get("groupTypes", [])
    if values["mailEnabled"] and not unified:
        raise refuse_exchange("Create")
    if not values["mailEnabled"] and (unified or not values["securityEnabled"]):
        raise bad_request("Invalid value specified for property 'mailEnabled' of resource 'Group'.")
    entry = _new_group(graph, values, unified=unified)
    for name, value in values.items():
        _set(entry, name, value)
    entry.members = _bound(graph, request, values.get("members@odata.bind", []))
    entry.owners = _bound(graph, request, values.get("owners@odata.bind", []))
    tenant = graph.tenant
    tenant.world.before_write(entry, tenant.now, "", created=True)
    tenant.world.add(entry)
    tenant.record(request, "Add group.", entry.display_name, values.items())
    row = graph.made(entry, request)
    location = f"{request.service_url}/groups/{entry.object_id}"
    return Answer(201, entity_body(request, row), {"Location": location})


def _new_group(graph: Graph, values: dict[str, Any], *, unified: bool) -> Entry:
    world = graph.tenant.world
    entry = Entry(
        object_id=world.new_id(),
        guid=world.new_id(),
        exchange_guid=world.new_id() if unified else "",
        sid=world.new_sid(),
        type="GroupMailbox" if unified else "SecurityGroup",
        name="",
        alias=values["mailNickname"],
        display_name=values["displayName"],
        created=graph.tenant.now,
    )
    entry.name = f"{entry.alias}_{entry.object_id[:8]}"
    if unified:
        address = f"{entry.alias}@{world.default_domain}"
        if world.holder(address) is not None:
            raise bad_request(
                "Another object with the same value for property proxyAddresses already exists."
            )
        entry.addresses = [f"SMTP:{address}"]
        entry.graph["visibility"] = "Public"
    return entry


def delete_group(graph: Graph, request: Request) -> Answer:
    """Microsoft 365 groups go to the bin; security groups are gone at once [doc: graph/api/group-delete]."""
    entry = _writable(graph, request)
    graph.tenant.before(entry)
    if entry.type == "GroupMailbox":
        entry.deleted = graph.tenant.now
    else:
        graph.tenant.world.purge(entry)
    graph.tenant.record(request, "Delete group.", entry.display_name, ())
    return Answer(204)


# --- members and owners -------------------------------------------------------------------------------


def _bound(graph: Graph, request: Request, links: Any) -> list[str]:
    if not isinstance(links, list):
        raise bodies.refused("A 'StartArray' node was expected.")
    if len(links) > BOUND_MAX:
        raise bad_request(f"The number of references exceeds the maximum value of {BOUND_MAX}.")
    return [linked(graph.tenant, request, link) for link in links]


def _refuse_present(entry: Entry, side: Side, ids: Sequence[str]) -> None:
    if set(ids) & set(getattr(entry, side)):
        raise bad_request(
            f"One or more added object references already exist for the following modified properties: "
            f"'{side}'."
        )


def _refuse_dynamic(entry: Entry) -> None:
    if entry.graph.get("membershipRule"):
        raise bad_request(
            "Members of a dynamic group cannot be added or removed; change its membership rule."
        )


def add(side: Side) -> Respond:
    """POST …/$ref."""

    def answer(graph: Graph, request: Request) -> Answer:
        body = bodies.json_object(request)
        entry = _writable(graph, request)
        _refuse_dynamic(entry)
        link = next((value for name, value in body.items() if name.lower() == "@odata.id"), None)
        object_id = linked(graph.tenant, request, link)
        _refuse_present(entry, side, [object_id])
        graph.tenant.before(entry)
        getattr(entry, side).append(object_id)
        operation = "Add member to group." if side == "members" else "Add owner to group."
        graph.tenant.record(request, operation, entry.display_name, [("Group.ObjectID", object_id)])
        return Answer(204)

    return answer


def remove(side: Side) -> Respond:
    """DELETE …/{id}/$ref."""

    def answer(graph: Graph, request: Request) -> Answer:
        entry = _writable(graph, request)
        _refuse_dynamic(entry)
        wanted = request.params["member"]
        held = next((oid for oid in getattr(entry, side) if oid.lower() == wanted.lower()), None)
        if held is None:
            raise not_found(wanted)
        graph.tenant.before(entry)
        getattr(entry, side).remove(held)
        operation = "Remove member from group." if side == "members" else "Remove owner from group."
        graph.tenant.record(request, operation, entry.display_name, [("Group.ObjectID", held)])
        return Answer(204)

    return answer


def delete_member(graph: Graph, request: Request) -> Answer:
    """Without /$ref the verb means the object, not the membership [common knowledge of Graph]."""
    tenant = graph.tenant
    group = tenant.object(request.params["group"], request.caller, "group")
    row = tenant.object(request.params["member"], request.caller)
    if group.entry is None or row.id not in tenant.members(group.entry):
        raise not_found(request.params["member"])
    if row.type != "user":
        raise bad_request("The object cannot be deleted through this path.")
    require(request.caller, permissions.USERS_WRITE)
    bin_user(graph, request, tenant.target(row))
    return Answer(204)


_REF = "/groups/{group}/members/{member}/$ref"
ROUTES = (
    Route("PATCH", "/groups/{group}", update_group, permissions.MEMBERS_WRITE, writes=True),
    Route("POST", "/groups", create_group, permissions.GROUPS_CREATE, writes=True),
    Route("DELETE", "/groups/{group}", delete_group, permissions.GROUPS_WRITE, writes=True),
    Route("POST", "/groups/{group}/members/$ref", add("members"), permissions.MEMBERS_WRITE, writes=True),
    Route("DELETE", _REF, remove("members"), permissions.MEMBERS_WRITE, writes=True),
    Route(
        "DELETE", "/groups/{group}/members/{member}", delete_member, permissions.MEMBERS_WRITE, writes=True
    ),
    Route("POST", "/groups/{group}/owners/$ref", add("owners"), permissions.GROUPS_WRITE, writes=True),
    Route(
        "DELETE",
        _REF.replace("members", "owners"),
        remove("owners"),
        permissions.GROUPS_WRITE,
        writes=True,
    ),
)
