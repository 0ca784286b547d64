"""From a turn to messages in the outbox: what is new is noted for everybody who wants it, in one transaction.

It sends nothing and waits for nothing but the journal. One message a turn and way to tell, however much came
at once: what does not fit is counted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from controller.journal import Draft, Journal
from controller.model import Status
from controller.notify.comparing import Comparison, Sight, compare
from controller.notify.desk import Desk, desk_of
from controller.notify.facts import commit_shown, facts_of
from controller.notify.links import Pages
from controller.notify.news import Fact, News, Notice, Standing
from controller.notify.status import verdict_of
from controller.spec.models.notify import Event
from controller.turn import Turn

DESK: Final = "desk"  # the subject under which a Desk is kept
_STATUS: Final = "status/"
_KEPT: Final = 100  # news in one message
_TRIES: Final = 5  # replicas that note the same at once


def note(journal: Journal, turn: Turn, pages: Pages | None) -> Desk | None:
    """Takes down what people are told of a turn, and returns whom; None where nothing is known of
    the tenant. Raises StateError."""
    for _ in range(_TRIES):
        told = journal.told.of(turn.tenant_id)
        desk, done = _note(journal, turn, pages, told)
        if done:
            break  # else another replica was faster with some of it
    return desk


def note_drift(journal: Journal, turn: Turn, pages: Pages | None) -> None:
    """Of a turn that is about to heal: takes down the drift alone. Whoever is killed while healing would
    otherwise have hidden it. Raises StateError."""
    told = journal.told.of(turn.tenant_id)
    drift = [fact for fact in facts_of(turn) if fact.kind is Event.DRIFT]
    comparison = compare(_standing(told), drift, Sight(turn.started_at, looked=False))
    if turn.specs and comparison.changed and (desk := desk_of(turn.specs)).entries:
        changed = {subject: one.plain() if one else None for subject, one in comparison.changed.items()}
        drafts = list(_drafts(desk, turn, comparison, pages))
        journal.told.record(
            turn.tenant_id, {**changed, DESK: desk.plain()}, drafts, at=turn.ended_at, fresh=changed.keys()
        )


def _note(
    journal: Journal, turn: Turn, pages: Pages | None, told: Mapping[str, Any]
) -> tuple[Desk | None, bool]:
    """Whom, and whether it was taken down."""
    desk = desk_of(turn.specs) if turn.specs else _kept(told)
    if desk is None or turn.condition is None:
        return desk, True
    if not desk.entries:  # said no more: told anew, should it be said again
        if told:
            journal.told.record(turn.tenant_id, dict.fromkeys(told), (), at=turn.ended_at)
        return desk, True
    comparison = compare(_standing(told), facts_of(turn), _sight(turn))
    changed: dict[str, Any] = {s: one.plain() if one else None for s, one in comparison.changed.items()}
    drafts = list(_drafts(desk, turn, comparison, pages))
    for subject, verdict, draft in _statuses(desk, turn, told):
        changed[subject] = verdict
        drafts.append(draft)
    if told.get(DESK) != desk.plain():
        changed[DESK] = desk.plain()
    if not changed:
        return desk, True
    fresh = comparison.changed.keys() - told.keys()
    return desk, journal.told.record(turn.tenant_id, changed, drafts, at=turn.ended_at, fresh=fresh)


def _standing(told: Mapping[str, Any]) -> dict[str, Standing]:
    return {s: Standing.of(plain) for s, plain in told.items() if s != DESK and not s.startswith(_STATUS)}


def _kept(told: Mapping[str, Any]) -> Desk | None:
    try:
        return Desk.of(told[DESK])
    except (KeyError, ValueError):  # none yet, or another release's
        return None


def desks(journal: Journal) -> list[Desk]:
    """Whom to tell of every tenant on record."""
    kept = (_kept(journal.told.of(tenant_id)) for tenant_id in journal.told.tenants())
    return [desk for desk in kept if desk is not None]


def _sight(turn: Turn) -> Sight:
    if not turn.looked or turn.prepared is None:
        return Sight(turn.started_at, looked=False)
    plan = turn.cycle.plan if turn.cycle else turn.prepared.plan
    done = {o.change.id for o in (turn.cycle.outcomes if turn.cycle else ()) if o.status is Status.APPLIED}
    coming = {f"{f.key.kind}/{f.subject}" for f in plan.findings if f.code == "propagating" and f.key}
    return Sight(
        turn.started_at,
        looked=True,
        unreadable=frozenset(map(str, plan.unreadable)),
        differing=frozenset({change.id for change in plan.changes} - done | coming),
    )


def _drafts(desk: Desk, turn: Turn, comparison: Comparison, pages: Pages | None) -> Iterable[Draft]:
    news = [_placed(one, fact, turn, pages) for one, fact in comparison.news]
    for channel in desk.channels:
        wanted = [one for one in news if channel.wants(one.kind)]
        if wanted:
            notice = notice_of(desk.tenant, turn, wanted)
            yield Draft(channel.name, notice.id, notice.plain())


def _placed(news: News, fact: Fact | None, turn: Turn, pages: Pages | None) -> News:
    if fact is None or fact.origin is None:
        return news
    url = pages.of(fact.origin, turn.commit) if pages else None
    return replace(news, place=str(fact.origin), url=url)


def notice_of(tenant: str, turn: Turn, news: list[News]) -> Notice:
    more = Counter(str(one.kind) for one in news[_KEPT:])
    return Notice(
        id_of(one.id for one in news), tenant, turn.ended_at, tuple(news[:_KEPT]), more, commit_shown(turn)
    )


def id_of(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]


def _statuses(desk: Desk, turn: Turn, told: Mapping[str, Any]) -> Iterable[tuple[str, Any, Draft]]:
    verdict = verdict_of(turn)
    for channel in desk.channels:
        subject = _STATUS + channel.name
        if channel.of_status and verdict is not None and told.get(subject) != verdict.plain():
            key = id_of((verdict.sha, str(verdict.state), turn.started_at.isoformat()))
            yield subject, verdict.plain(), Draft(channel.name, key, verdict.plain())
