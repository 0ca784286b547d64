"""What somebody changes back again and again is left to people at the fourth time within a day."""

from __future__ import annotations

from datetime import timedelta

from controller.guard import refused
from controller.model import Status
from tests.rig import ADMIN, TENANT

from .loop_rig import Follow

WHO = "contact@entreprise.example"
ID = f"flapping/{WHO}/mailTip"
SPEC = f"kind: SharedMailbox\naddress: {WHO}\nmailTip: Bonjour\n"
HOUR = timedelta(hours=1)


def turn(tenant, go, after=6 * HOUR):
    """Somebody changes it, and a while later the controller comes along."""
    tenant.clock.advance(after)
    tenant.poke("Set-Mailbox", Identity=WHO, MailTip="Fermé")
    tenant.clock.advance(HOUR / 6)
    return go(tenant.apply())


def healed(cycle):
    return [outcome.status for outcome in cycle.outcomes] == [Status.APPLIED]


def settled(rig, go, days_apart=6 * HOUR):
    tenant = rig(SPEC)
    go(tenant.apply())
    assert [healed(turn(tenant, go, days_apart)) for _ in range(3)] == [True] * 3
    return tenant


def held(cycle):
    return {ident for change in cycle.plan.changes for ident in change.blocked_by}


def test_the_fourth_time_within_a_day_is_held_for_good(rig, go):
    tenant = settled(rig, go)
    cycle = turn(tenant, go)
    assert held(cycle) == {ID}
    assert refused(cycle.plan)
    assert cycle.outcomes == ()
    for _ in range(5):
        tenant.clock.advance(timedelta(days=2))
        assert held(go(tenant.apply())) == {ID}, "time alone lets nothing through"


def test_what_comes_back_once_a_day_is_put_right_each_time(rig, go):
    tenant = settled(rig, go, timedelta(days=1))
    assert all(healed(turn(tenant, go, timedelta(days=1))) for _ in range(3))


def test_another_wish_in_the_document_starts_anew(rig, go):
    tenant = settled(rig, go)
    assert held(turn(tenant, go)) == {ID}
    for path in tenant.folder.rglob("*.yaml"):
        text = path.read_text("utf-8")
        if "mailTip: Bonjour" in text:
            path.write_text(text.replace("Bonjour", "Bonsoir"), "utf-8")
    assert healed(go(tenant.apply()))


def test_an_approval_lets_it_through(rig, go):
    tenant = settled(rig, go)
    assert held(turn(tenant, go)) == {ID}
    tenant.write("approval.yaml", f"kind: Approval\nfinding: {ID}\nreason: vu avec eux\n")
    assert healed(go(tenant.apply()))


def test_other_changes_of_another_resource_go_on(rig, go):
    tenant = settled(rig, go)
    tenant.write("other.yaml", "kind: SharedMailbox\naddress: facturation@entreprise.example\nmailTip: Bonjour\n")
    cycle = turn(tenant, go)
    assert held(cycle) == {ID}
    assert {outcome.change.key.address for outcome in cycle.outcomes} == {"facturation@entreprise.example"}
    assert {outcome.status for outcome in cycle.outcomes} == {Status.APPLIED}


def test_what_was_changed_by_hand_is_on_record(rig, go):
    tenant = settled(rig, go)
    seen = tenant.journal.seen(tenant.setting().tenant_id, WHO)
    assert [(one.path, one.before, one.after) for one in seen] == [(("mailTip",), "Bonjour", "Fermé")] * 3
    assert tenant.journal.verify(tenant.setting().tenant_id).misfit is None


def test_through_the_loop_over_days_the_fourth_is_held_and_told_with_who(rig, go):
    tenant = rig(SPEC)
    tenant.write("tenant.yaml", TENANT + "interval: 1h\n")

    async def story():
        loop = Follow(tenant.folder, tenant)
        async with loop.running() as first:
            assert first.cycle.applied
            for _ in range(4):
                tenant.poke("Set-Mailbox", Identity=WHO, MailTip="Fermé")
                await loop.until(tenant.clock.now() + 3 * HOUR)
            await loop.until(tenant.clock.now() + timedelta(days=3))
            last = loop.turns[-1]
            assert held(last.cycle) == {ID}
            (finding,) = (f for f in last.cycle.plan.findings if f.code == "flapping")
            assert ADMIN in finding.message
            before = len(tenant.sandbox.world.audit)
            tenant.write("approval.yaml", f"kind: Approval\nfinding: {ID}\nreason: vu avec eux\n")
            await loop.until(tenant.clock.now() + 4 * HOUR)
            assert len(tenant.sandbox.world.audit) > before
            assert loop.turns[-1].cycle.plan.changes == ()

    go(story())
