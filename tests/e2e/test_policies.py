"""Policies and profiles as somebody meets them who opens a pull request."""

from __future__ import annotations

from tests.e2e.conftest import Desk, findings, ids

POLICY = """\
kind: Policy
name: no-outsiders
appliesTo: SharedMailbox
assert: 'object.access.all(who, who.endsWith("@entreprise.example"))'
message: Only staff open our mailboxes.
"""
LIBRE = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n"
OUTSIDER = """\
kind: SharedMailbox
address: contact@entreprise.example
additive: [access]
access: {externe@partenaire.example: [full-access]}
"""
ID = "policy/no-outsiders/contact@entreprise.example"


def test_a_policy_that_a_pull_request_breaks(desk: Desk) -> None:
    desk.spec(POLICY, "policies.yaml")
    desk.spec(f"{LIBRE}---\n{OUTSIDER}")
    told = desk.mbx("validate", code=1)
    assert told.err.startswith("specs/box.yaml:8:1: error: contact@entreprise.example: Only staff open our mailboxes.")
    plan = desk.plan(code=5)
    assert ID in findings(plan)
    assert {change["id"]: change["blockedBy"] for change in plan["changes"]} == {
        "SharedMailbox/contact@entreprise.example/access/externe@partenaire.example/full-access": [ID],
        "SharedMailbox/libre@entreprise.example/displayName": [],
    }
    assert f"held back by {ID}" in desk.mbx("plan", code=5).out
    desk.mbx("apply", "--yes", code=5)
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée"
    assert "externe@partenaire.example" not in desk.tenant.holders("contact@entreprise.example")


def test_only_an_approval_of_that_finding_lets_it_through(desk: Desk) -> None:
    desk.spec(POLICY, "policies.yaml")
    desk.spec(OUTSIDER)
    desk.mbx("plan", "--out", "plan.json", code=5)
    desk.mbx("apply", "plan.json", "--yes", code=5)
    approval = f"kind: Approval\nfinding: {ID}\nreason: Audit\nuntil: 2035-01-01\n"
    desk.spec(approval, "approval.yaml")
    desk.mbx("validate", code=0)
    desk.mbx("apply", "--yes", code=0)
    desk.spec(approval.replace("2035", "2020"), "approval.yaml")
    assert desk.plan(code=5)["changes"] == [], "it is loud for as long as the document breaks it"


def test_an_assert_that_cannot_be_judged_holds_without_a_traceback(desk: Desk) -> None:
    unasked = 'object.mailTip != ""'
    desk.spec(POLICY.replace('object.access.all(who, who.endsWith("@entreprise.example"))', unasked), "policies.yaml")
    desk.spec(LIBRE)
    done = desk.mbx("plan", code=5)
    assert "the policy no-outsiders could not be judged: 'mailTip' is not there" in done.out
    desk.spec(POLICY.replace("endsWith", "endWith"), "policies.yaml")
    told = desk.mbx("plan", code=1)
    assert told.err.strip() == "specs/policies.yaml:4:37: unknown function 'endWith' — did you mean 'endsWith'?"


def test_a_profile_stands_behind_what_is_planned(desk: Desk) -> None:
    desk.spec("kind: Profile\nname: team\nmailTip: Nous répondons en 4 h\n", "profiles/team.yaml")
    desk.spec("kind: SharedMailbox\naddress: libre@entreprise.example\nprofile: team\n")
    plan = desk.plan()
    assert ids(plan) == ["SharedMailbox/libre@entreprise.example/mailTip"]
    assert plan["changes"][0]["source"] == {"file": "specs/profiles/team.yaml", "line": 3}
    shown = desk.mbx("validate", "--show", "libre@entreprise.example", code=0).out
    value, _, place = shown.splitlines()[-1].partition("  # ")
    assert (value.rstrip(), place) == ("mailTip: Nous répondons en 4 h", "specs/profiles/team.yaml:3")
    desk.mbx("plan", "--out", "plan.json", code=0)
    desk.mbx("apply", "plan.json", "--yes", code=0)
    assert desk.plan()["changes"] == []
