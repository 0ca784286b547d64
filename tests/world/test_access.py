"""Who can open and send, as the tenant has it after the controller has been there."""

from __future__ import annotations

from datetime import timedelta

from controller.model import Action, Cause, Severity, Status
from tests.rig import ids

CONTACT = """\
kind: SharedMailbox
address: contact@entreprise.example
access:
  alice@entreprise.example: [full-access, send-as]
  bruno@entreprise.example: [full-access, send-on-behalf]
  emma@entreprise.example: [full-access]
"""
ORPHAN = "S-1-5-21-1111111111-2222222222-3333333333-7654321"


def test_the_tenant_ends_as_the_document_says(rig, go):
    tenant = rig(CONTACT + "additive: []\n")
    tenant.write("safe.yaml", "kind: Approval\nfinding: share-losing-access/contact@entreprise.example\nreason: x\n")
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert tenant.full_access("contact@entreprise.example") == {
        "alice@entreprise.example",
        "bruno@entreprise.example",
        "emma@entreprise.example",
        ORPHAN,
    }
    assert tenant.send_as("contact@entreprise.example") == {"alice@entreprise.example"}
    assert tenant.on_behalf("contact@entreprise.example") == {"bruno@entreprise.example"}
    assert not go(tenant.plan()).changes


def test_one_change_for_each_right_of_each_person(rig, go):
    plan = go(rig(CONTACT).plan())
    assert ids(plan.changes) == [
        "SharedMailbox/contact@entreprise.example/access/emma@entreprise.example/full-access",
        "SharedMailbox/contact@entreprise.example/access/bruno@entreprise.example/send-as",
        "SharedMailbox/contact@entreprise.example/access/chloe@entreprise.example/full-access",
        "SharedMailbox/contact@entreprise.example/access/david@entreprise.example/full-access",
    ]


def test_a_minimum_revokes_nothing(rig, go):
    plan = go(rig(CONTACT + "additive: [access]\n").plan())
    assert {change.action for change in plan.changes} == {Action.GRANT}


def test_what_exchange_owns_is_not_touched(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\naccess: {}\n")
    before = tenant.entry("libre@entreprise.example").permissions[:]
    assert not go(tenant.apply()).outcomes
    assert tenant.entry("libre@entreprise.example").permissions == before


def test_an_orphan_is_told_and_only_removed_where_asked(rig, go):
    tenant = rig(CONTACT.replace("emma", "chloe"))
    plan = go(tenant.plan())
    assert f"orphaned-sid/contact@entreprise.example/{ORPHAN}/full-access" in {f.id for f in plan.findings}
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text() + "orphans: remove\n")
    go(tenant.apply())
    assert ORPHAN not in tenant.full_access("contact@entreprise.example")


def test_an_address_nobody_has_takes_nothing_from_anybody(rig, go):
    tenant = rig(CONTACT.replace("emma@", "ema@") + "displayName: Contact Clients\n")
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["displayName"]
    assert "chloe@entreprise.example" in tenant.full_access("contact@entreprise.example")
    assert all(
        "unknown-address/contact@entreprise.example/ema@entreprise.example" in change.blocked_by
        for change in cycle.plan.changes
        if change.path[0] == "access"
    )


def test_a_distribution_list_cannot_hold_rights(rig, go):
    plan = go(rig(CONTACT.replace("emma@", "annonces@")).plan())
    assert [f.code for f in plan.findings if f.severity is Severity.ERROR] == ["invalid-trustee"]


def test_the_same_person_by_two_addresses_stops_the_run(rig, go):
    tenant = rig(CONTACT.replace("emma@entreprise.example", "bruno.petit@entreprise.example"))
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert [f.code for f in cycle.plan.findings if f.stops_run] == ["duplicate-trustee"]
    assert tenant.picture() == before


def test_time_brings_and_takes_access(rig, go):
    document = """\
kind: SharedMailbox
address: libre@entreprise.example
access:
  alice@entreprise.example: [full-access]
  externe@partenaire.example: {rights: [full-access, send-as], from: 2026-12-03, until: 2026-12-05, reason: T-1}
"""
    tenant = rig(document)
    cycle = go(tenant.apply())
    assert tenant.full_access("libre@entreprise.example") == {"alice@entreprise.example"}
    assert [(str(u.action), u.at.isoformat()) for u in cycle.plan.upcoming] == [
        ("grant", "2026-12-03T00:00:00+01:00"),
        ("grant", "2026-12-03T00:00:00+01:00"),
        ("revoke", "2026-12-06T00:00:00+01:00"),
        ("revoke", "2026-12-06T00:00:00+01:00"),
    ]
    tenant.clock.advance(timedelta(days=2))
    cycle = go(tenant.apply())
    assert {change.cause for change in cycle.plan.changes} == {Cause.TIME}
    assert "externe@partenaire.example" in tenant.full_access("libre@entreprise.example")
    tenant.clock.advance(timedelta(days=3))
    cycle = go(tenant.apply())
    assert {(c.action, c.cause) for c in cycle.plan.changes} == {(Action.REVOKE, Cause.TIME)}
    assert tenant.full_access("libre@entreprise.example") == {"alice@entreprise.example"}
    assert "access-ended/libre@entreprise.example" in {f.id for f in cycle.plan.findings}


def test_an_expanded_group_gives_each_person_by_name_and_follows_it(rig, go):
    tenant = rig("""\
kind: SharedMailbox
address: libre@entreprise.example
access:
  equipe@entreprise.example: {rights: [full-access], expand: true}
""")
    go(tenant.apply())
    assert tenant.full_access("libre@entreprise.example") == {
        "alice@entreprise.example",
        "bruno@entreprise.example",
    }
    tenant.poke("Add-DistributionGroupMember", Identity="noyau@entreprise.example",
                Member="chloe@entreprise.example", BypassSecurityGroupManagerCheck=True)
    tenant.poke("Remove-DistributionGroupMember", Identity="equipe@entreprise.example",
                Member="alice@entreprise.example", BypassSecurityGroupManagerCheck=True, Confirm=False)
    go(tenant.apply())
    assert tenant.full_access("libre@entreprise.example") == {
        "bruno@entreprise.example",
        "chloe@entreprise.example",
    }


def test_auto_mapping_spelt_out_on_a_grant_that_was_there_is_planned_once(rig, go):
    document = """\
kind: SharedMailbox
address: factures@entreprise.example
access:
  emma@entreprise.example: {rights: [full-access], autoMapping: false}
"""
    tenant = rig(document)
    cycle = go(tenant.apply())
    assert [c.field for c in cycle.plan.changes] == ["access.emma@entreprise.example.autoMapping"]
    assert [r.call for r in cycle.plan.changes[0].requests] == ["Remove-MailboxPermission", "Add-MailboxPermission"]
    (ace,) = [a for a in tenant.entry("factures@entreprise.example").permissions if a.auto_mapping is False]
    assert ace.rights == ["FullAccess"]
    assert not go(tenant.plan()).changes


def test_auto_mapping_left_to_its_default_is_left_alone(rig, go):
    tenant = rig("""\
kind: SharedMailbox
address: factures@entreprise.example
access: {emma@entreprise.example: [full-access]}
""")
    assert not go(tenant.plan()).changes
    # Once we put it in place ourselves, our record is held against the default.
    tenant.write("0.yaml", """\
kind: SharedMailbox
address: factures@entreprise.example
access: {emma@entreprise.example: {rights: [full-access], autoMapping: false}}
""")
    go(tenant.apply())
    tenant.write("0.yaml", """\
kind: SharedMailbox
address: factures@entreprise.example
access: {emma@entreprise.example: [full-access]}
""")
    assert [c.field for c in go(tenant.plan()).changes] == ["access.emma@entreprise.example.autoMapping"]


def test_the_protected_keep_what_they_have(rig, go):
    tenant = rig(CONTACT)
    text = (tenant.folder / "tenant.yaml").read_text()
    tenant.write("tenant.yaml", text + "safety: {protect: [chloe@entreprise.example], maxShareLosingAccess: 1}\n")
    go(tenant.apply())
    assert "chloe@entreprise.example" in tenant.full_access("contact@entreprise.example")
    assert "david@entreprise.example" not in tenant.full_access("contact@entreprise.example")


def test_a_group_with_one_of_the_protected_keeps_what_it_has(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\naccess: {emma@entreprise.example: [full-access]}\n")
    tenant.poke("Add-MailboxPermission", Identity="libre@entreprise.example", User="equipe@entreprise.example",
                AccessRights=["FullAccess"])
    text = (tenant.folder / "tenant.yaml").read_text()
    tenant.write("tenant.yaml", text + "safety: {protect: [bruno@entreprise.example]}\n")
    cycle = go(tenant.apply())
    assert [c.blocked_by for c in cycle.plan.changes if c.action is Action.REVOKE] == [
        ("protected/libre@entreprise.example/equipe@entreprise.example/full-access",)
    ]
    assert tenant.full_access("libre@entreprise.example") == {"emma@entreprise.example", "equipe@entreprise.example"}


MAPPED = """\
kind: SharedMailbox
address: libre@entreprise.example
access: {alice@entreprise.example: {rights: [full-access], autoMapping: false}}
"""


def test_our_record_of_auto_mapping_outlives_a_persons_new_address(rig, go):
    tenant = rig(MAPPED)
    go(tenant.apply())
    tenant.poke("Set-Mailbox", Identity="alice@entreprise.example", WindowsEmailAddress="alicia@entreprise.example")
    assert not go(tenant.plan()).changes


def test_our_record_outlives_a_mailboxs_new_address(rig, go):
    tenant = rig(MAPPED)
    go(tenant.apply())
    moved = MAPPED.replace("libre@", "liberte@") + "previousAddresses: [libre@entreprise.example]\n"
    tenant.write("0.yaml", moved)
    tenant.poke("Add-MailboxPermission", Identity="libre@entreprise.example", User="emma@entreprise.example",
                AccessRights=["FullAccess"])
    cycle = go(tenant.apply())
    assert {(c.action, c.cause) for c in cycle.plan.changes} == {
        (Action.RENAME, Cause.SPEC),
        (Action.REVOKE, Cause.DRIFT),
    }
    assert not go(tenant.plan()).changes
    tenant.poke("Set-Mailbox", Identity="liberte@entreprise.example", WindowsEmailAddress="libre@entreprise.example")
    assert [(c.action, c.cause) for c in go(tenant.plan()).changes] == [(Action.RENAME, Cause.DRIFT)]
