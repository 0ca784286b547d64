"""Policies over plans: what is held, what is told, what an Approval lets through, what goes on all the same."""

from __future__ import annotations

from datetime import timedelta

from controller.cli import outcome
from controller.guard import refused
from controller.model import Condition, Severity

ADDRESS = "contact@entreprise.example"
POLICY = """\
kind: Policy
name: no-outsiders
appliesTo: SharedMailbox
assert: 'object.access.all(who, who.endsWith("@entreprise.example"))'
message: Only staff open our mailboxes.
"""
OUTSIDER = f"""\
kind: SharedMailbox
address: {ADDRESS}
displayName: Accueil
additive: [access]
access:
  externe@partenaire.example: [full-access]
---
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
"""
ID = f"policy/no-outsiders/{ADDRESS}"
APPROVAL = f"kind: Approval\nfinding: {ID}\nreason: Audit annuel\nuntil: 2026-12-01\n"


def held(plan):
    return {change.id: change.blocked_by for change in plan.changes}


def found(plan):
    return {finding.id: finding for finding in plan.findings}


def on_changes(text, severity="error"):
    return (
        f"kind: Policy\nname: p\nappliesTo: SharedMailbox\nmessage: Not so.\nseverity: {severity}\n"
        f"assert: |\n  {text}\n"
    )


def test_what_breaks_a_policy_is_held_and_the_rest_is_applied(rig, go):
    tenant = rig(OUTSIDER, POLICY)
    plan = go(tenant.plan())
    assert held(plan) == {
        f"SharedMailbox/{ADDRESS}/access/externe@partenaire.example/full-access": (ID,),
        f"SharedMailbox/{ADDRESS}/displayName": (ID,),
        "SharedMailbox/libre@entreprise.example/displayName": (),
    }
    assert found(plan)[ID].severity is Severity.ERROR
    assert str(found(plan)[ID].origin) == "0.yaml:5"
    assert refused(plan)
    assert outcome.of_plan(plan, detailed=True) == outcome.REFUSED
    cycle = go(tenant.apply())
    assert outcome.of_cycle(cycle) == outcome.REFUSED
    assert cycle.condition is Condition.DEGRADED
    assert tenant.entry("libre@entreprise.example").display_name == "Libérée"
    assert tenant.entry(ADDRESS).display_name == "Contact"
    assert "externe@partenaire.example" not in tenant.full_access(ADDRESS)


def test_an_approval_lets_it_through_until_its_date(rig, go):
    tenant = rig(OUTSIDER, POLICY, APPROVAL)
    cycle = go(tenant.apply())
    assert outcome.of_cycle(cycle) == outcome.GOOD
    assert found(cycle.plan)[ID].severity is Severity.INFO
    assert "approved (Audit annuel)" in found(cycle.plan)[ID].message
    assert "externe@partenaire.example" in tenant.full_access(ADDRESS)
    ended = rig(OUTSIDER, POLICY, APPROVAL.replace("2026-12-01", "2026-11-30"))
    plan = go(ended.plan())
    assert refused(plan)
    assert "idle-approval" in {finding.code for finding in plan.findings}


def test_nothing_else_lets_it_through(rig, go):
    for other in (
        APPROVAL.replace("no-outsiders", "other"),
        APPROVAL.replace("contact@", "libre@"),
        APPROVAL.replace("policy/no-outsiders", "last-reader"),
    ):
        assert held(go(rig(OUTSIDER, POLICY, other).plan()))[f"SharedMailbox/{ADDRESS}/displayName"] == (ID,)


def test_a_document_that_changes_nothing_breaks_it_all_the_same(rig, go):
    tenant = rig(OUTSIDER, APPROVAL)
    go(tenant.apply())
    tenant.write("1.yaml", POLICY)
    plan = go(tenant.plan())
    assert plan.changes == ()
    assert found(plan)[ID].severity is Severity.ERROR
    assert outcome.of_plan(plan, detailed=True) == outcome.REFUSED
    assert outcome.of_cycle(go(tenant.apply())) == outcome.REFUSED


def test_a_warning_is_shown_and_holds_nothing(rig, go):
    tenant = rig(OUTSIDER, f"{POLICY}severity: warning\n")
    cycle = go(tenant.apply())
    assert found(cycle.plan)[ID].severity is Severity.WARNING
    assert outcome.of_cycle(cycle) == outcome.GOOD
    assert "externe@partenaire.example" in tenant.full_access(ADDRESS)


def test_a_policy_on_changes(rig, go):
    tenant = rig(OUTSIDER, on_changes("changes.all(c, c.action != 'grant' || c.risk == 'high')"))
    assert held(go(tenant.plan()))[f"SharedMailbox/{ADDRESS}/displayName"] == (f"policy/p/{ADDRESS}",)
    assert "policy/p/libre@entreprise.example" not in found(go(tenant.plan()))
    seen = {
        "size(changes) == 2": ADDRESS,
        "changes.exists(c, c.field == 'displayName' && c.before == 'Libre' && c.after == 'Libérée')": "libre@entreprise.example",
        "changes.exists(c, c.id.endsWith('full-access') && c.cause == 'first-seen' && c.source.line == 6)": ADDRESS,
        "changes.exists(c, c.requests.exists(r, r.call == 'Add-MailboxPermission'))": ADDRESS,
        "changes.all(c, c.resource.address == object.address)": None,
    }
    for text, address in seen.items():
        tenant.write("1.yaml", on_changes(text))
        broken = {key for key in found(go(tenant.plan())) if key.startswith("policy/p/")}
        others = {ADDRESS, "libre@entreprise.example"} - {address} if address else set()
        assert broken == {f"policy/p/{other}" for other in others}, text


def test_what_cannot_be_judged_is_held(rig, go):
    tenant = rig(OUTSIDER, on_changes("changes.all(c, c.nope == object.address)"))
    plan = go(tenant.plan())
    assert held(plan)[f"SharedMailbox/{ADDRESS}/displayName"] == (f"policy/p/{ADDRESS}",)
    assert "could not be judged: 'nope' is not there" in found(plan)[f"policy/p/{ADDRESS}"].message
    tenant.write("1.yaml", on_changes("changes.all(c, c.nope == object.address)", "warning"))
    assert not any(held(go(tenant.plan())).values())


def test_access_whose_time_is_over_is_revoked_all_the_same(rig, go):
    over = "  externe@partenaire.example: {rights: [full-access], until: 2026-12-01}\n"
    tenant = rig(OUTSIDER.replace("  externe@partenaire.example: [full-access]\n", over))
    go(tenant.apply())
    assert "externe@partenaire.example" in tenant.full_access(ADDRESS)
    tenant.write("1.yaml", POLICY)
    tenant.clock.advance(timedelta(days=2))
    assert outcome.of_cycle(go(tenant.apply())) == outcome.REFUSED
    assert "externe@partenaire.example" not in tenant.full_access(ADDRESS)


def test_only_what_was_chosen_is_judged(rig, go):
    tenant = rig(OUTSIDER, POLICY)
    plan = go(tenant.plan(targets=frozenset({"libre@entreprise.example"})))
    assert ID not in found(plan)
    assert ID in found(go(tenant.plan(targets=frozenset({ADDRESS}))))


def test_an_approval_is_not_idle_because_its_mailbox_was_not_chosen(rig, go):
    tenant = rig(OUTSIDER, POLICY, APPROVAL.replace("contact@", "nobody@"))
    plan = go(tenant.plan(targets=frozenset({"libre@entreprise.example"})))
    assert "idle-approval" not in {finding.code for finding in plan.findings}
    assert "idle-approval" in {finding.code for finding in go(tenant.plan()).findings}


def test_a_list_and_a_delegation_are_judged_too(rig, go):
    text = "kind: Policy\nname: owned\nappliesTo: {}\nassert: size(object.labels) > 0\nmessage: No label.\n"
    tenant = rig(
        "kind: DistributionList\naddress: annonces@entreprise.example\n---\n"
        "kind: MailboxDelegation\nmailbox: alice@entreprise.example\n",
        text.format("DistributionList"),
    )
    assert {key for key in found(go(tenant.plan())) if key.startswith("policy")} == {
        "policy/owned/annonces@entreprise.example"
    }
    tenant.write("1.yaml", text.format("MailboxDelegation"))
    assert {key for key in found(go(tenant.plan())) if key.startswith("policy")} == {
        "policy/owned/alice@entreprise.example"
    }

