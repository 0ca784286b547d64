"""The Tenant document's own settings: a resource where it has any, and none where not."""

from __future__ import annotations

import json
from typing import Any

from controller.model import Cause, Kind, Status
from controller.report import as_json
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather

CONTACT = "kind: SharedMailbox\naddress: contact@entreprise.example\n"


def organized(tenant: Any, wished: str = "true", mode: str = "apply") -> Any:
    text = (tenant.folder / "tenant.yaml").read_text().partition("organization:")[0]
    text = text.replace("mode: apply", f"mode: {mode}")
    tenant.write("tenant.yaml", text + f"organization: {{sendFromAlias: {wished}}}\n")
    return tenant


def enabled(tenant: Any) -> Any:
    return tenant.poke("Get-OrganizationConfig")[0]["SendFromAliasEnabled"]


def test_it_is_applied_and_read_back(rig, go):
    tenant = organized(rig(CONTACT))
    cycle = go(tenant.apply())
    (outcome,) = cycle.outcomes
    assert outcome.status is Status.APPLIED
    assert outcome.change.id == "Tenant/entreprise/organization/sendFromAlias"
    assert outcome.change.origin.path.endswith("tenant.yaml")
    assert enabled(tenant) is True
    assert not go(tenant.plan()).changes


def test_what_somebody_changed_is_drift(rig, go):
    tenant = organized(rig(CONTACT))
    go(tenant.apply())
    tenant.poke("Set-OrganizationConfig", SendFromAliasEnabled=False)
    assert [change.cause for change in go(tenant.plan()).changes] == [Cause.DRIFT]


def test_the_mode_of_the_tenant_is_for_the_loop(rig, go):
    tenant = organized(rig(CONTACT), mode="report")
    go(tenant.apply())
    assert enabled(tenant) is True


def test_it_is_none_of_the_documents_that_are_counted(rig, go):
    tenant = organized(rig(CONTACT), wished="false")
    plan = go(tenant.plan())
    assert Kind.TENANT in {key.kind for key in plan.resources}
    assert json.loads(as_json(plan))["summary"]["unchanged"] == 1


def test_a_run_over_some_mailboxes_leaves_it_alone(rig, go):
    tenant = organized(rig(CONTACT))
    assert not go(tenant.plan(targets=frozenset({"contact@entreprise.example"}))).changes
    assert not go(tenant.plan(selector={"team": "support"})).changes


def test_left_out_it_is_no_resource(rig, go):
    tenant = rig(CONTACT)
    plan = go(tenant.plan())
    assert Kind.TENANT not in {key.kind for key in plan.resources}


def test_a_setting_that_cannot_be_read_stops_no_mailbox(rig, go):
    tenant = organized(rig(CONTACT + "mailTip: Bonjour\n"))
    refused = FaultRule(kind=FaultKind.DENIED, operations=("Get-OrganizationConfig",))
    tenant.sandbox.weather = ForecastWeather(Forecast(faults=(refused,)), tenant.clock)
    cycle = go(tenant.apply())
    assert "unreadable/entreprise/organization" in {f.id for f in cycle.plan.findings}
    assert [o.change.field for o in cycle.outcomes] == ["mailTip"]
