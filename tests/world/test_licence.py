"""Licences: assigned where a seat is free, taken away where they were given directly."""

from __future__ import annotations

from typing import Any

import pytest

from controller.model import Risk, Severity, Status
from controller.sandbox.graph.licences import sku

CONTACT, LIBRE = "contact@entreprise.example", "libre@entreprise.example"
PLAN_2 = "EXCHANGEENTERPRISE"


def document(address: str, text: str) -> str:
    return f"kind: SharedMailbox\naddress: {address}\n{text}"


@pytest.fixture
def licensed(rig):
    """A rig over a tenant with one seat of Plan 2 and ten of Plan 1, whose mailboxes are in France."""

    def make(*documents: str) -> Any:
        tenant = rig(*documents)
        world = tenant.sandbox.world
        world.skus.update({PLAN_2: 1, "EXCHANGESTANDARD": 10})
        app = next(iter(world.apps.values()))
        app.graph_roles = [*app.graph_roles, "LicenseAssignment.ReadWrite.All"]
        for address in (CONTACT, LIBRE):
            tenant.entry(address).graph["usageLocation"] = "FR"
        return tenant

    return make


def give(tenant: Any, address: str, part: str, *, group: str | None = None) -> None:
    graph = tenant.entry(address).graph
    ident = sku(part).id
    graph["assignedLicenses"] = [*graph.get("assignedLicenses", []), {"skuId": ident, "disabledPlans": []}]
    state = {"skuId": ident, "disabledPlans": [], "assignedByGroup": group, "state": "Active", "error": "None"}
    graph["licenseAssignmentStates"] = [*graph.get("licenseAssignmentStates", []), state]


def held(tenant: Any, address: str) -> set[str]:
    return {row["skuId"] for row in tenant.entry(address).graph.get("assignedLicenses", [])}


def finding(plan: Any, code: str) -> Any:
    (found,) = [f for f in plan.findings if f.code == code]
    return found


def test_a_licence_is_assigned_and_taken_away(licensed, go):
    tenant = licensed(document(CONTACT, f"licence: {PLAN_2.lower()}\n"))
    cycle = go(tenant.apply())
    assert [o.status for o in cycle.outcomes] == [Status.APPLIED], [o.error for o in cycle.outcomes]
    assert held(tenant, CONTACT) == {sku(PLAN_2).id}
    assert not go(tenant.plan()).changes
    tenant.write("0.yaml", document(CONTACT, "licence: none\n"))
    cycle = go(tenant.apply())
    assert [(c.before, c.after, c.risk) for c in cycle.plan.changes] == [(PLAN_2, "none", Risk.MEDIUM)]
    assert held(tenant, CONTACT) == set()
    assert not go(tenant.plan()).changes


def test_another_licence_takes_the_place_of_the_former(licensed, go):
    tenant = licensed(document(CONTACT, f"licence: {PLAN_2}\n"))
    give(tenant, CONTACT, "EXCHANGESTANDARD")
    go(tenant.apply())
    assert held(tenant, CONTACT) == {sku(PLAN_2).id}
    assert not go(tenant.plan()).changes


def test_without_a_free_seat_it_is_held_and_so_is_what_rests_on_it(licensed, go):
    tenant = licensed(
        document(CONTACT, f"licence: {PLAN_2}\n"),
        document(LIBRE, f"licence: {PLAN_2}\narchive: true\nmailTip: Bonjour\n"),
    )
    cycle = go(tenant.apply())  # one seat, two mailboxes
    assert [(o.change.key.address, o.change.field) for o in cycle.outcomes] == [
        (CONTACT, "licence"),
        (LIBRE, "mailTip"),
    ]
    assert finding(cycle.plan, "licence-no-seat").severity is Severity.WARNING
    assert {c.field: c.blocked_by for c in cycle.plan.changes if c.blocked_by} == {
        "licence": (f"licence-no-seat/{LIBRE}",),
        "archive": (f"licence-no-seat/{LIBRE}",),
    }


def test_archive_hold_and_room_come_after_the_licence_they_need(licensed, go):
    text = "archive: true\nlitigationHold: {enabled: true}\nlimits: {prohibitSendReceiveAt: 90 GB}\n"
    tenant = licensed(document(CONTACT, f"licence: {PLAN_2}\n{text}"))
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert tenant.entry(CONTACT).properties["ArchiveStatus"] == "Active"
    assert tenant.entry(CONTACT).properties["LitigationHoldEnabled"] is True
    assert not go(tenant.plan()).changes


def test_a_hold_needs_more_than_plan_one(licensed, go):
    tenant = licensed(document(CONTACT, "licence: EXCHANGESTANDARD\nlitigationHold: {enabled: true}\n"))
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["licence"]
    assert finding(cycle.plan, "licence-needed").subject == f"{CONTACT}/litigationHold/enabled"


def test_a_licence_is_not_taken_from_under_an_archive(licensed, go):
    tenant = licensed(document(CONTACT, "licence: none\n"))
    give(tenant, CONTACT, PLAN_2)
    tenant.poke("Enable-Mailbox", Identity=CONTACT, Archive=True)
    assert not go(tenant.apply()).outcomes
    assert "archive" in finding(go(tenant.plan()), "licence-still-needed").message
    tenant.write("0.yaml", document(CONTACT, "licence: none\narchive: false\n"))
    assert {o.status for o in go(tenant.apply()).outcomes} == {Status.APPLIED}
    assert held(tenant, CONTACT) == set()
    assert tenant.entry(CONTACT).properties.get("ArchiveStatus") in (None, "None")


def test_another_licence_through_a_group_is_enough_for_an_archive(licensed, go):
    tenant = licensed(document(CONTACT, "licence: none\n"))
    give(tenant, CONTACT, "EXCHANGESTANDARD")
    give(tenant, CONTACT, PLAN_2, group=tenant.entry("equipe@entreprise.example").object_id)
    tenant.poke("Enable-Mailbox", Identity=CONTACT, Archive=True)
    go(tenant.apply())
    assert held(tenant, CONTACT) == {sku(PLAN_2).id}


def test_without_a_usage_location_nothing_is_tried(licensed, go):
    tenant = licensed(document(CONTACT, f"licence: {PLAN_2}\n"))
    tenant.entry(CONTACT).graph["usageLocation"] = None
    cycle = go(tenant.apply())
    assert not cycle.outcomes
    assert "usage location" in finding(cycle.plan, "licence-location").message


def test_an_unknown_licence_is_told_with_what_was_meant(licensed, go):
    cycle = go(licensed(document(CONTACT, "licence: EXCHANGEENTERPRIZE\n")).apply())
    assert not cycle.outcomes
    assert f"did you mean {PLAN_2}?" in finding(cycle.plan, "unknown-licence").message


def test_what_comes_through_a_group_is_told_and_counts_where_it_is_wished_for(licensed, go):
    tenant = licensed(document(CONTACT, "licence: none\n"), document(LIBRE, f"licence: {PLAN_2}\n"))
    group = tenant.entry("equipe@entreprise.example").object_id
    give(tenant, CONTACT, "EXCHANGESTANDARD", group=group)
    give(tenant, LIBRE, PLAN_2, group=group)
    plan = go(tenant.plan())
    assert not plan.changes
    assert finding(plan, "licence-through-group").subject == CONTACT


def test_who_may_not_list_products_is_told_so(rig, go):
    tenant = rig(document(CONTACT, "licence: none\nmailTip: Bonjour\n"))
    next(iter(tenant.sandbox.world.apps.values())).graph_roles = ["User.Read.All"]
    cycle = go(tenant.apply())
    assert f"unreadable/{CONTACT}/licence" in {f.id for f in cycle.plan.findings}
    assert not cycle.outcomes  # a refused read blocks the resource
    assert [change.field for change in cycle.plan.changes] == ["mailTip"]
