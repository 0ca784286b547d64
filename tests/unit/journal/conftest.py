"""A journal in a file, and one on a PostgreSQL of the tests' own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.journal import Journal
from controller.model import Action, Change, Key, Kind, Request
from tests.postgres import Server, served, server_programs

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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Without PostgreSQL: skipped on a laptop, failed in CI."""
    programs = server_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs PostgreSQL: install the package postgresql")
        pytest.skip("PostgreSQL is not installed")
    with served(programs) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """An empty database."""
    with postgres_server.database() as url:
        yield url


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
