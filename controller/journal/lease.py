"""Which replica leads which tenant, in PostgreSQL: a lease, a session's lock, and a number that only grows.

The lock tells at once that a leader is dead: it goes with its session. The lease tells of one that is frozen
or cut off: after it, others end its sessions and take over. The number (`token`) is written with each run,
and an intent is only written while the run's number is the latest: a leader that comes back finds that
out before it can send anything. The server's clock counts for the lease, so that replicas' need not agree;
each replica counts its own with a clock that goes on while it sleeps, and a little short.
"""

from __future__ import annotations

import asyncio
import select
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from controller.errors import StateError
from controller.journal import schema
from controller.journal.lock import SESSIONS, Patience, advisory_key
from controller.journal.opening import database_errors
from controller.journal.statements import insert

_SHORT: Final = 0.8  # of a lease is what its holder counts on: clocks run unlike, requests take a while
_BEATS: Final = 4  # renewals in the time of one lease
_OUST_TRIES: Final = 20  # times 0.1 s: a session ends within milliseconds of being told to
_STATEMENT_MS: Final = 5000  # no statement here has to do more than touch a row
_CLOCK: Final = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))


def awake_and_asleep() -> float:
    """Seconds on a clock that goes on while the machine is suspended, where the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def is_latest(connection: sa.Connection, tenant_id: str, token: int) -> bool:
    """Whether `token` still leads; if so, nobody takes over before this transaction ends."""
    table = schema.leads
    statement = sa.select(table.c.token).where(
        table.c.tenant_id == tenant_id, table.c.token == token, table.c.expires_at > _CLOCK
    )
    return connection.execute(statement.with_for_update(read=True)).first() is not None


class HeldLead:
    """The lead of one tenant. Once lost, it stays lost: taking over anew gives another one."""

    def __init__(self, token: int, good_until: float, clock: Callable[[], float], alive: Callable[[], bool]):
        self.token = token
        self.good_until = good_until
        self._clock = clock
        self._alive = alive
        self._lost = False

    def held(self) -> bool:
        if not self._lost and (self._clock() >= self.good_until or not self._alive()):
            self._lost = True
        return not self._lost

    def lose(self) -> None:
        self._lost = True


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads a tenant, as `controller.lead` has it, by a name for people; until when, unless renewed."""

    tenant_id: str
    name: str
    since: datetime
    expires_at: datetime


class Leases:
    """The leads of one replica, kept from turn to turn and renewed in the background until `close`."""

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        lease: timedelta,
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] = awake_and_asleep,
    ) -> None:
        self._engine = engine
        self._name = name
        self._lease = lease
        self._patience = patience or Patience()
        self._clock = clock
        self._guard = threading.RLock()  # one statement at a time on the session
        self._session: sa.Connection | None = None
        self._locked: set[str] = set()
        self._leads: dict[str, HeldLead] = {}
        self._closing = threading.Event()
        self._heart: threading.Thread | None = None

    @asynccontextmanager
    async def lead(self, tenant_id: str) -> AsyncIterator[HeldLead | None]:
        """The lead for one turn, or None where another replica has it. Raises StateError."""
        yield await asyncio.to_thread(self.take, tenant_id)

    def take(self, tenant_id: str) -> HeldLead | None:
        """The lead that this replica has or can have now."""
        with self._guard:
            had = self._leads.get(tenant_id)
            if had is not None and had.held():
                return had
            if not self._alive():
                self._drop_session()
            try:
                with database_errors(self._engine):
                    lead = self._take_over(tenant_id)
            except StateError:
                self._drop_session()
                raise
            if lead is not None:
                self._leads[tenant_id] = lead
                self._start_heart()
            return lead

    def holds(self, tenant_id: str, token: int) -> bool:
        """Whether this is the lead held here, as far as can be told without the server."""
        lead = self._leads.get(tenant_id)
        return lead is not None and lead.token == token and lead.held()

    def token(self, tenant_id: str) -> int | None:
        """The number of the lead last taken here, held or lost; None if there was none."""
        lead = self._leads.get(tenant_id)
        return None if lead is None else lead.token

    def renew(self) -> None:
        """Prolongs whatever is still held; what another took meanwhile is lost, and everything if the
        database does not answer."""
        with self._guard:
            mine = {tenant: lead for tenant, lead in self._leads.items() if lead.held()}
            if not mine or self._session is None:
                return
            table, began = schema.leads, self._clock()
            pairs = [(tenant, lead.token) for tenant, lead in mine.items()]
            statement = (
                table.update()
                .where(sa.tuple_(table.c.tenant_id, table.c.token).in_(pairs))
                .values(expires_at=_CLOCK + self._lease)
                .returning(table.c.tenant_id)
            )
            try:
                renewed = set(self._session.scalars(statement))
            except sa.exc.SQLAlchemyError:
                self._drop_session()
                return
            for tenant, lead in mine.items():
                if tenant in renewed:
                    lead.good_until = began + self._lease.total_seconds() * _SHORT
                else:
                    lead.lose()

    def close(self) -> None:
        """Gives everything back, so that others need not wait."""
        self._closing.set()
        if self._heart is not None:
            self._heart.join()
        with self._guard:
            if self._session is not None:
                table = schema.leads
                pairs = [(tenant, lead.token) for tenant, lead in self._leads.items()]
                mine = sa.tuple_(table.c.tenant_id, table.c.token).in_(pairs)
                with suppress(sa.exc.SQLAlchemyError):  # then they wait for the lease
                    self._session.execute(table.update().where(mine).values(expires_at=_CLOCK))
            self._drop_session()

    # --- taking over --------------------------------------------------------------------------------

    def _take_over(self, tenant_id: str) -> HeldLead | None:
        session, began = self._open(), self._clock()
        locked = self._lock(session, tenant_id)
        if self._oust(session, tenant_id):
            tries = _OUST_TRIES
            while not locked and tries:
                self._patience.pause(0.1)
                locked, tries = self._lock(session, tenant_id), tries - 1
        if not locked:
            return None
        token = self._enter(session, tenant_id)
        return HeldLead(token, began + self._lease.total_seconds() * _SHORT, self._clock, self._alive)

    def _lock(self, session: sa.Connection, tenant_id: str) -> bool:
        key = advisory_key(f"lead/{tenant_id}")
        if tenant_id not in self._locked and session.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            self._locked.add(tenant_id)
        return tenant_id in self._locked

    def _oust(self, session: sa.Connection, tenant_id: str) -> bool:
        """Ends every session of a replica whose lease is over: a lock or a row that it holds, frozen as it
        may be, would be held for ever. Whether there was one."""
        table = schema.leads
        replica = session.scalar(
            sa.select(table.c.replica).where(
                table.c.tenant_id == tenant_id, table.c.expires_at <= _CLOCK, table.c.replica != _own_name()
            )
        )
        if replica is None:
            return False
        sessions = sa.select(sa.func.pg_terminate_backend(SESSIONS.c.pid))
        session.execute(sessions.where(SESSIONS.c.application_name == replica)).all()
        return True

    def _enter(self, session: sa.Connection, tenant_id: str) -> int:
        table = schema.leads
        row: dict[str, Any] = {
            "replica": _own_name(),
            "name": self._name,
            "since": _CLOCK,
            "expires_at": _CLOCK + self._lease,
        }
        statement = insert(session, table).values(tenant_id=tenant_id, token=1, **row)
        statement = statement.on_conflict_do_update(
            index_elements=[table.c.tenant_id], set_={"token": table.c.token + 1, **row}
        )
        return int(session.scalar(statement.returning(table.c.token)) or 0)

    # --- the session --------------------------------------------------------------------------------

    def _open(self) -> sa.Connection:
        if self._session is None:
            session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            session.detach()  # never back to the pool with a lock on it
            for name in ("statement_timeout", "lock_timeout"):
                session.execute(sa.select(sa.func.set_config(name, str(_STATEMENT_MS), False)))
            self._session = session
        return self._session

    def _drop_session(self) -> None:
        for lead in self._leads.values():
            lead.lose()
        self._locked.clear()
        if self._session is not None:
            with suppress(sa.exc.SQLAlchemyError):
                self._session.close()
            self._session = None

    def _alive(self) -> bool:
        """Whether the session still stands, as far as can be told without asking the server: when that ends
        a session it says so, and the word lies ready to be read. Never waits."""
        if not self._guard.acquire(blocking=False):
            return True  # it is being talked to, and whoever talks will find out
        try:
            if self._session is None:
                return False
            wire: Any = self._session.connection.dbapi_connection
            # A few looks: a notice may come before the end, and the end is seen when nothing is left to read.
            for _ in range(4):
                if wire.closed:
                    return False
                if not select.select([wire.pgconn.socket], [], [], 0)[0]:
                    return True
                wire.pgconn.consume_input()
        except (sa.exc.SQLAlchemyError, OSError, ValueError, _driver_error(self._engine)):
            return False
        else:
            return True
        finally:
            self._guard.release()

    def _start_heart(self) -> None:
        if self._heart is None:
            self._heart = threading.Thread(target=self._beat, name="leases", daemon=True)
            self._heart.start()

    def _beat(self) -> None:
        while not self._closing.wait(self._lease.total_seconds() / _BEATS):
            self.renew()


def _own_name() -> sa.ColumnElement[str]:
    """What all sessions of this replica are called, and no other's."""
    return sa.func.current_setting("application_name", type_=sa.Text)


def _driver_error(engine: sa.Engine) -> type[Exception]:
    error: type[Exception] = engine.dialect.loaded_dbapi.Error
    return error


def leaders(connection: sa.Connection) -> list[Leader]:
    """Who leads what, by tenant."""
    table = schema.leads
    rows = connection.execute(sa.select(table).where(table.c.expires_at > _CLOCK).order_by(table.c.tenant_id))
    return [Leader(row.tenant_id, row.name, row.since, row.expires_at) for row in rows]
