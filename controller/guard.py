"""Is it allowed, and is it proportionate? Judged over the whole plan, before the first write. Pure.

A finding about one resource holds that resource; a limit over the run holds the run. The only way around
is an Approval of that one finding, in git. Revokes whose date came were reviewed when they were written:
they count against no limit, and are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from controller import canon
from controller.ahead import membership_after
from controller.memory import Flap
from controller.model import Action, Cause, Change, Finding, Key, Kind, Origin, Plan, Severity
from controller.observe import Observed
from controller.people.grants import ACCESS
from controller.people.membership import MEMBERS
from controller.readers import Groups, Readers, reached, readers
from controller.spec import Document
from controller.spec.dates import ends_at
from controller.waits import circles, needs_of

_DAY: Final = timedelta(hours=24)
_SMALL: Final = 4  # people; below it a share says nothing
_LOSSES: Final = frozenset({"last-reader", "share-losing-access"})
_COVERS: Final = {"last-reader": ("empty-list",)}  # one loss, seen twice, is approved once


@dataclass(frozen=True, slots=True)
class Bench:
    """What is judged by: the tenant's limits, the approvals that stand, the moment. `whole`: the plan is
    about all documents, so that an approval of what it does not find is idle. `flapping`: what was put right
    three times within a day, by change id."""

    tenant: Document
    approvals: tuple[Document, ...]
    now: datetime
    zone: Any
    whole: bool = True
    flapping: Mapping[str, Flap] = field(default_factory=dict)

    @property
    def safety(self) -> Any:
        return self.tenant.spec.safety  # type: ignore[attr-defined]

    def approved(self, finding: Finding) -> Any | None:
        """The approval that stands for a finding, if one does."""
        for approval in self.approvals:
            spec: Any = approval.spec
            code, _, subject = spec.finding.partition("/")
            same = subject.lower() == finding.subject.lower()
            covers = spec.finding.lower() == finding.id.lower() or (
                same and finding.code in _COVERS.get(code, ())
            )
            if covers and (spec.until is None or self.now < ends_at(spec.until, self.zone)):
                return spec
        return None


def judge(plan: Plan, observed: Observed, bench: Bench, broken: Sequence[Finding] = ()) -> Plan:
    """The plan, with everything the guard refuses held back; `broken` is what policies found."""
    groups = _groups(plan, observed, bench)
    concerned = _concerned(plan) | reached(observed, groups)
    counted = {key: readers(key, observed, _open(plan, key), groups) for key in sorted(concerned)}
    findings = [*_resource_findings(plan, counted, bench), *broken]
    plan = _hold(plan, findings, bench, counted)
    still_open = {change.key for change in plan.open_changes}
    ids = {change.id for change in plan.open_changes}
    losing = {
        who
        for key, count in counted.items()
        if key in still_open or count.through & ids
        for who in count.losing
    }
    plan = _hold(plan, list(_run_findings(plan, losing, bench)), bench)
    late = (*_idle(plan, bench), *_nobody(observed, bench), *_circling(plan))
    told = dict.fromkeys((*plan.findings, *late))  # each said once
    findings = sorted(told, key=lambda found: (found.id, found.message))
    return replace(plan, changes=_follow(plan.changes), findings=tuple(findings))


def _follow(changes: Sequence[Change]) -> tuple[Change, ...]:
    """What waits for a change that is held is held with it."""
    held = {change.id: change.blocked_by for change in changes if change.blocked_by}
    followed = list(changes)
    for _ in changes:
        before = len(held)
        for index, change in enumerate(followed):
            why = [ident for need in change.depends_on for ident in held.get(need, ())]
            if why and not change.blocked_by:
                held[change.id] = tuple(dict.fromkeys(why))
                followed[index] = replace(change, blocked_by=held[change.id])
        if len(held) == before:
            break
    return tuple(followed)


def _open(plan: Plan, key: Key) -> list[Change]:
    return [change for change in plan.open_changes if change.key == key]


def _groups(plan: Plan, observed: Observed, bench: Bench) -> Groups:
    """Who would be on which list; a deletion that is not allowed takes nobody off."""
    changes = [
        change
        for change in plan.open_changes
        if change.action is not Action.DELETE or bench.safety.allow_delete
    ]
    ids = {r.key: r.principal.guid for r in observed.resources if r.principal}
    giving = [change for change in changes if _on_time(change) or not _takes(change)]
    return Groups(
        after=membership_after(observed.resources, changes, observed.directory),
        on_time=membership_after(observed.resources, giving, observed.directory),
        takes=tuple((ids[c.key], c) for c in changes if _takes(c) and c.key in ids),
    )


def _takes(change: Change) -> bool:
    """Whether it takes somebody off a list."""
    if change.key.kind is not Kind.DISTRIBUTION_LIST:
        return False
    removed = change.action is Action.REMOVE and change.path[:1] == MEMBERS
    return removed or change.action is Action.DELETE


def _concerned(plan: Plan) -> set[Key]:
    """Resources of which somebody may lose something."""
    return {c.key for c in plan.open_changes if c.path[:1] == ACCESS}


def _resource_findings(plan: Plan, counted: dict[Key, Readers], bench: Bench) -> Iterator[Finding]:
    deleted = {change.key for change in plan.open_changes if change.action is Action.DELETE}
    for change in plan.open_changes:
        if change.action is Action.DELETE and not bench.safety.allow_delete:
            yield _refusal(
                "delete", change, "would be deleted, and safety.allowDelete of the Tenant is not true"
            )
        if change.action is Action.CONVERT:
            yield _refusal("convert", change, "would become a shared mailbox, which needs an Approval")
    for key, count in counted.items():
        if key not in deleted:
            yield from _losses(key, count, plan, bench)
    yield from _emptied(plan, deleted)
    yield from _flapping(plan, bench)


def _flapping(plan: Plan, bench: Bench) -> Iterator[Finding]:
    """What somebody changes back again and again: a fourth time within a day it is left to people. It stays
    held, however long, until it is approved or the document wishes something else."""
    for change in plan.open_changes:
        flap = bench.flapping.get(change.id)
        if flap is None or change.cause is not Cause.DRIFT:
            continue
        back = flap.again_at or bench.now
        if canon.plain(change.after) != canon.plain(flap.value) or back - flap.since > _DAY:
            continue
        by = f", by {', '.join(flap.who)}" if flap.who else ""
        message = (
            f"{change.field} of {change.key.address} was put right three times since "
            f"{flap.since:%Y-%m-%d %H:%M} UTC and changed back each time{by}: talk to them, then change the "
            "document or approve this"
        )
        subject = "/".join((change.key.address, *change.path))
        yield Finding("flapping", subject, Severity.ERROR, message, change.key, change.origin)


def _losses(key: Key, count: Readers, plan: Plan, bench: Bench) -> Iterator[Finding]:
    origin = _origin(plan, key, count)
    names = ", ".join(sorted(count.losing))
    if count.leaving:
        yield Finding(
            "access-ended",
            key.address,
            Severity.INFO,
            f"the time of {', '.join(sorted(count.leaving))} at {key.address} is over",
            key,
            origin,
        )
    if count.losing and not count.after and bench.safety.last_reader == "forbid":
        yield _loss("last-reader", key, origin, f"nobody is left who can read {key.address}: {names} lose it")
    share = len(count.losing) / len(count.before) if count.before else 0.0
    limit = bench.safety.max_share_losing_access
    if len(count.before) >= _SMALL and share > limit:
        yield _loss(
            "share-losing-access",
            key,
            origin,
            f"{len(count.losing)} of {len(count.before)} people lose {key.address} (limit {limit:.0%}): "
            + names,
        )


def _emptied(plan: Plan, deleted: set[Key]) -> Iterator[Finding]:
    """An empty list that is the whole truth, where something was: a wish, and easily a slip."""
    lost = (Action.REVOKE, Action.REMOVE)
    for key, collection in sorted({(c.key, c.path[0]) for c in plan.open_changes if c.action in lost}):
        change = next(c for c in plan.open_changes if (c.key, c.path[:1]) == (key, (collection,)))
        if key not in deleted and (key, collection) in plan.emptied:
            yield _loss(
                "empty-list", key, change.origin, f"`{collection}` of {key.address} is empty: all of it goes"
            )


def _run_findings(plan: Plan, losing: set[str], bench: Bench) -> Iterator[Finding]:
    counted = [change for change in plan.open_changes if not _on_time(change)]
    origin = bench.tenant.at("safety")
    limit = bench.safety.max_changes
    if len(counted) > limit:
        message = f"{len(counted)} changes, and safety.maxChanges is {limit}: nothing is written"
        yield Finding("max-changes", plan.tenant, Severity.ERROR, message, None, origin)
    limit = bench.safety.max_people_losing_access
    if len(losing) > limit:
        names = ", ".join(sorted(losing)[:10]) + (" …" if len(losing) > 10 else "")
        message = f"{len(losing)} people lose access (limit {limit}): nothing is written. {names}"
        yield Finding("people-losing-access", plan.tenant, Severity.ERROR, message, None, origin)


def _hold(
    plan: Plan, refusals: list[Finding], bench: Bench, counted: Mapping[Key, Readers] | None = None
) -> Plan:
    """Marks what is refused; what is approved is told, and goes on. What takes somebody off a list, and
    with it a mailbox from people, is held together with that mailbox."""
    told, holding = [], []
    for finding in refusals:
        approval = bench.approved(finding)
        overridable = finding.code != "delete"  # an Approval never replaces allowDelete
        if finding.severity is Severity.ERROR and not (approval and overridable):
            holding.append(finding)
            told.append(finding)
        elif approval:
            text = f"approved ({approval.reason}): {finding.message}"
            told.append(replace(finding, severity=Severity.INFO, message=text))
        else:
            told.append(finding)
    through = {
        finding.id: counted[finding.key].through
        for finding in holding
        if counted and finding.key and finding.key in counted and finding.code in _LOSSES
    }
    changes = tuple(_held(change, holding, through) for change in plan.changes)
    return replace(plan, changes=changes, findings=(*plan.findings, *told))


def _held(change: Change, refusals: Iterable[Finding], through: Mapping[str, frozenset[str]]) -> Change:
    if _on_time(change):
        return change
    hits = [
        finding.id
        for finding in refusals
        if finding.key in (None, change.key) or change.id in through.get(finding.id, ())
    ]
    return replace(change, blocked_by=tuple(dict.fromkeys((*change.blocked_by, *hits)))) if hits else change


def _on_time(change: Change) -> bool:
    """What takes something from somebody whose date came was reviewed when it was written."""
    return change.due is not None and change.action in (Action.REVOKE, Action.REMOVE)


def _nobody(observed: Observed, bench: Bench) -> Iterator[Finding]:
    """Addresses under `protect` that protect nobody, such as a misspelt one."""
    for index, address in enumerate(bench.safety.protect):
        if not observed.directory_error and not observed.directory.by_address(address):
            message = f"safety.protect names {address}, and nobody in this tenant has that address"
            origin = bench.tenant.at("safety", "protect", str(index))
            yield Finding("unknown-address", address.lower(), Severity.WARNING, message, None, origin)


def _circling(plan: Plan) -> Iterator[Finding]:
    """Changes that would wait for each other for ever: apply fails each of them, and does the rest."""
    changes = {change.id: change for change in plan.open_changes}
    for ident, circle in circles(needs_of(plan.open_changes)).items():
        if ident == min(circle):
            first = changes[ident]
            message = (
                f"{' waits for '.join((*circle, ident))}: apply can do none of them. Take one out of the "
                "specs, apply, and put it back"
            )
            yield Finding(
                "waits-in-a-circle", first.key.address, Severity.WARNING, message, first.key, first.origin
            )


def _idle(plan: Plan, bench: Bench) -> Iterator[Finding]:
    """Approvals that changed nothing: ended, or naming a finding that this plan does not have."""
    ids = {finding.id.lower() for finding in plan.findings}
    for approval in bench.approvals:
        spec: Any = approval.spec
        over = spec.until is not None and _over(spec, bench)
        if over or (bench.whole and spec.finding.lower() not in ids):
            why = "has ended" if over else "names nothing that this plan finds"
            yield Finding(
                "idle-approval",
                spec.finding.partition("/")[2] or spec.finding,
                Severity.INFO,
                f"the Approval of {spec.finding} {why}",
                None,
                approval.origin,
            )


def _over(spec: Any, bench: Bench) -> bool:
    return bench.now >= ends_at(spec.until, bench.zone)


def _refusal(code: str, change: Change, what: str) -> Finding:
    return Finding(
        code, change.key.address, Severity.ERROR, f"{change.key.address} {what}", change.key, change.origin
    )


def _loss(code: str, key: Key, origin: Origin | None, message: str) -> Finding:
    return Finding(code, key.address, Severity.ERROR, message, key, origin)


def _origin(plan: Plan, key: Key, count: Readers) -> Origin | None:
    own = (c.origin for c in plan.changes if c.key == key and c.origin)
    return next(own, next((c.origin for c in plan.changes if c.id in count.through), None))


def refused(plan: Plan) -> bool:
    """Whether a safety limit or a policy refuses something: exit status 5."""
    return any(f.severity is Severity.ERROR and is_guard(f.code) for f in plan.findings)


_CODES: Final = frozenset(
    {
        "last-reader",
        "share-losing-access",
        "people-losing-access",
        "max-changes",
        "delete",
        "convert",
        "empty-list",
        "flapping",
    }
)


def is_guard(code: str) -> bool:
    return code in _CODES or code.startswith("policy/")
