"""Folders by the narrower door: `/admin/exchange/mailboxes/{id}/folders`, without access to messages. Read
only here: whether v1.0 writes there was never confirmed [reference: Graph API, mail folders].

The facts a reader would not guess: the mailbox has an id of its own, which `/users/{id}/settings/exchange`
tells; and all kinds of folders are here, calendars too, each with its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import entities, extended_properties, outlook_query, permissions
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import Mailbox, folder_key, item_not_found, open_mailbox
from controller.sandbox.graph.outlook_query import Asked
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

PAGE = 10
Folders = dict[str, store.Folder]


def exchange_settings(graph: Graph, request: Request) -> Answer:
    """The id of the mailbox: its store's GUID and the tenant's [form as in the page's sample]."""
    mailbox = open_mailbox(graph, request)
    identifier = f"MBX:{mailbox.entry.exchange_guid}@{graph.tenant.world.tenant_id}"
    context = mailbox.context("settings/exchange")
    return Answer(200, {"@odata.context": context, "id": "exchange", "primaryMailboxId": identifier})


def list_folders(graph: Graph, request: Request) -> Answer:
    return _list(_mailbox(graph, request), store.ROOT)


def list_children(graph: Graph, request: Request) -> Answer:
    mailbox = _mailbox(graph, request)
    return _list(mailbox, _folder(mailbox).key)


def get_folder(graph: Graph, request: Request) -> Answer:
    mailbox = _mailbox(graph, request)
    asked = outlook_query.parse(request, entities.entity("mailboxFolder"))
    folder = _folder(mailbox)
    item = _finish(folder, _shown(mailbox, mailbox.folders(), folder), asked)
    return Answer(
        200, {"@odata.context": _context(request, "folders/$entity"), **outlook_query.shown(item, asked)}
    )


def _mailbox(graph: Graph, request: Request) -> Mailbox:
    """The mailbox by its own id, opened as by its user's."""
    guid = request.params["mailbox"].lower().removeprefix("mbx:").partition("@")[0]
    owner = next((entry for entry in graph.tenant.world.candidates(guid) if _is_of(entry, guid)), None)
    if owner is None:
        raise GraphError(404, "ErrorInvalidMailboxId", "The mailbox id is not valid.")
    request.params["user"] = owner.object_id
    return open_mailbox(graph, request)


def _is_of(entry: Entry, guid: str) -> bool:
    return entry.exchange_guid.lower() == guid


def _folder(mailbox: Mailbox) -> store.Folder:
    found, identifier = mailbox.folders(), mailbox.request.params["folder"]
    folder = found.get(identifier.lower()) if identifier.lower() in found else None
    if folder is None or not folder.role:
        folder = found.get(folder_key(mailbox, identifier))
    if folder is None:
        raise item_not_found()
    return folder


def _list(mailbox: Mailbox, parent: str) -> Answer:
    request, found = mailbox.request, mailbox.folders()
    asked = outlook_query.parse(request, entities.entity("mailboxFolder"), page=PAGE)
    folders = {store.rest_id(mailbox.entry, each.key): each for each in store.children(found, parent)}
    items = [_shown(mailbox, found, each) for each in folders.values() if each.parent and not each.hidden]
    return outlook_query.collection(
        request,
        _context(request, "folders"),
        items,
        asked,
        lambda item: _finish(folders[item["id"]], item, asked),
    )


def _context(request: Request, fragment: str) -> str:
    return request.context(f"admin/exchange/mailboxes('{request.params['mailbox']}')/{fragment}")


def _finish(folder: store.Folder, item: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return {**item, **extended_properties.expanded(folder.properties, asked.extended)}


def _shown(mailbox: Mailbox, found: Folders, folder: store.Folder) -> dict[str, Any]:
    return {
        "id": store.rest_id(mailbox.entry, folder.key),
        "displayName": folder.name,
        "parentFolderId": store.rest_id(mailbox.entry, folder.parent or store.ROOT),
        "childFolderCount": len(store.children(found, folder.key)),
        "totalItemCount": folder.items,
        "type": folder.folder_class,
    }


_ALL = "/admin/exchange/mailboxes/{mailbox}/folders"
_ONE = f"{_ALL}/{{folder}}"
_SETTINGS = permissions.MAILBOX_FOLDERS_READ | permissions.USERS_FULL
ROUTES = (
    Route("GET", "/users/{user}/settings/exchange", exchange_settings, _SETTINGS),
    Route("GET", _ALL, list_folders, permissions.MAILBOX_FOLDERS_READ, collection=True),
    Route("GET", _ONE, get_folder, permissions.MAILBOX_FOLDERS_READ),
    Route("GET", f"{_ONE}/childFolders", list_children, permissions.MAILBOX_FOLDERS_READ, collection=True),
)
