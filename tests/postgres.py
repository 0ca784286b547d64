"""A PostgreSQL of the tests' own, in a folder of its own and on no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import sqlalchemy as sa

_numbers = count(1)


def server_programs() -> Path | None:
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

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty one, which is gone afterwards."""
        name = f"journal_{os.getpid()}_{next(_numbers)}"
        admin = sa.create_engine(
            f"postgresql+psycopg://mbx@/postgres?host={self.folder}",
            isolation_level="AUTOCOMMIT",
            poolclass=sa.NullPool,
        )
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield f"postgresql://mbx@/{name}?host={self.folder}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def served(programs: Path) -> Iterator[Server]:
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
