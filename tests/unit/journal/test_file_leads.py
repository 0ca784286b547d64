"""A journal in SQLite: one process leads a tenant, the others stand by, and nothing outlives whoever held it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from controller.journal import Journal
from controller.lead import Lead

from .conftest import TENANT

OTHER_TENANT = "7f1b2c3d-0000-4000-8000-000000000002"
LEASE = timedelta(seconds=30)
LEADER = """
import asyncio, sys
from datetime import timedelta
from controller.journal import Journal

async def lead(journal):
    async with journal.leadership("process", timedelta(seconds=30)).lead(sys.argv[2]) as lead:
        print("leads" if lead else "stands by", flush=True)

with Journal.open(sys.argv[1]) as journal:
    for line in sys.stdin:
        asyncio.run(lead(journal))
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'journal.db'}"


def asked(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def lead(journal: Journal, tenant_id: str = TENANT) -> Lead | None:
    async def take() -> Lead | None:
        async with journal.leadership("here", LEASE).lead(tenant_id) as lead:
            return lead

    return asyncio.run(take())


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_the_second_stands_by_until_the_first_is_gone(url: str, start: Start, how: str) -> None:
    first = start(LEADER, url, TENANT)
    assert [asked(first) for _ in range(3)] == ["leads"] * 3
    with Journal.open(url) as journal:
        assert lead(journal) is None
        assert f"process {first.pid} on " in journal.leader(TENANT)
        assert lead(journal, OTHER_TENANT) is not None
        with journal.lock(TENANT, wait=timedelta()):
            pass  # an apply by hand goes on beside it
        getattr(first, how)()
        first.wait(timeout=60)
        held = lead(journal)
        assert held is not None
        assert held.held()
        assert asked(start(LEADER, url, TENANT)) == "stands by"


def test_closing_gives_it_back_and_ends_it(url: str, start: Start) -> None:
    other = start(LEADER, url, TENANT)
    journal = Journal.open(url)
    held = lead(journal)
    assert held is not None
    assert asked(other) == "stands by"
    journal.close()
    assert not held.held()
    assert asked(other) == "leads"


def test_whose_file_was_taken_away_leads_no_more(url: str, tmp_path: Path, start: Start) -> None:
    with Journal.open(url) as journal:
        held = lead(journal)
        assert held is not None
        (path,) = tmp_path.glob("*.lead")
        path.unlink()
        assert asked(start(LEADER, url, TENANT)) == "leads"
        assert not held.held()
        assert lead(journal) is None
        path.unlink()
        assert not held.held()
        assert lead(journal) is not None


def test_a_journal_in_memory_is_nobody_elses() -> None:
    with Journal.open("sqlite://") as journal:
        held = lead(journal)
        assert held is not None
        assert held.held()
