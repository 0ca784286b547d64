"""Master categories of a mailbox: `/users/{id}/outlook/masterCategories`.

The facts a reader would not guess: the name can never be changed, PATCH answers 200 and takes the colour
alone, and messages know categories by name only, so deleting one changes no message [doc:
graph/api/resources/outlookcategory; reference: Graph API, master categories].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import bodies, entities, outlook_query, permissions
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import NAME_MAX, Mailbox, invalid, item_not_found, open_mailbox
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.wire import Answer, Request

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

_FRAGMENT = "outlook/masterCategories"


def list_categories(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    asked = outlook_query.parse(request, entities.entity("outlookCategory"))
    items = [_shown(record) for record in store.categories(mailbox.view)]
    return outlook_query.collection(request, mailbox.context(_FRAGMENT), items, asked)


def get_category(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    asked = outlook_query.parse(request, entities.entity("outlookCategory"))
    record = _find(store.categories(mailbox.view), request)
    return _single(mailbox, 200, outlook_query.shown(_shown(record), asked))


def create_category(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    values = _read(request)
    name = values.get("displayName")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_MAX:
        raise invalid("The category name is missing or too long.")
    if "," in name or ";" in name:  # Outlook separates categories with them [common knowledge]
        raise invalid("A category name can't contain a comma or a semicolon.")
    if any(each["displayName"].casefold() == name.casefold() for each in store.categories(mailbox.entry)):
        raise _taken(graph, name)
    identifier = graph.tenant.world.new_id()
    record = {"id": identifier, "displayName": name, "color": values.get("color") or "none"}
    store.own_categories(mailbox.writing()).append(record)
    mailbox.record("Update", [("Category", name), ("Color", record["color"])])
    location = f"{request.service_url}/{request.path.strip('/')}/{identifier}"
    return _single(mailbox, 201, _shown(record), {"Location": location})


def update_category(graph: Graph, request: Request) -> Answer:
    """The colour only. A body that names the category as it is called already is taken, as SDKs send whole
    objects [inf]."""
    mailbox = open_mailbox(graph, request)
    held = _find(store.categories(mailbox.entry), request)
    values = _read(request)
    if values.get("displayName", held["displayName"]) != held["displayName"]:
        raise invalid("The display name of a category can't be changed.", "ErrorInvalidPropertySet")
    entry = mailbox.writing()
    record = next(each for each in store.own_categories(entry) if each["id"] == held["id"])
    if "color" in values:
        record["color"] = values["color"] or "none"
    mailbox.record("Update", [("Category", record["displayName"]), ("Color", record["color"])])
    return _single(mailbox, 200, _shown(record))


def delete_category(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    held = _find(store.categories(mailbox.entry), request)
    entry = mailbox.writing()
    saved = store.own_categories(entry)
    saved[:] = [each for each in saved if each["id"] != held["id"]]
    store.lose_category(entry, held["displayName"])
    mailbox.record("Update", [("Category", held["displayName"]), ("Color", "")])
    return Answer(204)


def _read(request: Request) -> dict[str, Any]:
    """The body, with colours spelt as the schema does."""
    type_ = entities.entity("outlookCategory")
    values = bodies.read(bodies.json_object(request), type_, writable=frozenset({"id", "displayName"}))
    color = values.get("color")
    return {**values, "color": color.lower()} if isinstance(color, str) else values


def _find(records: list[store.Record], request: Request) -> store.Record:
    wanted = request.params["category"].lower()
    found = next((each for each in records if each["id"].lower() == wanted), None)
    if found is None:
        raise item_not_found()
    return found


def _taken(graph: Graph, name: str) -> GraphError:
    """Neither status nor code is documented [reference: Graph API, open points]: a switch says which."""
    status = graph.tenant.world.quirks.duplicate_category
    return GraphError(status, "CategoryNameAlreadyExists", f"A category named '{name}' already exists.")


def _shown(record: store.Record) -> dict[str, Any]:
    return {"id": record["id"], "displayName": record["displayName"], "color": record["color"]}


def _single(
    mailbox: Mailbox, status: int, item: dict[str, Any], headers: dict[str, str] | None = None
) -> Answer:
    body = {"@odata.context": mailbox.context(f"{_FRAGMENT}/$entity"), **item}
    return Answer(status, body, headers or {})


_ALL = "/users/{user}/outlook/masterCategories"
_ONE = f"{_ALL}/{{category}}"
ROUTES = (
    Route("GET", _ALL, list_categories, permissions.SETTINGS_READ, collection=True),
    Route("POST", _ALL, create_category, permissions.SETTINGS_WRITE, writes=True),
    Route("GET", _ONE, get_category, permissions.SETTINGS_READ),
    Route("PATCH", _ONE, update_category, permissions.SETTINGS_WRITE, writes=True),
    Route("DELETE", _ONE, delete_category, permissions.SETTINGS_WRITE, writes=True),
)
