"""One cycle, end to end: remember, observe, plan, judge, and where it is asked for, apply and record.

The only place that knows all parts. Nothing is decided here: it carries what one part found to the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from controller import guard, policies, preflight
from controller.apply import Sight, Tools, apply
from controller.aspect import Aspect, Context, all_aspects
from controller.clients import Connection, Reader
from controller.directory import Directory
from controller.effects import weigh
from controller.entitlements import as_lists, noted
from controller.errors import DeniedError, ServiceError, SignInError, StateError
from controller.journal import Journal, LastApplied
from controller.lead import Always, Lead
from controller.memory import Awaited, Memory
from controller.model import (
    Action,
    Change,
    Cycle,
    Key,
    Kind,
    Mode,
    Outcome,
    Plan,
    Severity,
    Status,
)
from controller.observe import Observed, observe
from controller.plan import Draft, Frame, draw
from controller.recorded import keep_documents
from controller.spec import Document, TenantSpecs
from controller.survey import read_directory, refreshed
from controller.suspended import leave_alone
from controller.tenant_facts import read_facts, with_mailboxes
from controller.unmanaged import unmanaged


@dataclass(frozen=True, slots=True)
class Setting:
    """What one cycle runs in: whose specs, at which commit, with which record; time and chance."""

    specs: TenantSpecs
    commit: str | None
    now: Callable[[], datetime]
    journal: Journal | None = None
    targets: frozenset[str] = frozenset()  # addresses; empty means all
    selector: Mapping[str, str] = field(default_factory=dict)
    deadline: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(seconds=60)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    told: Callable[[Outcome], None] = lambda outcome: None
    at: datetime | None = None  # to see the plan of another day
    lead: Lead = field(default_factory=Always)
    stopping: Callable[[], bool] = lambda: False  # once True, no further change is begun
    memory: Memory | None = None  # instead of what the journal remembers, where there is no journal

    @property
    def tenant(self) -> Any:
        return self.specs.tenant.spec

    @property
    def tenant_id(self) -> str:
        return str(self.tenant.tenant_id)

    @property
    def whole(self) -> bool:
        return not self.targets and not self.selector

    def documents(self) -> tuple[Document, ...]:
        """The documents that this cycle is about."""
        chosen = tuple(document for document in self.specs.documents if self._chosen(document))
        return (*chosen, *self._organization())

    def _organization(self) -> Iterator[Document]:
        """The Tenant itself, where it says something of the organisation's settings."""
        name = self.tenant.name
        named = self.whole or (name in self.targets and not self.selector)
        if self.tenant.organization is not None and named:
            yield replace(self.specs.tenant, key=Key(Kind.TENANT, name))

    def _chosen(self, document: Document) -> bool:
        spec: Any = document.spec
        if self.targets and (document.key is None or document.key.address not in self.targets):
            return False
        return all(spec.labels.get(name) == value for name, value in self.selector.items())


@dataclass(frozen=True, slots=True)
class Prepared:
    """A judged plan, and what it was made of."""

    plan: Plan
    draft: Draft
    observed: Observed
    memory: Memory
    renamed: Mapping[Key, Key] = field(default_factory=dict)  # by the new key, the former


def remember(journal: Journal | None, tenant_id: str) -> Memory:
    """What the journal knows, in the planner's terms."""
    if journal is None:
        return Memory()
    last = journal.last_cycle_at(tenant_id)
    managed = journal.managed(tenant_id)
    settled = {key: max(m.last_at, last or m.last_at) for key, m in managed.items()}
    object_ids = {m.object_id: key for key, m in managed.items() if m.object_id}
    awaited = {
        pending.change_id: Awaited(
            pending.change_id, pending.status is Status.PROPAGATING, pending.intended_at
        )
        for pending in journal.pending(tenant_id)
    }
    return Memory(
        known=bool(settled),
        applied=LastApplied(journal, tenant_id, managed.keys()),
        settled=settled,
        auto_mapping=journal.auto_mappings(tenant_id),
        awaited=awaited,
        object_ids=object_ids,
        agreed={key: m.last_at for key, m in managed.items()},
        born={key: m.first_at for key, m in managed.items()},
        flapping=journal.flapping(tenant_id),
        suspended={
            subject: f"{order.reason} — {order.who}, {order.at:%Y-%m-%d %H:%M} UTC"
            for subject, order in journal.orders.suspended(tenant_id).items()
        },
    )


async def prepare(setting: Setting, reader: Reader) -> Prepared:
    """Observes, plans and judges. Raises SignInError where nothing can be asked; any other trouble with
    the tenant stands in the plan."""
    memory = setting.memory
    if memory is None:
        memory = await asyncio.to_thread(remember, setting.journal, setting.tenant_id)
    try:
        directory = await read_directory(reader)
    except SignInError:
        raise
    except ServiceError as error:
        return _blind(setting, memory, error)
    directory.ours = {key: ident for ident, key in memory.object_ids.items()}
    observed, facts = await asyncio.gather(
        observe(reader, setting.documents(), directory, all_aspects()), read_facts(reader, directory)
    )
    facts = await with_mailboxes(facts, reader, observed.resources)
    await asyncio.to_thread(_note, setting, observed)
    return _decide(setting, replace(observed, facts=facts), memory, all_aspects())


def _note(setting: Setting, observed: Observed) -> None:
    """Who can read what is kept whenever anybody looked. Where it cannot be, the look still counts."""
    if setting.journal is not None:
        with suppress(StateError):
            noted(setting.journal, setting.tenant_id, observed, setting.now())


def _context(setting: Setting, directory: Directory, memory: Memory) -> Context:
    now, tenant = setting.at or setting.now(), setting.tenant
    return Context(now, tenant.zone, tenant, directory, memory, deadline=setting.deadline)


def _decide(setting: Setting, observed: Observed, memory: Memory, aspects: Sequence[Aspect]) -> Prepared:
    renamed = _renamed(setting, observed, memory)
    memory = memory.renamed(renamed)
    context = _context(setting, observed.directory, memory)
    frame = Frame(
        tenant=setting.tenant.name,
        tenant_id=setting.tenant_id,
        commit=setting.commit,
        specs_digest=setting.specs.digest,
        created_at=setting.now(),
        deadline=setting.deadline,
    )
    plan, draft = draw(observed, aspects, context, frame)
    view = preflight.View(setting.specs.tenant, observed, draft.desired, draft.context or context)
    plan = replace(plan, findings=(*plan.findings, *preflight.look(view)))
    if setting.whole and not observed.directory_error:
        spoken = frozenset(document.key for document in setting.specs.documents if document.key)
        plan = replace(plan, findings=(*plan.findings, *unmanaged(observed, memory, spoken)))
    approvals = setting.specs.approvals
    plan = leave_alone(plan, memory.suspended)
    bench = guard.Bench(
        setting.specs.tenant, approvals, context.now, context.zone, setting.whole, memory.flapping
    )
    broken = policies.of_plan(setting.specs, setting.documents(), plan)
    judged = guard.judge(plan, observed, bench, broken)
    return Prepared(weigh(judged, observed, memory), draft, observed, memory, renamed)


def _renamed(setting: Setting, observed: Observed, memory: Memory) -> dict[Key, Key]:
    """Documents about an object that our record has under another address: by their key, the former."""
    spoken = {document.key for document in setting.specs.documents}
    found = {}
    for resource in observed.resources:
        former = memory.object_ids.get(resource.principal.object_id) if resource.principal else None
        if former and former.kind is resource.key.kind and former not in spoken:
            found[resource.key] = former
    return {new: old for new, old in found.items() if new not in memory.settled}


def _blind(setting: Setting, memory: Memory, error: ServiceError) -> Prepared:
    observed = Observed(Directory(), directory_error=error)
    prepared = _decide(setting, observed, memory, ())
    keys = frozenset(document.key for document in setting.documents() if document.key)
    plan = replace(prepared.plan, unreadable=keys, resources=tuple(sorted(keys)))
    return replace(prepared, plan=plan)


async def cycle(setting: Setting, connection: Connection, mode: Mode) -> Cycle:
    """A whole cycle. In report mode nothing that could write is ever made. Raises DeniedError where the
    identity may not write."""
    prepared = await prepare(setting, connection.reader())
    if mode is Mode.REPORT or not may_start(prepared.plan):
        return Cycle(prepared.plan)
    await expect_leave(connection.reader(), prepared.plan)
    return await carry_out(setting, connection, prepared)


async def expect_leave(reader: Reader, plan: Plan) -> None:
    """Raises DeniedError, before anything is written, where the identity's roles hold none of the cmdlets
    that the plan needs. Where the service does not tell, the first refusal does."""
    calls = [r.call for change in plan.open_changes for r in change.requests if r.api == "exchange"]
    needed = sorted(set(calls))
    granted = await reader.granted_cmdlets() if needed else None
    if granted is not None and not granted & {name.lower() for name in needed}:
        message = f"this identity may only read: it is not granted {', '.join(needed)}; nothing was written"
        advice = "give the app a role that has them, such as Exchange Recipient Administrator"
        raise DeniedError("exchange", "apply", message, advice=advice)


def may_start(plan: Plan) -> bool:
    return not any(finding.stops_run for finding in plan.findings)


async def carry_out(setting: Setting, connection: Connection, prepared: Prepared) -> Cycle:
    """Applies a prepared plan and records what became of it. The caller holds the tenant's lock."""
    journal = setting.journal
    assert journal is not None, "nothing is written without a record"
    drifted = prepared.plan.changes
    await asyncio.to_thread(journal.record_drift, setting.tenant_id, drifted, at=setting.now())
    run_id = journal.start_run(
        setting.tenant_id,
        at=setting.now(),
        commit=setting.commit,
        specs_digest=setting.specs.digest,
        mode=Mode.APPLY,
    )
    look = _Look(setting, connection, prepared)
    tools = Tools(
        reader=connection.reader(),
        writer=connection.writer(),
        journal=journal,
        run_id=run_id,
        tenant_id=setting.tenant_id,
        aspects={aspect.name: aspect for aspect in all_aspects()},
        look=look,
        now=setting.now,
        sleep=setting.sleep,
        patience=setting.patience,
        unconcluded={i: a.since for i, a in prepared.memory.awaited.items() if not a.accepted},
        told=setting.told,
        deadline=setting.deadline,
        overdue=frozenset(i for i, a in prepared.memory.awaited.items() if a.accepted),
        lead=setting.lead,
        stopping=setting.stopping,
    )
    with structlog.contextvars.bound_contextvars(run_id=run_id):  # what is logged on the way bears it
        outcomes = await apply(prepared.plan, tools)
    done = Cycle(prepared.plan, outcomes, applied=True, run_id=run_id)
    if setting.lead.held():
        await asyncio.to_thread(_record, setting, journal, prepared, done, run_id, look.seen)
    else:  # what stands there by now is another replica's to say
        await asyncio.to_thread(_unsettle, setting, journal, done)
    journal.finish_run(run_id, at=setting.now(), condition=done.condition)
    return done


class _Look:
    """Reads some resources again, and says what the plan would still hold for them. Others of the plan may
    decide that, too: the lists that it changes are read with them, and whoever it creates is looked up."""

    def __init__(self, setting: Setting, connection: Connection, prepared: Prepared) -> None:
        self._setting = setting
        self._connection = connection
        self._first = prepared.observed
        changes = prepared.plan.open_changes
        self._lists = frozenset(c.key for c in changes if c.key.kind is Kind.DISTRIBUTION_LIST)
        self._made = frozenset(c.key for c in changes if c.action in (Action.CREATE, Action.RENAME))
        self._told = frozenset(finding.id for finding in prepared.plan.findings)
        self._directory = prepared.observed.directory
        self.seen: dict[Key, str] = {}  # the object id of each that was there

    async def __call__(self, keys: frozenset[Key]) -> Sight:
        keys = keys | self._lists
        setting = replace(self._setting, targets=frozenset(key.address for key in keys))
        reader = self._connection.reader()
        documents = setting.documents()
        known = [r.principal.guid for r in self._first.resources if r.principal and r.key in keys]
        new = {key for key in self._made if not self._directory.by_address(key.address)}
        addresses = sorted({key.address for key in keys | new if key.kind is not Kind.TENANT})
        directory = await refreshed(reader, self._directory, addresses, known)
        self._directory = directory
        observed = await observe(reader, documents, directory, all_aspects())
        memory = await asyncio.to_thread(remember, setting.journal, setting.tenant_id)
        memory = replace(memory, awaited={})  # what is awaited is exactly what is looked for
        again = _decide(setting, observed, memory, all_aspects())
        self.seen |= {r.key: r.principal.object_id for r in observed.resources if r.principal}
        return Sight(
            frozenset(again.draft.differing),
            again.plan.unreadable | self._untold(again.plan),
            {key.address: object_id for key, object_id in self.seen.items()},
        )

    def _untold(self, plan: Plan) -> frozenset[Key]:
        """Resources of which a part cannot be told now, and could when the plan was made: somebody whom they
        name is not visible yet."""
        return frozenset(
            finding.blocks[0]
            for finding in plan.findings
            if finding.blocks and finding.severity is Severity.ERROR and finding.id not in self._told
        )


def _record(
    setting: Setting, journal: Journal, prepared: Prepared, done: Cycle, run_id: str, seen: dict[Key, str]
) -> None:
    """What is now known to be in place, under which object id; and every access list that was observed."""
    now, tenant_id = setting.now(), setting.tenant_id
    plan = prepared.plan
    failing = {change.key for change in plan.changes if change.blocked_by} | plan.unreadable
    failing |= prepared.draft.unmet | {f.key for f in plan.findings if f.code == "propagating" and f.key}
    failing |= {o.change.key for o in done.outcomes if o.status is not Status.APPLIED}
    there = prepared.observed.resources
    whole = {r.key: prepared.draft.desired[r.key] for r in there if not (r.key in failing or r.unwanted)}
    ids = {r.key: r.principal.object_id for r in there if r.principal} | seen
    journal.rename(tenant_id, prepared.renamed)
    journal.settle_many(tenant_id, whole, at=now, commit=setting.commit, object_ids=ids)
    for outcome in done.outcomes:
        if outcome.status is Status.APPLIED and outcome.change.key in failing:
            _record_one(setting, journal, outcome.change, prepared.draft)
        if outcome.status is Status.APPLIED and outcome.change.action is Action.DELETE:
            journal.forget(tenant_id, outcome.change.key, at=now)
    keep_documents(journal, tenant_id, setting.documents(), now, setting.commit)
    _unsettle(setting, journal, done)
    _resolve(setting, journal, prepared, run_id)
    made = [outcome.change for outcome in done.outcomes if outcome.status is Status.APPLIED]
    journal.record_access_lists(tenant_id, as_lists(prepared.observed, made), at=now)


def _unsettle(setting: Setting, journal: Journal, done: Cycle) -> None:
    """What was perhaps taken away by us for a moment, and is not there again, is off the record."""
    now, tenant_id, commit = setting.now(), setting.tenant_id, setting.commit
    for outcome in done.outcomes:
        for path in outcome.change.rests_on if outcome.status is not Status.APPLIED else ():
            journal.settle_one(tenant_id, outcome.change.key, path, None, at=now, commit=commit, gone=True)


def _record_one(setting: Setting, journal: Journal, change: Change, draft: Draft) -> None:
    values = draft.desired[change.key]
    gone = change.path not in values
    value = None if gone else values[change.path]
    now = setting.now()
    journal.settle_one(
        setting.tenant_id, change.key, change.path, value, at=now, commit=setting.commit, gone=gone
    )


def _resolve(setting: Setting, journal: Journal, prepared: Prepared, run_id: str) -> None:
    """Closes what earlier runs left open: it is so by now, or it was planned anew."""
    plan = prepared.plan
    planned = {change.id for change in plan.changes}
    waiting = {finding.subject for finding in plan.findings if finding.code == "propagating"}
    looked_at = set(plan.resources) - plan.unreadable
    for pending in journal.pending(setting.tenant_id):
        subject = "/".join((pending.key.address, *pending.path))
        if pending.run_id == run_id or pending.key not in looked_at or subject in waiting:
            continue
        status = Status.FAILED if pending.change_id in planned else Status.APPLIED
        journal.resolve_pending(pending.intent_id, status, at=setting.now())
        if status is Status.APPLIED and pending.path in (wished := prepared.draft.desired[pending.key]):
            journal.settle_one(
                setting.tenant_id, pending.key, pending.path, wished[pending.path], at=setting.now(),
                commit=setting.commit,
            )  # fmt: skip
