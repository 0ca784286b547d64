"""What the tenant has, written into the documents that say otherwise: drift accepted, change by change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, Final

from controller import markup
from controller.aspect import Resource, all_aspects
from controller.intake.editing import Page
from controller.model import Action, Change, Key, Path, Present
from controller.reconciler import Prepared

_LISTED: Final = frozenset({"aliases", "members", "owners", "sendAs", "sendOnBehalf"})
_WHOLE: Final = (Action.CREATE, Action.DELETE, Action.CONVERT)
_NOTHING: Final = (None, "", (), False)
_RIGHTS: Final = ("full-access", "send-as", "send-on-behalf")


@dataclass(slots=True)
class Adopted:
    """`files` are the new texts of the files concerned, by their path; `left` the changes that could not be
    written down, with the reason."""

    files: dict[File, str] = field(default_factory=dict)
    done: list[Change] = field(default_factory=list)
    left: list[tuple[Change, str]] = field(default_factory=list)


def adopt(prepared: Prepared, specs: File, root: File, keys: frozenset[Key]) -> Adopted:
    """Everything in which the tenant differs from these documents. `specs` is the folder, and `root` what
    places are told relative to. Writes nothing."""
    adopted = Adopted()
    resources = {resource.key: resource for resource in prepared.observed.resources}
    for key in sorted(keys & resources.keys()):
        resource = resources[key]
        changes = [change for change in prepared.plan.changes if change.key == key]
        if changes:
            _Adoption(resource, prepared, root, specs, adopted).of(changes)
    return adopted


class _Adoption:
    """One document's."""

    def __init__(
        self, resource: Resource, prepared: Prepared, root: File, specs: File, adopted: Adopted
    ) -> None:
        self._resource = resource
        self._directory = prepared.observed.directory
        self._adopted = adopted
        self._root = root
        self._specs = specs
        self._spelt: dict[Path, Any] = {}
        self._unsayable: set[Path] = set()  # there, and nothing that a document has words for
        for aspect in all_aspects():
            seen = prepared.observed.seen.get(aspect.name, {}).get(resource.key)
            if isinstance(seen, Present):
                self._spelt |= aspect.spelling(seen)
                self._unsayable |= {path for path, value in seen.fields.items() if value not in _NOTHING}
        place = resource.document.origin
        self._file = root / place.path
        text = adopted.files.get(self._file) or self._file.read_text(encoding="utf-8")
        self._page = Page(text, place.line, self._same)

    def of(self, changes: Sequence[Change]) -> None:
        for change in changes:
            why = self._obstacle(change) or self._write(change)
            if why:
                self._adopted.left.append((change, why))
            else:
                self._adopted.done.append(change)
        text = self._page.text()
        if text != self._file.read_text(encoding="utf-8"):
            self._adopted.files[self._file] = text

    def _obstacle(self, change: Change) -> str:
        if change.action in _WHOLE or not change.path:
            return "it is about the whole mailbox: decide it by hand"
        if change.origin and (self._root / change.origin.path) != self._file:
            return f"it is written in {change.origin}, which others use as well: change it there"
        if change.path[:2] == ("automaticReplies", "periods") or self._in_period(change):
            return "a period of the document is on: it is over by itself, or change the period"
        return ""

    def _in_period(self, change: Change) -> bool:
        periods = self._page.get(("automaticReplies", "periods"))
        return bool(change.path[0] == "automaticReplies" and periods and change.due)

    def _write(self, change: Change) -> str:
        """Empty, or why it cannot be written down."""
        path, head = change.path, change.path[0]
        if head == "access":
            return self._access(path)
        if head in _LISTED and len(path) == 2:
            there = path in self._spelt
            (self._page.add if there else self._page.remove)(path[:1], path[1])
            return ""
        if head == "rules":
            return self._rules()
        if path == ("address",):
            self._page.put(path, change.before)
            return ""
        if path in self._spelt:
            return self._value(path, self._spelt[path])
        if path[:1] in self._spelt:  # said in one word: `forwarding: none`
            return self._value(path[:1], self._spelt[path[:1]])
        if path in self._unsayable or self._page.get(path) is None:
            return "no document can say it"
        self._page.drop(path)
        return ""

    def _access(self, path: Path) -> str:
        who = path[1]
        if path[-1] not in _RIGHTS:
            return "AutoMapping cannot be read, so that there is nothing to write down"
        if "@" not in who:
            return "it belongs to somebody deleted, whom no document can name"
        entry = self._page.get(path[:2])
        if entry is None and (group := self._through(who)):
            return f"it is granted through {group} (expand): change the group, or its entry"
        rights = [right for right in _RIGHTS if ("access", who, right) in self._spelt]
        if not rights:
            self._page.drop(path[:2])
        elif isinstance(entry, Mapping):
            self._page.put((*path[:2], "rights"), rights)
        else:
            self._page.put(path[:2], rights)
        return ""

    def _through(self, who: str) -> str:
        """The expanded group of the document that somebody is in."""
        for name, entry in (self._page.get(("access",)) or {}).items():
            if isinstance(entry, Mapping) and entry.get("expand"):
                for group in self._directory.by_address(name):
                    people = self._directory.people(group)
                    if any(one.guid in people for one in self._directory.by_address(who)):
                        return str(name)
        return ""

    def _rules(self) -> str:
        rules = self._spelt.get(("rules",))
        if rules is None:
            return "the rules could not be read"
        written = {rule.get("name"): rule for rule in self._page.get(("rules",)) or ()}
        self._page.put(("rules",), [_kept(written.get(rule["name"]), rule) for rule in rules])
        return ""

    def _value(self, path: Path, value: Any) -> str:
        written = self._page.get(path)
        if isinstance(written, Mapping) and "file" in written:
            beside = self._beside(str(written["file"]))
            self._adopted.files[beside] = value if value.endswith("\n") else value + "\n"
            return ""
        if isinstance(written, Mapping) and {"text", "html"} & written.keys():
            value = {"html": value}
        elif path[0] in ("automaticReplies", "signature") and isinstance(value, str):
            value = _plain(value)
        self._page.put(path, list(value) if isinstance(value, tuple) else value)
        return ""

    def _beside(self, name: str) -> File:
        """A text's file: by its path from the document's, or from the top of the specs folder."""
        near = self._file.parent / name
        return near if near.exists() else self._specs / name

    def _same(self, one: str, other: str) -> bool:
        """Whether two names are one, or two addresses one person's. Of the mailbox itself each is another:
        they are its aliases."""
        if one.casefold() == other.casefold() or not ("@" in one and "@" in other):
            return one.casefold() == other.casefold()
        first, second = ({p.guid for p in self._directory.by_address(name)} for name in (one, other))
        own = self._resource.principal
        return bool((first & second) - ({own.guid} if own else set()))


def _kept(written: Any, rule: dict[str, Any]) -> Any:
    """As it is written, where it says the same but for case: a service shows texts of rules in capitals."""
    return written if written is not None and _folded(written) == _folded(rule) else rule


def _folded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _folded(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_folded(each) for each in value), key=repr)
    return value.casefold() if isinstance(value, str) else value


def _plain(document: str) -> str:
    """A text without its tags, where there is nothing else to it."""
    canonical = markup.canonical(document)
    return canonical if canonical and not markup.is_markup(canonical) and "\n" not in canonical else document
