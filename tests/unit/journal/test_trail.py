"""What was meant, what went out and how it ended."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import sqlalchemy as sa

from controller.errors import StateError
from controller.journal import Journal
from controller.model import Condition, Mode, Request, Status

from .conftest import HOUR, NOON, SALES, SUPPORT, TENANT, make_change

OTHER_TENANT = "7f1b2c3d-0000-4000-8000-000000000002"


def started(journal: Journal, tenant_id: str = TENANT) -> str:
    return journal.start_run(tenant_id, at=NOON, commit="c1", specs_digest="sha256:00", mode=Mode.APPLY)


def statuses(journal: Journal) -> list[Status | None]:
    return [pending.status for pending in journal.pending(TENANT)]


def test_an_intent_without_an_answer_is_pending(journal: Journal) -> None:
    run_id = started(journal)
    change = make_change(("access", "alice@entreprise.example", "send-as"))
    intent_id = journal.intend(run_id, change, at=NOON)
    (pending,) = journal.pending(TENANT)
    assert pending.intent_id == intent_id
    assert pending.change_id == change.id
    assert (pending.key, pending.path, pending.action) == (change.key, change.path, change.action)
    assert (pending.after, pending.intended_at, pending.run_id) == ("Support Clients", NOON, run_id)
    assert pending.status is None
    assert journal.pending(OTHER_TENANT) == ()


@pytest.mark.parametrize("status", [Status.APPLIED, Status.FAILED, Status.SKIPPED])
def test_an_end_is_an_end(journal: Journal, status: Status) -> None:
    intent_id = journal.intend(started(journal), make_change(), at=NOON)
    journal.conclude(intent_id, status, at=NOON, error=None, request_ids=[])
    assert statuses(journal) == []


@pytest.mark.parametrize("end", [Status.APPLIED, Status.FAILED])
def test_what_propagates_is_pending_until_it_is_resolved(journal: Journal, end: Status) -> None:
    intent_id = journal.intend(started(journal), make_change(), at=NOON)
    journal.conclude(intent_id, Status.PROPAGATING, at=NOON, error=None, request_ids=["r1"])
    assert statuses(journal) == [Status.PROPAGATING]
    journal.resolve_pending(intent_id, Status.PROPAGATING, at=NOON + HOUR)
    assert statuses(journal) == [Status.PROPAGATING]
    journal.resolve_pending(intent_id, end, at=NOON + HOUR)
    assert statuses(journal) == []
    (row,) = journal.history(TENANT)
    assert (row.status, row.concluded_at) == (end, NOON + HOUR)


def test_pending_is_in_the_order_of_intent(journal: Journal) -> None:
    run_id = started(journal)
    ids = [journal.intend(run_id, make_change((f"f{n}",)), at=NOON) for n in range(12)]
    journal.conclude(ids[3], Status.APPLIED, at=NOON, error=None, request_ids=[])
    assert [pending.intent_id for pending in journal.pending(TENANT)] == ids[:3] + ids[4:]


def test_history_tells_what_was_asked_of_whom_and_what_came_of_it(journal: Journal) -> None:
    run_id = started(journal)
    first = journal.intend(run_id, make_change(), at=NOON, step=0)
    second = journal.intend(run_id, make_change(), at=NOON, step=1)
    journal.intend(run_id, make_change(key=SALES), at=NOON)
    journal.conclude(first, Status.APPLIED, at=NOON, error=None, request_ids=["r1", "r2"])
    journal.conclude(second, Status.FAILED, at=NOON + HOUR, error="exchange: no\x00 \ud83d", request_ids=[])
    rows = journal.history(TENANT, SUPPORT.address)
    assert [(row.step, row.status, row.request_ids) for row in rows] == [
        (1, Status.FAILED, ()),
        (0, Status.APPLIED, ("r1", "r2")),
    ]
    assert rows[0].error == "exchange: no\ufffd ?"
    assert {(row.commit, row.mode, row.before, row.after) for row in rows} == {
        ("c1", Mode.APPLY, "Aide", "Support Clients")
    }
    assert [row.key for row in journal.history(TENANT)] == [SALES, SUPPORT, SUPPORT]
    assert [row.key for row in journal.history(TENANT, limit=1)] == [SALES]
    assert journal.history(OTHER_TENANT) == []


def test_runs_and_the_last_cycle(journal: Journal) -> None:
    first, second = started(journal), started(journal)
    started(journal, OTHER_TENANT)
    journal.finish_run(first, at=NOON + HOUR, condition=Condition.CONVERGED)
    assert journal.last_cycle_at(TENANT) == NOON + HOUR
    assert journal.last_cycle_at(OTHER_TENANT) is None
    assert [(row.run_id, row.condition, row.finished_at) for row in journal.runs(TENANT)] == [
        (second, None, None),
        (first, Condition.CONVERGED, NOON + HOUR),
    ]


def test_ids_come_from_whoever_opens_the_journal() -> None:
    ids = iter(["run-1", "intent-1"])
    with Journal.open("sqlite://", new_id=lambda: next(ids)) as journal:
        assert started(journal) == "run-1"
        assert journal.intend("run-1", make_change(), at=NOON) == "intent-1"


def test_unknown_ids_are_refused(journal: Journal) -> None:
    with pytest.raises(StateError, match="no run"):
        journal.intend("nonesuch", make_change(), at=NOON)
    with pytest.raises(StateError, match="no run"):
        journal.finish_run("nonesuch", at=NOON, condition=Condition.CLEAN)
    with pytest.raises(StateError, match="no intent"):
        journal.conclude("nonesuch", Status.APPLIED, at=NOON, error=None, request_ids=[])


def test_a_secret_in_a_request_never_reaches_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    change = dataclasses.replace(
        make_change(),
        after={"passwordProfile": {"password": "hunter-2"}},
        requests=(Request("graph", "POST /users", {"body": [{"clientSecret": "hunter-2", "mail": "kept"}]}),),
    )
    with Journal.open(url) as journal:
        journal.intend(started(journal), change, at=NOON)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"hunter-2" not in written
    assert b"kept" in written


def test_the_trail_is_only_added_to(tmp_path: Path) -> None:
    """Triggers that refuse every UPDATE and DELETE, and the whole life of an intent on top of them."""
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    Journal.open(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in ("runs", "run_ends", "intents", "outcomes"):
            for verb in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER no_{verb}_{table} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'only added to'); END"
                )
    engine.dispose()
    with Journal.open(url) as journal:
        run_id = started(journal)
        intent_id = journal.intend(run_id, make_change(), at=NOON)
        journal.conclude(intent_id, Status.PROPAGATING, at=NOON, error=None, request_ids=["r1"])
        journal.resolve_pending(intent_id, Status.APPLIED, at=NOON + HOUR)
        journal.forget(TENANT, SUPPORT, at=NOON)
        journal.finish_run(run_id, at=NOON, condition=Condition.CONVERGED)
        assert [row.status for row in journal.history(TENANT)] == [Status.APPLIED]
