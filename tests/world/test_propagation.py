"""What a service accepted and does not show yet: not written twice, no drift, and no success for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.cli import outcome
from controller.model import Cause, Status
from controller.sandbox.forecast import Forecast
from controller.sandbox.weather import ForecastWeather

LIBRE = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access: {alice@entreprise.example: [full-access, send-as]}
"""


@pytest.fixture
def late(rig):
    def make(hours: float):
        tenant = rig(LIBRE)
        lags = dict.fromkeys(("object", "type", "permission", "member"), timedelta(hours=hours))
        tenant.sandbox.weather = ForecastWeather(Forecast(propagation=lags, pinned_reads=False), tenant.clock)
        return tenant

    return make


def statuses(cycle):
    return {o.status for o in cycle.outcomes}


def test_it_is_waited_for_and_written_once(late, go):
    tenant = late(0.5)
    cycle = go(tenant.apply())
    assert statuses(cycle) == {Status.PROPAGATING}
    assert outcome.of_cycle(cycle) == outcome.GOOD
    written = len(tenant.sandbox.world.audit)
    tenant.clock.advance(timedelta(minutes=10))
    cycle = go(tenant.apply())
    assert not cycle.plan.changes
    assert {f.code for f in cycle.plan.findings} >= {"propagating"}
    assert outcome.of_cycle(cycle) == outcome.GOOD
    tenant.clock.advance(timedelta(minutes=30))
    assert not go(tenant.apply()).plan.changes
    assert len(tenant.sandbox.world.audit) == written


def test_past_its_deadline_it_failed_and_nobody_is_to_blame(late, go):
    tenant = late(5)
    go(tenant.apply())
    tenant.clock.advance(timedelta(minutes=10))
    go(tenant.apply())
    tenant.clock.advance(timedelta(minutes=55))
    cycle = go(tenant.apply())
    assert Cause.DRIFT not in {change.cause for change in cycle.plan.changes}
    assert "not-visible" in {f.code for f in cycle.plan.findings}
    assert statuses(cycle) == {Status.FAILED}
    assert outcome.of_cycle(cycle) == outcome.PARTLY
    tenant.clock.advance(timedelta(hours=6))
    assert not go(tenant.apply()).plan.changes


def test_a_deadline_within_our_patience(late, go):
    cycle = go(late(5).apply(deadline=timedelta(seconds=30)))
    assert statuses(cycle) == {Status.FAILED}


def test_what_graph_has_not_heard_of_yet_is_waited_for(rig, go):
    tenant = rig("""\
kind: SharedMailbox
address: neuf@entreprise.example
displayName: Neuf
access: {alice@entreprise.example: [full-access, send-as]}
signInBlocked: true
""")
    lags = {"object": timedelta(minutes=5), "permission": timedelta(minutes=5), "graph/object": timedelta(minutes=30)}
    tenant.sandbox.weather = ForecastWeather(Forecast(propagation=lags, pinned_reads=False), tenant.clock)
    assert outcome.of_cycle(go(tenant.apply())) == outcome.GOOD
    for minutes in (6, 10, 5):
        tenant.clock.advance(timedelta(minutes=minutes))
        cycle = go(tenant.apply())
        assert outcome.of_cycle(cycle) == outcome.GOOD, [f.message for f in cycle.plan.findings]
    assert tenant.full_access("neuf@entreprise.example") == {"alice@entreprise.example"}
    assert tenant.entry("neuf@entreprise.example").account_enabled
    tenant.clock.advance(timedelta(minutes=30))
    go(tenant.apply())
    tenant.clock.advance(timedelta(minutes=40))
    assert not go(tenant.apply()).plan.changes
    assert tenant.entry("neuf@entreprise.example").account_enabled is False
    operations = [record.operation for record in tenant.sandbox.world.audit]
    assert sorted(operations) == sorted(set(operations))


def test_what_graph_never_hears_of_is_an_error_in_the_end(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: neuf@entreprise.example\nsignInBlocked: true\n")
    lags = {"graph/object": timedelta(days=30)}
    tenant.sandbox.weather = ForecastWeather(Forecast(propagation=lags), tenant.clock)
    go(tenant.apply())
    tenant.clock.advance(timedelta(hours=2))
    assert outcome.of_plan(go(tenant.plan()), detailed=False) == outcome.ERROR


def test_patience_is_used_to_its_end(rig, go):
    tenant = rig(LIBRE)
    tenant.patience = timedelta(seconds=5)
    lags = {"object": timedelta(seconds=4.5), "permission": timedelta(seconds=4.5)}
    tenant.sandbox.weather = ForecastWeather(Forecast(propagation=lags, pinned_reads=False), tenant.clock)
    assert statuses(go(tenant.apply())) == {Status.APPLIED}
