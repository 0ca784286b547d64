"""What every message says, whatever carries it: a headline, and the news by kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Final

from controller.notify.news import News, Notice
from controller.spec.models.notify import Event

# In the order of urgency.
TITLES: Final = {
    Event.STALLED: "Stalled",
    Event.REFUSED: "Refused by a safety limit or policy",
    Event.DRIFT: "Changed behind the controller's back",
    Event.FAILURE: "Failed",
    Event.LICENCE: "Licences and size",
    Event.EXPIRING: "Access about to end",
    Event.HEALED: "Over",
}
_COUNTED: Final = {
    Event.STALLED: "stalled",
    Event.REFUSED: "refused",
    Event.DRIFT: "drifted",
    Event.FAILURE: "failed",
    Event.LICENCE: "about licences",
    Event.EXPIRING: "about to end",
    Event.HEALED: "over",
}


def headline(notice: Notice) -> str:
    """`entreprise: 2 drifted, 1 over`."""
    counts = Counter(one.kind for one in notice.news)
    for kind, more in notice.more.items():
        counts[Event(kind)] += more
    return f"{notice.tenant}: " + ", ".join(
        f"{counts[k]} {word}" for k, word in _COUNTED.items() if counts[k]
    )


def by_kind(notice: Notice) -> Iterator[tuple[str, list[News]]]:
    """The news under their titles, the most urgent first."""
    rank = list(TITLES).index
    ordered = sorted(notice.news, key=lambda one: rank(one.kind))
    for kind, group in groupby(ordered, key=lambda one: one.kind):
        yield TITLES[kind], list(group)


def circumstances(one: News) -> str:
    """Who and since when; what to do. Without the place, which each channel links in its own way."""
    parts = []
    if one.kind is Event.DRIFT:
        parts.append(f"by {one.who}" if one.who else "by somebody: the audit log does not tell yet")
    parts.append(f"since {moment(one.since)}")
    if one.advice:
        parts.append(one.advice)
    return " · ".join(parts)


def rest(notice: Notice, shown: int) -> str:
    """What is not listed, in words; empty where all is."""
    more = len(notice.news) - shown + sum(notice.more.values())
    return f"and {more} more: `mbx drift`, `mbx plan` and the log name each" if more else ""


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()
