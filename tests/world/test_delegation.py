"""Rights on a mailbox that belongs to somebody."""

from __future__ import annotations

import pytest

from controller.guard import refused
from controller.model import Status
from tests.rig import Rig

DIRECTION = """\
kind: MailboxDelegation
mailbox: alice@entreprise.example
access:
  bruno@entreprise.example: [full-access, send-on-behalf]
  noyau@entreprise.example: [send-as]
folderPermissions:
  Inbox: {emma@entreprise.example: editor}
  Calendar: {emma@entreprise.example: {role: editor, delegate: true, seePrivateItems: false}}
"""
ALICE = "alice@entreprise.example"


def who(*names: str) -> set[str]:
    return {f"{name}@entreprise.example" for name in names}


def on_folder(tenant: Rig, folder: str) -> dict[str, tuple[list[str], str]]:
    rows = tenant.poke("Get-MailboxFolderPermission", Identity=f"{ALICE}:\\{folder}")
    return {r["User"]: (r["AccessRights"], str(r["SharingPermissionFlags"] or "")) for r in rows}


def test_the_tenant_ends_as_the_document_says(rig, go):
    tenant = rig(DIRECTION)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert tenant.full_access(ALICE) == who("bruno")
    assert tenant.send_as(ALICE) == who("noyau")
    assert tenant.on_behalf(ALICE) == who("bruno")
    assert on_folder(tenant, "Inbox")["Emma Moreau"] == (["Editor"], "")
    assert on_folder(tenant, "Calendar")["Emma Moreau"] == (["Editor"], "Delegate")
    assert tenant.entry(ALICE).type == "UserMailbox"
    assert not go(tenant.plan()).changes


def test_the_plan_says_that_private_items_are_shown(rig, go):
    plan = go(rig(DIRECTION.replace("seePrivateItems: false", "seePrivateItems: true")).plan())
    noted = {change.path[-1] for change in plan.changes if any("private" in note for note in change.notes)}
    assert noted == {"full-access", "emma@entreprise.example"}
    shared = go(rig("kind: SharedMailbox\naddress: libre@entreprise.example\n"
                    "access: {bruno@entreprise.example: [full-access]}\n").plan())
    assert not any("private" in note for change in shared.changes for note in change.notes)


def test_the_calendar_delegates_flags_change_on_their_own(rig, go):
    tenant = rig(DIRECTION)
    go(tenant.apply())
    tenant.write("0.yaml", DIRECTION.replace("delegate: true, seePrivateItems: false", "delegate: false"))
    go(tenant.apply())
    assert on_folder(tenant, "Calendar")["Emma Moreau"] == (["Editor"], "")
    assert not go(tenant.plan()).changes


def test_whoever_it_belongs_to_is_always_left_to_read_it(rig, go):
    tenant = rig(DIRECTION)
    go(tenant.apply())
    tenant.write("0.yaml", f"kind: MailboxDelegation\nmailbox: {ALICE}\n"
                           "access: {noyau@entreprise.example: [send-as]}\n")
    cycle = go(tenant.apply())
    assert not refused(cycle.plan)
    assert tenant.full_access(ALICE) == set()


def test_nobody_at_all_is_a_slip_or_approved(rig, go):
    tenant = rig(DIRECTION)
    go(tenant.apply())
    tenant.write("0.yaml", f"kind: MailboxDelegation\nmailbox: {ALICE}\naccess: {{}}\n")
    plan = go(tenant.plan())
    assert {ident for change in plan.changes for ident in change.blocked_by} == {f"empty-list/{ALICE}"}


@pytest.mark.parametrize(("address", "code"), [
    ("direction@entreprise.example", "unknown-address"),
    ("equipe@entreprise.example", "not-a-mailbox"),
    ("pris@entreprise.example", "not-a-mailbox"),
])  # fmt: skip
def test_a_mailbox_is_never_made_for_it(address, code, rig, go):
    tenant = rig(DIRECTION.replace(ALICE, address))
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert not cycle.outcomes
    assert all(f"{code}/{address}" in change.blocked_by for change in cycle.plan.changes)
    assert cycle.plan.changes
    assert tenant.picture() == before


def test_by_any_of_its_addresses(rig, go):
    tenant = rig("kind: MailboxDelegation\nmailbox: bruno.petit@entreprise.example\n"
                 "access: {alice@entreprise.example: [send-on-behalf]}\n")
    go(tenant.apply())
    assert tenant.on_behalf("bruno@entreprise.example") == who("alice")
    assert not go(tenant.plan()).changes


def test_one_mailbox_in_two_documents_by_two_addresses_stops_the_run(rig, go):
    tenant = rig("kind: MailboxDelegation\nmailbox: info@entreprise.example\n"
                 "access: {emma@entreprise.example: [send-as]}\n",
                 "kind: SharedMailbox\naddress: contact@entreprise.example\ndisplayName: Autre\n")
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert [f.id for f in cycle.plan.findings if f.stops_run] == ["two-documents/info@entreprise.example"]
    assert tenant.picture() == before


def test_taking_the_document_away_takes_no_rights(rig, go):
    tenant = rig(DIRECTION)
    go(tenant.apply())
    (tenant.folder / "0.yaml").unlink()
    cycle = go(tenant.apply())
    assert f"unmanaged-delegation/{ALICE}" in {f.id for f in cycle.plan.findings}
    assert tenant.full_access(ALICE) == who("bruno")
