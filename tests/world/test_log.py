"""What the log of a loop says: which mailbox, why, who, what to do; once, and joined by ids."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog
from structlog.testing import LogCapture

from controller.errors import ServiceError, StateError
from controller.loop import Noticing
from controller.loop.telling import outcome_ended
from tests.rig import TENANT

from .loop_rig import Follow

BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access:
  alice@entreprise.example: [full-access]
"""
LIBRE = "libre@entreprise.example"


@pytest.fixture
def log():
    capture, before = LogCapture(), structlog.get_config()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, capture],
        wrapper_class=structlog.make_filtering_bound_logger(10),
    )
    yield capture.entries
    structlog.configure(**before)


@pytest.fixture
def tenant(rig):
    return rig(BOX)


def follow(rig, **options):
    return Follow(rig.folder, rig, listeners=[Noticing()], told=outcome_ended, **options)


def named(log, event):
    return [line for line in log if line["event"] == event]


def test_a_line_of_a_turn_joins_the_journal_the_plan_and_its_changes(tenant, go, log):
    async def story():
        async with follow(tenant).running() as first:
            return first

    first = go(story())
    (cycle,) = named(log, "cycle.ended")
    assert cycle["level"] == "info"
    assert cycle["run_id"] == first.cycle.run_id
    assert cycle["observed"] == first.prepared.plan.observed_digest
    changes = named(log, "change.ended")
    assert {line["change"] for line in changes} == {change.id for change in first.prepared.plan.changes}
    for line in changes:
        assert (line["cycle"], line["tenant"], line["run_id"]) == (cycle["cycle"], "entreprise", cycle["run_id"])
        assert line["request_ids"]
        assert "error" not in line
    assert "run_id" not in structlog.contextvars.get_contextvars()


def test_drift_is_named_once_with_who_did_it_and_when_it_is_over(tenant, go, log):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            await loop.next()
            tenant.write("tenant.yaml", TENANT.replace("mode: apply", "mode: report"))
            tenant.poke("Set-Mailbox", Identity=LIBRE, DisplayName="Secrète")
            for _ in range(3):
                await loop.next()
            tenant.poke("Set-Mailbox", Identity=LIBRE, DisplayName="Libérée")
            await loop.next()

    go(story())
    (line,) = named(log, "drift.found")
    assert line["change"] == f"SharedMailbox/{LIBRE}/displayName"
    assert (line["who"], line["level"]) == ("admin@entreprise.example", "warning")
    assert line["source"].endswith("0.yaml:3")
    assert [gone["change"] for gone in named(log, "drift.gone")] == [line["change"]]
    assert "Secrète" not in str(log)  # values may be what mail says


def test_drift_that_comes_back_after_it_was_healed_is_named_again(tenant, go, log):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            for _ in range(2):
                await loop.next()
                tenant.poke("Set-Mailbox", Identity=LIBRE, DisplayName="Autre")
                await loop.next()

    go(story())
    assert len(named(log, "drift.found")) == 2
    assert not named(log, "drift.gone")


def test_what_is_held_back_is_named_with_what_would_let_it_through(tenant, go, log):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            tenant.write("0.yaml", BOX.replace("  alice@entreprise.example: [full-access]\n", "").replace("access:", "access: {}"))
            await loop.next()
            await loop.next()
            tenant.write("0.yaml", BOX)
            await loop.next()

    go(story())
    held = f"last-reader/{LIBRE}"
    cycles = named(log, "cycle.ended")
    assert [held in line.get("blocked_by", ()) for line in cycles] == [False, True, True, False]
    assert [line["level"] for line in cycles] == ["info", "warning", "warning", "info"]
    (found,) = [line for line in named(log, "finding.found") if line["finding"] == held]
    assert found["level"] == "error"
    assert found["message"]
    assert held in [line["finding"] for line in named(log, "finding.gone")]


def test_a_run_that_a_limit_stops_says_which(tenant, go, log):
    tenant.write("tenant.yaml", TENANT + "safety: {maxChanges: 1}\n")

    async def story():
        async with follow(tenant).running() as first:
            return first

    go(story())
    (line,) = named(log, "cycle.ended")
    assert (line["level"], line["blocked_by"]) == ("warning", ["max-changes/entreprise"])


def test_a_tenant_that_cannot_be_seen_is_trouble_with_a_reason_and_looked_at_soon(tenant, go, log):
    away = [True]

    def strike(number, when):
        if away:
            raise ServiceError("exchange", "Get-User", "no answer")

    tenant.wire.strike = strike

    async def story():
        loop = follow(tenant)
        async with loop.running() as first:
            assert (first.next_at - first.ended_at).total_seconds() < 120
            away.clear()
            await loop.next()

    go(story())
    first, second = named(log, "cycle.ended")
    assert (first["level"], first["condition"], first["reason"]) == ("error", "stalled", "tenant-unreachable")
    assert "no answer" in first["error"]
    assert second["condition"] == "converged"


def test_a_journal_that_is_away_is_told_once_a_turn(tenant, go, log):
    def journal():
        raise StateError("the disk is full")

    class Keeping:
        async def __call__(self, turn):
            raise StateError("the disk is full")

    async def story():
        loop = Follow(tenant.folder, tenant, journal=journal, listeners=[Noticing(), Keeping()])
        async with loop.running():
            await loop.next()

    go(story())
    told = [line for line in log if "the disk is full" in str(line)]
    assert [line["event"] for line in told] == ["cycle.ended", "cycle.ended"]
    assert told[0]["mode"] == "apply"


def test_a_document_that_is_only_reported_is_no_trouble(tenant, go, log):
    tenant.write("0.yaml", BOX + "mode: report\n")

    async def story():
        async with follow(tenant).running():
            pass

    go(story())
    (line,) = named(log, "cycle.ended")
    assert (line["level"], line["condition"]) == ("info", "drifted")


def test_a_thousand_who_ask_are_two_lines(tenant, go, log):
    async def story():
        loop = follow(tenant)
        async with loop.running():
            tenant.clock.advance(timedelta(minutes=1))
            for _ in range(1000):
                loop.loop.look("hook from github")
            await loop.turn()

    go(story())
    lines = [line for line in named(log, "look.asked") if line["level"] == "info"]
    assert len(lines) == 2
    assert "at" in lines[1]
