"""What people were told, what waits to be told and why, from the outbox. Pure.

Names of variables stand there, and never what is in them: an address of a hook is a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from controller.journal import Errand, Message
from controller.notify.desk import Desk
from controller.notify.news import News, Notice
from controller.notify.status import Verdict
from controller.notify.words import by_kind, headline


@dataclass(frozen=True, slots=True)
class Telling:
    """One message one way. `news` by their titles; `due` is when it is tried next, while it waits."""

    at: datetime
    way: str
    words: str
    news: tuple[tuple[str, list[News]], ...]
    state: Errand
    attempts: int
    ended_at: datetime | None
    due: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way to tell people, as the Tenant's `notify` has it, and how it goes. `wants`: empty for all."""

    name: str
    wants: tuple[str, ...]
    waiting: int
    last: Telling | None


def tellings(messages: Iterable[Message]) -> list[Telling]:
    return [_telling(message) for message in messages]


def ways(desk: Desk | None, told: Sequence[Telling]) -> list[Way]:
    """`told` the newest first. Nothing where the Tenant names nobody to tell."""
    found = []
    for channel in desk.channels if desk else ():
        own = [one for one in told if one.way == channel.name]
        wants = () if channel.of_status else tuple(str(kind) for kind in channel.entry.on or ())
        waiting = sum(one.state is Errand.WAITING for one in own)
        found.append(Way(channel.name, wants, waiting, next(iter(own), None)))
    return found


def _telling(message: Message) -> Telling:
    words, news = _said(message)
    waits = message.state is Errand.WAITING
    return Telling(
        message.at, message.notifier, words, news, message.state, message.attempt, message.ended_at,
        message.due_at if waits else None, message.reason or "",
    )  # fmt: skip


def _said(message: Message) -> tuple[str, tuple[tuple[str, list[News]], ...]]:
    """In words; what another release wrote in a form of its own is told without."""
    with suppress(KeyError, TypeError, ValueError):
        if "sha" in message.payload:
            verdict = Verdict.of(message.payload)
            return f"{verdict.state}: {verdict.words} (commit {verdict.sha[:12]})", ()
        notice = Notice.of(message.payload)
        return headline(notice), tuple(by_kind(notice))
    return "a message of another release", ()
