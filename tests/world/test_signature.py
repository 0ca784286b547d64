"""The signature: written where Exchange takes it, told where it would be ignored."""

from __future__ import annotations

import pytest

from controller.markup import canonical
from controller.model import Status

BOX = "libre@entreprise.example"
DOCUMENT = f"kind: SharedMailbox\naddress: {BOX}\nsignature: {{file: signatures/support.html}}\n"
HTML = "<p>Support — <a href='https://entreprise.example'>Entreprise</a></p>\n"
POSTPONED = "PostponeRoamingSignaturesUntilLater"


@pytest.fixture
def tenant(rig):
    made = rig(DOCUMENT)
    made.write("signatures/support.html", HTML)
    return made


def stored(tenant, address=BOX):
    (row,) = tenant.poke("Get-MailboxMessageConfiguration", Identity=address)
    return row["AutoAddSignature"], canonical(row["SignatureHtml"])


def test_it_is_written_and_added_where_signatures_do_not_roam(tenant, go):
    tenant.sandbox.world.organization[POSTPONED] = True
    cycle = go(tenant.apply())
    assert [c.field for c in cycle.plan.changes] == ["signature.autoAdd", "signature.html"]
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert stored(tenant) == (True, canonical(HTML))
    assert not go(tenant.plan()).changes


def test_where_they_roam_it_is_told_and_nothing_is_sent(tenant, go):
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert [f.id for f in cycle.plan.findings if f.code.startswith("signature")] == [f"signature-ignored/{BOX}"]
    assert not cycle.plan.changes
    assert tenant.picture() == before


def test_it_is_told_of_a_new_mailbox_too(tenant, go):
    tenant.write("0.yaml", DOCUMENT.replace(BOX, "neuf@entreprise.example"))
    cycle = go(tenant.apply())
    assert "signature-ignored/neuf@entreprise.example" in {f.id for f in cycle.plan.findings}
    assert [c.field for c in cycle.plan.changes] == [""]


@pytest.mark.parametrize("text", ["Bien à vous,\\n\\nL'équipe", "<b>L'équipe</b>"])
def test_it_may_stand_in_the_document(tenant, go, text):
    tenant.sandbox.world.organization[POSTPONED] = True
    tenant.write("0.yaml", f'kind: SharedMailbox\naddress: {BOX}\nsignature: "{text}"\n')
    go(tenant.apply())
    assert "L'équipe" in stored(tenant)[1]
    assert not go(tenant.plan()).changes


def test_scripts_are_not_missed(tenant, go):
    tenant.sandbox.world.organization[POSTPONED] = True
    tenant.write("signatures/support.html", HTML + "<script>alert(1)</script>")
    go(tenant.apply())
    assert not go(tenant.plan()).changes
