"""One apply at a time for each tenant, over threads, processes and (on PostgreSQL) machines.

Nothing here has to be cleaned up after a crash: a file lock goes with the process, an advisory lock with
the database session. The lock file itself stays; what counts is who holds it open and locked.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa

from controller.errors import StateError
from controller.journal.opening import database_errors

_POLL_SECONDS: Final = 0.2  # waiting in turns, so that a waiter can be told to give up


@dataclass(frozen=True, slots=True)
class Patience:
    """How one waits: the outermost edge's clock and sleep, replaced in tests."""

    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class Lock(Protocol):
    """A lock of one tenant that is not held yet, or is."""

    def take(self) -> bool:
        """Takes it if it is free; never waits."""

    def release(self) -> None:
        """Gives it back, and all that trying to take it needed; nothing happens if it is not held."""

    def holder(self) -> str:
        """Who holds it, for a message; empty if that cannot be told."""


class LockMaker(Protocol):
    """Makes the locks of one database."""

    def lock_for(self, tenant_id: str) -> Lock: ...

    def still_held(self, connection: sa.Connection, tenant_id: str) -> bool:
        """False only if this process took the tenant's lock and has lost it since."""


@contextmanager
def hold(
    lock: Lock, what: str, wait: timedelta | None, stop: threading.Event | None, patience: Patience
) -> Iterator[bool]:
    """Holds `lock`; yields whether it had to wait. Raises StateError after `wait`, or when `stop` is set."""
    try:
        yield _wait_for(lock, what, wait, stop, patience)
    finally:
        lock.release()


def _wait_for(
    lock: Lock, what: str, wait: timedelta | None, stop: threading.Event | None, patience: Patience
) -> bool:
    deadline = None if wait is None else patience.monotonic() + wait.total_seconds()
    waited = False
    while not lock.take():
        if stop is not None and stop.is_set():
            raise StateError(f"gave up waiting for {what}{_by(lock)}")
        if deadline is not None and patience.monotonic() >= deadline:
            raise StateError(
                f"another apply is at work on {what}{_by(lock)}: let it finish, or end it, then try again"
            )
        waited = True
        patience.pause(_POLL_SECONDS)
    return waited


def _by(lock: Lock) -> str:
    holder = lock.holder()
    return f" (held by {holder})" if holder else ""


# --- in this process only ---------------------------------------------------------------------------


class MemoryLock:
    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._held = False

    def take(self) -> bool:
        self._held = self._lock.acquire(blocking=False)
        return self._held

    def release(self) -> None:
        if self._held:
            self._held = False
            self._lock.release()

    def holder(self) -> str:
        return "this process"


class MemoryLocks:
    """For a journal in memory, which no other process can see."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def lock_for(self, tenant_id: str) -> Lock:
        with self._guard:
            return MemoryLock(self._locks.setdefault(tenant_id, threading.Lock()))

    def still_held(self, connection: sa.Connection, tenant_id: str) -> bool:
        return True


# --- beside a SQLite file ---------------------------------------------------------------------------


class FileLock:
    """flock, not lockf: it belongs to the open file, so two journals in one process exclude each other,
    and closing some other descriptor of the file does not lose it [doc: flock(2), fcntl(2)]."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"the lock {self._path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            raise StateError(
                f"the lock {self._path} cannot be taken: {error.strerror} — "
                "keep the journal on a local disk, or in PostgreSQL"
            ) from error
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_in_place(self) -> bool:
        """Whether it is held, and whoever else wanted it would find it held."""
        if self._descriptor is None:
            return False
        try:
            named, opened = self._path.stat(), os.fstat(self._descriptor)
        except OSError:
            return False
        return os.path.samestat(named, opened)

    def holder(self) -> str:
        try:
            return self._path.read_text("utf-8", "replace").strip()
        except OSError:
            return ""  # only for a message


class FileLocks:
    def __init__(self, database: Path) -> None:
        self._database = database

    def lock_for(self, tenant_id: str) -> Lock:
        return FileLock(self._beside(tenant_id, "lock"))

    def lead_for(self, tenant_id: str) -> FileLock:
        """Held by the process that leads the tenant, from turn to turn; not needed for an apply."""
        return FileLock(self._beside(tenant_id, "lead"))

    def _beside(self, tenant_id: str, what: str) -> Path:
        plain = re.sub(r"[^0-9A-Za-z-]", "_", tenant_id)
        return self._database.with_name(f"{self._database.name}.{plain}.{what}")

    def still_held(self, connection: sa.Connection, tenant_id: str) -> bool:
        return True  # the system takes a file lock from nobody


# --- in PostgreSQL ----------------------------------------------------------------------------------


def advisory_key(tenant_id: str) -> int:
    """A signed 64-bit number that every machine and release makes of this tenant."""
    raw = hashlib.sha256(f"mailbox-controller/{tenant_id}".encode()).digest()[:8]
    return int.from_bytes(raw, "big", signed=True)


_LOCKS: Final = sa.table(
    "pg_locks", *(sa.column(name) for name in ("locktype", "granted", "objsubid", "classid", "objid", "pid"))
)
SESSIONS: Final = sa.table(
    "pg_stat_activity", *(sa.column(name) for name in ("pid", "client_addr", "application_name"))
)


def _is_lock(key: int) -> sa.ColumnElement[bool]:
    """An advisory lock of 64 bits: pg_locks has it in halves, with objsubid 1 [doc: PostgreSQL, pg_locks]."""
    unsigned, columns = key & 0xFFFFFFFFFFFFFFFF, _LOCKS.c
    return sa.and_(
        columns.locktype == "advisory",
        columns.granted.is_(True),
        columns.objsubid == 1,
        sa.cast(columns.classid, sa.BigInteger) == unsigned >> 32,
        sa.cast(columns.objid, sa.BigInteger) == unsigned & 0xFFFFFFFF,
    )


class AdvisoryLock:
    """Held by a database session of its own, which does nothing else."""

    def __init__(self, engine: sa.Engine, tenant_id: str, sessions: dict[str, int]) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._key = advisory_key(tenant_id)
        self._sessions = sessions
        self._connection: sa.Connection | None = None

    def take(self) -> bool:
        with database_errors(self._engine):
            connection = self._open()
            if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(self._key))):
                return False
            self._sessions[self._tenant_id] = connection.scalar(sa.select(sa.func.pg_backend_pid())) or 0
            return True

    def release(self) -> None:
        self._sessions.pop(self._tenant_id, None)
        if self._connection is not None:
            with suppress(sa.exc.SQLAlchemyError):  # the session is gone already, and the lock with it
                self._connection.execute(sa.select(sa.func.pg_advisory_unlock(self._key)))
            self._connection.close()
            self._connection = None

    def holder(self) -> str:
        statement = (
            sa.select(SESSIONS.c.pid, SESSIONS.c.client_addr)
            .join_from(_LOCKS, SESSIONS, _LOCKS.c.pid == SESSIONS.c.pid)
            .where(_is_lock(self._key))
        )
        with database_errors(self._engine):
            row = self._open().execute(statement).first()
        return f"session {row.pid} from {row.client_addr or 'the same machine'}" if row else ""

    def _open(self) -> sa.Connection:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # never back to the pool with a lock on it
            self._connection = connection
        return self._connection


@dataclass(slots=True)
class AdvisoryLocks:
    """Remembers which session holds which tenant: a server that restarts takes the lock with it, and that
    has to be noticed before the next request goes out."""

    engine: sa.Engine
    sessions: dict[str, int] = field(default_factory=dict)

    def lock_for(self, tenant_id: str) -> Lock:
        return AdvisoryLock(self.engine, tenant_id, self.sessions)

    def still_held(self, connection: sa.Connection, tenant_id: str) -> bool:
        session = self.sessions.get(tenant_id)
        if session is None:
            return True
        statement = sa.select(_LOCKS.c.pid).where(_LOCKS.c.pid == session, _is_lock(advisory_key(tenant_id)))
        return connection.execute(statement).first() is not None
