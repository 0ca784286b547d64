"""What a turn of the loop says that people may want to be told. Pure.

Drift is taken from the plan, before it was healed; what failed from the outcomes; what could not be read, and
what a limit refuses, from the findings. A turn that did not see the tenant says nothing of any mailbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from controller.guard import is_guard
from controller.model import Action, Cause, Change, Finding, Key, Kind, Origin, Severity, Status, Upcoming
from controller.model import Plan as Planned
from controller.notify.news import Fact
from controller.report.text import described, named, plain, short
from controller.spec.models.notify import Event
from controller.turn import Turn

EXPIRES_WITHIN: Final = timedelta(days=7)  # long enough to prolong it by a reviewed commit
MANY: Final = 50  # resources that cannot be read: more are one trouble, not so many
_LICENCE: Final = frozenset({"licence-no-seat", "licence-needed", "mailbox-filling"})
_APPROVE: Final = "mend the specs, or let it through with an Approval of {} in git"


def facts_of(turn: Turn) -> list[Fact]:
    """In the order in which people should read them."""
    if turn.condition is None:
        return []
    found = [*_stalled(turn)]
    if turn.looked:
        plan = _plan(turn)
        found += _refused(plan)
        found += _failed(turn)
        found += _unreadable(plan)
        found += _drift(turn, plan)
        found += _licences(plan)
        found += _expiring(turn, plan)
    return list({fact.subject: fact for fact in found}.values())


def _plan(turn: Turn) -> Planned:
    assert turn.prepared is not None
    return turn.cycle.plan if turn.cycle is not None else turn.prepared.plan


def _stalled(turn: Turn) -> Iterator[Fact]:
    if turn.reason is not None:
        what = f"nothing can be done ({turn.reason}): {plain(turn.error or 'no further words')}"
        yield Fact(Event.STALLED, f"stalled/{turn.reason}", what)
        return
    for finding in _plan(turn).findings if turn.prepared else ():
        if finding.stops_run:
            yield _of_finding(Event.STALLED, finding)


def _refused(plan: Planned) -> Iterator[Fact]:
    for finding in plan.findings:
        if finding.severity is Severity.ERROR and is_guard(finding.code):
            yield _of_finding(Event.REFUSED, finding, advice=_APPROVE.format(finding.id))


def _failed(turn: Turn) -> Iterator[Fact]:
    for outcome in turn.cycle.outcomes if turn.cycle else ():
        if outcome.status is Status.FAILED:
            change = outcome.change
            what = (
                f"{change.key.address}: {named(change)} failed: {plain(outcome.error or 'no reason given')}"
            )
            yield Fact(Event.FAILURE, f"failure/{change.id}", what, change.key, origin=change.origin)


def _unreadable(plan: Planned) -> Iterator[Fact]:
    if len(plan.unreadable) > MANY:
        what = f"{len(plan.unreadable)} of {len(plan.resources)} mailboxes and lists could not be read"
        yield Fact(Event.FAILURE, "failure/many-unreadable", what)
        return
    for finding in plan.findings:
        if finding.code == "unreadable" and finding.severity is Severity.ERROR:
            yield _of_finding(Event.FAILURE, finding)


def _drift(turn: Turn, plan: Planned) -> Iterator[Fact]:
    applied = {
        outcome.change.id
        for outcome in (turn.cycle.outcomes if turn.cycle else ())
        if outcome.status is Status.APPLIED
    }
    for change in plan.changes:
        if change.cause is not Cause.DRIFT:
            continue
        deed = turn.deeds.get(change.id)
        yield Fact(
            Event.DRIFT,
            f"drift/{change.id}",
            f"{change.key.address}: {described(change)}",
            change.key,
            deed.who if deed else None,
            deed.at if deed else None,
            change.origin,
            _held(change),
            mended=change.id in applied,
        )


def _held(change: Change) -> str | None:
    return f"held back by {', '.join(change.blocked_by)}" if change.blocked_by else None


def _licences(plan: Planned) -> Iterator[Fact]:
    for finding in plan.findings:
        if finding.code in _LICENCE:
            yield _of_finding(Event.LICENCE, finding)


def _expiring(turn: Turn, plan: Planned) -> Iterator[Fact]:
    for coming in plan.upcoming:
        left = coming.at - turn.started_at
        if coming.action in (Action.REVOKE, Action.REMOVE) and timedelta() < left <= EXPIRES_WITHIN:
            yield _ending(turn, coming)


def _ending(turn: Turn, coming: Upcoming) -> Fact:
    """The rights of one person on one mailbox end as one."""
    kind, address, *path = coming.id.split("/")
    of_rights = path[:1] == ["access"] and len(path) > 2
    who, right = (path[1], "access") if of_rights else (path[-1], f"{path[0]} entry")
    key = Key(Kind(kind), address)
    subject = "/".join((kind, address, *(path[:2] if of_rights else path)))
    what = f"{address}: {right} of {who} ends on {coming.at:%Y-%m-%d %H:%M}"
    return Fact(
        Event.EXPIRING,
        f"expiring/{subject}@{coming.at.isoformat()}",
        plain(what),
        key,
        origin=_written(turn, key, path),
        advice="write a later `until:` if it shall go on",
    )


def _written(turn: Turn, key: Key, path: list[str]) -> Origin | None:
    documents = turn.specs.documents if turn.specs else ()
    return next((document.at(*path[:2]) for document in documents if document.key == key), None)


def _of_finding(kind: Event, finding: Finding, advice: str | None = None) -> Fact:
    what = plain(finding.message)
    return Fact(kind, f"{kind}/{finding.id}", what, finding.key, origin=finding.origin, advice=advice)


def commit_shown(turn: Turn) -> str | None:
    """The commit as people name it."""
    return short(turn.commit) if turn.commit else None
