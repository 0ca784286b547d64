"""A write whose answer was lost is not sent again before somebody could look whether it was done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.model import Cause, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from tests.rig import KilledError

BOX = "libre@entreprise.example"
SPEC = f"""\
kind: SharedMailbox
address: {BOX}
rules:
  - {{name: Urgent, conditions: {{subjectContains: [urgent]}}, actions: {{markImportance: high}}}}
"""
RULES = "*/messageRules"
GRANT = f"""\
kind: SharedMailbox
address: {BOX}
additive: [access]
access: {{alice@entreprise.example: [full-access]}}
"""
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


def test_of_a_mailbox_that_is_not_seen_yet_nothing_is_taken_for_not_done(rig, go):
    tenant = rig(SPEC.replace(BOX, "neuf@entreprise.example"))
    lost = FaultRule(kind=FaultKind.LOST_AFTER, on="write", operations=(f"POST {RULES}",), after=5, times=1)
    late = dict.fromkeys(("object", "type"), timedelta(seconds=400)) | {"graph/object": timedelta(seconds=20)}
    forecast = Forecast(seed=1, faults=(lost,), propagation=late, pinned_reads=False)
    tenant.sandbox.weather = ForecastWeather(forecast, tenant.clock)
    statuses = {outcome.change.path[:1]: outcome.status for outcome in go(tenant.apply()).outcomes}
    assert statuses[("rules",)] is Status.FAILED  # the first five found no mailbox; the sixth lost its answer
    tenant.sandbox.weather = FairWeather()
    tenant.clock.advance(timedelta(hours=1))
    assert go(tenant.apply()).plan.changes == ()
    assert [rule["name"] for rule in store.rules(tenant.entry("neuf@entreprise.example"))] == ["Urgent"]


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER])
@pytest.mark.parametrize("cmdlet", ["Remove-MailboxPermission", "Add-MailboxPermission"])
def test_what_is_taken_away_and_put_back_is_not_proved_by_a_late_answer(rig, go, kind, cmdlet):
    """AutoMapping is set by granting anew. A replica that is behind still shows the grant from before."""
    access = "{alice@entreprise.example: {rights: [full-access], autoMapping: false}}"
    tenant = rig(f"kind: SharedMailbox\naddress: contact@entreprise.example\nadditive: [access]\naccess: {access}\n")
    lost = FaultRule(kind=kind, on="write", operations=(cmdlet,), times=1)
    forecast = Forecast(seed=1, faults=(lost,), propagation={"permission": timedelta(seconds=2)}, pinned_reads=False)
    tenant.sandbox.weather = ForecastWeather(forecast, tenant.clock)
    assert {outcome.status for outcome in go(tenant.apply()).outcomes} == {Status.APPLIED}
    (entry,) = (ace for ace in tenant.entry("contact@entreprise.example").permissions
                if tenant._who(ace) == "alice@entreprise.example")  # fmt: skip
    assert entry.auto_mapping is False
    tenant.clock.advance(timedelta(minutes=15))
    plan = go(tenant.plan())
    assert [change.id for change in plan.changes if change.cause is Cause.DRIFT] == []
    assert plan.changes == ()


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER])
def test_what_becomes_visible_late_is_looked_for_before_a_lost_write_is_repeated(rig, go, kind):
    """A grant that took effect, whose answer was lost, and that a look does not show for a while."""
    tenant = rig(GRANT)
    lost = FaultRule(kind=kind, on="write", operations=("Add-MailboxPermission",), times=1)
    forecast = Forecast(seed=1, faults=(lost,), propagation={"permission": timedelta(seconds=10)}, pinned_reads=False)
    tenant.sandbox.weather = ForecastWeather(forecast, tenant.clock)
    (outcome,) = go(tenant.apply()).outcomes
    assert outcome.status is Status.APPLIED
    assert [record.operation for record in tenant.sandbox.world.audit] == ["Add-MailboxPermission"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("access", "write"),
    [("{alice@entreprise.example: [full-access]}", "Add-MailboxPermission"),
     ("{}", "Remove-MailboxPermission")],
)  # fmt: skip
def test_who_was_killed_over_a_write_that_shows_late_does_not_have_it_sent_twice(rig, go, access, write, moment):
    """The next run finds an intent without an end, and looks for as long as the killed one would have."""
    tenant = rig(GRANT.replace("additive: [access]\n", "").replace("{alice@entreprise.example: [full-access]}", access)
                 + "---\nkind: Approval\nfinding: last-reader/libre@entreprise.example\nreason: A test\n")  # fmt: skip
    if write.startswith("Remove"):
        tenant.poke("Add-MailboxPermission", Identity=BOX, User="bruno@entreprise.example", AccessRights=["FullAccess"])
    known = len(tenant.sandbox.world.audit)
    forecast = Forecast(seed=1, propagation={"permission": timedelta(seconds=10)}, pinned_reads=False)
    tenant.clock.advance(timedelta(hours=1))
    tenant.sandbox.weather = ForecastWeather(forecast, tenant.clock)
    _kill_over(tenant, go, write, moment)
    assert {outcome.status for outcome in go(tenant.apply()).outcomes} == {Status.APPLIED}
    assert [record.operation for record in tenant.sandbox.world.audit[known:]] == [write]
    tenant.clock.advance(timedelta(minutes=1))
    assert not go(tenant.plan()).changes


def _kill_over(tenant, go, write: str, moment: str) -> None:
    """Dies before or after the request with that cmdlet."""
    on = tenant.wire.handle_async_request

    async def deadly(request):
        hit = write.encode() in await request.aread()
        if hit and moment == "before":
            raise KilledError
        response = await on(request)
        if hit:
            raise KilledError
        return response

    tenant.wire.handle_async_request = deadly
    with pytest.raises((KilledError, BaseExceptionGroup)) as death:
        go(tenant.apply())
    assert "KilledError" in repr(death.value)
    del tenant.wire.handle_async_request
