"""From a URL to a database that is ready: driver, folder, file mode, pragmas, tables.

The one fact nobody would guess: Python's sqlite3 opens a transaction only at the first write, which makes
a read-then-write race; so it is told to keep out, and BEGIN (for a write: BEGIN IMMEDIATE) is said here.
"""

from __future__ import annotations

import fcntl
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from controller.errors import StateError
from controller.journal.upgrade import is_up_to_date, upgrade

BUSY_SECONDS: Final = 30  # how long a SQLite writer waits for another; theirs take milliseconds
_CONNECT_SECONDS: Final = 10
_LINE_DOWN_MS: Final = 20_000  # how long what was sent may stay without an acknowledgement [doc: tcp(7)]
_SETUP_KEY: Final = 0x6D62785F73657475  # an arbitrary number ("mbx_setu") that all releases agree on
_FORMS: Final = "sqlite:////var/lib/mailbox-controller/journal.db or postgresql://user@host/database"


def open_engine(text: str) -> sa.Engine:
    """A database with the journal's tables in it. Raises StateError, with advice and without passwords."""
    url = _parse(text)
    return _open_sqlite(url) if url.get_backend_name() == "sqlite" else _open_postgres(url)


def sqlite_path(url: sa.URL) -> Path | None:
    """The file behind a SQLite URL; None for one in memory or on a server."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).expanduser()


@contextmanager
def database_errors(engine: sa.Engine) -> Iterator[None]:
    """Makes StateErrors of what the database says; a statement that is wrong in itself stays what it is."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        raise _state_error(engine.url, error) from error


def _state_error(url: sa.URL, error: Exception) -> StateError:
    """What the database said, where, and what to do; never the statement's parameters or a password."""
    cause = getattr(error, "orig", None) or error
    said = " ".join(str(cause).split()) or type(cause).__name__
    if url.password:
        said = said.replace(str(url.password), "***")
    place = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
    return StateError(f"the journal at {place}: {said} — {_advice(said)}")


def _advice(said: str) -> str:
    for pattern, advice in (
        (r"not a database|malformed", "move the file away and restore it from a backup, or start a new one"),
        (r"disk is full|No space left", "make room on that disk"),
        (r"disk I/O error", "make room on that disk if it is full; else check the disk itself"),
        (r"read-?only|unable to open|denied|permission", "check who may write there, or set MBX_STATE_URL"),
        (r"is locked", "another program holds it: wait for it, or end it"),
        (r"authentication|password|role .* does not exist", "check the user and password in MBX_STATE_URL"),
        (r"database .* does not exist", "create the database, or correct MBX_STATE_URL"),
    ):
        if re.search(pattern, said, re.IGNORECASE):
            return advice
    return "check that the database is up and that MBX_STATE_URL names it"


def _parse(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # its text would repeat the URL, password and all
        raise StateError(f"MBX_STATE_URL is not a database URL; write {_FORMS}") from None
    backend = url.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url.set(drivername="sqlite+pysqlite")
    raise StateError(f"the journal cannot be kept in {backend!r}: write {_FORMS}")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    path = sqlite_path(url)
    if path is None:
        engine = sa.create_engine(
            "sqlite+pysqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
        _own_transactions(engine, durable=False)
        _prepare(engine)
        return engine
    _make_private(path)
    engine = sa.create_engine(
        url.set(database=str(path)), connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
    )
    _own_transactions(engine, durable=True)
    if not _is_made(path):
        with database_errors(engine), _write_turn(url), engine.connect():
            pass  # the change to WAL, which would not wait for whoever makes it at the same moment
    _prepare(engine)
    return engine


def _is_made(path: Path) -> bool:
    """Whether the file is a database in WAL mode [doc: SQLite, database file format, 1.3: byte 18 is 2]."""
    with path.open("rb") as file:
        return file.read(20)[18:19] == b"\x02"


def _make_private(path: Path) -> None:
    """Creates folder (0700) and file (0600) before SQLite would, with the umask's rights, and closes a file
    that stands open. A folder that was there is its owner's business."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateError(
            f"the journal cannot be written at {path}: {reason} — {_advice('permission')}"
        ) from error


@contextmanager
def _write_turn(url: sa.URL) -> Iterator[None]:
    """One writer of a SQLite file after another, over processes.

    SQLite alone would sleep and try again, up to 100 ms each time and with no regard to who came first, so
    a busy writer starves another; and the change to WAL does not wait at all.
    """
    path = sqlite_path(url)
    if path is None:
        yield
        return
    descriptor = os.open(f"{path}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _own_transactions(engine: sa.Engine, *, durable: bool) -> None:
    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 begins nothing by itself
        cursor = connection.cursor()
        if durable:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")  # an intent must outlive a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("journal_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _open_postgres(url: sa.URL) -> sa.Engine:
    try:
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "application_name": f"mailbox-controller/{uuid.uuid4().hex}",  # a lease names its sessions
                # A session that holds a lock is silent for long: a line that is down has to show by itself.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": _LINE_DOWN_MS,
            },
        )
    except ModuleNotFoundError as error:
        raise StateError(
            "a journal on PostgreSQL needs its driver: pip install 'mailbox-controller[postgres]'"
        ) from error
    _prepare(engine)
    return engine


def _prepare(engine: sa.Engine) -> None:
    """Sees to it that the tables are those of this release. One looks first: most of the time, all is well,
    and nobody has to wait for whoever writes."""
    with reading(engine) as connection:
        if is_up_to_date(connection):
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SETUP_KEY)))
        upgrade(connection)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that may write: all of it, or on any error nothing of it. Raises StateError."""
    with database_errors(engine), _write_turn(engine.url), engine.connect() as connection:
        told = connection.execution_options(journal_write=True)
        with told.begin():
            yield told


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that only looks. Raises StateError."""
    with database_errors(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """`reading`, and all statements see what was committed when it began, as on SQLite they do anyway."""
    with reading(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection
