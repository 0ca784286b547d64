"""What to change: desired against observed, for every aspect of every resource. Pure.

It decides everything before anything is touched. Whether the outcome is allowed and proportionate is for
`controller.guard`; how it is carried out, for `controller.apply`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from controller.addresses import released
from controller.ahead import look_ahead
from controller.aspect import Aspect, Context, Resource
from controller.cause import cause_of
from controller.drift import compare
from controller.errors import NotFoundError
from controller.memory import Awaited
from controller.model import (
    Absent,
    Action,
    Change,
    Desired,
    Finding,
    Key,
    Kind,
    Path,
    Plan,
    Present,
    Severity,
    Unreadable,
    Upcoming,
    ident,
)
from controller.observe import Observed
from controller.people.membership import MEMBERS

# Within one resource: it exists, bears its name, is open to its people, and only then loses anything.
_ORDER: Final = {
    action: rank
    for rank, action in enumerate(
        (
            Action.CREATE,
            Action.CONVERT,
            Action.RENAME,
            Action.ADD,
            Action.UPDATE,
            Action.GRANT,
            Action.REMOVE,
            Action.REVOKE,
            Action.DELETE,
        )
    )
}
_FOUNDING: Final = (Action.CREATE, Action.CONVERT)  # all else of the resource comes after it
_UNTOLD: Final = "users are told apart by name instead of by SID, as Get-User is not granted: {}"


@dataclass(slots=True)
class Draft:
    """A plan while it is drawn up. `desired` holds every value wished for, for the journal; `differing`
    the id of everything that differs, whether or not a change was made of it; `unmet` the resources of
    which a wish could not be planned; `context` knows whom the plan creates."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    upcoming: list[Upcoming] = field(default_factory=list)
    unreadable: set[Key] = field(default_factory=set)
    emptied: set[tuple[Key, str]] = field(default_factory=set)
    differing: set[str] = field(default_factory=set)
    unmet: set[Key] = field(default_factory=set)
    desired: dict[Key, dict[Path, Any]] = field(default_factory=dict)
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """Whose plan it is, of which specs, made when; `deadline` is how long an accepted change may stay
    unseen."""

    tenant: str
    tenant_id: str
    commit: str | None
    specs_digest: str
    created_at: datetime
    deadline: timedelta


def draw(observed: Observed, aspects: Sequence[Aspect], context: Context, frame: Frame) -> tuple[Plan, Draft]:
    """The plan, not yet judged, and what it was drawn from."""
    draft = Draft()
    context = _foresee(observed, aspects, replace(context, released=_released(observed, context)))
    draft.context = context
    for resource in observed.resources:
        _resource(resource, observed, aspects, context, draft)
    if observed.directory_error:
        draft.findings.append(
            Finding("unreadable", frame.tenant, Severity.ERROR, f"the tenant: {observed.directory_error}")
        )
    if observed.directory.untold:
        draft.findings.append(
            Finding("users-untold", frame.tenant, Severity.WARNING, _UNTOLD.format(observed.directory.untold))
        )
    draft.findings += _two_documents(observed.resources)
    changes = [cause_of(change, context) for change in draft.changes]
    changes = list(_not_awaited(changes, context, frame, draft))
    changes = [_block(change, draft.findings) for change in changes]
    plan = Plan(
        tenant=frame.tenant,
        tenant_id=frame.tenant_id,
        commit=frame.commit,
        specs_digest=frame.specs_digest,
        observed_digest=digest(observed),
        created_at=frame.created_at,
        changes=tuple(sorted(changes, key=_order)),
        findings=tuple(sorted(draft.findings, key=lambda f: (f.id, f.message))),
        upcoming=tuple(sorted(draft.upcoming)),
        resources=tuple(sorted(resource.key for resource in observed.resources)),
        unreadable=frozenset(draft.unreadable),
        emptied=frozenset(draft.emptied),
    )
    return plan, draft


def _released(observed: Observed, context: Context) -> dict[str, str]:
    readable = observed.seen.get("aliases", {})
    resources = [r for r in observed.resources if isinstance(readable.get(r.key), Present)]
    return released(resources, observed.directory, context.tenant)


def _foresee(observed: Observed, aspects: Sequence[Aspect], context: Context) -> Context:
    untold = {
        key: seen.error
        for aspect in aspects
        if aspect.founds
        for key, seen in observed.seen.get(aspect.name, {}).items()
        if isinstance(seen, Unreadable)
    }
    return look_ahead(observed.resources, observed.seen.get(MEMBERS[0], {}), untold, context)


def _order(change: Change) -> tuple[Key, int, Path]:
    return change.key, _ORDER[change.action], change.path


def _resource(
    resource: Resource, observed: Observed, aspects: Sequence[Aspect], context: Context, draft: Draft
) -> None:
    """Adds everything about one resource to the draft."""
    gone = resource.unwanted
    draft.desired[resource.key] = {}
    own: list[Change] = []
    for aspect in aspects:
        seen = observed.seen.get(aspect.name, {}).get(resource.key)
        if seen is None or (gone and not aspect.founds):
            continue
        if isinstance(seen, Unreadable):
            _left_unread(aspect, seen, resource, context, draft)
            continue
        own += _aspect(aspect, seen, resource, context, draft)
    founding = [change for change in own if change.action in _FOUNDING]
    for change in own:
        needs = tuple(first.id for first in founding if first.id != change.id)
        draft.changes.append(replace(change, depends_on=(*needs, *change.depends_on)))
    if synced := _synced(resource, own):
        draft.findings.append(synced)
    if own and resource.only_reported:
        draft.findings.append(_report_only(resource))


def _aspect(
    aspect: Aspect, seen: Present | Absent, resource: Resource, context: Context, draft: Draft
) -> Iterator[Change]:
    present = aspect.fresh(resource) if isinstance(seen, Absent) else seen
    desired = aspect.desired(resource, context)
    draft.findings += (*present.findings, *desired.findings)
    draft.upcoming += desired.upcoming
    draft.desired[resource.key].update(recorded(desired, present.fields))
    if not (desired.upcoming or desired.findings):
        filled = {path[0] for path in (*desired.wants, *desired.ended) if path}
        whole = {path[0] for path, exclusive in desired.collections.items() if exclusive}
        draft.emptied |= {(resource.key, name) for name in whole - filled}
    for delta in compare(desired, aspect.observed(present, resource, desired, context)):
        draft.differing.add(ident(resource.key, delta.path))
        outcome = aspect.change(delta, present, resource, context)
        if isinstance(outcome, Change):
            if outcome.obstacle:
                draft.findings.append(outcome.obstacle)
                outcome = replace(outcome, blocked_by=(outcome.obstacle.id,))
            yield outcome
        else:
            draft.findings.append(outcome)
            if delta.want:
                draft.unmet.add(resource.key)
            else:
                draft.desired[resource.key][delta.path] = delta.before  # known, and deliberately kept


def recorded(desired: Desired, seen: Iterable[Path] = ()) -> dict[Path, Any]:
    """What the journal keeps of it once it is so: each value, and that a collection was managed. Paths that
    are among `seen` are kept once: nearly all are, and there are a million of them."""
    known = {path: path for path in seen}
    values: dict[Path, Any] = {path: True for path, exclusive in desired.collections.items() if exclusive}
    return values | {known.get(path, path): want.value for path, want in desired.wants.items()}


def _two_documents(resources: Iterable[Resource]) -> Iterator[Finding]:
    """One object that two documents manage, by two of its addresses: only the tenant tells."""
    first: dict[str, Resource] = {}
    for resource in resources:
        one = resource.principal
        if one is None or (other := first.setdefault(one.guid, resource)) is resource:
            continue
        later, earlier = sorted((resource.key, other.key), reverse=True)
        mine = resource if resource.key.kind is Kind.MAILBOX_DELEGATION else other
        yield Finding(
            "two-documents",
            mine.key.address,
            Severity.ERROR,
            f"{earlier} and {later} are about the same, {one.address}: keep one of the documents",
            mine.key,
            mine.document.origin,
            stops_run=True,
        )


def _left_unread(
    aspect: Aspect, seen: Unreadable, resource: Resource, context: Context, draft: Draft
) -> None:
    """What the document asks for and could not be read blocks the resource: half a picture of it is none.
    What was only looked at beside that is told."""
    if resource.key.kind not in aspect.kinds or not aspect.concerns(resource):
        return
    wished = aspect.desired(resource, context)
    asked = bool(wished.wants or wished.collections or wished.gone or wished.ended or wished.findings)
    if asked and isinstance(seen.error, NotFoundError) and context.is_young(resource.key):
        draft.differing |= {ident(resource.key, path) for path in wished.wants}
        draft.unmet.add(resource.key)
        draft.findings += (_not_there_yet(resource, aspect, path, seen) for path in wished.wants)
        return
    if asked:
        draft.unreadable.add(resource.key)
    draft.findings.append(_unreadable(resource, aspect, seen, asked=asked))


def _not_there_yet(resource: Resource, aspect: Aspect, path: Path, seen: Unreadable) -> Finding:
    """One service made it a moment ago, and another has not heard of it."""
    return Finding(
        "propagating",
        "/".join((resource.key.address, *path)),
        Severity.INFO,
        f"{'.'.join(path)} of {resource.key.address}, which is new, is not there yet: waiting ({seen.error})",
        resource.key,
        resource.document.origin,
        blocks=(resource.key, aspect.name),
    )


def _unreadable(resource: Resource, aspect: Aspect, seen: Unreadable, *, asked: bool) -> Finding:
    what = "nothing of it is changed" if asked else "its document does not ask for it"
    return Finding(
        "unreadable",
        f"{resource.key.address}/{aspect.name}",
        Severity.ERROR if asked else Severity.WARNING,
        f"{aspect.name} of {resource.key.address} could not be read, {what}: {seen.error}",
        resource.key,
        resource.document.origin,
        blocks=(resource.key, None) if asked else None,
    )


def _report_only(resource: Resource) -> Finding:
    return Finding(
        "report-only",
        resource.key.address,
        Severity.INFO,
        f"the document of {resource.key.address} says `mode: report`: nothing of it is applied",
        resource.key,
        resource.at("mode"),
        blocks=(resource.key, None),
    )


def _synced(resource: Resource, changes: Sequence[Change]) -> Finding | None:
    if not resource.is_synced:
        return None
    left = f"; {len(changes)} change(s) must be made there" if changes else ""
    return Finding(
        "directory-synced",
        resource.key.address,
        Severity.WARNING,
        f"{resource.key.address} is synchronised from an on-premises directory, which owns it{left}",
        resource.key,
        resource.document.origin,
        blocks=(resource.key, None),
    )


def _not_awaited(changes: Iterable[Change], context: Context, frame: Frame, draft: Draft) -> Iterator[Change]:
    """Drops what a service accepted a moment ago and does not show yet: it is not written twice, and is
    no drift. Past the deadline it is planned again, and said to have failed."""
    newborn = {
        change.key
        for change in changes
        if change.action in _FOUNDING and _fresh(context.memory.awaited.get(change.id), context, frame)
    }
    for change in changes:
        awaited = context.memory.awaited.get(change.id)
        if not (change.key in newborn or _fresh(awaited, context, frame)):
            if awaited and awaited.accepted:
                draft.findings.append(_overdue(change, awaited, frame))
            yield change
        elif awaited:
            draft.findings.append(_propagating(change, awaited))


def _fresh(awaited: Awaited | None, context: Context, frame: Frame) -> bool:
    return awaited is not None and awaited.accepted and context.now - awaited.since < frame.deadline


def _propagating(change: Change, awaited: Awaited) -> Finding:
    return Finding(
        "propagating",
        "/".join((change.key.address, *change.path)),
        Severity.INFO,
        f"{change.action} {change.field or change.key.address} was accepted at "
        f"{awaited.since:%Y-%m-%d %H:%M:%S} UTC and cannot be seen yet: waiting, not written again",
        change.key,
        change.origin,
    )


def _overdue(change: Change, awaited: Awaited, frame: Frame) -> Finding:
    return Finding(
        "not-visible",
        "/".join((change.key.address, *change.path)),
        Severity.WARNING,
        f"{change.action} {change.field or change.key.address} was accepted at "
        f"{awaited.since:%Y-%m-%d %H:%M:%S} UTC and is still not so after {frame.deadline}: it failed",
        change.key,
        change.origin,
    )


def _block(change: Change, findings: Iterable[Finding]) -> Change:
    hits = tuple(
        sorted(
            finding.id
            for finding in findings
            if finding.stops_run or (finding.blocks and _covers(finding.blocks, change))
        )
    )
    return replace(change, blocked_by=tuple(dict.fromkeys((*change.blocked_by, *hits)))) if hits else change


def _covers(blocks: tuple[Key, str | None], change: Change) -> bool:
    key, aspect = blocks
    return change.key == key and aspect in (None, change.aspect)


def digest(observed: Observed) -> str:
    """Over everything that was observed of the resources looked at, in canonical form."""
    told = hashlib.sha256()
    for name, by_key in sorted(observed.seen.items()):
        for key in sorted(by_key):
            told.update(json.dumps([name, str(key), _plain(by_key[key])], sort_keys=True).encode())
    return "sha256:" + told.hexdigest()


def _plain(observation: Any) -> Any:
    if isinstance(observation, Present):
        return sorted(["/".join(path), value] for path, value in observation.fields.items())
    return type(observation).__name__
