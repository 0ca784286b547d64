"""Whoever wants to see each request of a turn while it goes on: a port, with nobody behind it by default.

It is kept in a context variable, so that the requests of one tenant's turn are not taken for another's that
goes on beside it. What is seen has no address and no content: a path's ids are left out of its route.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")  # as collections and actions are called; no id is


@dataclass(frozen=True, slots=True)
class Seen:
    """One attempt of one request, inside a batch or alone. `call` is a cmdlet, or a verb and a route;
    `status` is 0 where no answer came; `trouble` is why it counts as failed, or empty. It began when it
    got in line."""

    api: str
    call: str
    status: int
    attempt: int
    request_id: str
    trouble: str
    began: datetime
    ended: datetime


Watch = Callable[[Seen], None]
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def watched() -> Watch | None:
    return _watch.get()


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """`watch` hears of each request that is made inside, by tasks that begin inside, too. Must not wait."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def route_of(call: str) -> str:
    """`GET /users/{id}/mailFolders/{id}` of a call with ids and addresses; a cmdlet stays what it is."""
    verb, space, path = call.partition(" ")
    if not space:
        return call
    parts = path.partition("?")[0].split("/")
    return f"{verb} {'/'.join(map(_told, parts))}"


def _told(part: str) -> str:
    name, opens, _ = part.partition("(")  # OData: users('…'), getSchedule(), messages(…)
    if part and not _WORD.fullmatch(name):
        return "{id}"
    return f"{name}({{id}})" if opens else part
