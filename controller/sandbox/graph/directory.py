"""Objects of any type by id, mail contacts, and the bin: `/directoryObjects`, `/contacts`, `/directory`.

The fact a reader would not guess: getByIds says nothing of ids it does not know, it leaves them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.sandbox.graph import bodies, entities, permissions, query
from controller.sandbox.graph.answers import Listing, project, single
from controller.sandbox.graph.errors import bad_request, malformed, not_found, on_premises
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.rows import Row
from controller.sandbox.graph.users import entity_body
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

IDS_MAX = 1000  # [doc: graph/api/directoryobject-getbyids]


def get_object(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, *(entities.entity(name) for name in entities.DIRECTORY_TYPES))
    row = graph.tenant.object(request.params["object"], request.caller)
    return single(request, row, asked, graph.related(request), typed=True)


def get_by_ids(graph: Graph, request: Request) -> Answer:
    body = bodies.json_object(request)
    ids, types = body.get("ids"), body.get("types") or []
    if not isinstance(ids, list) or not isinstance(types, list) or len(ids) > IDS_MAX:
        raise bad_request("Invalid value specified for property 'ids' of resource 'DirectoryObject'.")
    wanted = {str(name).lower() for name in types} - {"directoryobject"}
    asked = query.parse(request, *(entities.entity(name) for name in entities.DIRECTORY_TYPES))
    rows = (graph.tenant.row(str(oid).lower(), request.caller) for oid in dict.fromkeys(ids))
    value = [
        project(row, asked.select, typed=True)
        for row in rows
        if row is not None and (not wanted or row.type.lower() in wanted)
    ]
    return Answer(200, {"@odata.context": request.context("directoryObjects"), "value": value})


def list_contacts(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    ids = tenant.ids("orgContact")
    listing = Listing(ids, lambda oid: tenant.row(oid, request.caller), ("orgContact",), "contacts")
    return listing.answer(request, graph.related(request))


def get_contact(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, entities.entity("orgContact"))
    row = graph.tenant.object(request.params["contact"], request.caller, "orgContact")
    return single(request, row, asked, graph.related(request))


# --- the bin ------------------------------------------------------------------------------------------


def list_deleted(graph: Graph, request: Request) -> Answer:
    if not request.cast:
        raise malformed("The request must name a type: /directory/deletedItems/microsoft.graph.user.")
    tenant = graph.tenant
    ids = [entry.object_id for entry in tenant.world.entries.values() if entry.deleted is not None]
    types = ("user", "group", "servicePrincipal")
    listing = Listing(
        ids,
        lambda oid: tenant.row(oid, request.caller, deleted=True),
        types,
        "directory/deletedItems",
        mixed=True,
    )
    return listing.answer(request, graph.related(request))


def _binned(graph: Graph, request: Request) -> Row:
    key = request.params["object"]
    row = graph.tenant.row(key, request.caller, deleted=True)
    if row is None or row.entry is None:
        raise not_found(key)
    return row


def get_deleted(graph: Graph, request: Request) -> Answer:
    asked = query.parse(request, *(entities.entity(name) for name in entities.DIRECTORY_TYPES))
    return single(request, _binned(graph, request), asked, graph.related(request), typed=True)


def restore(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    entry = tenant.target(_binned(graph, request))
    if entry.dir_synced:
        raise on_premises()
    tenant.before(entry)
    entry.deleted = None
    tenant.world.reindex(entry)
    tenant.record(request, "Restore user.", entry.upn or entry.object_id, ())
    return Answer(200, entity_body(request, graph.made(entry, request)))


def purge(graph: Graph, request: Request) -> Answer:
    tenant = graph.tenant
    entry = tenant.target(_binned(graph, request))
    tenant.world.purge(entry)
    tenant.record(request, "Hard Delete user.", entry.upn or entry.object_id, ())
    return Answer(204)


_ITEM = "/directory/deletedItems/{object}"
ROUTES = (
    Route("GET", "/directoryObjects/{object}", get_object, permissions.OBJECTS_READ),
    Route("POST", "/directoryObjects/getByIds", get_by_ids, permissions.OBJECTS_READ),
    Route("GET", "/contacts", list_contacts, permissions.CONTACTS_READ, collection=True),
    Route("GET", "/contacts/{contact}", get_contact, permissions.CONTACTS_READ),
    Route("GET", "/directory/deletedItems", list_deleted, permissions.USERS_DELETE, collection=True),
    Route("GET", _ITEM, get_deleted, permissions.USERS_DELETE),
    Route("POST", f"{_ITEM}/restore", restore, permissions.USERS_DELETE, writes=True),
    Route("DELETE", _ITEM, purge, permissions.USERS_DELETE, writes=True),
)
