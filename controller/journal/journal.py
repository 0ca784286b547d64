"""The journal: what the controller meant to do, what became of it, and what it last put in place.

Every method is one transaction, safe to call from several threads; it never waits for anything but the
database and, in `lock`, for another apply. Moments are parameters, aware, kept in UTC.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from controller.errors import LeadLostError, StateError
from controller.journal import chain, retention, sightings, standing, trail
from controller.journal.chain import Proof
from controller.journal.documents import Documents
from controller.journal.file_leads import FileLeads
from controller.journal.lease import Leader, Leases, is_latest, leaders
from controller.journal.lock import AdvisoryLocks, FileLocks, LockMaker, MemoryLocks, Patience, hold
from controller.journal.opening import open_engine, reading, snapshot, sqlite_path, writing
from controller.journal.orders import Orders
from controller.journal.outbox import Outbox
from controller.journal.records import AccessRecord, Applied, HistoryRow, Managed, Pending, RunRow
from controller.journal.sightings import Sighting
from controller.journal.told import Told
from controller.lead import Alone, Leadership
from controller.memory import Flap
from controller.model import Cause, Change, Condition, Key, Mode, Status


def _fresh_id() -> str:
    return uuid.uuid4().hex


class Journal:
    """Raises StateError, with advice, whenever the database does not play along."""

    def __init__(
        self,
        engine: sa.Engine,
        locks: LockMaker,
        *,
        new_id: Callable[[], str] = _fresh_id,
        patience: Patience | None = None,
    ) -> None:
        self._engine = engine
        self._locks = locks
        self._new_id = new_id
        self._patience = patience or Patience()
        # SQLite lets one write at a time; its own waiting knows no turns, and a journal in memory is one
        # connection that all threads share.
        self._turn: AbstractContextManager[object] = (
            threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()
        )
        self._leases: Leases | None = None
        self._file_leads = FileLeads(locks.lead_for) if isinstance(locks, FileLocks) else None
        self.outbox = Outbox(self._writing, self._reading)
        self.told = Told(self._writing, self._reading)
        self.orders = Orders(self._writing, self._reading)
        self.documents = Documents(self._writing, self._reading)

    @classmethod
    def open(
        cls, url: str, *, new_id: Callable[[], str] = _fresh_id, patience: Patience | None = None
    ) -> Self:
        """Opens, and where there is none creates, the journal at `sqlite:///…` or `postgresql://…`.

        Raises StateError: out of reach, not writable, not a journal, or written by a newer release.
        """
        engine = open_engine(url)
        path = sqlite_path(engine.url)
        locks: LockMaker
        if engine.dialect.name != "sqlite":
            locks = AdvisoryLocks(engine)
        elif path is not None:
            locks = FileLocks(path)
        else:
            locks = MemoryLocks()
        return cls(engine, locks, new_id=new_id, patience=patience)

    def close(self) -> None:
        for leads in (self._leases, self._file_leads):
            if leads is not None:
                leads.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lock(
        self, tenant_id: str, *, wait: timedelta | None = None, stop: threading.Event | None = None
    ) -> AbstractContextManager[bool]:
        """Held by one apply at a time; yields whether it had to be waited for (then plan anew).

        `wait` None waits for ever, zero not at all; setting `stop` ends the waiting. Raises StateError
        when it was not had. The thread that leaves it may be another than the one that entered. It goes
        with the process, however that ends.
        """
        return hold(self._locks.lock_for(tenant_id), f"tenant {tenant_id}", wait, stop, self._patience)

    def leadership(self, name: str, lease: timedelta) -> Leadership:
        """Who leads, among those that share this journal. `name` is how people know this replica, `lease`
        how long one that does not answer keeps the others waiting. Given back by `close`.

        On SQLite it is kept as long as the process lives; a journal in memory is nobody else's.
        """
        if self._engine.dialect.name == "sqlite":
            return self._file_leads or Alone()
        if self._leases is None:
            self._leases = Leases(self._engine, name, lease, patience=self._patience)
        return self._leases

    def leader(self, tenant_id: str) -> str:
        """Who leads the tenant, or did last, by its name for people; empty where that is unknown."""
        if self._engine.dialect.name == "sqlite":
            return self._file_leads.leader(tenant_id) if self._file_leads else ""
        return next((one.name for one in self.leaders() if one.tenant_id == tenant_id), "")

    def leaders(self) -> list[Leader]:
        """Who leads which tenant now; none on SQLite."""
        if self._engine.dialect.name == "sqlite":
            return []
        with self._reading() as connection:
            return leaders(connection)

    # --- what was last applied ----------------------------------------------------------------------

    def last_applied(self, tenant_id: str) -> Mapping[tuple[Key, tuple[str, ...]], Applied]:
        with self._reading() as connection:
            return standing.last_applied(connection, tenant_id)

    def applied_to(self, tenant_id: str, key: Key) -> Mapping[tuple[str, ...], Any]:
        """The values last applied to one resource."""
        with self._reading() as connection:
            return standing.applied_to(connection, tenant_id, key)

    def settle(
        self,
        tenant_id: str,
        key: Key,
        values: Mapping[tuple[str, ...], Any],
        *,
        at: datetime,
        commit: str | None,
        object_id: str | None = None,
    ) -> None:
        """Makes `values` the whole record of what is applied for `key`, which is managed from now on."""
        ids = {} if object_id is None else {key: object_id}
        self.settle_many(tenant_id, {key: values}, at=at, commit=commit, object_ids=ids)

    def settle_many(
        self,
        tenant_id: str,
        resources: Mapping[Key, Mapping[tuple[str, ...], Any]],
        *,
        at: datetime,
        commit: str | None,
        object_ids: Mapping[Key, str] | None = None,
    ) -> None:
        """`settle` for many resources, in one transaction."""
        with self._writing() as connection:
            standing.settle(connection, tenant_id, resources, object_ids or {}, at=at, commit=commit)

    def settle_one(
        self,
        tenant_id: str,
        key: Key,
        path: tuple[str, ...],
        value: Any,
        *,
        at: datetime,
        commit: str | None,
        gone: bool = False,
    ) -> None:
        """Records one field after its change was applied; `gone` takes it off the record."""
        with self._writing() as connection:
            if gone:
                standing.unsettle_one(connection, tenant_id, key, path)
            else:
                standing.settle_one(connection, tenant_id, key, path, value, at=at, commit=commit)

    def forget(self, tenant_id: str, key: Key, *, at: datetime) -> None:
        """`key` is no longer managed, or is gone: nothing is on record for it, but what was done to it."""
        with self._writing() as connection:
            standing.forget(connection, tenant_id, key, at)

    def rename(self, tenant_id: str, names: Mapping[Key, Key]) -> None:
        """What is on record of a resource is its own under another address, too; `names` gives, by the new
        key, the former one. What was done to it stays where it was written."""
        with self._writing() as connection:
            for new, old in names.items():
                standing.rename(connection, tenant_id, old, new)

    def managed(self, tenant_id: str) -> Mapping[Key, Managed]:
        """Every resource that was ever settled and not forgotten since."""
        with self._reading() as connection:
            return standing.managed(connection, tenant_id)

    # --- what was done ------------------------------------------------------------------------------

    def start_run(
        self, tenant_id: str, *, at: datetime, commit: str | None, specs_digest: str, mode: Mode
    ) -> str:
        run_id = self._new_id()
        with self._writing() as connection:
            trail.start_run(
                connection,
                run_id,
                tenant_id,
                at=at,
                commit=commit,
                specs_digest=specs_digest,
                mode=mode,
                token=self._leases.token(tenant_id) if self._leases else None,
            )
        return run_id

    def intend(self, run_id: str, change: Change, *, at: datetime, step: int = 0) -> str:
        """Writes down what is about to be asked of a service; durable when this returns.

        Raises StateError, and the request must not go out, when it cannot be written down or when the
        tenant's lock has been lost; LeadLostError when the lead under which the run was started has.
        """
        intent_id = self._new_id()
        with self._writing() as connection:
            tenant_id, token = trail.lead_of(connection, run_id)
            if token is not None and not self._leads(connection, tenant_id, token):
                raise LeadLostError(f"the lead of tenant {tenant_id} was lost: another replica goes on")
            if not self._locks.still_held(connection, tenant_id):
                raise StateError(
                    f"the lock of tenant {tenant_id} was lost, as the database ended its session: "
                    "apply again, and what was begun is looked at first"
                )
            trail.intend(connection, intent_id, change, run_id=run_id, tenant_id=tenant_id, step=step, at=at)
        return intent_id

    def conclude(
        self,
        intent_id: str,
        status: Status,
        *,
        at: datetime,
        error: str | None = None,
        request_ids: Sequence[str] = (),
    ) -> None:
        with self._writing() as connection:
            trail.conclude(connection, intent_id, status, at=at, error=error, request_ids=request_ids)

    def finish_run(self, run_id: str, *, at: datetime, condition: Condition) -> None:
        with self._writing() as connection:
            trail.finish_run(connection, run_id, at, condition)

    def pending(self, tenant_id: str) -> tuple[Pending, ...]:
        """What went out and was not seen to arrive, oldest first: accepted and not visible yet, or (status
        None) never concluded because the process was killed."""
        with self._reading() as connection:
            return trail.pending(connection, tenant_id)

    def resolve_pending(self, intent_id: str, status: Status, *, at: datetime) -> None:
        """What a later look at the tenant said of a pending intent."""
        self.conclude(intent_id, status, at=at)

    def history(self, tenant_id: str, address: str | None = None, *, limit: int = 100) -> list[HistoryRow]:
        """What was attempted, newest first, on one address (in lower case) or on all."""
        with self._reading() as connection:
            return trail.history(connection, tenant_id, address, limit)

    def record_drift(
        self,
        tenant_id: str,
        changes: Sequence[Change],
        *,
        at: datetime,
        authors: Mapping[str, sightings.Doer] | None = None,
    ) -> None:
        """Notes what somebody changed by hand: those of the planned changes that have the cause drift, and by
        their ids who it was, as far as the audit log tells. The same is noted once, and once more with its
        author."""
        drifted = [change for change in changes if change.cause is Cause.DRIFT]
        if drifted:
            with self._writing() as connection:
                sightings.record(connection, tenant_id, drifted, authors or {}, at)

    def seen(self, tenant_id: str, address: str | None = None, *, limit: int = 100) -> list[Sighting]:
        """What was changed by hand, newest first."""
        with self._reading() as connection:
            return sightings.seen(connection, tenant_id, address, limit)

    def flapping(self, tenant_id: str) -> Mapping[str, Flap]:
        """By change id, what was put right again and again within a day."""
        with self._reading() as connection:
            return sightings.flapping(connection, tenant_id)

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Takes away what is older and counts no more, a little at a time; tells how many rows."""
        total = 0
        while True:
            with self._writing() as connection:
                taken = retention.prune_some(connection, tenant_id, before)
            total += taken
            if not taken:
                return total

    def verify(self, tenant_id: str, *, head: str | None = None) -> Proof:
        """Whether the history is as it was written; `head` was noted earlier, and must be part of it."""
        with self._turn, snapshot(self._engine) as connection:
            return chain.verify(connection, tenant_id, head)

    def runs(self, tenant_id: str, *, limit: int = 100) -> list[RunRow]:
        """The runs, newest first."""
        with self._reading() as connection:
            return trail.recent_runs(connection, tenant_id, limit)

    def last_cycle_at(self, tenant_id: str) -> datetime | None:
        """When a run last came to its end."""
        with self._reading() as connection:
            return trail.last_cycle_at(connection, tenant_id)

    # --- what was observed --------------------------------------------------------------------------

    def record_access(
        self, tenant_id: str, address: str, rows: Sequence[Mapping[str, Any]], *, at: datetime
    ) -> None:
        """Notes the observed access list of `address`; one like the last only prolongs that one."""
        self.record_access_lists(tenant_id, {address: rows}, at=at)

    def record_access_lists(
        self, tenant_id: str, lists: Mapping[str, Sequence[Mapping[str, Any]]], *, at: datetime
    ) -> None:
        """`record_access` for many addresses, in one transaction."""
        with self._writing() as connection:
            standing.record_access(connection, tenant_id, lists, at)

    def access_at(self, tenant_id: str, address: str, at: datetime) -> AccessRecord | None:
        """The access list last seen at or before `at`; None if it was never looked at by then."""
        with self._reading() as connection:
            return standing.access_at(connection, tenant_id, address, at)

    def access_lists_at(self, tenant_id: str, at: datetime) -> dict[str, AccessRecord]:
        """`access_at` for every address that was looked at by then."""
        with self._reading() as connection:
            return standing.access_lists_at(connection, tenant_id, at)

    def auto_mapping(self, tenant_id: str, key: Key) -> Mapping[str, bool | None]:
        """By trustee what AutoMapping was set to; None: the grant was there before us, nobody can tell.

        Our own record, since the service takes AutoMapping and never tells it [doc: Add-MailboxPermission].
        """
        with self._reading() as connection:
            return standing.auto_mapping(connection, tenant_id, key)

    def auto_mappings(self, tenant_id: str) -> Mapping[Key, Mapping[str, bool | None]]:
        """`auto_mapping` of every resource that has a record."""
        with self._reading() as connection:
            return standing.auto_mappings(connection, tenant_id)

    def record_auto_mapping(
        self, tenant_id: str, key: Key, trustee: str, value: bool | None, *, at: datetime
    ) -> None:
        with self._writing() as connection:
            standing.record_auto_mapping(connection, tenant_id, key, trustee, value, at=at)

    def _leads(self, connection: sa.Connection, tenant_id: str, token: int) -> bool:
        held = self._leases is not None and self._leases.holds(tenant_id, token)
        return held and is_latest(connection, tenant_id, token)

    # --- transactions -------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._turn, writing(self._engine) as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._turn, reading(self._engine) as connection:
            yield connection
