"""What was tampered with does not fit, and is named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.journal import Journal
from controller.model import Mode, Status

from .conftest import HOUR, NOON, SUPPORT, TENANT, make_change
from .test_upgrade import old_url, raw

__all__ = ["old_url"]


def one(journal: Journal, name: str = "displayName") -> None:
    run_id = journal.start_run(TENANT, at=NOON, commit="c1", specs_digest="sha256:00", mode=Mode.APPLY)
    intent_id = journal.intend(run_id, make_change((name,)), at=NOON)
    journal.conclude(intent_id, Status.APPLIED, at=NOON + HOUR, request_ids=["r1"])


def filled(journal: Journal) -> None:
    one(journal)
    journal.record_access(
        TENANT, SUPPORT.address, [{"who": "a@entreprise.example", "right": "send-as"}], at=NOON
    )
    one(journal, "mailTip")


def tamper(url: str, statement: str) -> None:
    with raw(url) as connection:
        connection.exec_driver_sql(statement)


def test_an_untouched_history_fits(journal: Journal) -> None:
    assert journal.verify(TENANT).links == 0
    filled(journal)
    proof = journal.verify(TENANT)
    assert (proof.misfit, proof.links) == (None, 5)
    journal.record_access(
        TENANT, SUPPORT.address, [{"who": "a@entreprise.example", "right": "send-as"}], at=NOON + HOUR
    )
    assert journal.verify(TENANT) == proof, "an access list that is confirmed is no new row"
    one(journal, "hidden")
    assert journal.verify(TENANT, head=proof.head).misfit is None


@pytest.mark.parametrize(
    ("statement", "position", "why"),
    [
        ("UPDATE intents SET after = '\"x\"' WHERE seq = 2", 4, "altered"),
        ("UPDATE intents SET at = '2026-12-01 11:00:00.000000' WHERE seq = 1", 1, "altered"),
        ("UPDATE outcomes SET status = 'failed' WHERE seq = 1", 2, "altered"),
        ("UPDATE access SET content = '[]'", 3, "altered"),
        ("UPDATE runs SET commit_id = 'c2' WHERE seq = 2", 4, "altered"),
        ("DELETE FROM outcomes WHERE seq = 2", 5, "row is gone"),
        ("DELETE FROM access", 3, "row is gone"),
        ("DELETE FROM chain WHERE position = 3", 3, "links 3 to 3 are gone"),
        ("DELETE FROM chain WHERE position = 5", 5, "5 links were written, and 4"),
        ("UPDATE chain SET content = digest WHERE position = 2", 2, "link was altered"),
        ("UPDATE chain SET pruned = true WHERE position = 2", 2, "and was not"),
        (
            "INSERT INTO outcomes (intent_id, status, at, request_ids)"
            " SELECT intent_id, 'failed', at, '[]' FROM outcomes WHERE seq = 1",
            5,
            "put in past the journal",
        ),
    ],
)
def test_what_was_tampered_with_is_named(url: str, statement: str, position: int, why: str) -> None:
    with Journal.open(url) as journal:
        filled(journal)
        tamper(url, statement)
        found = journal.verify(TENANT).misfit
        assert found is not None
        assert found.position == position
        assert why in found.why


@pytest.mark.parametrize(("table", "column", "first"), [("intents", "seq", 1), ("chain", "position", 2)])
def test_what_was_put_in_another_order_is_named(url: str, table: str, column: str, first: int) -> None:
    with Journal.open(url) as journal:
        filled(journal)
        one_of, other = (1, 2) if table == "intents" else (2, 3)
        for before, after in ((one_of, 99), (other, one_of), (99, other)):
            tamper(url, f"UPDATE {table} SET {column} = {after} WHERE {column} = {before}")
        found = journal.verify(TENANT).misfit
        assert found is not None
        assert found.position == first
        assert "altered" in found.why


def test_a_chain_that_was_written_anew_has_not_the_head_that_was_noted(url: str) -> None:
    with Journal.open(url) as journal:
        filled(journal)
        noted = journal.verify(TENANT).head
        for table in ("chain", "chain_heads", "outcomes", "intents", "access"):
            tamper(url, f"DELETE FROM {table}")
        one(journal)
        assert journal.verify(TENANT).misfit is None
        found = journal.verify(TENANT, head=noted).misfit
        assert found is not None
        assert "written anew" in found.why


def test_many_writers_make_one_chain(url: str) -> None:
    with Journal.open(url) as journal, ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: one(journal, f"f{n}"), range(30)))
        proof = journal.verify(TENANT)
        assert (proof.misfit, proof.links) == (None, 60)


def test_an_old_journal_is_sealed_as_it_was_found(old_url: str) -> None:
    with Journal.open(old_url) as journal:
        proof = journal.verify(TENANT)
        assert (proof.misfit, proof.links) == (None, 8)
        tamper(old_url, "UPDATE outcomes SET error = 'none' WHERE error = 'denied'")
        assert journal.verify(TENANT).misfit is not None


def test_each_tenant_has_a_chain_of_its_own(url: str) -> None:
    with Journal.open(url) as journal:
        filled(journal)
        journal.record_access("another", "a@autre.example", [], at=NOON)
        tamper(url, "UPDATE intents SET after = '1'")
        assert journal.verify("another").misfit is None
