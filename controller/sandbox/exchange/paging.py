"""Continuing a long answer: which token goes on with which listing.

A token is bound to the anchor and the body of the request it came from; with another anchor, none at all,
another body, or after half an hour it is refused, and the listing has to begin anew [obs: graph2otel].
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.invocation import Listing, Row

PAGE = 1000  # rows at most, whatever was asked for [obs: CIPP, ITSync]
LIFETIME = timedelta(minutes=30)
MORE_ROWS = (
    "There are more results available than are currently displayed. To view them, increase the value for the "
    "ResultSize parameter."
)


def digest(body: Any) -> str:
    """The same for the same JSON, however it is spaced."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def page_size(prefer: str) -> int:
    """`odata.maxpagesize` of a Prefer header; 0 is legal and means no rows [obs: go-exoscc]."""
    for part in prefer.replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "odata.maxpagesize" and value.strip().isdigit():
            return min(int(value), PAGE)
    return PAGE


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a listing from `start` on. `total` is how many rows there are to be, ResultSize
    considered."""

    listing: Listing
    start: int
    total: int

    def page(self, size: int) -> tuple[list[Row], Stretch | None]:
        """One page, and the stretch after it."""
        count = min(size, self.total - self.start)
        rows = self.listing.rows(self.start, count)
        if size == 0 or self.start + count >= self.total:
            return rows, None
        return rows, Stretch(self.listing, self.start + count, self.total)

    @property
    def truncated(self) -> bool:
        return len(self.listing) > self.total


@dataclass(frozen=True, slots=True)
class _Bookmark:
    stretch: Stretch
    anchor: str
    digest: str
    expires: datetime
    dead: bool


class Bookmarks:
    """All tokens that were given out and may still be used, more than once."""

    def __init__(self) -> None:
        self._kept: dict[str, _Bookmark] = {}
        self._numbers = itertools.count(1)

    def issue(self, stretch: Stretch, anchor: str, digest: str, now: datetime, *, dead: bool = False) -> str:
        """A token for a stretch; a dead one will be refused."""
        for token in [token for token, mark in self._kept.items() if mark.expires <= now]:
            del self._kept[token]
        text = f"{next(self._numbers)}|{anchor}|{digest}|{stretch.start}"
        token = hashlib.sha256(text.encode()).hexdigest()[:40]
        self._kept[token] = _Bookmark(stretch, anchor.lower(), digest, now + LIFETIME, dead)
        return token

    def find(self, token: str, anchor: str, digest: str, now: datetime) -> Stretch:
        """CmdletError (400): expired, another anchor or none, another body."""
        mark = self._kept.get(token)
        if (
            mark is None
            or mark.dead
            or not anchor
            or mark.anchor != anchor.lower()
            or mark.digest != digest
            or mark.expires <= now
        ):
            raise refusals.expired_page()
        return mark.stretch
