"""What an operator asked to leave alone is planned, told and not applied, until it is resumed."""

from __future__ import annotations

from datetime import timedelta

from controller.cli import outcome
from controller.journal import Order, Will
from controller.model import Condition, Mode
from controller.turn import Restraint

from .loop_rig import Follow

TENANT_ID = "7f1b2c3d-0000-4000-8000-000000000001"
LIBRE = "libre@entreprise.example"
BOX = f"kind: SharedMailbox\naddress: {LIBRE}\nmailTip: Bonjour\n"
OTHER = "kind: SharedMailbox\naddress: contact@entreprise.example\nmailTip: Bonjour\n"


def order(rig, will, subject=""):
    rig.journal.orders.give(TENANT_ID, Order(will, subject, "ticket 4711", "ada", rig.clock.now()))



def test_a_resource_is_left_alone_and_the_others_are_not(rig, go):
    tenant = rig(BOX, OTHER)
    order(tenant, Will.SUSPEND, LIBRE)
    cycle = go(tenant.apply())
    (held,) = [change for change in cycle.plan.changes if change.blocked_by]
    assert held.blocked_by == (f"suspended/{LIBRE}",)
    assert {o.change.key.address for o in cycle.outcomes} == {"contact@entreprise.example"}
    (finding,) = [f for f in cycle.plan.findings if f.code == "suspended"]
    assert "ticket 4711" in finding.message
    assert "ada" in finding.message
    order(tenant, Will.RESUME, LIBRE)
    assert {o.change.key.address for o in go(tenant.apply()).outcomes} == {LIBRE}
    assert not [f for f in go(tenant.plan()).findings if f.code == "suspended"]


def test_it_is_told_even_where_nothing_differs(rig, go):
    tenant = rig(BOX)
    go(tenant.apply())
    order(tenant, Will.SUSPEND, LIBRE)
    plan = go(tenant.plan())
    assert not plan.changes
    assert "suspended" in {f.code for f in plan.findings}


def test_a_tenant_is_left_alone_by_apply_and_by_the_loop(rig, go):
    tenant = rig(BOX)
    order(tenant, Will.SUSPEND)
    assert not go(tenant.apply()).outcomes

    async def story():
        loop = Follow(tenant.folder, tenant)
        async with loop.running() as first:
            assert (first.mode, first.restraint) == (Mode.REPORT, Restraint.SUSPENDED)
            assert outcome.of_turn(first) == outcome.CHANGES
            assert not tenant.sandbox.world.audit
            order(tenant, Will.RESUME)
            assert (await loop.next()).condition is Condition.CONVERGED

    go(story())
    assert tenant.sandbox.world.audit


def test_the_last_word_counts(rig):
    tenant = rig(BOX)
    for will in (Will.SUSPEND, Will.RESUME, Will.SUSPEND):
        order(tenant, will, LIBRE)
        tenant.clock.advance(timedelta(minutes=1))
    order(tenant, Will.SUSPEND)
    order(tenant, Will.RESUME)
    assert set(tenant.journal.orders.suspended(TENANT_ID)) == {LIBRE}
    assert not tenant.journal.orders.suspended("another")
    assert tenant.journal.orders.accepted(TENANT_ID) is None
    for commit in ("a" * 40, "b" * 40):
        order(tenant, Will.ACCEPT, commit)
    assert tenant.journal.orders.accepted(TENANT_ID).subject == "b" * 40
