"""Mailboxes that come, are renamed, go, and are left alone."""

from __future__ import annotations

import pytest

from controller.cli import outcome
from controller.model import Action, Cause, Status
from controller.report.as_json import summary
from tests.rig import ids

SUPPORT = """\
kind: SharedMailbox
address: Support@entreprise.example
displayName: Support Clients
aliases: [aide@entreprise.example]
hiddenFromAddressLists: true
access: {alice@entreprise.example: [full-access, send-as, send-on-behalf]}
sentItems: {copySentAs: true, copySentOnBehalf: true}
signInBlocked: true
"""


def test_a_mailbox_is_made_with_all_that_belongs_to_it(rig, go):
    tenant = rig(SUPPORT)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    made = tenant.entry("support@entreprise.example")
    assert (made.type, made.display_name, made.primary) == (
        "SharedMailbox",
        "Support Clients",
        "Support@entreprise.example",
    )
    assert tenant.aliases("support@entreprise.example") == {"aide@entreprise.example"}
    assert tenant.full_access("support@entreprise.example") == {"alice@entreprise.example"}
    assert tenant.on_behalf("support@entreprise.example") == {"alice@entreprise.example"}
    assert made.account_enabled is False
    assert made.properties["MessageCopyForSentAsEnabled"] is True
    assert not go(tenant.plan()).changes


def test_a_mailbox_found_under_a_former_address_is_renamed(rig, go):
    tenant = rig("""\
kind: SharedMailbox
address: facturation@entreprise.example
previousAddresses: [factures@entreprise.example]
aliases: []
""")
    before = tenant.entry("factures@entreprise.example").object_id
    cycle = go(tenant.apply())
    assert [c.action for c in cycle.plan.changes] == [Action.RENAME]
    after = tenant.entry("facturation@entreprise.example")
    assert after.object_id == before
    assert after.primary == "facturation@entreprise.example"
    assert tenant.aliases("facturation@entreprise.example") == {"factures@entreprise.example"}
    assert not go(tenant.plan()).changes


def test_deletion_needs_the_tenants_leave(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\nstate: absent\n")
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert cycle.plan.changes[0].blocked_by == ("delete/libre@entreprise.example",)
    assert tenant.picture() == before
    # No Approval stands in for it.
    tenant.write("a.yaml", "kind: Approval\nfinding: delete/libre@entreprise.example\nreason: x\n")
    assert go(tenant.plan()).changes[0].blocked_by
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text() + "safety: {allowDelete: true}\n")
    go(tenant.apply())
    assert tenant.entry("libre@entreprise.example").deleted is not None
    assert not go(tenant.plan()).changes


def test_a_persons_mailbox_is_neither_taken_nor_deleted(rig, go):
    for more in ("state: absent", "displayName: X", "convert: false"):
        tenant = rig(f"kind: SharedMailbox\naddress: alice@entreprise.example\n{more}\n")
        before = tenant.picture()
        cycle = go(tenant.apply())
        assert "not-shared/alice@entreprise.example" in {f.id for f in cycle.plan.findings}
        assert tenant.picture() == before


def test_conversion_needs_an_approval(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: emma@entreprise.example\nconvert: true\n")
    assert go(tenant.plan()).changes[0].blocked_by == ("convert/emma@entreprise.example",)
    tenant.write("a.yaml", "kind: Approval\nfinding: convert/emma@entreprise.example\nreason: départ\n")
    go(tenant.apply())
    assert tenant.entry("emma@entreprise.example").type == "SharedMailbox"
    assert not go(tenant.plan()).changes


def test_what_cannot_be_made_stands_in_the_plan_and_is_not_in_sync(rig, go):
    tenant = rig(
        "kind: SharedMailbox\naddress: pris@entreprise.example\n",
        "kind: SharedMailbox\naddress: alice@entreprise.example\n",
        "kind: SharedMailbox\naddress: libre@entreprise.example\naliases: [emma@entreprise.example]\n",
    )
    cycle = go(tenant.apply())
    assert [(c.id, c.blocked_by) for c in cycle.plan.changes] == [
        ("SharedMailbox/alice@entreprise.example", ("not-shared/alice@entreprise.example",)),
        (
            "SharedMailbox/libre@entreprise.example/aliases/emma@entreprise.example",
            ("address-held/libre@entreprise.example/emma@entreprise.example",),
        ),
        ("SharedMailbox/pris@entreprise.example", ("address-held/pris@entreprise.example",)),
    ]
    assert summary(cycle.plan)["unchanged"] == 0
    assert outcome.of_plan(cycle.plan, detailed=True) == outcome.GOOD
    assert outcome.of_cycle(cycle) == outcome.PARTLY


def test_a_held_address_blocks_the_resource_and_nothing_else(rig, go):
    tenant = rig(
        "kind: SharedMailbox\naddress: pris@entreprise.example\ndisplayName: X\n",
        "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n",
    )
    cycle = go(tenant.apply())
    assert ids(tuple(o.change for o in cycle.outcomes)) == ["SharedMailbox/libre@entreprise.example/displayName"]
    assert "address-held/pris@entreprise.example" in {f.id for f in cycle.plan.findings}


def test_an_address_of_something_soft_deleted_stays_held(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\naliases: [aide@entreprise.example]\n")
    tenant.poke("Remove-Mailbox", Identity="libre@entreprise.example", Confirm=False)
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert "address-held/libre@entreprise.example" in {f.id for f in cycle.plan.findings}
    assert not cycle.outcomes
    assert tenant.picture() == before


def test_an_alias_moves_from_one_document_to_the_next(rig, go):
    tenant = rig(
        "kind: SharedMailbox\naddress: contact@entreprise.example\naliases: [vieux@entreprise.example]\n",
        "kind: SharedMailbox\naddress: libre@entreprise.example\naliases: [info@entreprise.example]\n",
    )
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert tenant.aliases("libre@entreprise.example") == {"info@entreprise.example"}
    assert not go(tenant.plan()).changes


def test_an_alias_becomes_a_mailbox_of_its_own(rig, go):
    tenant = rig(
        "kind: SharedMailbox\naddress: contact@entreprise.example\naliases: [vieux@entreprise.example]\n",
        "kind: SharedMailbox\naddress: info@entreprise.example\ndisplayName: Info\n",
    )
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert tenant.entry("info@entreprise.example").type == "SharedMailbox"
    assert tenant.entry("info@entreprise.example").primary == "info@entreprise.example"


def test_a_document_that_goes_deletes_nothing(rig, go):
    tenant = rig(SUPPORT)
    go(tenant.apply())
    (tenant.folder / "0.yaml").unlink()
    before = tenant.picture()
    cycle = go(tenant.apply())
    found = {f.id: f.message for f in cycle.plan.findings}
    assert "it was managed" in found["unmanaged-mailbox/support@entreprise.example"]
    assert tenant.picture() == before


def test_a_directory_synchronised_mailbox_is_not_ours_to_write(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Autre\n")
    tenant.entry("libre@entreprise.example").dir_synced = True
    cycle = go(tenant.apply())
    assert cycle.plan.changes[0].blocked_by == ("directory-synced/libre@entreprise.example",)
    assert not cycle.outcomes


def test_a_domain_that_the_tenant_does_not_have(rig, go):
    plan = go(rig("kind: SharedMailbox\naddress: x@ailleurs.example\n").plan())
    assert not plan.open_changes
    assert [change.blocked_by for change in plan.changes] == [
        ("domain-not-accepted/x@ailleurs.example/x@ailleurs.example",)
    ]


def test_one_mailbox_is_never_two_documents(rig, go):
    """`info@` is an alias of contact@ in the tenant, and stands as a former address of another document."""
    tenant = rig(
        "kind: SharedMailbox\naddress: contact@entreprise.example\ndisplayName: A\n",
        "kind: SharedMailbox\naddress: nouveau@entreprise.example\ndisplayName: B\n"
        "previousAddresses: [info@entreprise.example]\n",
    )
    before = tenant.entry("contact@entreprise.example").object_id
    go(tenant.apply())
    assert tenant.entry("contact@entreprise.example").object_id == before
    assert tenant.entry("contact@entreprise.example").display_name == "A"
    assert tenant.entry("nouveau@entreprise.example").display_name == "B"
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_mailbox_renamed_by_hand_is_known_by_our_record(rig, go, forgotten):
    tenant = rig("kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: A\n")
    go(tenant.apply())
    ident = tenant.entry("libre@entreprise.example").object_id
    tenant.poke("Set-Mailbox", Identity="libre@entreprise.example", WindowsEmailAddress="zzz@entreprise.example")
    if forgotten:
        gone = {"@odata.type": "#Exchange.GenericHashTable", "Remove": ["smtp:libre@entreprise.example"]}
        tenant.poke("Set-Mailbox", Identity="zzz@entreprise.example", EmailAddresses=gone)
    cycle = go(tenant.apply())
    assert [(c.action, c.cause, c.before) for c in cycle.plan.changes] == [
        (Action.RENAME, Cause.DRIFT, "zzz@entreprise.example")
    ]
    assert tenant.entry("libre@entreprise.example").object_id == ident
    assert not go(tenant.plan()).changes
    # Somebody else's mailbox by now, by its own document: nothing is taken from that.
    tenant.poke("Set-Mailbox", Identity="libre@entreprise.example", WindowsEmailAddress="zzz@entreprise.example")
    tenant.write("1.yaml", "kind: SharedMailbox\naddress: zzz@entreprise.example\n")
    plan = go(tenant.plan())
    assert [(c.action, c.blocked_by) for c in plan.changes] == [
        (Action.CREATE, ("address-held/libre@entreprise.example",))
    ]
