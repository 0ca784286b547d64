"""One turn for one tenant: look, decide how far to go, run a cycle, and say what it all ended in."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from controller.blame import Deed, blame
from controller.clients import Connection, ServiceStats
from controller.errors import (
    ControllerError,
    DeniedError,
    ServiceError,
    SettingsError,
    SignInError,
    SourceError,
    StateError,
    UserError,
)
from controller.journal import Journal
from controller.lead import Lead, Leadership
from controller.loop.halt import Halt
from controller.model import Cause, Cycle, Mode, Outcome, Plan
from controller.reconciler import Prepared, Setting, carry_out, expect_leave, may_start, prepare
from controller.source import Revision, Source
from controller.spec import TenantSpecs
from controller.spec.dates import in_windows
from controller.turn import Reason, Restraint, Turn

_log = structlog.get_logger()
_PROBLEMS = 5  # of wrong specs, told in one message; `mbx validate` tells all


async def _unheard(turn: Turn) -> None:
    pass


async def _unpublished(setting: Setting, connection: Connection) -> None:
    pass


Traced = Callable[[str, datetime], AbstractContextManager[None]]


def untraced(ident: str, at: datetime) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Means:
    """What a turn needs from outside. `journal` opens it, or raises StateError; it may block. `own_app` is
    the application that signs in, so that its own writes are nobody's drift. `leader_of` names who leads a
    tenant where that is somebody else; it may block. `drifted` hears of a turn that
    is about to heal drift: whoever is killed while healing would otherwise have hidden it. `publish` looks at
    the tenant once more after a turn that went well, for whoever plans without signing in. A turn goes on
    inside `traced`, which knows it by its id and when it began."""

    connect: Callable[[TenantSpecs], AbstractAsyncContextManager[Connection]]
    journal: Callable[[], Journal]
    leadership: Leadership
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    deadline: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(seconds=60)
    own_app: Callable[[TenantSpecs], str | None] = lambda specs: None
    planned: Callable[[Plan], None] = lambda plan: None
    told: Callable[[Outcome], None] = lambda outcome: None
    leader_of: Callable[[str], str] = lambda tenant_id: ""
    drifted: Callable[[Turn], Awaitable[None]] = _unheard
    publish: Callable[[Setting, Connection], Awaitable[None]] = _unpublished
    traced: Traced = untraced
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex


class LeftError(Exception):
    """The tenant is in the specs no more."""


@dataclass(slots=True)
class _Making:
    """A turn while it goes on."""

    id: str
    tenant: str
    tenant_id: str
    started_at: datetime
    mode: Mode = Mode.REPORT
    restraint: Restraint | None = None
    specs: TenantSpecs | None = None
    commit: str | None = None
    prepared: Prepared | None = None
    cycle: Cycle | None = None
    reason: Reason | None = None
    error: str | None = None
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    stats: Mapping[str, ServiceStats] = field(default_factory=dict)

    def ended(self, at: datetime) -> Turn:
        return Turn(ended_at=at, **{name: getattr(self, name) for name in self.__slots__})


@dataclass(slots=True)
class Turning:
    """Takes the turns of one tenant. `writing` tells whether a turn is past the point where it may be cut
    off without further ado."""

    tenant: str
    tenant_id: str
    source: Source
    means: Means
    halt: Halt
    writing: bool = False

    async def take(self, look: Callable[[], Awaitable[Revision]]) -> Turn:
        """Raises nothing but LeftError."""
        making = _Making(self.means.new_id(), self.tenant, self.tenant_id, self.means.now())
        traced = self.means.traced(making.id, making.started_at)
        with traced, structlog.contextvars.bound_contextvars(cycle=making.id, tenant=self.tenant):
            try:
                async with self.means.leadership.lead(self.tenant_id) as lead:
                    if lead is None:
                        making.reason = Reason.NOT_LEADING
                        making.error = await asyncio.to_thread(self._elsewhere)
                    else:
                        await self._work(making, look, lead)
                        making.reason, making.error = _seen(making, lead)
            except LeftError:
                raise
            except Exception as error:
                making.reason, making.error = told_of(error)
                if making.reason is Reason.FAILED:
                    _log.exception("cycle.failed")
            finally:
                self.writing = False
        if self.halt.asked():
            making.reason, making.error = Reason.STOPPED, None
        return making.ended(self.means.now())

    def _elsewhere(self) -> str:
        who = self.means.leader_of(self.tenant_id) or "another replica"
        return f"{who} leads this tenant: this one stands by, and takes over when that one ends"

    async def _work(self, making: _Making, look: Callable[[], Awaitable[Revision]], lead: Lead) -> None:
        means = self.means
        revision = await look()
        specs = revision.of(self.tenant_id)
        if specs is None:
            raise LeftError
        making.specs, making.commit = specs, revision.commit
        making.mode, making.restraint = _how_far(specs, means.now(), suspended=False)
        journal = await asyncio.to_thread(means.journal)
        trusted = await asyncio.to_thread(_last_commit, journal, self.tenant_id)
        await self.source.vouch(revision, self.tenant_id, trusted)
        suspended = await asyncio.to_thread(journal.orders.suspended, self.tenant_id)
        making.mode, making.restraint = _how_far(specs, means.now(), suspended="" in suspended)
        setting = Setting(
            specs, revision.commit, means.now, journal, deadline=means.deadline, patience=means.patience,
            sleep=means.sleep, told=means.told, lead=lead, stopping=self.halt.asked,
        )  # fmt: skip
        async with means.connect(specs) as connection:
            try:
                await self._cycle(making, setting, connection, journal)
                await self._publish(making, setting, connection)
            finally:
                making.stats = connection.stats

    async def _cycle(
        self, making: _Making, setting: Setting, connection: Connection, journal: Journal
    ) -> None:
        if making.mode is Mode.REPORT:
            await self._look(making, setting, connection)
            return
        async with _held(journal, self.tenant_id, self.halt):
            prepared = await self._look(making, setting, connection)
            if not may_start(prepared.plan) or prepared.observed.directory_error or self.halt.asked():
                return
            self.writing = True
            await expect_leave(connection.reader(), prepared.plan)
            if any(change.cause is Cause.DRIFT for change in prepared.plan.open_changes):
                await self.means.drifted(making.ended(self.means.now()))
            making.cycle = await carry_out(setting, connection, prepared)

    async def _publish(self, making: _Making, setting: Setting, connection: Connection) -> None:
        """What goes wrong here is told, and is no trouble of the turn's."""
        prepared = making.prepared
        if prepared is None or prepared.observed.directory_error or self.halt.asked():
            return
        self.writing = False
        try:
            await self.means.publish(setting, connection)
        except ControllerError as error:
            _log.warning("snapshot.failed", error=str(error))

    async def _look(self, making: _Making, setting: Setting, connection: Connection) -> Prepared:
        prepared = await prepare(setting, connection.reader())
        making.prepared, making.cycle = prepared, Cycle(prepared.plan)
        self.means.planned(prepared.plan)
        making.deeds = await self._deeds(prepared, setting, connection)
        if setting.journal is not None:
            record, drifted = setting.journal.record_drift, prepared.plan.changes
            await asyncio.to_thread(record, self.tenant_id, drifted, at=setting.now(), authors=making.deeds)
        return prepared

    async def _deeds(
        self, prepared: Prepared, setting: Setting, connection: Connection
    ) -> Mapping[str, Deed]:
        drifted = [change for change in prepared.plan.changes if change.cause is Cause.DRIFT]
        if not drifted:
            return {}
        try:
            return await blame(
                connection.reader(),
                drifted,
                prepared.observed.directory,
                since=prepared.memory.agreed,
                until=setting.now(),
                session_id=self.means.new_id(),
                own_app=self.means.own_app(setting.specs),
            )
        except ServiceError as error:
            _log.warning("audit.unreadable", error=str(error))
            return {}


def told_of(error: Exception) -> tuple[Reason, str]:
    """The stable word and the sentence for what kept a turn from its work."""
    if isinstance(error, ExceptionGroup):
        return told_of(error.exceptions[0])
    if isinstance(error, SourceError):
        return Reason(error.reason), str(error)
    for kind, reason in (
        (SettingsError, Reason.BAD_SETTINGS),
        (UserError, Reason.BAD_SPECS),
        (StateError, Reason.JOURNAL_UNREACHABLE),
        (SignInError, Reason.SIGN_IN_FAILED),
        (DeniedError, Reason.DENIED),
    ):
        if isinstance(error, kind):
            lines = str(error).splitlines()
            more = f"\n… and {len(lines) - _PROBLEMS} more: mbx validate" if len(lines) > _PROBLEMS else ""
            return reason, "\n".join(lines[:_PROBLEMS]) + more
    said = str(error) if isinstance(error, ControllerError) else f"{type(error).__name__}: {error}"
    return Reason.FAILED, said


def _seen(making: _Making, lead: Lead) -> tuple[Reason | None, str | None]:
    """What still counts as trouble of a turn that went to its end."""
    if not lead.held():
        return Reason.NOT_LEADING, "the lead was lost on the way: another replica goes on"
    error = making.prepared.observed.directory_error if making.prepared else None
    if error is not None:
        return Reason.TENANT_UNREACHABLE, f"who is who cannot be read, so nothing is planned: {error}"
    if making.cycle is not None and making.cycle.powerless:
        return Reason.DENIED, (
            "every write was denied: this identity may only read; give the app a role that may write, "
            "or set `mode: report` in the Tenant"
        )
    return None, None


def _how_far(specs: TenantSpecs, now: datetime, *, suspended: bool) -> tuple[Mode, Restraint | None]:
    tenant: Any = specs.tenant.spec
    if tenant.mode is not Mode.APPLY:
        return Mode.REPORT, Restraint.MODE
    if suspended:
        return Mode.REPORT, Restraint.SUSPENDED
    if not in_windows(tenant.apply_windows, now, tenant.zone):
        return Mode.REPORT, Restraint.WINDOW
    return Mode.APPLY, None


def _last_commit(journal: Journal, tenant_id: str) -> str | None:
    """What may not be gone behind: the commit of the last run that was to write, or what the operator
    accepted since."""
    runs = (run for run in journal.runs(tenant_id) if run.commit and run.mode is Mode.APPLY)
    run, order = next(runs, None), journal.orders.accepted(tenant_id)
    if order and (run is None or order.at >= run.at):
        return order.subject
    return run.commit if run else None


@asynccontextmanager
async def _held(journal: Journal, tenant_id: str, halt: Halt) -> AsyncIterator[None]:
    """The tenant's lock. It is waited for in a thread; whoever gives up waiting does not leave it taken."""
    lock = journal.lock(tenant_id, stop=halt.thread)
    entering = asyncio.ensure_future(asyncio.to_thread(lock.__enter__))
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        halt.thread.set()
        entering.add_done_callback(lambda done: None if done.exception() else lock.__exit__(None, None, None))
        raise
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
