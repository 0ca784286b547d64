"""What is refused, what an Approval lets through, and what passes all the same."""

from __future__ import annotations

from controller.cli import outcome
from controller.guard import refused

NOBODY = "kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {}\n"
TWO_LEFT = """\
kind: SharedMailbox
address: contact@entreprise.example
access:
  alice@entreprise.example: [full-access, send-as]
"""


def held(plan):
    return {ident for change in plan.changes for ident in change.blocked_by}


def test_nobody_left_to_read(rig, go):
    tenant = rig(NOBODY)
    plan = go(tenant.plan())
    assert held(plan) == {
        "last-reader/contact@entreprise.example",
        "empty-list/contact@entreprise.example",
        "share-losing-access/contact@entreprise.example",
    }
    assert refused(plan)
    tenant.write("a.yaml", """\
kind: Approval
finding: last-reader/contact@entreprise.example
reason: fermée
---
kind: Approval
finding: share-losing-access/contact@entreprise.example
reason: fermée
""")
    cycle = go(tenant.apply())
    assert not held(cycle.plan)
    assert outcome.of_cycle(cycle) == outcome.GOOD
    assert not [who for who in tenant.full_access("contact@entreprise.example") if "@" in who]


def test_an_approval_that_has_ended_lets_nothing_through(rig, go):
    tenant = rig(NOBODY, """\
kind: Approval
finding: last-reader/contact@entreprise.example
reason: fermée
until: 2026-11-30
""")
    plan = go(tenant.plan())
    assert "last-reader/contact@entreprise.example" in held(plan)
    assert "idle-approval" in {f.code for f in plan.findings}


def test_a_share_of_a_team(rig, go):
    assert held(go(rig(TWO_LEFT).plan())) == {"share-losing-access/contact@entreprise.example"}


def test_whoever_keeps_a_way_in_through_a_group_loses_nothing(rig, go):
    tenant = rig("""\
kind: SharedMailbox
address: contact@entreprise.example
access:
  equipe@entreprise.example: [full-access]
  chloe@entreprise.example: [full-access]
""")
    plan = go(tenant.plan())  # alice and bruno read through the group; of four people only david loses it
    assert not held(plan)


def test_a_limit_over_the_run_holds_the_run(rig, go):
    tenant = rig(TWO_LEFT, "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n")
    limits = "safety: {maxPeopleLosingAccess: 2, maxShareLosingAccess: 1}\n"
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text() + limits)
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert all("people-losing-access/entreprise" in change.blocked_by for change in cycle.plan.changes)
    assert tenant.picture() == before
    assert outcome.of_cycle(cycle) == outcome.REFUSED


def test_too_many_changes(rig, go):
    tenant = rig(TWO_LEFT)
    limits = "safety: {maxChanges: 2, maxShareLosingAccess: 1}\n"
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text() + limits)
    assert held(go(tenant.plan())) == {"max-changes/entreprise"}
    tenant.write("a.yaml", "kind: Approval\nfinding: max-changes/entreprise\nreason: grand ménage\n")
    assert not held(go(tenant.plan()))


def test_revokes_whose_date_came_pass_every_limit(rig, go):
    tenant = rig("""\
kind: SharedMailbox
address: contact@entreprise.example
access:
  alice@entreprise.example: {rights: [full-access, send-as], until: 2026-11-01}
  bruno@entreprise.example: {rights: [full-access, send-as, send-on-behalf], until: 2026-11-01}
  chloe@entreprise.example: {rights: [full-access], until: 2026-11-01}
  david@entreprise.example: {rights: [full-access], until: 2026-11-01}
""")
    cycle = go(tenant.apply())
    assert not held(cycle.plan)
    assert not [who for who in tenant.full_access("contact@entreprise.example") if "@" in who]


def test_a_protected_address_that_nobody_has_is_told(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\n")
    text = (tenant.folder / "tenant.yaml").read_text()
    tenant.write("tenant.yaml", text + "safety: {protect: [alice@entreprise.example, alise@entreprise.example]}\n")
    plan = go(tenant.plan())
    assert [f.id for f in plan.findings if f.code == "unknown-address"] == ["unknown-address/alise@entreprise.example"]
    assert outcome.of_plan(plan, detailed=True) == outcome.GOOD
