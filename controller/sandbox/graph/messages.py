"""Messages: `/users/{id}/messages`, of one folder, and one by its id. Reading only.

The facts a reader would not guess: ten come on a page, newest first; `internetMessageHeaders` come back only
where $select names them, in lists too, and mail in Sent Items has none [github microsoftgraph
microsoft-graph-docs-contrib issues 7834, 3146]; what is in $orderby must begin $filter, where both are given
[devblogs.microsoft.com: update to filtering and sorting REST API]; `Mail.ReadBasic.All` shows no body and no
preview of it [reference: Graph API, permissions].
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from controller.sandbox import mailbox_store as store
from controller.sandbox import messages as mail
from controller.sandbox.graph import entities, outlook_query, permissions
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.filter_parser import Compare, Function, Junction, Lambda, Negation, Node
from controller.sandbox.graph.mail_folders import through_parent
from controller.sandbox.graph.mailboxes import Mailbox, invalid, item_not_found, open_mailbox, resolve
from controller.sandbox.graph.outlook_query import Asked
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

PAGE = 10
_HEADERS = "internetMessageHeaders"
_ID = re.compile(r"AAMk[A-Za-z0-9_-]{40,}=*")  # of this kind, whoever's it is


def list_all(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    return _list(mailbox, mail.all_of(mailbox.view), "messages")


def list_in_folder(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    found = mailbox.folders()
    folder = resolve(mailbox, request.params["folder"], found)
    fragment = f"mailFolders('{request.params['folder']}')/messages"
    return _list(mailbox, mail.in_folder(mailbox.view, found, folder.key), fragment)


def get_message(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    return _one(mailbox, mail.all_of(mailbox.view), "messages")


def get_message_in_folder(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    found = mailbox.folders()
    folder = resolve(mailbox, request.params["folder"], found)
    fragment = f"mailFolders('{request.params['folder']}')/messages"
    return _one(mailbox, mail.in_folder(mailbox.view, found, folder.key), fragment)


def _one(mailbox: Mailbox, records: list[store.Record], fragment: str) -> Answer:
    asked = outlook_query.parse(mailbox.request, entities.entity("message"))
    wanted = mailbox.request.params["message"]
    if not _ID.fullmatch(wanted):
        raise invalid("Id is malformed.", "ErrorInvalidIdMalformed")
    for record in records:
        if mail.rest_id(mailbox.entry, record) == wanted:
            item = outlook_query.shown(_finish(_shown(mailbox, record), asked), asked)
            context = outlook_query.context(mailbox.context(f"{fragment}/$entity"), asked)
            return Answer(200, {"@odata.context": context, **item})
    raise item_not_found()


def _list(mailbox: Mailbox, records: list[store.Record], fragment: str) -> Answer:
    asked = outlook_query.parse(mailbox.request, entities.entity("message"), page=PAGE)
    _refuse_inefficient(asked)
    items = [_shown(mailbox, record) for record in records]
    items.sort(key=lambda item: str(item["receivedDateTime"]), reverse=True)
    return outlook_query.collection(
        mailbox.request, mailbox.context(fragment), items, asked, lambda item: _finish(item, asked)
    )


def _refuse_inefficient(asked: Asked) -> None:
    if asked.filter is None or not asked.orderby:
        return
    ordered = [name.lower() for name, _ in asked.orderby]
    filtered = list(dict.fromkeys(name.lower() for name in _names(asked.filter)))
    if filtered[: len(ordered)] != ordered:
        text = "The restriction or sort order is too complex for this operation."
        raise GraphError(400, "InefficientFilter", text)


def _names(node: Node) -> list[str]:
    match node:
        case Junction(_, parts):
            return [name for part in parts for name in _names(part)]
        case Negation(inner):
            return _names(inner)
        case Compare(path, _, _) | Function(_, path, _) | Lambda(path, _, _, _):
            return [path[0]]
    return []


def _finish(item: dict[str, Any], asked: Asked) -> dict[str, Any]:
    if asked.attachments:
        item = {**item, "attachments": []}  # no mail here has any
    if asked.select is None:
        return {name: value for name, value in item.items() if name not in (_HEADERS, "uniqueBody")}
    return item


def _shown(mailbox: Mailbox, record: store.Record) -> dict[str, Any]:
    found = mailbox.folders()
    folder = mail.folder_of(found, record)
    received = record["received"]
    item: dict[str, Any] = {
        "@odata.etag": f'W/"{mail.rest_id(mailbox.entry, record)[4:20]}"',
        "id": mail.rest_id(mailbox.entry, record),
        "createdDateTime": received,
        "lastModifiedDateTime": received,
        "receivedDateTime": received,
        "sentDateTime": record.get("sent", received),
        "internetMessageId": mail.message_id(record),
        "conversationId": str(record.get("conversation") or mail.message_id(record)),
        "parentFolderId": store.rest_id(mailbox.entry, folder),
        "subject": str(record.get("subject", "")),
        "from": _recipient(record["from"]),
        "sender": _recipient(record.get("sender") or record["from"]),
        "toRecipients": [_recipient(each) for each in record.get("to", ())],
        "ccRecipients": [_recipient(each) for each in record.get("cc", ())],
        "bccRecipients": [],
        "replyTo": [],
        "categories": list(record.get("categories", ())),
        "isRead": bool(record.get("read", False)),
        "isDraft": bool(record.get("draft", False)),
        "hasAttachments": False,
        "importance": "normal",
        "inferenceClassification": "focused",
    }
    if folder != "sentitems":
        headers = record.get("headers", {})
        item[_HEADERS] = [{"name": name, "value": str(value)} for name, value in headers.items()]
    if permissions.allowed(mailbox.request.caller, permissions.BODIES_READ):
        empty = {"contentType": "html", "content": ""}
        item |= {"body": empty, "uniqueBody": empty, "bodyPreview": ""}
    return item


def _recipient(address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": address, "address": address}}


_IN_FOLDER = "/users/{user}/mailFolders/{folder}/messages"
_IN_CHILD = "/users/{user}/mailFolders/{folder}/childFolders/{child}/messages"
ROUTES = (
    Route("GET", "/users/{user}/messages", list_all, permissions.FOLDERS_READ, collection=True),
    Route("GET", "/users/{user}/messages/{message}", get_message, permissions.FOLDERS_READ),
    Route(
        "GET",
        _IN_FOLDER,
        list_in_folder,
        permissions.FOLDERS_READ,
        collection=True,
    ),
    Route("GET", f"{_IN_FOLDER}/{{message}}", get_message_in_folder, permissions.FOLDERS_READ),
    Route("GET", _IN_CHILD, through_parent(list_in_folder), permissions.FOLDERS_READ, collection=True),
)
