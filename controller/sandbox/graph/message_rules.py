"""Inbox rules: `/users/{id}/mailFolders/inbox/messageRules`.

The facts a reader would not guess: texts come back in upper case; PATCH replaces conditions, exceptions and
actions each as a whole; names are not unique; a rule that Graph cannot express is listed without its parts
and cannot be touched; sequence 0 is refused [doc: graph/api/mailfolder-post-messagerules; reference: Graph
API, inbox rules].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import bodies, entities, outlook_query, permissions, rule_parts
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import Mailbox, invalid, item_not_found, open_mailbox, resolve
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.world import Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

_NAME_MAX = 512  # [doc: New-InboxRule]
_IGNORED = frozenset({"id", "hasError", "isReadOnly"})  # the update page lists them among the fields


def list_rules(graph: Graph, request: Request) -> Answer:
    """All of them at once, in the order they run; the system's own are not among them."""
    mailbox = _inbox(graph, request)
    asked = outlook_query.parse(request, entities.entity("messageRule"))
    items = [_shown(mailbox, mailbox.view, rule) for rule in store.rules(mailbox.view)]
    return outlook_query.collection(request, _context(mailbox), items, asked)


def get_rule(graph: Graph, request: Request) -> Answer:
    mailbox = _inbox(graph, request)
    asked = outlook_query.parse(request, entities.entity("messageRule"))
    rule = _find(mailbox.view, request)
    item = outlook_query.shown(_shown(mailbox, mailbox.view, rule), asked)
    context = outlook_query.context(f"{_context(mailbox)}/$entity", asked)
    return Answer(200, {"@odata.context": context, **item})


def create_rule(graph: Graph, request: Request) -> Answer:
    mailbox = _inbox(graph, request)
    values = _read(mailbox, request)
    for name in ("displayName", "sequence", "actions"):
        if values.get(name) is None:
            raise _refused(f"The property '{name}' is required.")
    rule: store.Record = {
        "id": store.new_rule_id(graph.tenant.world, mailbox.entry),
        "name": values["displayName"],
        "sequence": values["sequence"],
        "enabled": values.get("isEnabled") is not False,
        **{part: values.get(part) or {} for part in rule_parts.PARTS},
    }
    _refuse_quota(mailbox, rule)
    entry = mailbox.writing()
    entry.stores.setdefault("rules", []).append(rule)
    _renumber(mailbox)
    mailbox.record("UpdateInboxRules", _told("AddMailRule", rule), audited=True)
    item = _shown(mailbox, entry, rule)
    location = f"{request.service_url}/{request.path.strip('/')}/{item['id']}"
    return Answer(201, {"@odata.context": f"{_context(mailbox)}/$entity", **item}, {"Location": location})


def update_rule(graph: Graph, request: Request) -> Answer:
    """What is named is replaced whole; what is not named stays [seen: kellylford/QuickMail]."""
    mailbox = _inbox(graph, request)
    held = _find(mailbox.entry, request)
    _refuse_read_only(held)
    values = _read(mailbox, request)
    changed = dict(held)
    for name, key in (("displayName", "name"), ("sequence", "sequence"), ("isEnabled", "enabled")):
        if values.get(name) is not None:
            changed[key] = values[name]
    for part in rule_parts.PARTS:
        if part in values:
            changed[part] = values[part] or {}
    if "actions" in values:
        _need_action(changed["actions"])
        changed.pop("lost", None)
    _refuse_quota(mailbox, changed)
    entry = mailbox.writing()
    saved = entry.stores["rules"]
    saved[next(at for at, rule in enumerate(saved) if rule["id"] == held["id"])] = changed
    _renumber(mailbox)
    mailbox.record("UpdateInboxRules", _told("ModifyMailRule", changed), audited=True)
    item = _shown(mailbox, entry, changed)
    return Answer(200, {"@odata.context": f"{_context(mailbox)}/$entity", **item})


def delete_rule(graph: Graph, request: Request) -> Answer:
    mailbox = _inbox(graph, request)
    held = _find(mailbox.entry, request)
    _refuse_read_only(held)
    entry = mailbox.writing()
    entry.stores["rules"] = [rule for rule in entry.stores["rules"] if rule["id"] != held["id"]]
    _renumber(mailbox)
    mailbox.record("UpdateInboxRules", _told("RemoveMailRule", held), audited=True)
    return Answer(204)


# --- parts --------------------------------------------------------------------------------------------


def _inbox(graph: Graph, request: Request) -> Mailbox:
    """The mailbox of the path; rules hang on the inbox alone."""
    mailbox = open_mailbox(graph, request)
    if resolve(mailbox, request.params["folder"], mailbox.folders()).key != "inbox":
        raise invalid("Rules are only supported on the Inbox folder.")
    return mailbox


def _context(mailbox: Mailbox) -> str:
    return mailbox.context("mailFolders('inbox')/messageRules")


def _find(entry: Entry, request: Request) -> store.Record:
    wanted = request.params["rule"].replace("-", "+").replace("_", "/")
    found = next((rule for rule in store.rules(entry) if store.rest_rule_id(rule) == wanted), None)
    if found is None:
        raise item_not_found()
    return found


def _read(mailbox: Mailbox, request: Request) -> dict[str, Any]:
    """A body's fields, checked, with the parts as the store keeps them.

    Raises:
        GraphError: RequestBodyRead for what does not fit the type, 400 for what makes no rule.
    """
    values = bodies.read(bodies.json_object(request), entities.entity("messageRule"), writable=_IGNORED)
    name, sequence = values.get("displayName"), values.get("sequence")
    if name is not None and (not name.strip() or len(name) > _NAME_MAX):
        raise _refused("The name of the rule is empty or too long.")
    if sequence is not None and sequence < 1:
        raise _refused("The sequence of a rule must be at least 1.")
    for part in rule_parts.PARTS:
        if values.get(part) is not None:
            values[part] = rule_parts.read(mailbox, part, values[part])
    if request.method == "POST" and "actions" in values:
        _need_action(values["actions"])
    return values


def _need_action(actions: Any) -> None:
    if not actions:
        raise _refused("A rule must have at least one action.")


def _refused(message: str) -> GraphError:
    """[EWS's code for a rule that does not validate; Graph's is not documented]"""
    return GraphError(400, "ErrorInboxRulesValidationError", message)


def _refuse_read_only(rule: store.Record) -> None:
    """[seen on a real mailbox: kellylford/QuickMail]"""
    if store.read_only(rule):
        raise GraphError(
            400, "ErrorNotSupportedMessageRule", "The message rule is not supported and can't be changed."
        )


def _refuse_quota(mailbox: Mailbox, rule: store.Record) -> None:
    """[EWS's code; what Graph answers is not documented]"""
    if store.over_quota(mailbox.entry, rule):
        raise GraphError(
            400, "ErrorRulesOverQuota", "The rule can't be saved: the rules quota of the mailbox is exceeded."
        )


def _renumber(mailbox: Mailbox) -> None:
    """A service that keeps its numbers dense, where the switch says so [reference: open points]."""
    if mailbox.graph.tenant.world.quirks.dense_sequences:
        for number, rule in enumerate(store.rules(mailbox.entry), start=1):
            rule["sequence"] = number


def _shown(mailbox: Mailbox, entry: Entry, rule: store.Record) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": store.rest_rule_id(rule),
        "displayName": rule["name"],
        "sequence": rule["sequence"],
        "isEnabled": rule.get("enabled", True),
        "hasError": store.in_error(entry, rule),
        "isReadOnly": store.read_only(rule),
    }
    if not item["isReadOnly"]:
        for part in rule_parts.PARTS:
            if rule.get(part):
                item[part] = rule_parts.shown(mailbox, part, rule[part])
    return item


def _told(operation: str, rule: store.Record) -> list[tuple[str, Any]]:
    """A rule in the log: its name and, as leaks are looked for, where it sends mail
    [doc: OperationProperties of UpdateInboxRules records]."""
    actions = rule.get("actions", {})
    sent = [
        each["emailAddress"].get("address", "")
        for name in rule_parts.SENDING
        for each in actions.get(name, ())
    ]
    return [
        ("RuleOperation", operation),
        ("RuleName", rule["name"]),
        ("RuleId", str(rule["id"])),
        ("Recipients", sent),
    ]


_ALL = "/users/{user}/mailFolders/{folder}/messageRules"
_ONE = f"{_ALL}/{{rule}}"
ROUTES = (
    Route("GET", _ALL, list_rules, permissions.SETTINGS_READ, collection=True),
    Route("POST", _ALL, create_rule, permissions.SETTINGS_WRITE, writes=True),
    Route("GET", _ONE, get_rule, permissions.SETTINGS_READ),
    Route("PATCH", _ONE, update_rule, permissions.SETTINGS_WRITE, writes=True),
    Route("DELETE", _ONE, delete_rule, permissions.SETTINGS_WRITE, writes=True),
)
