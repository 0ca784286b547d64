"""A journal in a file and one on a PostgreSQL of the tests' own, in a folder of its own and on no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from controller.journal import Journal
from controller.model import Action, Change, Key, Kind, Request

TENANT = "7f1b2c3d-0000-4000-8000-000000000001"
SUPPORT = Key(Kind.SHARED_MAILBOX, "support@entreprise.example")
SALES = Key(Kind.SHARED_MAILBOX, "ventes@entreprise.example")
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_change(path: tuple[str, ...] = ("displayName",), key: Key = SUPPORT) -> Change:
    return Change(
        key=key,
        aspect="identity",
        action=Action.UPDATE,
        path=path,
        before="Aide",
        after="Support Clients",
        origin=None,
        requests=(Request("exchange", "Set-Mailbox", {"Identity": "x", "DisplayName": "Support Clients"}),),
    )


def _server_programs() -> Path | None:
    """Debian keeps the server's programs off the PATH."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4]))
    return versions[-1].parent if versions else None


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL, reached through the socket in `folder`."""

    folder: Path
    run: Callable[..., None]

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=40"
        self.run("pg_ctl", "-D", "cluster", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """In a hurry: every session ends at once."""
        self.run("pg_ctl", "-D", "cluster", "-w", "-m", "fast", "stop")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Without PostgreSQL: skipped on a laptop, failed in CI."""
    programs = _server_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs PostgreSQL: install the package postgresql")
        pytest.skip("PostgreSQL is not installed")
    user = _other_user()
    folder = Path(tempfile.mkdtemp(prefix="mbx-pg-"))  # short: a socket's path has at most 107 bytes
    if user:
        shutil.chown(folder, user)
    identity = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            timeout=120,
            **identity,
        )

    # Waits for the end of its input, which also comes when this process is killed: no server is left behind.
    sweeper = subprocess.Popen(
        [
            "sh",
            "-c",
            'read _; "$1/pg_ctl" -D cluster -w -m immediate stop; cd /; rm -rf "$2"',
            "sh",
            programs,
            folder,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
        **identity,
    )
    try:
        server = Server(folder, run)
        run("initdb", "-D", "cluster", "-U", "mbx", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        server.start()
        yield server
    finally:
        sweeper.communicate(timeout=120)


_numbers = count(1)


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """An empty database."""
    name = f"journal_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(
        f"postgresql+psycopg://mbx@/postgres?host={postgres_server.folder}",
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield f"postgresql://mbx@/{name}?host={postgres_server.folder}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'journal.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    with Journal.open(url) as opened:
        yield opened


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts another Python process; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
