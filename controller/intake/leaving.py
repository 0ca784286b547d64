"""One person taken out of the specs: every entry that names them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, Final

from controller.intake.editing import Page
from controller.model import Path
from controller.spec import Document

_MAPPINGS: Final = ("access",)
_LISTS: Final = ("members", "owners", "sendAs", "sendOnBehalf")
_SENDING: Final = ("forwardTo", "forwardAsAttachmentTo", "redirectTo")
_MODERATORS: Final = ("delivery", "moderatedBy")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where somebody stands: the document, and the path of the entry."""

    document: str
    path: Path
    place: str


@dataclass(slots=True)
class Leaving:
    """`files` are the new texts by path; `kept` are places that name them and have to be decided by hand,
    with the reason."""

    files: dict[File, str] = field(default_factory=dict)
    removed: list[Entry] = field(default_factory=list)
    kept: list[tuple[Entry, str]] = field(default_factory=list)


def leave(documents: Iterable[Document], addresses: frozenset[str], root: File) -> Leaving:
    """The documents (profiles, too) without the person who has these addresses (lower case). `root` is what
    places are told relative to. Writes nothing."""
    leaving = Leaving()
    # From the end of each file, so that the places of documents above stay where they are.
    for document in sorted(documents, key=lambda each: (each.origin.path, -each.origin.line)):
        file = root / document.origin.path
        text = leaving.files.get(file) or file.read_text(encoding="utf-8")
        page = Page(text, document.origin.line, lambda one, other: one.casefold() == other.casefold())
        _take_out(page, document, addresses, leaving)
        if (rest := page.text()) != text:
            leaving.files[file] = rest
    return leaving


def _take_out(page: Page, document: Document, addresses: frozenset[str], leaving: Leaving) -> None:
    called = document.key.address if document.key else f"profile {getattr(document.spec, 'name', '')}"

    def entry(path: Path) -> Entry:
        return Entry(called, path, str(document.at(*path)))

    for path in list(_named_in_mappings(page, addresses)):
        leaving.removed.append(entry(path))
        page.drop(path)
    for head in (*((name,) for name in _LISTS), _MODERATORS):
        listed = page.get(head)
        if not isinstance(listed, Sequence) or isinstance(listed, str):
            continue
        named = [who for one in listed if (who := _who(one)).casefold() in addresses]
        if named and head == ("owners",) and len(named) == len(listed):
            leaving.kept.append((entry((*head, named[0])), "a list needs an owner: name another one first"))
            continue
        for who in named:
            leaving.removed.append(entry((*head, who)))
            page.remove(head, who)
    leaving.kept += [(entry(path), why) for path, why in _mail_to(page, addresses)]


def _named_in_mappings(page: Page, addresses: frozenset[str]) -> Iterator[Path]:
    for head in _MAPPINGS:
        yield from ((head, who) for who in page.get((head,)) or () if str(who).casefold() in addresses)
    for folder, holders in (page.get(("folderPermissions",)) or {}).items():
        yield from (
            ("folderPermissions", folder, who) for who in holders or () if str(who).casefold() in addresses
        )


def _mail_to(page: Page, addresses: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """Mail that goes to them by itself: another way to read it, and a decision where it shall go instead."""
    why = "mail is sent on to them: say where it shall go instead"
    forwarding = page.get(("forwarding", "to"))
    if isinstance(forwarding, str) and forwarding.casefold() in addresses:
        yield ("forwarding", "to"), why
    for rule in page.get(("rules",)) or ():
        actions: Mapping[str, Any] = rule.get("actions") or {}
        sent = {_who(one).casefold() for name in _SENDING for one in actions.get(name) or ()}
        if sent & addresses:
            yield ("rules", str(rule.get("name"))), why


def _who(one: Any) -> str:
    return str(one.get("who", one.get("address", ""))) if isinstance(one, Mapping) else str(one)
