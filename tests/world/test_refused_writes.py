"""A refused write takes with it what waits for it, and nothing else: neither of the mailbox nor of others."""

from __future__ import annotations

from controller.model import Condition, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather

CONTACT = """\
kind: SharedMailbox
address: contact@entreprise.example
displayName: Contact Clients
protocols: {imap: false}
folders: {Bruit: {}}
rules:
  - {name: Urgent, conditions: {subjectContains: [urgent]}, actions: {markImportance: high}}
  - {name: Bruit, conditions: {subjectContains: [bruit]}, actions: {moveToFolder: Bruit}}
access:
  alice@entreprise.example: [full-access, send-as]
  bruno@entreprise.example: [full-access, send-as, send-on-behalf]
  chloe@entreprise.example: [full-access]
"""
OTHER = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libre Service\n"


def refuse(tenant, *operations: str) -> None:
    rule = FaultRule(kind=FaultKind.DENIED, on="write", operations=operations)
    tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(rule,)), tenant.clock)


def ended(cycle) -> dict[str, Status]:
    return {outcome.change.field or "itself": outcome.status for outcome in cycle.outcomes}


def test_each_change_fails_alone(rig, go):
    """Somebody loses access although a switch and a folder could not be set."""
    tenant = rig(CONTACT, OTHER)
    refuse(tenant, "Set-CASMailbox", "POST /users/*/mailFolders")
    cycle = go(tenant.apply())
    found = ended(cycle)
    assert {field for field, status in found.items() if status is Status.FAILED} == {"protocols.imap", "folders.Bruit"}
    assert found.pop("rules.Bruit") is Status.SKIPPED
    (skipped,) = [o for o in cycle.outcomes if o.status is Status.SKIPPED]
    assert "folders/Bruit did not succeed" in str(skipped.error)
    assert found["access.david@entreprise.example.full-access"] is Status.APPLIED
    assert found["rules.Urgent"] is Status.APPLIED
    assert tenant.entry("libre@entreprise.example").display_name == "Libre Service"
    assert cycle.condition is Condition.DEGRADED
    assert all(o.error and o.request_ids for o in cycle.outcomes if o.status is Status.FAILED)
    tenant.sandbox.weather = FairWeather()
    cycle = go(tenant.apply())
    assert set(ended(cycle)) == {"protocols.imap", "folders.Bruit", "rules.Bruit"}
    assert [rule["name"] for rule in store.rules(tenant.entry("contact@entreprise.example"))] == ["Urgent", "Bruit"]
    assert not go(tenant.plan()).changes


def test_nobody_loses_a_way_in_where_the_others_did_not_get_theirs(rig, go):
    tenant = rig(CONTACT + "  emma@entreprise.example: [full-access]\n")
    refuse(tenant, "Add-MailboxPermission")
    found = ended(go(tenant.apply()))
    assert found["access.emma@entreprise.example.full-access"] is Status.FAILED
    assert found["access.david@entreprise.example.full-access"] is Status.SKIPPED
    assert found["displayName"] is Status.APPLIED
    assert "david@entreprise.example" in tenant.full_access("contact@entreprise.example")
