"""Who may do what with a mailbox and why: each way to it once, with the line that gives it and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.aspect import Resource
from controller.entitlements.answers import Chain, Holder
from controller.entitlements.notes import RIGHTS
from controller.journal import HistoryRow
from controller.model import Action, Origin, Status

_SAID: Final = dict(zip(RIGHTS, ("read everything", "send as it", "send on its behalf"), strict=True))


@dataclass(frozen=True, slots=True)
class Given:
    """When and by which commit the controller gave something."""

    at: datetime
    commit: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """`rights` that come the same way, in words. `through` the groups that lead there. Why and until when, in
    the document's own words, and where it says so. `stray`: the document has a list of who may, and they are
    not on it."""

    rights: str
    through: Chain
    reason: str
    dates: str
    origin: Origin | None
    given: Given | None
    stray: bool = False


def ways(holder: Holder, resource: Resource | None, given: Mapping[tuple[str, str], Given]) -> list[Way]:
    """Of one person on one mailbox or list; `given` by who is named, and for what."""
    chains: dict[Chain, list[str]] = {}
    for right in RIGHTS:
        for chain in holder.rights.get(right, ()):
            chains.setdefault(chain, []).append(right)
    found = [_way(holder, chain, rights, resource, given) for chain, rights in sorted(chains.items())]
    for (folder, role), through in sorted(holder.folders.items()):
        named = through[0][0] if through[0] else holder.who
        origin = _at(resource, "folderPermissions", folder, named)
        found += [Way(f"{role} of the folder {folder}", through[0], "", "", origin, None)]
    return found


def _way(
    holder: Holder,
    chain: Chain,
    rights: list[str],
    resource: Resource | None,
    given: Mapping[tuple[str, str], Given],
) -> Way:
    named = chain[0] if chain else holder.who
    since = [given[named, right] for right in rights if (named, right) in given]
    words = ", ".join(_SAID[right] for right in rights)
    name, entry = _entry(resource, named)
    if entry is None:
        stray = bool(resource and getattr(resource.spec, "access", None))
        return Way(words, chain, "", "", None, max(since, key=lambda one: one.at, default=None), stray)
    dates = ((word, getattr(entry, field, None)) for word, field in (("from", "from_"), ("until", "until")))
    return Way(
        words,
        chain,
        getattr(entry, "reason", None) or "",
        ", ".join(f"{word} {at}" for word, at in dates if at),
        _at(resource, "access", name),
        max(since, key=lambda one: one.at, default=None),
    )


def why(resource: Resource | None, named: str) -> str:
    """Why a document gives somebody access and until when, in one line; empty where it does not."""
    _, entry = _entry(resource, named)
    until = getattr(entry, "until", None)
    return " — ".join(part for part in (getattr(entry, "reason", None), until and f"until {until}") if part)


def _entry(resource: Resource | None, named: str) -> tuple[str, object | None]:
    """What a document says of somebody, under the name that it writes."""
    access = getattr(resource.spec, "access", None) if resource else None
    found = ((name, entry) for name, entry in (access or {}).items() if name.lower() == named)
    return next(found, ("", None))


def _at(resource: Resource | None, *path: str) -> Origin | None:
    return resource.at(*path) if resource else None


def given(history: Iterable[HistoryRow]) -> dict[tuple[str, str], Given]:
    """Who was given what last, from a history that begins with the newest."""
    found: dict[tuple[str, str], Given] = {}
    for row in history:
        granted = row.action is Action.GRANT and row.status is Status.APPLIED
        if granted and row.path[:1] == ("access",) and len(row.path) == 3:
            found.setdefault((row.path[1], row.path[2]), Given(row.at, row.commit))
    return found
