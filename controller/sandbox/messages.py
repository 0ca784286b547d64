"""Messages of a mailbox, as a scenario has them: headers only, since nobody asks this tenant for bodies.

They stand in `Entry.stores["mail"]`, `[{folder, received, sent, from, sender, to, cc, categories, read,
draft, conversation, message_id, subject, headers}]`: `folder` is a well-known name or a path from the root,
times are ISO texts in UTC with a Z, addresses plain, `headers` a mapping. Only `from` and `received` must be.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.world import Entry

_TELLING = ("from", "received", "message_id", "conversation", "folder")


def all_of(entry: Entry) -> list[store.Record]:
    return list(entry.stores.get("mail", ()))


def folder_of(found: dict[str, store.Folder], message: store.Record) -> str:
    """The key of the folder that a message lies in; the inbox where its own is gone."""
    name = str(message.get("folder") or "inbox")
    if name.lower() in found:
        return name.lower()
    folder = store.by_path(found, name.split("/"))
    return folder.key if folder else "inbox"


def in_folder(entry: Entry, found: dict[str, store.Folder], key: str) -> list[store.Record]:
    return [each for each in all_of(entry) if folder_of(found, each) == key]


def message_id(message: store.Record) -> str:
    """The RFC 5322 id; made of the message where the scenario says none."""
    return str(message.get("message_id") or f"<{_digest(message)[:24]}@mail.example>")


def rest_id(entry: Entry, message: store.Record) -> str:
    raw = hashlib.sha256(f"{entry.object_id}|{_digest(message)}".encode()).digest()
    return "AAMk" + base64.urlsafe_b64encode(raw).decode()


def _digest(message: store.Record) -> str:
    parts: list[Any] = [message.get(name) for name in _TELLING]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
