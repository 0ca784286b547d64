"""Which mail belongs together, which of it is a request, and which an answer. Pure.

The fact a reader would not guess: mail sent *as* the mailbox names it as `from` and as `sender`; only mail
sent *on behalf* of it says who wrote it [github microsoftgraph microsoft-graph-docs-contrib
concepts/outlook-send-mail-from-other-user.md].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Headers that only machines set [RFC 3834; RFC 2919; RFC 2369; doc: MS-OXCMAIL, X-Auto-Response-Suppress].
_MACHINES: Final = frozenset({"x-auto-response-suppress", "list-id", "list-unsubscribe", "x-autoreply"})
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Mail:
    """Headers of one message. Addresses are in lower case. `ours`: sent from the mailbox. `answers`: who it
    is addressed to. `gone`: it lies in Deleted Items."""

    ident: str
    at: datetime
    author: str
    sender: str
    conversation: str
    ours: bool = False
    answers: frozenset[str] = frozenset()
    refers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    automatic: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`by` is who wrote it, empty where it was sent as the mailbox. `own_address`: not from the mailbox."""

    at: datetime
    by: str
    own_address: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that somebody else began: `asked` and `answered` in the order of time."""

    asked: tuple[Mail, ...]
    answered: tuple[Answer, ...]
    categories: frozenset[str]

    @property
    def first(self) -> datetime:
        return self.asked[0].at

    @property
    def first_answer(self) -> Answer | None:
        return next((answer for answer in self.answered if answer.at >= self.first), None)

    @property
    def gone(self) -> bool:
        """Whether what was asked last was deleted: somebody decided that it needs no answer."""
        return self.asked[-1].gone

    def open_since(self, moment: datetime) -> datetime | None:
        """Since when it waits at that moment: the first question after the last answer; None where nothing
        does."""
        last = max((answer.at for answer in self.answered if answer.at <= moment), default=None)
        waiting = (mail.at for mail in self.asked if mail.at <= moment and (last is None or mail.at > last))
        return next(waiting, None)


def is_automatic(headers: Mapping[str, str], author: str) -> bool:
    """Whether a machine sent it: replies, reports, lists, newsletters. `headers` by lower-case name."""
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    return (
        not author
        or submitted not in ("", "no")
        or headers.get("return-path", "").strip() == "<>"
        or headers.get("precedence", "").strip().lower() in _BULK
        or any(name in headers for name in _MACHINES)
    )


def threads(mails: Iterable[Mail], staff: frozenset[str]) -> list[Thread]:
    """Every thread that begins with a question, by the time of that. Automatic mail counts on no side.
    `staff` are the addresses of the organisation: who of them writes to whoever asked has answered."""
    once = {mail.ident: mail for mail in sorted(mails, key=lambda mail: mail.at, reverse=True)}
    groups: dict[str, list[Mail]] = {}
    roots = _Roots()
    for mail in once.values():
        for other in mail.refers:
            roots.join(f"m:{mail.ident}", f"m:{other}")
        if mail.conversation:
            roots.join(f"m:{mail.ident}", f"c:{mail.conversation}")
    for mail in once.values():
        if not mail.automatic:
            groups.setdefault(roots.find(f"m:{mail.ident}"), []).append(mail)
    made = (_thread(sorted(group, key=lambda mail: mail.at), staff) for group in groups.values())
    return sorted((thread for thread in made if thread), key=lambda thread: thread.first)


def _thread(mails: list[Mail], staff: frozenset[str]) -> Thread | None:
    if mails[0].ours:
        return None
    asked: list[Mail] = []
    answered: list[Answer] = []
    outside = mails[0].author not in staff
    for mail in mails:
        if mail.ours:
            answered.append(Answer(mail.at, mail.sender if mail.sender != mail.author else ""))
        elif outside and mail.author in staff and any(one.author in mail.answers for one in asked):
            answered.append(Answer(mail.at, mail.author, own_address=True))
        else:
            asked.append(mail)
    return Thread(tuple(asked), tuple(answered), frozenset(c for mail in mails for c in mail.categories))


class _Roots:
    """Sets that are joined: union and find."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, one: str) -> str:
        while (above := self._above.get(one, one)) != one:
            self._above[one] = one = self._above.get(above, above)
        return one

    def join(self, one: str, other: str) -> None:
        self._above[self.find(one)] = self.find(other)
