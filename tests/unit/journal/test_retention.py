"""What is old is taken away, what still counts stays, and the chain closes over the gap."""

from __future__ import annotations

from datetime import timedelta

from controller.journal import Journal
from controller.model import Condition, Mode, Status

from .conftest import HOUR, NOON, SUPPORT, TENANT, make_change
from .test_upgrade import raw

DAY = timedelta(days=1)
LATER = NOON + 100 * DAY


def run(journal: Journal, at, name: str, status: Status | None = Status.APPLIED, commit: str = "c1") -> None:
    run_id = journal.start_run(TENANT, at=at, commit=commit, specs_digest="sha256:00", mode=Mode.APPLY)
    intent = journal.intend(run_id, make_change((name,)), at=at)
    if status:
        journal.conclude(intent, status, at=at)
    journal.finish_run(run_id, at=at, condition=Condition.CLEAN)


def access(journal: Journal, at, who: str) -> None:
    journal.record_access(TENANT, SUPPORT.address, [{"who": who, "right": "send-as"}], at=at)


def document(journal: Journal, at, tip: str) -> None:
    journal.documents.record(TENANT, {SUPPORT: (tip, {"mailTip": tip})}, at=at, commit="c1")


def filled(journal: Journal) -> None:
    run(journal, NOON, "displayName")
    run(journal, NOON, "mailTip", None)
    run(journal, NOON, "hidden", Status.PROPAGATING)
    access(journal, NOON, "a@entreprise.example")
    access(journal, NOON + HOUR, "b@entreprise.example")
    document(journal, NOON, "one")
    document(journal, NOON + HOUR, "two")
    run(journal, LATER, "language")
    access(journal, LATER, "c@entreprise.example")


def test_what_is_old_goes_and_what_counts_stays(journal: Journal) -> None:
    filled(journal)
    head = journal.verify(TENANT).head
    assert journal.prune(TENANT, NOON + DAY) > 0
    assert {row.path[0] for row in journal.history(TENANT)} == {"mailTip", "hidden", "language"}
    assert {pending.path[0] for pending in journal.pending(TENANT)} == {"mailTip", "hidden"}
    assert journal.access_at(TENANT, SUPPORT.address, NOON) is None
    for moment, who in ((NOON + DAY, "b@"), (LATER, "c@")):
        found = journal.access_at(TENANT, SUPPORT.address, moment)
        assert found is not None
        assert found.rows[0]["who"].startswith(who)
    said = journal.documents.said_at(TENANT, SUPPORT.address, NOON + DAY)
    assert said is not None
    assert said.contents == {"mailTip": "two"}
    proof = journal.verify(TENANT, head=head)
    assert proof.misfit is None
    assert proof.pruned == 4, "an intent with its outcome, an access list, a document"
    assert journal.prune(TENANT, NOON + DAY) == 0
    assert journal.verify(TENANT) == journal.verify(TENANT, head=head)


def test_the_last_run_stays_however_old(journal: Journal) -> None:
    run(journal, NOON, "displayName")
    run(journal, NOON + HOUR, "mailTip", commit="c2")
    journal.prune(TENANT, LATER)
    assert [row.commit for row in journal.runs(TENANT)] == ["c2"]
    assert journal.last_cycle_at(TENANT) == NOON + HOUR
    assert [row.path for row in journal.history(TENANT)] == [("mailTip",)]
    run(journal, LATER, "hidden")
    journal.prune(TENANT, LATER)
    assert [row.path for row in journal.history(TENANT)] == [("hidden",)]
    assert journal.verify(TENANT).misfit is None, "no number was given twice"


def test_many_rows_go_a_little_at_a_time(journal: Journal) -> None:
    for number in range(450):
        access(journal, NOON + number * HOUR / 100, f"{number}@entreprise.example")
    assert journal.prune(TENANT, LATER) == 449
    proof = journal.verify(TENANT)
    assert (proof.misfit, proof.pruned, proof.links) == (None, 449, 451)


def test_what_was_taken_away_past_retention_is_found(url: str) -> None:
    with Journal.open(url) as journal:
        filled(journal)
        journal.prune(TENANT, NOON + DAY)
        with raw(url) as connection:
            connection.exec_driver_sql("UPDATE chain SET pruned = true WHERE part = 'outcome'")
            connection.exec_driver_sql("DELETE FROM outcomes")
        found = journal.verify(TENANT).misfit
        assert found is not None
        assert "was not" in found.why


def test_of_another_tenant_nothing_goes(journal: Journal) -> None:
    filled(journal)
    journal.prune("another", LATER)
    assert len(journal.history(TENANT)) == 4
