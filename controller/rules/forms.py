"""Inbox rules in the form in which they are compared, and in the form in which they are sent.

Compared: text without case (the service answers in upper case), lists sorted (any of them counts), people by
primary address, folders by path; what is false, null or empty says nothing. Sent: as written, and always
whole blocks, since a PATCH replaces conditions, exceptions and actions as a whole [obs: QuickMail].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from controller import canon
from controller.directory import Directory
from controller.folders.paths import canonical

BLOCKS: Final = ("conditions", "exceptions", "actions")
FOLDER_FIELDS: Final = ("moveToFolder", "copyToFolder")
SENDING: Final = ("forwardTo", "forwardAsAttachmentTo", "redirectTo")
_PEOPLE: Final = frozenset({"fromAddresses", "sentToAddresses", *SENDING})

_SHOWN: Final = 8  # of a list; a plan has all of it in JSON
PathOf = Callable[[str], str]


def wished(rule: Any, directory: Directory) -> dict[str, Any]:
    """A rule of the spec (its model), to be compared."""
    found: dict[str, Any] = {"enabled": rule.enabled}
    for block in BLOCKS:
        written = _written(rule, block)
        found[block] = _plain(written, directory, canonical)
    return found


def seen(row: Mapping[str, Any], directory: Directory, path_of: PathOf) -> dict[str, Any]:
    """A rule of the service, to be compared; `path_of` tells the canonical path of a folder's id."""
    found: dict[str, Any] = {"enabled": canon.flag(row.get("isEnabled")) is not False}
    for block in BLOCKS:
        found[block] = _plain(row.get(block) or {}, directory, path_of)
    return found


def spelt(row: Mapping[str, Any], name: str, path_of: PathOf) -> dict[str, Any]:
    """A rule of the service as a document writes it. `path_of` tells the path of a folder's id."""
    said: dict[str, Any] = {"name": name}
    if canon.flag(row.get("isEnabled")) is False:
        said["enabled"] = False
    for block in BLOCKS:
        held = row.get(block) or {}
        if clauses := {
            each: _spelt(each, value, path_of)
            for each, value in held.items()
            if not each.startswith("@") and _says_something(value)
        }:
            said[block] = clauses
    return said


def body(rule: Any, reference: Callable[[str], str]) -> dict[str, Any]:
    """What is sent of a rule: everything but its place. `reference` gives a folder's id for its path."""
    sent: dict[str, Any] = {"displayName": rule.name, "isEnabled": rule.enabled}
    for block in BLOCKS:
        sent[block] = {
            name: _sent(name, value, reference)
            for name, value in _written(rule, block).items()
            if _says_something(value)
        }
    return sent


def folders(rule: Any) -> list[str]:
    """The paths of the folders that a rule names, as written."""
    found = (rule.actions.move_to_folder, rule.actions.copy_to_folder)
    return [path for path in found if path is not None]


def folder_ids(row: Mapping[str, Any]) -> Iterator[str]:
    actions = row.get("actions") or {}
    yield from (str(actions[name]) for name in FOLDER_FIELDS if actions.get(name))


def destinations(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom a rule in its compared form sends mail to."""
    actions = value.get("actions", {})
    return tuple(sorted({who for name in SENDING for who in actions.get(name, ())}))


def in_words(value: Mapping[str, Any]) -> str:
    """A rule in its compared form, for whoever reviews it."""
    parts = [] if value.get("enabled", True) else ["switched off"]
    for block, word in (("conditions", "if"), ("exceptions", "unless"), ("actions", "then")):
        said = ", ".join(_clause(name, each) for name, each in value.get(block, {}).items())
        parts += [f"{word} {said}"] if said else []
    return "; ".join(parts)


def _clause(name: str, value: Any) -> str:
    if value is True:
        return name
    if isinstance(value, Mapping):
        value = [f"{key} {each}" for key, each in value.items()]
    shown = value if isinstance(value, list) else [value]
    rest = f" or {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{name} {' or '.join(map(str, shown[:_SHOWN]))}{rest}"


def _written(rule: Any, block: str) -> dict[str, Any]:
    model = getattr(rule, block)
    return model.model_dump(mode="json", by_alias=True, exclude_none=True) if model is not None else {}


def _says_something(value: Any) -> bool:
    """`false` is no condition and no action [doc: Graph messageRulePredicates]."""
    return value not in (None, False, [], {}, "")


def _plain(block: Mapping[str, Any], directory: Directory, path_of: PathOf) -> dict[str, Any]:
    return {
        name: _comparable(name, value, directory, path_of)
        for name, value in sorted(block.items())
        if not name.startswith("@") and _says_something(value)
    }


def _comparable(name: str, value: Any, directory: Directory, path_of: PathOf) -> Any:
    if name in FOLDER_FIELDS:
        return path_of(str(value))
    if name in _PEOPLE and isinstance(value, list):
        return sorted({_primary(_address(one), directory) for one in value})
    if isinstance(value, list):
        return sorted({str(one).casefold() for one in value})
    if isinstance(value, Mapping):
        return {key: each for key, each in sorted(value.items()) if each is not None and key[:1] != "@"}
    return value.casefold() if isinstance(value, str) else value


def _spelt(name: str, value: Any, path_of: PathOf) -> Any:
    if name in FOLDER_FIELDS:
        return path_of(str(value))
    if name in _PEOPLE and isinstance(value, list):
        return [_address(one) for one in value]
    if isinstance(value, Mapping):
        return {key: each for key, each in value.items() if each is not None and key[:1] != "@"}
    return value


def _address(recipient: Any) -> str:
    """Of `{"emailAddress": {"address"}}` on the wire, of `{"address"}` in the spec."""
    if isinstance(recipient, Mapping):
        inner = recipient.get("emailAddress", recipient)
        return str(inner.get("address") or "") if isinstance(inner, Mapping) else str(inner)
    return str(recipient)


def _primary(address: str, directory: Directory) -> str:
    found = directory.by_address(address)
    return canon.address(found[0].address if len(found) == 1 else address)


def _sent(name: str, value: Any, reference: Callable[[str], str]) -> Any:
    if name in FOLDER_FIELDS:
        return reference(value)
    if name in _PEOPLE:
        return [
            {"emailAddress": {"name": one.get("name", one["address"]), "address": one["address"]}}
            for one in value
        ]
    return value
