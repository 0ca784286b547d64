"""The packet for an access review: what an owner reads, ticks and signs. One file, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib import resources

from jinja2 import Environment

from controller.entitlements.answers import Opening
from controller.entitlements.notes import RIGHTS
from controller.model import Kind
from controller.report.alone import policy, style

Why = Callable[[str, str], str]
"""Why somebody (or a group) has access to a mailbox, and until when, as far as its document says."""

_WORDS = {
    "full-access": "open it and read everything",
    "send-as": "send as it",
    "send-on-behalf": "send on its behalf",
}
_KINDS = {
    Kind.SHARED_MAILBOX.value: "A shared mailbox",
    Kind.DISTRIBUTION_LIST.value: "A list",
    Kind.MAILBOX_DELEGATION.value: "A personal mailbox",
}


def review(openings: Sequence[Opening], now: datetime, why: Why, back: str | None = None) -> str:
    """`back`: where a reader who came from another page came from."""
    page, look = _text("review.html"), sheet()
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(page).render(
        openings=openings, now=now, rows=_Rows(why), kinds=_KINDS, style=look, policy=policy(look), back=back
    )


def sheet() -> str:
    """Its style, which a policy has to name."""
    return style(_text("review.css"))


def _text(name: str) -> str:
    return resources.files("controller.entitlements").joinpath(name).read_text(encoding="utf-8")


class _Rows:
    def __init__(self, why: Why) -> None:
        self._why = why

    def __call__(self, opening: Opening) -> Iterator[dict[str, str]]:
        for holder in opening.people:
            chains: dict[tuple[str, ...], list[str]] = {}
            for right in RIGHTS:
                for chain in holder.rights.get(right, ()):
                    chains.setdefault(chain, []).append(_WORDS[right])
            for (folder, role), found in sorted(holder.folders.items()):
                chains.setdefault(found[0], []).append(f"{role} of the folder {folder}")
            for chain, may in sorted(chains.items()):
                named = chain[0] if chain else holder.who
                yield {
                    "who": holder.who,
                    "may": ", ".join(may),
                    "through": " › ".join(chain) or "by name",
                    "why": self._why(opening.address, named),
                }
