"""Mail folders of a mailbox: `/users/{id}/mailFolders`, one level at a time.

The facts a reader would not guess: ten come on a page; hidden ones only where asked for, yet they and folders
that hold no mail keep their names taken; default folders have names in the mailbox's language and are reached
by well-known names in any; and they cannot be renamed, moved or deleted [reference: Graph API, mail folders].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox import mailbox_store as store
from controller.sandbox import messages as mail
from controller.sandbox.graph import (
    bodies,
    entities,
    extended_properties,
    outlook_query,
    permissions,
    search_folders,
)
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import (
    NAME_MAX,
    Mailbox,
    invalid,
    item_not_found,
    open_mailbox,
    resolve,
)
from controller.sandbox.graph.outlook_query import Asked
from controller.sandbox.graph.routing import Respond, Route
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

PAGE = 10
Folders = dict[str, store.Folder]


# --- reading ------------------------------------------------------------------------------------------


def list_root(graph: Graph, request: Request) -> Answer:
    """Children of the root only."""
    return _list(open_mailbox(graph, request), store.ROOT, "mailFolders")


def list_children(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    parent = resolve(mailbox, request.params["folder"], mailbox.folders())
    return _list(mailbox, parent.key, f"mailFolders('{request.params['folder']}')/childFolders")


def _list(mailbox: Mailbox, parent: str, fragment: str) -> Answer:
    request, found = mailbox.request, mailbox.folders()
    asked = outlook_query.parse(request, *_types(), page=PAGE)
    folders = [each for each in store.children(found, parent) if _visible(each, hidden=_hidden_too(request))]
    items = [shown(mailbox, found, each) for each in folders]

    def finish(item: dict[str, Any]) -> dict[str, Any]:
        return _finish(mailbox, found, resolve(mailbox, item["id"], found), item, asked)

    return outlook_query.collection(request, mailbox.context(fragment), items, asked, finish)


def get_folder(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    found = mailbox.folders()
    asked = outlook_query.parse(request, *_types())
    return _single(mailbox, found, resolve(mailbox, request.params["folder"], found), asked)


def get_child(graph: Graph, request: Request) -> Answer:
    """The last id counts; that it is a child of the one before is checked."""
    mailbox = open_mailbox(graph, request)
    found = mailbox.folders()
    asked = outlook_query.parse(request, *_types())
    return _single(mailbox, found, child_of(mailbox, found), asked)


def child_of(mailbox: Mailbox, found: Folders) -> store.Folder:
    """The folder of a path that goes through its parent. Raises ErrorItemNotFound where it is another's."""
    params = mailbox.request.params
    parent = resolve(mailbox, params["folder"], found)
    folder = resolve(mailbox, params["child"], found)
    if folder.parent != parent.key:
        raise item_not_found()
    return folder


def through_parent(respond: Respond) -> Respond:
    """The same for `…/childFolders/{child}` as for the folder's own path."""

    def answer(graph: Graph, request: Request) -> Answer:
        mailbox = open_mailbox(graph, request)
        child_of(mailbox, mailbox.folders(fresh=request.method != "GET"))
        request.params["folder"] = request.params["child"]
        return respond(graph, request)

    return answer


def _types() -> tuple[entities.EntityType, entities.EntityType]:
    return entities.entity("mailFolder"), entities.entity("mailSearchFolder")


def _hidden_too(request: Request) -> bool:
    """`includeHiddenFolders` is an option without a $."""
    return any(k.lower() == "includehiddenfolders" and v.lower() == "true" for k, v in request.query)


def _visible(folder: store.Folder, *, hidden: bool) -> bool:
    return folder.mail and bool(folder.parent) and (hidden or not folder.hidden)


def shown(mailbox: Mailbox, found: Folders, folder: store.Folder) -> dict[str, Any]:
    """A folder as Graph writes it; a search folder with its own type and fields."""
    children = sum(_visible(each, hidden=False) for each in store.children(found, folder.key))
    held = mail.in_folder(mailbox.entry, found, folder.key)
    items = folder.items + len(held)
    item: dict[str, Any] = {
        "id": store.rest_id(mailbox.entry, folder.key),
        "displayName": folder.name,
        "parentFolderId": store.rest_id(mailbox.entry, folder.parent or store.ROOT),
        "childFolderCount": children,
        "unreadItemCount": folder.unread + sum(not each.get("read") for each in held),
        "totalItemCount": items,
        "sizeInBytes": items * 75_000,  # on the wire though not in the schema [reference]
        "isHidden": folder.hidden,
    }
    if mailbox.request.version == "beta":
        item["wellKnownName"] = folder.role or None
    if folder.search is not None:
        return search_folders.shown(mailbox, folder.search, item)
    return item


def _finish(
    mailbox: Mailbox, found: Folders, folder: store.Folder, item: dict[str, Any], asked: Asked
) -> dict[str, Any]:
    """Adds what $expand asked for."""
    item = {**item, **extended_properties.expanded(folder.properties, asked.extended)}
    if asked.children:
        children = [each for each in store.children(found, folder.key) if _visible(each, hidden=False)]
        item["childFolders"] = [shown(mailbox, found, each) for each in children]
    return item


def _single(mailbox: Mailbox, found: Folders, folder: store.Folder, asked: Asked) -> Answer:
    item = _finish(mailbox, found, folder, shown(mailbox, found, folder), asked)
    context = outlook_query.context(mailbox.context("mailFolders/$entity"), asked)
    return Answer(200, {"@odata.context": context, **outlook_query.shown(item, asked)})


# --- writing ------------------------------------------------------------------------------------------


def create_in_root(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    return _create(mailbox, store.ROOT)


def create_child(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    parent = resolve(mailbox, request.params["folder"], mailbox.folders(fresh=True))
    return _create(mailbox, parent.key)


def _create(mailbox: Mailbox, parent: str) -> Answer:
    values, properties = _read(mailbox.request)
    name = _name(values)
    search = search_folders.read(mailbox, values, None)
    _refuse_taken(mailbox, parent, name)
    entry, tenant = mailbox.writing(), mailbox.graph.tenant
    key = store.new_key(tenant.world)
    record = store.add_folder(
        entry, key, name, parent, created=tenant.now, hidden=bool(values.get("isHidden"))
    )
    if search is not None:
        record["search"] = search
    _stamp(record, properties)
    mailbox.record("Create", [("Folder", name)])
    found = mailbox.folders(fresh=True)
    item = shown(mailbox, found, found[key])
    location = f"{mailbox.request.service_url}/users/{entry.object_id}/mailFolders/{item['id']}"
    context = mailbox.context("mailFolders/$entity")
    return Answer(201, {"@odata.context": context, **item}, {"Location": location})


def update_folder(graph: Graph, request: Request) -> Answer:
    """A new name, extended properties, and what a search folder searches."""
    mailbox = open_mailbox(graph, request)
    found = mailbox.folders(fresh=True)
    folder = resolve(mailbox, request.params["folder"], found)
    values, properties = _read(request)
    if "isHidden" in values and values["isHidden"] != folder.hidden:
        raise invalid("The property 'isHidden' can only be set when a folder is created.")
    name = _name(values) if "displayName" in values else folder.name
    search = search_folders.read(mailbox, values, folder.search)
    if name != folder.name:
        _refuse_distinguished(folder, "ErrorMoveDistinguishedFolder", "renamed")
        _refuse_taken(mailbox, folder.parent, name, besides=folder.key)
    record = store.folder_record(mailbox.writing(), folder.key)
    if name != folder.name:
        record["name"] = name
    if search is not None:
        record["search"] = search
    if folder.search is not None:
        record["used"] = graph.tenant.now
    _stamp(record, properties)
    mailbox.record("Update", [("Folder", name)])
    found = mailbox.folders(fresh=True)
    item = shown(mailbox, found, found[folder.key])
    return Answer(200, {"@odata.context": mailbox.context("mailFolders/$entity"), **item})


def delete_folder(graph: Graph, request: Request) -> Answer:
    """With everything below it; rules that move mail there are in error from now on."""
    mailbox = open_mailbox(graph, request)
    folder = resolve(mailbox, request.params["folder"], mailbox.folders(fresh=True))
    _refuse_distinguished(folder, "ErrorDeleteDistinguishedFolder", "deleted")
    store.remove_folder(mailbox.writing(), folder.key)
    mailbox.record("MoveToDeletedItems", [("Folder", folder.name)])
    return Answer(204)


def move_folder(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    found = mailbox.folders(fresh=True)
    folder = resolve(mailbox, request.params["folder"], found)
    destination = bodies.json_object(request).get("destinationId")
    if not isinstance(destination, str):
        raise bodies.refused("A value is required for parameter 'destinationId'.")
    target = resolve(mailbox, destination, found)
    _refuse_distinguished(folder, "ErrorMoveDistinguishedFolder", "moved")
    if target.key == folder.key or target.key in store.below(found, folder.key):
        raise invalid("A folder can't be moved into itself.", "ErrorMoveCopyFailed")
    _refuse_taken(mailbox, target.key, folder.name, besides=folder.key)
    store.folder_record(mailbox.writing(), folder.key)["parent"] = target.key
    mailbox.record("Move", [("Folder", folder.name)])
    found = mailbox.folders(fresh=True)
    item = shown(mailbox, found, found[folder.key])
    return Answer(201, {"@odata.context": mailbox.context("mailFolders/$entity"), **item})


def _read(request: Request) -> tuple[dict[str, Any], dict[str, str | None]]:
    """A body's fields, and its extended properties by canonical id.

    Raises:
        GraphError: RequestBodyRead for what the type does not have.
    """
    body = dict(bodies.json_object(request))
    given = next((name for name in body if name.lower() == extended_properties.NAME.lower()), None)
    properties = extended_properties.read(body.pop(given)) if given is not None else {}
    searching = search_folders.typed(body)
    type_ = entities.entity("mailSearchFolder" if searching else "mailFolder")
    return bodies.read(body, type_), properties


def _name(values: dict[str, Any]) -> str:
    name = values.get("displayName")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_MAX:
        raise invalid("The folder name is missing, empty or too long.", "ErrorInvalidFolderName")
    return name


def _refuse_taken(mailbox: Mailbox, parent: str, name: str, *, besides: str = "") -> None:
    """Whatever is hidden from lists keeps its name taken [seen in public reports of folder migrations];
    they saw both statuses."""
    taken = store.child_named(mailbox.folders(fresh=True), parent, name)
    if taken is not None and taken.key != besides:
        status = mailbox.graph.tenant.world.quirks.duplicate_folder
        text = f"A folder with the specified name already exists., Could not create folder '{name}'."
        raise GraphError(status, "ErrorFolderExists", text)


def _refuse_distinguished(folder: store.Folder, code: str, verb: str) -> None:
    """[EWS's codes; that Graph answers with them is inferred]"""
    if folder.role:
        raise GraphError(400, code, f"Distinguished folders cannot be {verb}.")


def _stamp(record: store.Record, properties: dict[str, str | None]) -> None:
    for identifier, value in properties.items():
        stamped = record.setdefault("properties", {})
        if value is None:
            stamped.pop(identifier, None)
        else:
            stamped[identifier] = value


_ALL = "/users/{user}/mailFolders"
_ONE = f"{_ALL}/{{folder}}"
_CHILDREN = f"{_ONE}/childFolders"
_CHILD = f"{_CHILDREN}/{{child}}"
ROUTES = (
    Route("GET", _ALL, list_root, permissions.FOLDERS_READ, collection=True),
    Route("POST", _ALL, create_in_root, permissions.FOLDERS_WRITE, writes=True),
    Route("GET", _ONE, get_folder, permissions.FOLDERS_READ),
    Route("PATCH", _ONE, update_folder, permissions.FOLDERS_WRITE, writes=True),
    Route("DELETE", _ONE, delete_folder, permissions.FOLDERS_WRITE, writes=True),
    Route("POST", f"{_ONE}/move", move_folder, permissions.FOLDERS_WRITE, writes=True),
    Route("POST", f"{_ONE}/permanentDelete", delete_folder, permissions.FOLDERS_WRITE, writes=True),
    Route("GET", _CHILDREN, list_children, permissions.FOLDERS_READ, collection=True),
    Route("POST", _CHILDREN, create_child, permissions.FOLDERS_WRITE, writes=True),
    Route("GET", _CHILD, get_child, permissions.FOLDERS_READ),
    Route("PATCH", _CHILD, through_parent(update_folder), permissions.FOLDERS_WRITE, writes=True),
    Route("DELETE", _CHILD, through_parent(delete_folder), permissions.FOLDERS_WRITE, writes=True),
    Route("POST", f"{_CHILD}/move", through_parent(move_folder), permissions.FOLDERS_WRITE, writes=True),
)
