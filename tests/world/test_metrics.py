"""What Prometheus is told, held against turns of the loop over a tenant."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.metrics import MOST, Metrics
from controller.model import Finding, Severity
from controller.turn import Reason, Turn
from tests.rig import TENANT, Rig, make_rig
from tests.world.loop_rig import Follow

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus-rules.yaml"
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
SMALL = (Path(__file__).parents[1] / "scenarios" / "small.yaml").read_text(encoding="utf-8")
BOX = "contact@entreprise.example"
SPEC = f"""\
kind: SharedMailbox
address: {BOX}
displayName: Contact clients
access:
  equipe@entreprise.example: [full-access]
  emma@entreprise.example: {{rights: [full-access], until: 2026-12-05}}
"""


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    text, media_type = metrics.exposition()
    assert media_type.startswith("text/plain")
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket"))
    }


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return make_rig(tmp_path, SMALL, {"contact.yaml": SPEC})


def test_turns_changes_drift_and_dates_are_counted(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics = Metrics(rig.clock.now)

    async def live() -> dict[tuple[str, ...], float]:
        follow = Follow(tmp_path, rig, listeners=[metrics])
        async with follow.running():
            rig.write("tenant.yaml", TENANT.replace("mode: apply", "mode: report"))  # or it is healed at once
            rig.poke("Set-Mailbox", Identity=BOX, DisplayName="Autre")
            await follow.next()
        rig.clock.advance(timedelta(minutes=5))
        return samples(metrics)

    told = go(live())
    tenant = "entreprise"
    assert told["mbx_cycles_total", "converged", tenant] >= 1
    assert told["mbx_changes_total", "update", "applied", tenant] >= 1
    assert told["mbx_changes_total", "grant", "applied", tenant] >= 1
    assert told["mbx_documents", tenant] == 1
    assert told["mbx_pending_changes", "drift", tenant] == 1
    assert told["mbx_mailbox_drift", BOX, tenant] == 1
    assert told["mbx_expiring", tenant, "7d"] == 1
    assert told["mbx_expiring", tenant, "1d"] == 0
    assert told["mbx_requests_total", "exchange", tenant] > 0
    assert 300 <= told["mbx_last_good_cycle_age_seconds", tenant] < 400
    assert told["mbx_unreadable", tenant] == 0
    assert ("mbx_findings", "unmanaged-mailbox", "warning", tenant) in told


def test_what_is_over_is_not_told_any_more_and_trouble_is_named(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics = Metrics(rig.clock.now)

    async def live() -> None:
        follow = Follow(tmp_path, rig, listeners=[metrics])
        async with follow.running():
            rig.poke("Set-Mailbox", Identity=BOX, DisplayName="Autre")
            await follow.next()
            assert not [name for name, *_ in samples(metrics) if name == "mbx_mailbox_drift"]  # healed by this turn

    go(live())
    assert not [name for name, *_ in samples(metrics) if name == "mbx_mailbox_drift"]
    now = rig.clock.now()
    metrics.note(Turn("1", "entreprise", "x", now, now, reason=Reason.SIGN_IN_FAILED, error="no"))
    told = samples(metrics)
    assert told["mbx_cycle_troubles_total", "sign-in-failed", "entreprise"] == 1
    assert told["mbx_cycles_total", "stalled", "entreprise"] == 1
    assert told["mbx_documents", "entreprise"] == 1  # the last look that saw the tenant still counts


def test_series_do_not_grow_with_the_weeks(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics = Metrics(rig.clock.now)
    go(_looked(rig, tmp_path, metrics))
    before = len(samples(metrics))
    for _ in range(500):
        now = rig.clock.now()
        metrics.note(Turn("1", "entreprise", "x", now, now, reason=Reason.SOURCE_UNREACHABLE, error="no"))
    assert len(samples(metrics)) <= before + 3
    assert MOST <= 1000


def test_a_tenant_that_was_never_seen_grows_old_too(rig: Rig, go: Any) -> None:
    """Or nothing would be told of a loop that starts with a wrong secret."""
    metrics, began = Metrics(rig.clock.now), rig.clock.now()
    metrics.note(Turn("1", "", "", began, began, reason=Reason.BAD_SPECS, error="no"))
    assert ("mbx_cycle_troubles_total", "bad-specs", "(none)") in samples(metrics)
    metrics.note(Turn("2", "entreprise", "x", began, began, reason=Reason.SIGN_IN_FAILED, error="no"))
    rig.clock.advance(timedelta(hours=2))
    told = samples(metrics)
    assert told["mbx_last_good_cycle_age_seconds", "entreprise"] == 7200
    assert ("mbx_last_good_cycle_timestamp_seconds", "entreprise") not in told
    assert not [labels for labels in told if "(none)" in labels]
    assert told["mbx_cycle_troubles_total", "untrusted-commit", "entreprise"] == 0


def test_who_stands_by_tells_nothing_of_the_tenant(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics = Metrics(rig.clock.now)
    go(_looked(rig, tmp_path, metrics))
    assert samples(metrics)["mbx_leading", "entreprise"] == 1
    assert samples(metrics)["mbx_interval_seconds", "entreprise"] == 900
    tenant_id, now = rig.sandbox.world.tenant_id, rig.clock.now()
    metrics.note(Turn("2", "entreprise", tenant_id, now, now, reason=Reason.NOT_LEADING))
    told = samples(metrics)
    assert told["mbx_leading", "entreprise"] == 0
    assert {name for name, *_ in told} & {"mbx_documents", "mbx_last_good_cycle_age_seconds", "mbx_findings"} == set()
    assert told["mbx_cycles_total", "converged", "entreprise"] == 1


def test_the_end_of_the_certificate_is_told(rig: Rig, tmp_path: Path, go: Any) -> None:
    end = rig.clock.now() + timedelta(days=9)
    ends: list[datetime | None] = [end]
    metrics = Metrics(rig.clock.now, lambda specs: ends[0])
    go(_looked(rig, tmp_path, metrics))
    told = samples(metrics)["mbx_certificate_ends_timestamp_seconds", "entreprise"]
    assert told == end.timestamp()
    ends[0] = None
    go(_looked(rig, tmp_path, metrics))
    assert ("mbx_certificate_ends_timestamp_seconds", "entreprise") not in samples(metrics)


def _first_turn(rig: Rig, folder: Path, go: Any) -> Turn:
    turns: list[Turn] = []

    async def keep(turn: Turn) -> None:
        turns.append(turn)

    async def live() -> None:
        async with Follow(folder, rig, listeners=[keep]).running():
            pass

    go(live())
    return turns[0]


def test_a_tenant_under_another_name_leaves_no_series_behind(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics, turn = Metrics(rig.clock.now), _first_turn(rig, tmp_path, go)
    metrics.note(turn)
    before = len(samples(metrics))
    for number in range(300):
        metrics.note(replace(turn, tenant=f"nom-{number}"))
    told = samples(metrics)
    assert len(told) == before
    assert {labels[-1] for labels in told if labels[0] == "mbx_documents"} == {"nom-299"}


def test_no_plan_makes_more_series_than_the_most(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics, turn = Metrics(rig.clock.now), _first_turn(rig, tmp_path, go)
    plan = turn.cycle.plan
    many = tuple(Finding(f"policy/p{number}", BOX, Severity.WARNING, "no") for number in range(5000))
    cycle = replace(turn.cycle, plan=replace(plan, findings=many))
    metrics.note(replace(turn, cycle=cycle, prepared=replace(turn.prepared, plan=cycle.plan)))
    assert len([1 for name, *_ in samples(metrics) if name == "mbx_findings"]) == MOST


async def _looked(rig: Rig, folder: Path, metrics: Metrics) -> None:
    follow = Follow(folder, rig, listeners=[metrics])
    async with follow.running():
        pass


def test_every_metric_is_documented_and_every_alert_asks_for_one(rig: Rig, tmp_path: Path, go: Any) -> None:
    metrics = Metrics(rig.clock.now)
    go(_looked(rig, tmp_path, metrics))
    page = (ROOT / "docs/reference/metrics.md").read_text("utf-8")
    families = {family.name for family in text_string_to_metric_families(metrics.exposition()[0].decode())}
    ours = {name for name in families if name.startswith("mbx_")}
    assert len(ours) > 10
    assert [name for name in families if f"`{name}" not in page] == []
    told = {name.removesuffix("_total") for name in re.findall(r"^\| .*?`(mbx_\w+)`", page, re.MULTILINE)}
    assert told <= ours
    for asking in (RULES, DASHBOARD):
        asked = set(re.findall(r"\bmbx_[a-z_]+", asking.read_text("utf-8")))
        assert len(asked) > 5
        assert {re.sub("_(total|bucket|sum|count)$", "", name) for name in asked} <= ours
