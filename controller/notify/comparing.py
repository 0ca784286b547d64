"""What is new since people were last told. Pure: (what was told, the facts of a turn) → news.

A fact that begins is told once. A drift that is gone is told to be over at once, since nothing of it flaps by
itself; a trouble only after it has stayed away for a while, so that bad weather, in which a mailbox can be
read every other time, is told once and not every quarter of an hour. What could not be looked at is neither
there nor gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from controller.notify.news import Fact, News, Standing
from controller.spec.models.notify import Event

QUIET: Final = timedelta(minutes=30)  # two turns at the usual interval
_TOLD_WHEN_OVER: Final = frozenset({Event.DRIFT, Event.FAILURE, Event.STALLED})


@dataclass(frozen=True, slots=True)
class Sight:
    """What a turn could see: `looked` at the tenant at all, and of it all but `unreadable` resources.
    `differing` are the ids of changes that still stand, for whatever cause, or are on their way."""

    at: datetime
    looked: bool
    unreadable: frozenset[str] = frozenset()
    differing: frozenset[str] = frozenset()

    def saw(self, standing: Standing) -> bool:
        return self.looked and (standing.resource is None or standing.resource not in self.unreadable)


@dataclass(slots=True)
class Comparison:
    """The news, and by subject what is told from now on (None: nothing any more)."""

    news: list[tuple[News, Fact | None]] = field(default_factory=list)
    changed: dict[str, Standing | None] = field(default_factory=dict)


def compare(told: Mapping[str, Standing], facts: Iterable[Fact], sight: Sight) -> Comparison:
    result = Comparison()
    seen = set()
    for fact in facts:
        seen.add(fact.subject)
        _present(result, fact, told.get(fact.subject), sight)
    for subject, standing in sorted(told.items()):
        if subject not in seen and sight.saw(standing):
            _absent(result, subject, standing, sight)
    return result


def _present(result: Comparison, fact: Fact, standing: Standing | None, sight: Sight) -> None:
    resource = str(fact.key) if fact.key else None
    since = standing.since if standing else sight.at
    if standing is None:
        result.news.append((_begun(fact, since), fact))
        result.changed[fact.subject] = Standing(fact.kind, fact.what, since, resource)
    if fact.mended:
        over = _over(fact.subject, fact.kind, fact.what, since, resource, "put back by the controller")
        result.news.append((over, fact))
        result.changed[fact.subject] = None
    elif standing is not None and standing.absent_since is not None:
        result.changed[fact.subject] = replace(standing, absent_since=None)


def _absent(result: Comparison, subject: str, standing: Standing, sight: Sight) -> None:
    if standing.kind is Event.EXPIRING:  # it ended, or was prolonged
        result.changed[subject] = None
        return
    if subject.partition("/")[2] in sight.differing:
        return  # on its way back, not tried in this turn, or no drift any more since the document changed
    if standing.kind is Event.DRIFT:
        result.news.append((_gone(subject, standing, "no longer differs"), None))
        result.changed[subject] = None
        return
    if standing.absent_since is None:
        result.changed[subject] = replace(standing, absent_since=sight.at)
    elif sight.at - standing.absent_since >= QUIET:
        result.changed[subject] = None
        if standing.kind in _TOLD_WHEN_OVER:
            result.news.append((_gone(subject, standing, "over"), None))


def _begun(fact: Fact, since: datetime) -> News:
    return News(
        f"{fact.subject}@{since.isoformat()}",
        fact.kind,
        fact.what,
        fact.since or since,
        str(fact.key) if fact.key else None,
        fact.who,
        advice=fact.advice,
    )


def _gone(subject: str, standing: Standing, how: str) -> News:
    return _over(subject, standing.kind, standing.what, standing.since, standing.resource, how)


def _over(subject: str, kind: Event, what: str, since: datetime, resource: str | None, how: str) -> News:
    told = f"{what}: {how}" if kind is Event.DRIFT else f"{how}: {what}"
    return News(f"{subject}@{since.isoformat()}/over", Event.HEALED, told, since, resource)
