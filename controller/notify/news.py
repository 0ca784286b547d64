"""The nouns: a fact that holds, what was told of it, and the news that it began or is over.

No I/O and no clock. All of it has a plain form, as the journal keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.model import Key, Origin
from controller.spec.models.notify import Event


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds at the end of a turn, or held at its beginning and was mended (`mended`).

    `subject` is the same for as long as it is the same thing: it begins with the event's kind. `what` says it
    in one line, `who` did it, `since` when, where that is known. `advice` is what to do.
    """

    kind: Event
    subject: str
    what: str
    key: Key | None = None
    who: str | None = None
    since: datetime | None = None
    origin: Origin | None = None
    advice: str | None = None
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told of a subject. `since` is when it was first seen; `absent_since` when it was first not
    seen any more, while that is too short ago to call it over."""

    kind: Event
    what: str
    since: datetime
    resource: str | None = None
    absent_since: datetime | None = None

    def plain(self) -> dict[str, Any]:
        absent = self.absent_since.isoformat() if self.absent_since else None
        return {
            "kind": str(self.kind), "what": self.what, "since": self.since.isoformat(),
            "resource": self.resource, "absentSince": absent,
        }  # fmt: skip

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Standing:
        absent = plain["absentSince"]
        return cls(
            Event(plain["kind"]),
            plain["what"],
            datetime.fromisoformat(plain["since"]),
            plain["resource"],
            datetime.fromisoformat(absent) if absent else None,
        )


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. `id` is its own for ever: whoever is told twice can know by it. `place` is the line
    of the specs (`mailboxes/support.yaml:14`), `url` the same at the forge."""

    id: str
    kind: Event
    what: str
    since: datetime
    resource: str | None = None
    who: str | None = None
    place: str | None = None
    url: str | None = None
    advice: str | None = None

    def plain(self) -> dict[str, Any]:
        return {
            "id": self.id, "kind": str(self.kind), "what": self.what, "since": self.since.isoformat(),
            "resource": self.resource, "who": self.who, "place": self.place, "url": self.url,
            "advice": self.advice,
        }  # fmt: skip

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> News:
        return cls(
            plain["id"], Event(plain["kind"]), plain["what"], datetime.fromisoformat(plain["since"]),
            plain["resource"], plain["who"], plain["place"], plain["url"], plain["advice"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: all that a turn has to tell one notifier, or several turns together. `more` counts, by
    kind, what is not listed. `id` is its own."""

    id: str
    tenant: str
    at: datetime
    news: tuple[News, ...]
    more: Mapping[str, int]
    commit: str | None = None

    def plain(self) -> dict[str, Any]:
        return {
            "id": self.id, "tenant": self.tenant, "at": self.at.isoformat(), "commit": self.commit,
            "news": [one.plain() for one in self.news], "more": dict(self.more),
        }  # fmt: skip

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Notice:
        news = tuple(News.of(one) for one in plain["news"])
        at = datetime.fromisoformat(plain["at"])
        return cls(plain["id"], plain["tenant"], at, news, plain["more"], plain["commit"])
