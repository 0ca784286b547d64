"""From what the aspects read of one object to what its document says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from controller.aspect import Aspect, Resource
from controller.errors import ServiceError
from controller.folders.paths import parse, well_known
from controller.model import Absent, Key, Kind, Observation, Path, Present, Unreadable
from controller.observe import Observed
from controller.probe import KNOWN_FOLDERS
from controller.spec.kinds import MODELS

Tree = dict[str, Any]

# Collections whose members are written as a list, though each is a path of its own.
_LISTED: Final = frozenset({"aliases", "members", "owners", "sendAs", "sendOnBehalf"})
_PEOPLE: Final = frozenset({"access", "members", "owners", "sendAs", "sendOnBehalf"})
# Said even where it is as a new object has it: who reads, who sends, and where mail goes.
_ALWAYS: Final = frozenset(
    {"displayName", "aliases", "access", "rules", "forwarding", "signInBlocked", "type", "members", "sendAs",
     "sendOnBehalf", "acceptExternal", "join", "leave"}
)  # fmt: skip
_BY_NAME: Final = frozenset({"access", "categories", "folderPermissions"})
_FOUNDING: Final = frozenset({(), ("address",)})
_RIGHTS: Final = ("full-access", "send-as", "send-on-behalf")


@dataclass(slots=True)
class Draft:
    """A document in the making. `values` is its tree in the order of the model's fields; `aspects` names,
    for each field at its top, who read it; `remarks` is what a person must know or decide, by field (""
    for the whole)."""

    key: Key
    values: Tree
    aspects: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)

    def remark(self, head: str, text: str) -> None:
        said = self.remarks.setdefault(head, [])
        if text not in said:
            said.append(text)


def drafts(observed: Observed, aspects: Iterable[Aspect]) -> Iterator[Draft]:
    """One for each resource, in their order."""
    known = list(aspects)
    for resource in observed.resources:
        seen = {aspect: observed.seen[aspect.name].get(resource.key) for aspect in known}
        yield _draft(resource, {aspect: one for aspect, one in seen.items() if one is not None})


def _draft(resource: Resource, seen: Mapping[Aspect, Observation]) -> Draft:
    key = resource.key
    said: dict[Path, Any] = {}
    draft = Draft(key, {})
    for aspect, one in seen.items():
        if isinstance(one, Unreadable):
            draft.remark("", _unread(aspect, one.error))
        if isinstance(one, Unreadable | Absent):
            continue
        for name in _searches_left_out(aspect, one):
            draft.remark("searchFolders", f"“{name}” is left out: Graph cannot make it as it is in Outlook")
        for path, value in _worth_saying(aspect, one, resource).items():
            said[path] = value
            draft.aspects[path[0]] = aspect.name
    name = "mailbox" if key.kind is Kind.MAILBOX_DELEGATION else "address"
    assert resource.principal is not None
    tree: Tree = {"kind": key.kind.value, name: resource.principal.address}
    _empty_collections(seen, said, tree)
    for path in sorted(said, key=_order):
        _put(tree, path, said[path])
    _folders_of_rules(tree)
    draft.values = in_order(key.kind, _without_nothing(tree))
    return draft


def in_order(kind: Kind, tree: Tree) -> Tree:
    """Fields as the documentation lists them."""
    order = ["kind", *(one.alias or name for name, one in MODELS[kind.value].model_fields.items())]
    return {name: tree[name] for name in order if name in tree}


def _order(path: Path) -> list[str]:
    """Members by name; the fields of a mapping stay as their aspect has them."""
    return [part.casefold() for part in (path if path[0] in _BY_NAME else path[:-1])]


def _worth_saying(aspect: Aspect, present: Present, resource: Resource) -> dict[Path, Any]:
    fresh = aspect.spelling(aspect.fresh(resource)) if resource.key.kind is Kind.SHARED_MAILBOX else {}
    return {
        path: value
        for path, value in aspect.spelling(present).items()
        if path not in _FOUNDING and _can_be_said(path) and (path[0] in _ALWAYS or fresh.get(path) != value)
    }


def _searches_left_out(aspect: Aspect, present: Present) -> list[str]:
    if aspect.name != "searchFolders":
        return []
    return sorted(path[-1] for path in present.fields.keys() - aspect.spelling(present).keys())


def _can_be_said(path: Path) -> bool:
    """Somebody deleted has no address, only a SID."""
    if path[0] == "folderPermissions":
        return "@" in path[2]
    return path[0] not in _PEOPLE or "@" in path[1]


def _empty_collections(seen: Mapping[Aspect, Observation], said: Mapping[Path, Any], tree: Tree) -> None:
    """Nobody, where it was read that there is nobody."""
    heads = {path[0] for path in said}
    for aspect, one in seen.items():
        for head in {"access": ("access",), "aliases": ("aliases",), "members": ("members",),
                     "senders": ("sendAs", "sendOnBehalf")}.get(aspect.name, ()):  # fmt: skip
            if isinstance(one, Present) and head not in heads:
                tree[head] = {} if head == "access" else []


def _put(tree: Tree, path: Path, value: Any) -> None:
    if path[0] in _LISTED and len(path) == 2:
        tree.setdefault(path[0], []).append(path[1])
        tree[path[0]].sort()
    elif path[0] == "access":
        rights = tree.setdefault("access", {}).setdefault(path[1], [])
        rights.append(path[2])
        rights.sort(key=_RIGHTS.index)
    else:
        for part in path[:-1]:
            tree = tree.setdefault(part, {})
        tree[path[-1]] = list(value) if isinstance(value, tuple) else value


def _folders_of_rules(tree: Tree) -> None:
    """Folders that rules move mail to belong to the document: without them the rules cannot be made anew."""
    tree.pop("folders", None)
    named = {
        path
        for rule in tree.get("rules", ())
        for name in ("moveToFolder", "copyToFolder")
        if (path := rule.get("actions", {}).get(name)) and path not in KNOWN_FOLDERS
    }
    if own := sorted(path for path in named if len(parse(path)) > 1 or not well_known(path)):
        tree["folders"] = dict.fromkeys(own)


def _without_nothing(tree: Tree) -> Tree:
    """A list without owners cannot be said."""
    return {name: value for name, value in tree.items() if not (name == "owners" and not value)}


def _unread(aspect: Aspect, error: Exception) -> str:
    why = error.message if isinstance(error, ServiceError) else str(error)
    return f"{aspect.name} could not be read, and is left out: {why}"
