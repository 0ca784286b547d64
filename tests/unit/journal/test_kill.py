"""kill -9 at any point: what was promised is there, what was half written is not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from controller.journal import Journal
from controller.model import Mode, Status

from .conftest import NOON, SUPPORT, TENANT, make_change

PRELUDE = """
import sys
from itertools import count
from tests.unit.journal.conftest import NOON, SUPPORT, TENANT, make_change
from controller.journal import Journal
from controller.model import Mode, Status
journal = Journal.open(sys.argv[1])
"""

APPLY = (
    PRELUDE
    + """
with journal.lock(TENANT):
    run = journal.start_run(TENANT, at=NOON, commit="c1", specs_digest="sha256:00", mode=Mode.APPLY)
    for n in count():
        intent = journal.intend(run, make_change((f"f{n}",)), at=NOON)
        print(n, flush=True)
        journal.conclude(intent, Status.APPLIED, at=NOON, error=None, request_ids=[])
"""
)

SETTLE = (
    PRELUDE
    + """
for n in count():
    journal.settle(TENANT, SUPPORT, {(f"f{i}",): n for i in range(40)}, at=NOON, commit=str(n))
    print(n, flush=True)
"""
)


def kill_after(process: subprocess.Popen[str], lines: int) -> int:
    """Kills it once it has printed `lines` lines, and returns the number of the last line it got out."""
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    process.kill()
    rest = process.stdout.read().splitlines()
    process.wait()
    return lines + len(rest) - 1


@pytest.mark.parametrize("lines", [1, 2, 7, 30])
def test_every_request_that_may_have_gone_out_is_known(
    url: str, start: Callable[..., subprocess.Popen[str]], lines: int
) -> None:
    last = kill_after(start(APPLY, url), lines)
    with Journal.open(url) as journal, journal.lock(TENANT, wait=timedelta(0)):
        history = journal.history(TENANT, limit=10_000)
        pending = journal.pending(TENANT)
        known = {int(row.path[0].removeprefix("f")) for row in history}
        assert set(range(last + 1)) <= known
        assert len(pending) <= 1  # one at a time went out: only the very last can be open
        assert all(row.status is Status.APPLIED for row in history[1:])
        assert [found.intent_id for found in pending] == [row.intent_id for row in history if not row.status]


@pytest.mark.parametrize("lines", [1, 5, 20])
def test_a_resource_is_settled_whole_or_not_at_all(
    url: str, start: Callable[..., subprocess.Popen[str]], lines: int
) -> None:
    last = kill_after(start(SETTLE, url), lines)
    with Journal.open(url) as journal:
        values = [applied.value for applied in journal.last_applied(TENANT).values()]
        assert len(values) == 40
        assert len(set(values)) == 1
        assert values[0] >= last


def test_a_reader_sees_only_whole_resources_while_another_process_writes(
    url: str, start: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start(SETTLE, url)
    assert process.stdout is not None
    process.stdout.readline()
    with Journal.open(url) as journal:
        for _ in range(30):
            values = {applied.value for applied in journal.last_applied(TENANT).values()}
            assert len(values) == 1


def test_several_threads_may_write_at_once(url: str) -> None:
    with Journal.open(url) as journal, ThreadPoolExecutor(8) as threads:
        run_id = journal.start_run(TENANT, at=NOON, commit=None, specs_digest="sha256:00", mode=Mode.APPLY)

        def one(n: int) -> None:
            change = make_change((f"f{n}",))
            intent_id = journal.intend(run_id, change, at=NOON)
            journal.conclude(intent_id, Status.APPLIED, at=NOON, error=None, request_ids=[str(n)])
            journal.settle_one(TENANT, SUPPORT, change.path, n, at=NOON, commit=None)

        list(threads.map(one, range(60)))
        assert len(journal.last_applied(TENANT)) == 60
        assert {row.request_ids for row in journal.history(TENANT)} == {(str(n),) for n in range(60)}
        assert journal.pending(TENANT) == ()


def test_two_processes_may_write_at_once(url: str, start: Callable[..., subprocess.Popen[str]]) -> None:
    processes = [start(SETTLE, url) for _ in range(2)]
    for process in processes:
        assert kill_after(process, 10) >= 9
