"""Conditions, exceptions and actions of a rule, between the wire and the store.

On the wire folders are ids, in the store keys. The facts a reader would not guess: what is false, null or
empty is no condition and does not come back [inf]; texts come back in upper case, while the store (and so
Exchange) keeps them as sent [doc: mailfolder-post-messagerules, its sample; where it happens is inferred];
a recipient without a name comes back with the directory's, or its own address.
"""

from __future__ import annotations

from typing import Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import entities
from controller.sandbox.graph.entities import EntityType, Property
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import Mailbox, folder_key

PARTS = ("conditions", "exceptions", "actions")
SENDING = ("forwardTo", "forwardAsAttachmentTo", "redirectTo")
_FOLDERS = ("moveToFolder", "copyToFolder")
_TYPES = {
    "conditions": "messageRulePredicates",
    "exceptions": "messageRulePredicates",
    "actions": "messageRuleActions",
}


def read(mailbox: Mailbox, part: str, value: dict[str, Any]) -> dict[str, Any]:
    """The part as the store keeps it; its fields fit their types already (`bodies.read`).

    Raises:
        GraphError: folders that are not there, and recipients without an address.
    """
    found = spelt(value, entities.entity(_TYPES[part]))
    for name in _FOLDERS:
        if name in found:
            found[name] = _folder(mailbox, found[name])
    for name, item in found.items():
        if _is_recipients(part, name):
            found[name] = [_recipient(mailbox, each) for each in item]
    return found


def spelt(value: dict[str, Any], type_: EntityType) -> dict[str, Any]:
    """A complex value with names and enum members as the schema spells them, in the schema's order, and
    nothing in it that says nothing."""
    given = {name.lower(): item for name, item in value.items() if "@" not in name}
    found: dict[str, Any] = {}
    for prop in type_.properties.values():
        item = given.get(prop.name.lower())
        if item is None or item is False or item in ("", []):
            continue
        found[prop.name] = [_item(prop, each) for each in item] if prop.collection else _item(prop, item)
    return {name: item for name, item in found.items() if item != {}}


def _item(prop: Property, value: Any) -> Any:
    if not entities.known(prop.item_type):
        return value
    type_ = entities.entity(prop.item_type)
    if type_.kind == "enum":
        return next(name for name in type_.members if name.lower() == str(value).lower())
    return _sizes(value) if type_.name == "sizeRange" else spelt(value, type_)


def _sizes(value: dict[str, Any]) -> dict[str, Any]:
    """Kilobytes; zero is a size, so `spelt` would lose it."""
    given = {name.lower(): item for name, item in value.items()}
    return {
        name: given[name.lower()]
        for name in ("maximumSize", "minimumSize")
        if given.get(name.lower()) is not None
    }


def _is_recipients(part: str, name: str) -> bool:
    prop = entities.entity(_TYPES[part]).find(name)
    return prop is not None and prop.item_type == "recipient"


def _folder(mailbox: Mailbox, identifier: str) -> str:
    """Ids only: well-known names are not documented here [reference: Graph API, inbox rules]."""
    key = folder_key(mailbox, identifier)
    if key not in mailbox.folders(fresh=True):
        raise GraphError(400, "ErrorInboxRulesValidationError", "The folder of the action does not exist.")
    return key


def _recipient(mailbox: Mailbox, value: dict[str, Any]) -> dict[str, Any]:
    given = value.get("emailAddress") or {}
    address = str(given.get("address") or "")
    if "@" not in address.strip("@"):
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    holder = mailbox.graph.tenant.world.holder(address)
    name = given.get("name") or (holder.display_name if holder is not None else address)
    return {"emailAddress": {"name": name, "address": address}}


def shown(mailbox: Mailbox, part: str, value: dict[str, Any]) -> dict[str, Any]:
    """The part as Graph writes it."""
    found: dict[str, Any] = {}
    for prop in entities.entity(_TYPES[part]).properties.values():
        item = value.get(prop.name)
        if item is None:
            continue
        if prop.name in _FOLDERS:
            found[prop.name] = store.rest_id(mailbox.entry, item)
        elif part != "actions" and prop.type == "Collection(String)" and _upper(mailbox, prop):
            found[prop.name] = [text.upper() for text in item]
        else:
            found[prop.name] = item
    return found


def _upper(mailbox: Mailbox, prop: Property) -> bool:
    """Categories are names, not texts that are searched for [inf]."""
    return mailbox.graph.tenant.world.quirks.upper_case_rules and prop.name != "categories"
