"""Answers about access, for people and for programs: text, JSON, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from controller.entitlements.answers import Chain, Holder, Opening
from controller.entitlements.notes import RIGHTS
from controller.model import Kind

COLUMNS: Final = ("mailbox", "kind", "who", "right", "folder", "via", "observed_at")
_EVERYBODY: Final = {"default": "everybody in the organisation", "anonymous": "everybody outside"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def document(opening: Opening) -> dict[str, Any]:
    return {
        "mailbox": opening.address,
        "kind": opening.kind,
        "observedAt": _stamp(opening.seen_at),
        "people": [_person(holder) for holder in opening.people if holder.rights],
        "folders": [
            {"folder": folder, "who": who, "role": role, "via": via}
            for folder, who, role, via in sorted(_folders(opening))
        ],
        "orphans": list(opening.orphans),
        "unread": list(opening.untold),
    }


def _person(holder: Holder) -> dict[str, Any]:
    chains = (chain for found in holder.rights.values() for chain in found if chain)
    return {
        "who": holder.who,
        "rights": [right for right in RIGHTS if right in holder.rights],
        "via": sorted({chain[0] for chain in chains}),
        "paths": [
            {"right": right, "through": list(chain)}
            for right in RIGHTS
            for chain in holder.rights.get(right, ())
        ],
    }


def document_of_person(who: str, found: Sequence[tuple[Opening, Holder]], at: datetime) -> dict[str, Any]:
    return {
        "who": who,
        "observedAt": _stamp(min((opening.seen_at for opening, _ in found), default=at)),
        "mailboxes": [
            {
                "mailbox": opening.address,
                **{name: value for name, value in _person(holder).items() if name != "who"},
                "folders": [
                    {"folder": folder, "role": role, "via": sorted({chain[0] for chain in chains if chain})}
                    for (folder, role), chains in sorted(holder.folders.items())
                ],
            }
            for opening, holder in found
        ],
    }


def text(opening: Opening, now: datetime) -> Iterator[str]:
    yield f"{opening.address}  {opening.kind}, seen {_when(opening.seen_at, now)}"
    holders = [holder for holder in opening.people if holder.rights]
    width = max((len(holder.who) for holder in holders), default=0)
    for holder in holders:
        for chain, rights in _by_chain(holder):
            yield f"  {holder.who:<{width}}  {', '.join(rights)}{_through(chain)}"
    if not holders:
        is_list = opening.kind == Kind.DISTRIBUTION_LIST.value
        yield f"  nobody can {'' if is_list else 'open it or '}send as it"
    for folder, who, role, via in sorted(_folders(opening)):
        yield f"  {folder}: {who}  {role}{_through(tuple(via))}"
    for who, folder, role in opening.everybody:
        yield f"  {folder}: {_EVERYBODY.get(who, who)}  {role}"
    for sid in opening.orphans:
        yield f"  {sid} stands on it: somebody deleted, who opens nothing any more"
    for group in opening.untold:
        yield f"  and whoever is in {group}, whose members could not be read"


def text_of_person(who: str, found: Sequence[tuple[Opening, Holder]], now: datetime) -> Iterator[str]:
    oldest = min((opening.seen_at for opening, _ in found), default=now)
    count = len(found)
    yield f"{who}: {'1 mailbox' if count == 1 else f'{count} mailboxes'}, seen {_when(oldest, now)}"
    width = max((len(opening.address) for opening, _ in found), default=0)
    for opening, holder in found:
        for chain, rights in _by_chain(holder):
            yield f"  {opening.address:<{width}}  {', '.join(rights)}{_through(chain)}"
        for (folder, role), chains in sorted(holder.folders.items()):
            yield f"  {opening.address:<{width}}  {role} of {folder}{_through(chains[0])}"


def table(openings: Iterable[Opening], who: str | None = None) -> str:
    """CSV; of one person alone where `who` is given. What a spreadsheet would reckon with is made text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for opening in openings:
        for holder in opening.people:
            if who is None or holder.who == who:
                for row in _rows(opening, holder):
                    writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _rows(opening: Opening, holder: Holder) -> Iterator[tuple[str, ...]]:
    begin, end = (opening.address, opening.kind, holder.who), (_stamp(opening.seen_at),)
    for right in RIGHTS:
        for chain in holder.rights.get(right, ()):
            yield *begin, right, "", " > ".join(chain), *end
    for (folder, role), chains in sorted(holder.folders.items()):
        for chain in chains:
            yield *begin, role, folder, " > ".join(chain), *end


def _folders(opening: Opening) -> Iterator[tuple[str, str, str, list[str]]]:
    for holder in opening.people:
        for (folder, role), chains in holder.folders.items():
            yield folder, holder.who, role, sorted({chain[0] for chain in chains if chain})


def _by_chain(holder: Holder) -> list[tuple[Chain, list[str]]]:
    """Rights that come the same way stand together."""
    found: dict[Chain, list[str]] = {}
    for right in RIGHTS:
        for chain in holder.rights.get(right, ()):
            found.setdefault(chain, []).append(right)
    return sorted(found.items())


def _through(chain: Sequence[str]) -> str:
    return f"   via {' › '.join(chain)}" if chain else ""


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _when(at: datetime, now: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC ({ago(now - at)})"


def ago(span: timedelta) -> str:
    """How old something is, in the largest unit that tells."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (count := int(span.total_seconds() // seconds)) >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
