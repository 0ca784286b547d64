"""A write whose answer was lost is not sent again before somebody could look whether it was done."""

from __future__ import annotations

from controller.model import Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather

BOX = "libre@entreprise.example"
SPEC = f"""\
kind: SharedMailbox
address: {BOX}
rules:
  - {{name: Urgent, conditions: {{subjectContains: [urgent]}}, actions: {{markImportance: high}}}}
"""
RULES = "*/messageRules"
BLIND = FaultRule(kind=FaultKind.UNAVAILABLE, on="read", operations=(f"GET {RULES}",), after=1)


def lose(tenant, *more: FaultRule) -> None:
    lost = FaultRule(kind=FaultKind.LOST_AFTER, on="write", operations=(f"POST {RULES}",), times=1)
    tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(lost, *more)), tenant.clock)


def rules(tenant) -> list[str]:
    return [rule["name"] for rule in store.rules(tenant.entry(BOX))]


def test_where_nobody_can_look_it_fails_and_the_next_run_finds_it_done(rig, go):
    tenant = rig(SPEC)
    lose(tenant, BLIND)
    (outcome,) = go(tenant.apply()).outcomes
    assert outcome.status is Status.FAILED
    assert rules(tenant) == ["Urgent"]
    tenant.sandbox.weather = FairWeather()
    assert not go(tenant.plan()).changes
    assert rules(tenant) == ["Urgent"]


def test_where_a_look_fails_a_while_it_is_looked_again(rig, go):
    tenant = rig(SPEC)
    lose(tenant, BLIND.model_copy(update={"times": 8}))
    (outcome,) = go(tenant.apply()).outcomes
    assert outcome.status is Status.APPLIED
    assert rules(tenant) == ["Urgent"]
