"""Where mail goes on to, and whether that leaves the organisation."""

from __future__ import annotations

from typing import Any

import pytest

from controller.model import Cause, Risk, Status
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather

CONTACT = "contact@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {CONTACT}\n"
OUTSIDE = "tickets@helpdesk.example"


def forwarding(tenant: Any) -> tuple[Any, Any, Any]:
    held = tenant.entry(CONTACT).properties
    target = tenant.sandbox.world.entries.get(held.get("ForwardingAddress") or "")
    inside = target.primary if target else None
    return inside, held.get("ForwardingSmtpAddress"), held.get("DeliverToMailboxAndForward")


def open_door(tenant: Any) -> Any:
    tenant.sandbox.world.organization["OutboundSpamPolicies"] = [{"AutoForwardingMode": "On"}]
    return tenant


def codes(plan: Any) -> set[str]:
    return {f.code for f in plan.findings}


def test_inside_it_goes_by_the_recipient_and_outside_by_the_address(rig, go):
    tenant = open_door(rig(HEAD + "forwarding: {to: bruno.petit@entreprise.example, keepCopy: true}\n"))
    cycle = go(tenant.apply())
    (change,) = cycle.plan.changes  # one, with all that belongs together
    assert (change.field, change.before, change.risk) == ("forwarding.to", "none", Risk.LOW)
    assert forwarding(tenant) == ("bruno@entreprise.example", None, True)
    assert not go(tenant.plan()).changes

    tenant.write("0.yaml", HEAD + f"forwarding: {{to: {OUTSIDE}, keepCopy: false}}\n")
    cycle = go(tenant.apply())
    (change,) = cycle.plan.changes
    assert (change.risk, change.cause) == (Risk.HIGH, Cause.SPEC)
    assert "leaves the organisation" in change.notes[0]
    assert forwarding(tenant) == (None, f"smtp:{OUTSIDE}", False)
    assert "forward-without-copy" in codes(cycle.plan)
    assert not go(tenant.plan()).changes

    tenant.write("0.yaml", HEAD + "forwarding: none\n")
    cycle = go(tenant.apply())
    assert forwarding(tenant) == (None, None, False)
    assert not go(tenant.plan()).changes


def test_only_the_copy_changes(rig, go):
    tenant = open_door(rig(HEAD + f"forwarding: {{to: {OUTSIDE}}}\n"))
    tenant.poke("Set-Mailbox", Identity=CONTACT, ForwardingSmtpAddress=f"smtp:{OUTSIDE.title()}")
    cycle = go(tenant.apply())
    assert [(c.field, c.before, c.after) for c in cycle.plan.changes] == [("forwarding.keepCopy", False, True)]
    assert forwarding(tenant)[1:] == (f"smtp:{OUTSIDE}", True)


def test_a_contact_with_an_address_of_ours_is_outside_all_the_same(rig, go):
    plan = go(open_door(rig(HEAD + "forwarding: {to: pris@entreprise.example}\n")).plan())
    assert [c.risk for c in plan.changes] == [Risk.HIGH]


def test_where_both_are_set_the_one_without_effect_goes(rig, go):
    tenant = rig(HEAD + "forwarding: {to: alice@entreprise.example}\n")
    tenant.poke(
        "Set-Mailbox",
        Identity=CONTACT,
        ForwardingAddress="alice@entreprise.example",
        ForwardingSmtpAddress=f"smtp:{OUTSIDE}",
        DeliverToMailboxAndForward=True,
    )
    (change,) = go(tenant.plan()).changes
    assert OUTSIDE in change.before
    go(tenant.apply())
    assert forwarding(tenant) == ("alice@entreprise.example", None, True)
    assert not go(tenant.plan()).changes


def test_an_unknown_address_of_ours_holds_the_forwarding_and_nothing_else(rig, go):
    tenant = rig(HEAD + "forwarding: {to: alise@entreprise.example}\nmailTip: Bonjour\n")
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["mailTip"]
    assert f"unknown-address/{CONTACT}/alise@entreprise.example" in {f.id for f in cycle.plan.findings}


def test_what_leaks_is_told_though_no_document_speaks_of_it(rig, go):
    tenant = rig(HEAD)
    assert "forwards-outside" not in codes(go(tenant.plan()))
    tenant.poke("Set-Mailbox", Identity=CONTACT, ForwardingSmtpAddress=f"smtp:{OUTSIDE}")
    cycle = go(tenant.apply())
    assert f"forwards-outside/{CONTACT}" in {f.id for f in cycle.plan.findings}
    assert not cycle.plan.changes
    assert forwarding(tenant)[1] == f"smtp:{OUTSIDE}"


def test_what_stays_inside_does_not_leak(rig, go):
    tenant = rig(HEAD)
    tenant.poke("Set-Mailbox", Identity=CONTACT, ForwardingSmtpAddress="smtp:alice@entreprise.example")
    assert "forwards-outside" not in codes(go(tenant.plan()))


@pytest.mark.parametrize(
    ("organization", "told"),
    [
        ({}, True),  # Automatic has meant off since 2021
        ({"OutboundSpamPolicies": [{"AutoForwardingMode": "Off"}]}, True),
        ({"OutboundSpamPolicies": [{"AutoForwardingMode": "On"}]}, False),
        (
            {
                "OutboundSpamPolicies": [
                    {"AutoForwardingMode": "Off"},
                    {"Name": "Helpdesk", "AutoForwardingMode": "On"},
                ]
            },
            False,
        ),
        (
            {
                "OutboundSpamPolicies": [{"AutoForwardingMode": "On"}],
                "RemoteDomains": [{}, {"Name": "H", "DomainName": "*.helpdesk.example", "AutoForwardEnabled": False}],
            },
            True,
        ),
        (
            {
                "OutboundSpamPolicies": [{"AutoForwardingMode": "On"}],
                "RemoteDomains": [
                    {"AutoForwardEnabled": False},
                    {"Name": "H", "DomainName": "helpdesk.example", "AutoForwardEnabled": True},
                ],
            },
            False,
        ),
    ],
)
def test_what_the_tenant_does_not_let_out_is_said_beforehand(rig, go, organization, told):
    tenant = rig(HEAD + f"forwarding: {{to: {OUTSIDE}}}\n")
    tenant.sandbox.world.organization.update(organization)
    plan = go(tenant.plan())
    assert ("forwarding-blocked" in codes(plan)) is told
    assert not plan.changes[0].blocked_by


def test_a_role_that_may_not_look_at_policies_plans_all_the_same(rig, go):
    tenant = rig(HEAD + f"forwarding: {{to: {OUTSIDE}}}\n")
    refused = FaultRule(kind=FaultKind.DENIED, operations=("Get-Hosted*", "Get-RemoteDomain"))
    tenant.sandbox.weather = ForecastWeather(Forecast(faults=(refused,)), tenant.clock)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert "forwarding-blocked" not in codes(cycle.plan)
