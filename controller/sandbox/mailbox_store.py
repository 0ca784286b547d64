"""What lives in a mailbox, in one shape for both doors: folders, rules, categories, texts.

Graph and Exchange see the same store. All of it is plain values in `Entry.stores`; what the service makes by
itself (default folders, first categories) is worked out, and written down only when something changes:

    opened      false until somebody opened the mailbox; left out: it was opened
    language    the culture that default folders and first categories are named in
    folders     [{key, name, parent, hidden, class, items, unread, created, properties, search}]; the key of
                a default folder is its role (`inbox`), such an entry holds what differs from the default
    categories  [{id, displayName, color}], once they are not the first ones
    rules       [{id, name, sequence, enabled, conditions, exceptions, actions, beyond, hidden, lost}]
    regional, working_hours, automatic_replies: see `mailbox_settings`

A rule's id is Exchange's 64-bit RuleIdentity; conditions and actions have Graph's names, folders in them are
keys. `beyond` holds what only Exchange's parameters can say: such a rule is read-only to Graph. `hidden` are
the system's own (`Junk E-mail Rule`). `lost` are categories that a rule assigns and that were deleted.
The facts a reader would not guess: ids of folders carry the mailbox they are of, and Graph and Exchange
spell one entry id in two ways [reference: Graph API, ids; Exchange admin API, 15.5].
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from controller.sandbox.mailbox_names import DEFAULT_CATEGORIES, DEFAULT_FOLDERS, DefaultFolder, column
from controller.sandbox.world import Entry, World

ROOT = "msgfolderroot"
SEARCHES = "searchfolders"
SEARCH_KEPT = timedelta(days=45)  # an unused search folder's life [doc: graph/api/resources/mailsearchfolder]
RULES_QUOTA = 256 * 1024  # bytes, all enabled rules of a mailbox together [doc: Set-Mailbox, RulesQuota]

Record = dict[str, Any]
_DEFAULTS = {each.role: each for each in DEFAULT_FOLDERS}
_NUMBERS = {each.role: number for number, each in enumerate(DEFAULT_FOLDERS, start=1)}
_REST_HEAD = b"\x00\x03\x24\x00"  # 0x24 is the length of the mailbox GUID that follows as text
_NO_FOLDERS = frozenset(("calendar", "contacts", "tasks", "notes", "journal"))  # no mail: Graph hides them


class BadIdError(ValueError):
    """Not the id of a folder."""


class ForeignIdError(ValueError):
    """The id of a folder in another mailbox."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as it is. `key` is the store's own name for it, `role` the well-known name of a default
    folder, `kind` Exchange's FolderType; `search` is set for a search folder."""

    key: str
    name: str
    parent: str
    role: str = ""
    kind: str = "User Created"
    folder_class: str = "IPF.Note"
    hidden: bool = False
    items: int = 0
    unread: int = 0
    created: datetime | None = None
    properties: dict[str, str] = field(default_factory=dict)
    search: Record | None = None

    @property
    def mail(self) -> bool:
        """Whether Graph counts it as a mail folder."""
        return self.key not in _NO_FOLDERS and self.folder_class.startswith("IPF.Note")


# --- folders ------------------------------------------------------------------------------------------


def language(entry: Entry) -> str:
    """The culture that the mailbox's default folders are named in."""
    return str(entry.stores.get("language") or "en-US")


def folders(entry: Entry, now: datetime | None = None) -> dict[str, Folder]:
    """Every folder by key, default ones first. With `now`, search folders that nobody used for 45 days are
    left out: Exchange has dropped them."""
    saved: dict[str, Record] = {record["key"]: record for record in entry.stores.get("folders", ())}
    found = {
        default.role: _default_folder(entry, default, saved.get(default.role))
        for default in DEFAULT_FOLDERS
        if not default.late or default.role in saved
    }
    for key, record in saved.items():
        if key not in _DEFAULTS and not (now is not None and _expired(record, now)):
            found[key] = _own_folder(record)
    return found


def _default_folder(entry: Entry, default: DefaultFolder, saved: Record | None) -> Folder:
    record = saved or {}
    return Folder(
        key=default.role,
        name=record.get("name") or default.names[column(language(entry))],
        parent=default.parent,
        role=default.role,
        kind=default.kind,
        folder_class=default.folder_class,
        hidden=bool(record.get("hidden", False)),
        items=record.get("items", 0),
        unread=record.get("unread", 0),
        created=record.get("created", entry.created),
        properties=dict(record.get("properties", {})),
    )


def _own_folder(record: Record) -> Folder:
    return Folder(
        key=record["key"],
        name=record["name"],
        parent=record["parent"],
        folder_class=record.get("class", "IPF.Note"),
        hidden=bool(record.get("hidden", False)),
        items=record.get("items", 0),
        unread=record.get("unread", 0),
        created=record.get("created"),
        properties=dict(record.get("properties", {})),
        search=record.get("search"),
    )


def _expired(record: Record, now: datetime) -> bool:
    used = record.get("used") or record.get("created")
    return "search" in record and used is not None and now - used >= SEARCH_KEPT


def children(found: dict[str, Folder], parent: str) -> list[Folder]:
    return [folder for folder in found.values() if folder.parent == parent]


def path_of(found: dict[str, Folder], folder: Folder) -> list[str]:
    """Names from below the root down to the folder; empty for the root itself."""
    names: list[str] = []
    while folder.parent:
        names.insert(0, folder.name)
        folder = found[folder.parent]
    return names


def by_path(found: dict[str, Folder], names: Sequence[str]) -> Folder | None:
    """The folder that the names lead to from the root, case aside."""
    folder: Folder | None = found[ROOT]
    for name in names:
        if folder is None:
            return None
        folder = child_named(found, folder.key, name)
    return folder


def child_named(found: dict[str, Folder], parent: str, name: str) -> Folder | None:
    """Names are unique among siblings, case aside, whatever is hidden [inf]."""
    wanted = name.casefold()
    return next((each for each in children(found, parent) if each.name.casefold() == wanted), None)


def below(found: dict[str, Folder], key: str) -> Iterator[str]:
    """Keys of everything under a folder."""
    for folder in children(found, key):
        yield folder.key
        yield from below(found, folder.key)


def folder_record(entry: Entry, key: str) -> Record:
    """The stored record of a folder, to be changed; made where a default folder had none."""
    saved: list[Record] = entry.stores.setdefault("folders", [])
    record = next((each for each in saved if each["key"] == key), None)
    if record is None:
        record = {"key": key}
        saved.append(record)
    return record


def add_folder(
    entry: Entry, key: str, name: str, parent: str, *, created: datetime | None, hidden: bool = False
) -> Record:
    """A new folder. `key` is twelve hexadecimal digits (see `new_key`), unique in the mailbox."""
    record: Record = {"key": key, "name": name, "parent": parent}
    if created is not None:
        record["created"] = created
    if hidden:
        record["hidden"] = True
    entry.stores.setdefault("folders", []).append(record)
    return record


def remove_folder(entry: Entry, key: str) -> None:
    """The folder and all below it, past recovery by this door."""
    gone = {key, *below(folders(entry), key)}
    entry.stores["folders"] = [each for each in entry.stores.get("folders", ()) if each["key"] not in gone]


def new_key(world: World) -> str:
    return f"{world.random.getrandbits(40) + (1 << 41):012x}"


def made_key(entry: Entry, path: str) -> str:
    """The key of a folder that a scenario describes: the same for mailbox and path."""
    digest = hashlib.sha256(f"{entry.exchange_guid}|{path}".encode()).digest()
    return f"{int.from_bytes(digest[:5]) + (1 << 40):012x}"


# --- ids ----------------------------------------------------------------------------------------------


def _entry_id(entry: Entry, key: str) -> bytes:
    """A folder's 46 bytes: flags, provider, type, database, global counter [doc: MS-OXCDATA 2.2.4.1]."""
    guid = _guid_bytes(entry)
    counter = _NUMBERS[key].to_bytes(6) if key in _NUMBERS else bytes.fromhex(key)
    database = hashlib.md5(guid, usedforsecurity=False).digest()
    return b"".join((b"\0\0\0\0", guid, b"\x01\x00", database, counter, b"\0\0"))


def _guid_bytes(entry: Entry) -> bytes:
    try:
        return uuid.UUID(entry.exchange_guid).bytes_le
    except ValueError:
        return hashlib.md5(entry.object_id.encode(), usedforsecurity=False).digest()


def rest_id(entry: Entry, key: str) -> str:
    """A folder's id as Graph spells it (`AAMk…`)."""
    text = str(uuid.UUID(bytes_le=_guid_bytes(entry))).encode()
    raw = _REST_HEAD + text + b"\x00\x2e\x00" + _entry_id(entry, key) + b"\x00"
    return base64.urlsafe_b64encode(raw).decode()


def folder_id(entry: Entry, key: str) -> str:
    """The same as Exchange's FolderId (`LgAAAA…`)."""
    return base64.b64encode(b"\x2e" + _entry_id(entry, key) + b"\x01").decode()


def key_of(entry: Entry, identifier: str) -> str:
    """The key behind a Graph id, whether or not there is such a folder.

    Raises:
        BadIdError: no id of a folder. ForeignIdError: an id of another mailbox.
    """
    raw = _decoded(identifier)
    if len(raw) != len(_REST_HEAD) + 36 + 3 + 46 + 1 or not raw.startswith(_REST_HEAD):
        raise BadIdError(identifier)
    owner, body = raw[4:40], raw[43:89]
    if owner != str(uuid.UUID(bytes_le=_guid_bytes(entry))).encode():
        raise ForeignIdError(identifier)
    return _key(body)


def key_of_folder_id(entry: Entry, identifier: str) -> str:
    """The key behind an Exchange FolderId; raises as `key_of` does."""
    raw = _decoded(identifier)
    if len(raw) != 48 or raw[0] != 0x2E:
        raise BadIdError(identifier)
    if raw[5:21] != _guid_bytes(entry):
        raise ForeignIdError(identifier)
    return _key(raw[1:47])


def _key(entry_id: bytes) -> str:
    counter = entry_id[38:44]
    number = int.from_bytes(counter)
    return next((role for role, each in _NUMBERS.items() if each == number), counter.hex())


def _decoded(identifier: str) -> bytes:
    text = identifier.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadIdError(identifier) from None


# --- categories ---------------------------------------------------------------------------------------


def categories(entry: Entry) -> list[Record]:
    """The master list. Before anybody opened the mailbox it is empty; then it has six, in the mailbox's
    language [reference: Graph API, master categories]."""
    saved = entry.stores.get("categories")
    if saved is not None:
        return list(saved)
    if entry.stores.get("opened") is False:
        return []
    at = column(language(entry))
    return [
        {"id": category_id(entry, names[at]), "displayName": names[at], "color": color}
        for color, names in DEFAULT_CATEGORIES
    ]


def own_categories(entry: Entry) -> list[Record]:
    """The stored master list, to be changed."""
    saved: list[Record] = entry.stores.setdefault("categories", categories(entry))
    return saved


def category_id(entry: Entry, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(bytes=_guid_bytes(entry)), name))


def lose_category(entry: Entry, name: str) -> None:
    """Marks the rules that assign a category which has just been deleted: they are in error."""
    for rule in entry.stores.get("rules", ()):
        assigned = rule.get("actions", {}).get("assignCategories", ())
        if name.casefold() in (each.casefold() for each in assigned):
            rule.setdefault("lost", []).append(name)


# --- rules --------------------------------------------------------------------------------------------


def rules(entry: Entry, *, hidden: bool = False) -> list[Record]:
    """The rules in the order they run; the system's own ones only where asked for."""
    found = [rule for rule in entry.stores.get("rules", ()) if hidden or not rule.get("hidden")]
    return sorted(found, key=lambda rule: int(rule["sequence"]))


def new_rule_id(world: World, entry: Entry) -> int:
    """A 64-bit RuleIdentity: a counter in its low half."""
    number = 1 + max((rule["id"] & 0xFFFFFFFF for rule in entry.stores.get("rules", ())), default=0)
    return int((world.random.getrandbits(31) + (1 << 31)) << 32 | number)


def made_rule_id(entry: Entry, number: int) -> int:
    """The same for the `number`th rule of a scenario."""
    digest = hashlib.sha256(f"{entry.exchange_guid}|rules".encode()).digest()
    return int.from_bytes(digest[:4]) << 32 | number


def rest_rule_id(rule: Record) -> str:
    """A rule's id as Graph spells it: its eight bytes (`AQAAAJ5dZqA=`)."""
    return base64.b64encode(int(rule["id"]).to_bytes(8, "little")).decode()


def in_error(entry: Entry, rule: Record) -> bool:
    """Whether a folder that the rule moves to, or a category that it assigned, is gone."""
    found = folders(entry)
    actions = rule.get("actions", {})
    if any(actions.get(name) not in (None, *found) for name in ("moveToFolder", "copyToFolder")):
        return True
    names = {each["displayName"].casefold() for each in categories(entry)}
    return any(name.casefold() not in names for name in rule.get("lost", ()))


def read_only(rule: Record) -> bool:
    """Whether Graph cannot say what the rule does."""
    return bool(rule.get("beyond") or rule.get("clientOnly"))


def rule_size(rule: Record) -> int:
    """Bytes that a rule takes, roughly: its texts are stored as UTF-16 [inf]."""
    parts = {name: rule.get(name) for name in ("name", "conditions", "exceptions", "actions", "beyond")}
    return 2 * len(json.dumps(parts, ensure_ascii=False, separators=(",", ":"), default=str))


def over_quota(entry: Entry, rule: Record) -> bool:
    """Whether the enabled rules would take more than the mailbox allows with `rule` among them, in place of
    the one with its id [doc: Set-Mailbox, RulesQuota]."""
    quota = int(entry.properties.get("RulesQuota") or RULES_QUOTA)
    others = (each for each in entry.stores.get("rules", ()) if each["id"] != rule["id"])
    return sum(rule_size(each) for each in (*others, rule) if each.get("enabled", True)) > quota
