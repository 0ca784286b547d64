"""What a scenario says is in a mailbox, put into the store's shape.

Paths become keys, colours Outlook's numbers, addresses recipients; parents of a folder come into being with
it. The fact a reader would not guess: a scenario's first path segment may be a well-known name (`inbox`),
which means that folder in whatever language the mailbox is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from controller.sandbox import cultures, mailbox_settings
from controller.sandbox import mailbox_store as store
from controller.sandbox.mailbox_names import DEFAULT_FOLDERS
from controller.sandbox.mailbox_settings import AutomaticReplies, Regional
from controller.sandbox.scenario import FolderPart, MailboxPart, MailPart, RulePart, SearchPart
from controller.sandbox.world import Entry

# Outlook's names in the order of its numbers [doc: graph/api/resources/outlookcategory].
COLOURS = [
    "red", "orange", "brown", "yellow", "green", "teal", "olive", "blue", "purple", "cranberry", "steel",
    "dark-steel", "grey", "dark-grey", "black", "dark-red", "dark-orange", "dark-brown", "dark-yellow",
    "dark-green", "dark-teal", "dark-olive", "dark-blue", "dark-purple", "dark-cranberry",
]  # fmt: skip
_ROLES = {each.role for each in DEFAULT_FOLDERS}
_SLASH = re.compile(r"(?<!\\)/")
_FOLDER_ACTIONS = ("moveToFolder", "copyToFolder")
_RECIPIENTS = ("fromAddresses", "sentToAddresses", "forwardTo", "forwardAsAttachmentTo", "redirectTo")

Complain = Callable[[str], None]


def stores(entry: Entry, part: MailboxPart, now: datetime | None, complain: Complain) -> dict[str, Any]:
    """`Entry.stores` of a mailbox; `complain` is told of colours, cultures and folders that do not exist.
    `now` is what the ages of mail count from."""
    entry.stores = {**part.stores}
    if not part.opened:
        entry.stores["opened"] = False
    _region(entry, part, complain)
    if part.categories is not None:
        entry.stores["categories"] = [
            {"id": store.category_id(entry, name), "displayName": name, "color": _colour(colour, complain)}
            for name, colour in part.categories.items()
        ]
    folders = part.folders if isinstance(part.folders, Mapping) else dict.fromkeys(part.folders)
    for path, folder in folders.items():
        _folder(entry, path, folder or FolderPart())
    for name, search in part.search_folders.items():
        _search(entry, name, search, complain)
    if part.rules:
        entry.stores["rules"] = [
            _rule(entry, number, rule, complain) for number, rule in enumerate(part.rules, start=1)
        ]
    if part.automatic_replies is not None:
        given = part.automatic_replies.model_dump()
        given |= {name: mailbox_settings.stored_reply(given[name]) for name in ("internal", "external")}
        mailbox_settings.save(entry, "automatic_replies", AutomaticReplies(**given))
    mail = [*_raw_mail(entry.stores.pop("mail", ()), complain), *part.mail]
    if mail:
        entry.stores["mail"] = [_message(each, now, complain) for each in mail]
    return entry.stores


def _raw_mail(given: Any, complain: Complain) -> list[MailPart]:
    """Mail that was written under `stores` rather than under `mail`: the same, and checked the same."""
    try:
        return [MailPart.model_validate(each) for each in given]
    except ValidationError as error:
        complain(f"stores.mail: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}")
        return []


def _message(part: MailPart, now: datetime | None, complain: Complain) -> dict[str, Any]:
    """A message in the shape that `messages` has; what was not said is left out."""
    received = part.received
    if isinstance(received, timedelta):
        if now is None:
            complain("the age of a mail needs a clock to count from")
            now = datetime.min.replace(tzinfo=UTC) + abs(received)
        received = now + received
    found = part.model_dump(exclude_defaults=True, exclude={"author", "received"})
    stamp = received.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"from": part.author, "received": stamp, **found}


def _region(entry: Entry, part: MailboxPart, complain: Complain) -> None:
    """A mailbox that was set up in a language: its folders and its regional settings are of it."""
    if part.language is None and part.time_zone is None:
        return
    if part.language is not None and not cultures.is_specific(part.language):
        complain(f"'{part.language}' is no culture such as fr-FR")
        return
    regional = Regional(time_zone=part.time_zone)
    if part.language is not None:
        entry.stores["language"] = cultures.proper(part.language)
        regional = Regional(
            language=cultures.proper(part.language),
            time_zone=part.time_zone,
            date_format=cultures.default_date(part.language),
            time_format=cultures.default_time(part.language),
        )
    mailbox_settings.save(entry, "regional", regional)


def _colour(name: str, complain: Complain) -> str:
    plain = name.lower().replace(" ", "-")
    if plain in COLOURS:
        return f"preset{COLOURS.index(plain)}"
    if plain != "none" and not (plain.startswith("preset") and plain[6:].isdigit() and int(plain[6:]) < 25):
        complain(f"'{name}' is no colour of a category")
    return plain


# --- folders ------------------------------------------------------------------------------------------


def _names(path: str) -> list[str]:
    return [name.replace("\\/", "/") for name in _SLASH.split(path)]


def _start(names: list[str]) -> tuple[str, list[str]]:
    """Where a path begins: at a well-known folder, or at the root."""
    role = names[0].lower()
    return (role, names[1:]) if role in _ROLES else (store.ROOT, names)


def _folder(entry: Entry, path: str, part: FolderPart) -> None:
    parent, names = _start(_names(path))
    record = store.folder_record(entry, parent) if not names else None
    for depth, name in enumerate(names):
        found = store.child_named(store.folders(entry), parent, name)
        if found is None:
            key = store.made_key(entry, f"{parent}/{name.casefold()}/{depth}")
            record = store.add_folder(entry, key, name, parent, created=entry.created)
        else:
            key, record = found.key, store.folder_record(entry, found.key)
        parent = key
    assert record is not None
    for field, value in (("items", part.items), ("unread", part.unread), ("hidden", part.hidden)):
        if value:
            record[field] = value
    if part.properties:
        record["properties"] = dict(part.properties)


def _key(entry: Entry, path: str, complain: Complain) -> str:
    found = store.folders(entry)
    parent, names = _start(_names(path))
    for name in names:
        child = store.child_named(found, parent, name)
        if child is None:
            complain(f"'{path}' is no folder of this mailbox")
            return store.made_key(entry, f"gone/{path}")
        parent = child.key
    return parent


def _search(entry: Entry, name: str, part: SearchPart, complain: Complain) -> None:
    """One whose last use nobody knows does not run out."""
    key = store.made_key(entry, f"{store.SEARCHES}/{name.casefold()}")
    record = store.add_folder(entry, key, name, store.SEARCHES, created=part.used)
    record["search"] = {
        "nested": part.nested,
        "sources": [_key(entry, path, complain) for path in part.sources],
        "filter": part.filter,
    }


# --- rules --------------------------------------------------------------------------------------------


def _rule(entry: Entry, number: int, part: RulePart, complain: Complain) -> store.Record:
    """A folder that is written `!path` is one that was there and is gone: the rule is in error."""
    rule: store.Record = {
        "id": store.made_rule_id(entry, number),
        "name": part.name,
        "sequence": part.sequence or number,
        "enabled": part.enabled,
        "conditions": _with_recipients(part.conditions),
        "exceptions": _with_recipients(part.exceptions),
        "actions": _with_recipients(part.actions),
    }
    for action in _FOLDER_ACTIONS:
        path = rule["actions"].get(action)
        if isinstance(path, str):
            gone = path.startswith("!")
            key = store.made_key(entry, path) if gone else _key(entry, path, complain)
            rule["actions"][action] = key
    if part.beyond:
        rule["beyond"] = dict(part.beyond)
    if part.hidden:
        rule["hidden"] = True
    if part.client_only:
        rule["clientOnly"] = True
    return rule


def _with_recipients(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [_recipient(each) for each in value] if name in _RECIPIENTS else value
        for name, value in part.items()
    }


def _recipient(given: Any) -> Any:
    if isinstance(given, str):
        return {"emailAddress": {"name": given, "address": given}}
    return given
