"""A profile that changes shows every mailbox that it touches."""

from __future__ import annotations

from controller.report import as_text
from controller.report.as_json import document
from tests.rig import ids

PROFILE = "kind: Profile\nname: team-inbox\nhiddenFromAddressLists: {}\nsentItems: {{copySentAs: {}}}\n"
MAILBOXES = {
    f"m{number:02}@entreprise.example": {"displayName": f"Boîte {number}"} for number in range(40)
}
SCENARIO = """\
tenant:
  id: 7f1b2c3d-0000-4000-8000-000000000001
  name: entreprise
  initialDomain: entreprise.onmicrosoft.com
  domains: [entreprise.example]
seed: 7
apps:
  - clientId: 11111111-0000-4000-8000-000000000001
    name: mailbox-controller
    secrets: [not-used-here]
    graph: [User.Read.All, User.EnableDisableAccount.All]
people:
  alice@entreprise.example: {displayName: Alice Martin}
mailboxes:
""" + "".join(f"  {address}: {{displayName: {about['displayName']}}}\n" for address, about in MAILBOXES.items())


def _estate(rig):
    mailboxes = "---\n".join(
        f"kind: SharedMailbox\naddress: {address}\nprofile: team-inbox\ndisplayName: {about['displayName']}\n"
        for address, about in MAILBOXES.items()
    )
    return rig(PROFILE.format("false", "true"), mailboxes, scenario=SCENARIO)


def test_one_line_of_a_profile_over_forty_mailboxes(rig, go):
    tenant = _estate(rig)
    go(tenant.apply())
    assert ids(go(tenant.plan()).changes) == []
    tenant.write("0.yaml", PROFILE.format("true", "true"))
    plan = go(tenant.plan())
    assert ids(plan.changes) == [
        f"SharedMailbox/{address}/hiddenFromAddressLists" for address in sorted(MAILBOXES)
    ]
    sources = [change["source"] for change in document(plan)["changes"]]
    assert sources == [{"file": "0.yaml", "line": 3}] * 40
    assert {change.cause for change in plan.changes} == {"spec"}

    text = as_text(plan)
    lines = text.splitlines()
    assert lines.count("      m07@entreprise.example") == 1
    assert sum("hiddenFromAddressLists" in line and "(0.yaml:3)" in line for line in lines) == 1
    assert sum(address in text for address in MAILBOXES) == 40
    assert len(lines) < 60
    assert "40 alike  SharedMailbox" in lines

    cycle = go(tenant.apply())
    assert len(cycle.outcomes) == 40
    assert all(
        tenant.poke("Get-Mailbox", Identity=address)[0]["HiddenFromAddressListsEnabled"] for address in MAILBOXES
    )
    assert ids(go(tenant.plan()).changes) == []


def test_what_is_a_mailboxs_own_stands_under_its_name(rig, go):
    tenant = _estate(rig)
    go(tenant.apply())
    tenant.write("0.yaml", PROFILE.format("true", "false"))
    tenant.poke("Set-Mailbox", Identity="m03@entreprise.example", DisplayName="Autre")
    plan = go(tenant.plan())
    text = as_text(plan)
    alone = text[text.index("m03@entreprise.example  SharedMailbox") :]
    assert "displayName" in alone.split("\n\n")[0]
    assert "drift" in alone.split("\n\n")[0]
    shared = text[text.index("40 alike") :].split("\n\n")[0].splitlines()
    assert len(shared) == 1 + 2 + 40, "two lines of the profile, told once each"
    assert len(plan.changes) == 81


def test_a_mailbox_that_says_otherwise_is_not_touched(rig, go):
    tenant = rig(
        PROFILE.format("true", "true"),
        "kind: SharedMailbox\naddress: libre@entreprise.example\nprofile: team-inbox\nhiddenFromAddressLists: false\n"
        "sentItems: {copySentAs: false}\n",
    )
    assert ids(go(tenant.plan()).changes) == []
