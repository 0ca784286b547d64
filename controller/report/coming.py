"""What the dates in the specs will bring, in words: what happens to one person or thing at one moment stands
together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.model import Action, Upcoming
from controller.report.text import plain

_RIGHTS: Final = {
    "full-access": "reading",
    "send-as": "sending as it",
    "send-on-behalf": "sending on its behalf",
}
_TURNS: Final = {
    ("access", Action.GRANT): "{} gains {}",
    ("access", Action.REVOKE): "{} loses {}",
    ("members", Action.ADD): "{1} joins the list",
    ("members", Action.REMOVE): "{1} leaves the list",
    ("automaticReplies", Action.ADD): "the automatic reply “{1}” begins",
    ("automaticReplies", Action.REMOVE): "the automatic reply “{1}” ends",
}


@dataclass(frozen=True, slots=True)
class Coming:
    """`address` is what it happens to."""

    at: datetime
    address: str
    words: str


def in_words(upcoming: Iterable[Upcoming]) -> list[Coming]:
    """In the order in which they come."""
    groups: dict[tuple[datetime, str, Action, tuple[str, ...]], list[str]] = {}
    for one in upcoming:
        _, address, *path = one.id.split("/")
        groups.setdefault((one.at, address, one.action, tuple(path[:-1])), []).append("".join(path[-1:]))
    return [
        Coming(at, plain(address), plain(_words(action, where, what)))
        for (at, address, action, where), what in sorted(groups.items(), key=lambda group: group[0][:2])
    ]


def _words(action: Action, where: tuple[str, ...], what: list[str]) -> str:
    form = _TURNS.get(("".join(where[:1]), action))
    if form is None:
        return f"{action} {' › '.join((*where, ', '.join(what)))}"
    rights = ", ".join(_RIGHTS.get(one, one) for one in what)
    return form.format("".join(where[1:2]), rights)
