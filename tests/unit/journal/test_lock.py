"""One apply at a time for each tenant."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
import sqlalchemy as sa

from controller.errors import StateError
from controller.journal import Journal, Patience
from controller.model import Mode

from .conftest import NOON, TENANT, make_change

OTHER_TENANT = "7f1b2c3d-0000-4000-8000-000000000002"
AT_ONCE = timedelta(0)

HOLDER = """
import sys
from controller.journal import Journal
with Journal.open(sys.argv[1]) as journal, journal.lock(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold_elsewhere(start: Callable[..., subprocess.Popen[str]], url: str) -> subprocess.Popen[str]:
    process = start(HOLDER, url, TENANT)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_free_lock_is_had_without_waiting_again_and_again(journal: Journal) -> None:
    for _ in range(3):
        with journal.lock(TENANT, wait=AT_ONCE) as waited:
            assert waited is False


def test_another_process_is_kept_out_until_the_holder_leaves(
    url: str, journal: Journal, start: Callable[..., subprocess.Popen[str]]
) -> None:
    process = hold_elsewhere(start, url)
    with pytest.raises(StateError, match=r"another apply is at work on tenant .* \(held by .+\)"):
        journal.lock(TENANT, wait=AT_ONCE).__enter__()
    with journal.lock(OTHER_TENANT, wait=AT_ONCE):
        pass
    process.communicate("done\n", timeout=60)
    with journal.lock(TENANT, wait=AT_ONCE):
        pass


def test_a_killed_holder_holds_nothing(url: str, start: Callable[..., subprocess.Popen[str]]) -> None:
    process = hold_elsewhere(start, url)
    turns = 0

    def kill(_seconds: float) -> None:
        nonlocal turns
        turns += 1
        process.kill()
        process.wait()

    with Journal.open(url, patience=Patience(pause=kill)) as journal, journal.lock(TENANT) as waited:
        assert waited is True
        assert turns > 0


def test_who_waits_is_told_that_it_waited(url: str) -> None:
    with ExitStack() as first:
        holder = first.enter_context(Journal.open(url))
        held = ExitStack()
        held.enter_context(holder.lock(TENANT))
        patience = Patience(pause=lambda _seconds: held.close())
        with Journal.open(url, patience=patience) as waiter, waiter.lock(TENANT) as waited:
            assert waited is True


def test_waiting_ends_at_the_deadline(url: str) -> None:
    moment = 0.0

    def pause(seconds: float) -> None:
        nonlocal moment
        moment += seconds

    patience = Patience(monotonic=lambda: moment, pause=pause)
    with Journal.open(url, patience=patience) as journal, journal.lock(TENANT):
        with pytest.raises(StateError, match="another apply"):
            journal.lock(TENANT, wait=timedelta(seconds=5)).__enter__()
        assert 5 <= moment < 6


def test_waiting_for_ever_can_be_given_up(url: str) -> None:
    stop = threading.Event()
    with Journal.open(url, patience=Patience(pause=lambda _seconds: stop.set())) as journal:
        with journal.lock(TENANT), pytest.raises(StateError, match="gave up"):
            journal.lock(TENANT, stop=stop).__enter__()
        with journal.lock(TENANT, wait=AT_ONCE):
            pass


def test_an_error_inside_releases_it(journal: Journal) -> None:
    with pytest.raises(KeyError), journal.lock(TENANT):
        raise KeyError("inside")
    with journal.lock(TENANT, wait=AT_ONCE):
        pass


def test_it_may_be_left_in_another_thread_than_it_was_entered_in(journal: Journal) -> None:
    held = journal.lock(TENANT)
    held.__enter__()
    thread = threading.Thread(target=lambda: held.__exit__(None, None, None))
    thread.start()
    thread.join()
    with journal.lock(TENANT, wait=AT_ONCE):
        pass


def test_in_memory_it_excludes_too() -> None:
    with Journal.open("sqlite://") as journal, journal.lock(TENANT):
        with pytest.raises(StateError, match="another apply"):
            journal.lock(TENANT, wait=AT_ONCE).__enter__()
        with journal.lock(OTHER_TENANT, wait=AT_ONCE):
            pass


def test_a_lock_that_the_server_lost_stops_the_next_request(postgres_url: str) -> None:
    with Journal.open(postgres_url) as journal, journal.lock(TENANT):
        run_id = journal.start_run(TENANT, at=NOON, commit=None, specs_digest="sha256:00", mode=Mode.APPLY)
        journal.intend(run_id, make_change(), at=NOON)
        engine = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"
            )
        engine.dispose()
        with pytest.raises(StateError, match="was lost"):
            journal.intend(run_id, make_change(("other",)), at=NOON)
        assert len(journal.pending(TENANT)) == 1
