"""Mail that a mailbox hands on to a help desk or to a Teams channel: by forwarding or by rule, and back."""

from __future__ import annotations

from typing import Any

import pytest

from controller.journal import Journal
from controller.model import Action, Cause, Risk, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import call
from tests.rig import ADMIN

BOX = "libre@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {BOX}\n"
DESK, CHANNEL = "Tickets@helpdesk.example", "1a2b.entreprise.example@emea.teams.ms"
TICKETS, POSTS = "mbx handoff ticketing", "mbx handoff teamsChannel"
ALL = f"handoff: {{ticketing: {{address: {DESK}}}}}\n"
URGENT = f"handoff: {{ticketing: {{address: {DESK}, conditions: {{subjectContains: [urgent]}}}}}}\n"
BOTH = f"handoff: {{ticketing: {{address: {DESK}}}, teamsChannel: {{address: {CHANNEL}}}}}\n"
ENDED = "handoff: {ticketing: none, teamsChannel: none}\n"
OWN = "rules:\n  - {name: Bruit, conditions: {senderContains: [noreply@]}, actions: {delete: true, stopProcessingRules: true}}\n"


@pytest.fixture
def tenant(rig):
    def make(*documents: str) -> Any:
        made = rig(*documents)
        made.sandbox.world.organization["OutboundSpamPolicies"] = [{"AutoForwardingMode": "On"}]
        return made

    return make


def forwarding(tenant: Any) -> tuple[Any, Any]:
    held = tenant.entry(BOX).properties
    return held.get("ForwardingSmtpAddress"), bool(held.get("DeliverToMailboxAndForward"))


def rules(tenant: Any) -> list[str]:
    return [each["name"] for each in sorted(store.rules(tenant.entry(BOX)), key=lambda rule: rule["sequence"])]


def rule(tenant: Any, name: str) -> dict[str, Any]:
    return next(each for each in store.rules(tenant.entry(BOX)) if each["name"] == name)


def hand(tenant: Any, body: dict[str, Any], method: str = "POST", ident: str = "") -> None:
    path = f"/users/{tenant.entry(BOX).object_id}/mailFolders/inbox/messageRules{ident}"
    status, answer = call(tenant.sandbox, method, path, body, actor=ADMIN)
    assert status < 300, answer


def settled(tenant: Any, go: Any) -> Any:
    """Applies, and looks whether it is so: with our record, and without any."""
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} <= {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert go(tenant.plan()).changes == ()
    assert go(tenant.plan(journal=Journal.open("sqlite://"))).changes == ()
    return cycle.plan


def ids(plan: Any) -> set[str]:
    return {finding.id for finding in plan.findings}


def test_all_mail_goes_by_forwarding_and_is_kept(tenant, go):
    estate = tenant(HEAD + ALL)
    plan = settled(estate, go)
    assert [(c.field, c.risk) for c in plan.changes] == [("forwarding.to", Risk.HIGH)]
    assert plan.changes[0].origin.line == 3
    assert forwarding(estate) == (f"smtp:{DESK}", True)
    assert rules(estate) == []


def test_written_as_forwarding_too_it_is_sent_once(tenant, go):
    estate = tenant(HEAD + ALL + f"forwarding: {{to: {DESK}, keepCopy: true}}\n")
    plan = settled(estate, go)
    assert [c.field for c in plan.changes] == ["forwarding.to"]
    assert forwarding(estate) == (f"smtp:{DESK}", True)
    assert rules(estate) == []


def test_of_a_mailbox_made_by_us_and_renamed_at_once_the_forwarding_ends(tenant, go):
    """Nobody looked between the commit that made it and the one that renames it."""
    made = HEAD.replace("libre@", "boutique@")
    estate = tenant(made + ALL)
    go(estate.apply())
    renamed = made.replace("boutique@", "magasin@") + "previousAddresses: [boutique@entreprise.example]\n"
    estate.write("0.yaml", renamed + URGENT)
    causes = {change.field: change.cause for change in go(estate.apply()).plan.changes}
    assert causes == dict.fromkeys(("address", "handoff.ticketing", "forwarding.to"), Cause.SPEC)
    assert estate.entry("magasin@entreprise.example").properties.get("ForwardingSmtpAddress") is None
    assert go(estate.plan()).changes == ()


def test_conditions_make_it_a_rule_that_redirects(tenant, go):
    estate = tenant(HEAD + URGENT)
    plan = settled(estate, go)
    assert [(c.field, c.action, c.risk) for c in plan.changes] == [("handoff.ticketing", Action.ADD, Risk.HIGH)]
    assert forwarding(estate) == (None, False)
    made = rule(estate, TICKETS)
    assert "forwardTo" not in made["actions"]
    assert DESK in str(made["actions"]["redirectTo"])
    assert "rule-forwards-outside" not in {f.code for f in go(estate.plan()).findings}


@pytest.mark.parametrize("more", ["", "forwarding: none\n", "forwarding: {to: alice@entreprise.example}\n"])
def test_two_at_once_are_rules_and_so_is_one_beside_forwarding(tenant, go, more):
    estate = tenant(HEAD + (BOTH if not more else ALL) + more)
    settled(estate, go)
    assert rules(estate) == ([POSTS, TICKETS] if not more else [TICKETS])
    assert forwarding(estate)[0] in (None, "")


def test_one_that_keeps_no_copy_takes_the_mail_out_of_the_inbox(tenant, go):
    text = URGENT.replace("conditions", "keepCopy: false, conditions")
    estate = tenant(HEAD + text)
    plan = settled(estate, go)
    actions = rule(estate, TICKETS)["actions"]
    assert (actions["delete"], actions["stopProcessingRules"]) == (True, True)
    assert f"forward-without-copy/{BOX}" in ids(plan)


def test_exclusive_rules_leave_it_and_it_comes_first(tenant, go):
    estate = tenant(HEAD + OWN)
    settled(estate, go)
    estate.write("0.yaml", HEAD + OWN + URGENT)
    settled(estate, go)
    assert rules(estate) == [TICKETS, "Bruit"]
    hand(estate, {"displayName": "Intrus", "sequence": 1, "actions": {"delete": True}})
    estate.write("0.yaml", HEAD + URGENT + OWN.replace("Bruit", "Calme"))
    settled(estate, go)
    assert rules(estate) == [TICKETS, "Calme"]


def test_left_out_altogether_it_is_a_rule_like_any_other(tenant, go):
    """Nobody hides a rule from an exclusive list by the name of ours."""
    estate = tenant(HEAD + OWN)
    hand(estate, {"displayName": TICKETS, "sequence": 1, "actions": {"redirectTo": [{"emailAddress": {"address": "x@y.example"}}]}})
    plan = settled(estate, go)
    assert f"SharedMailbox/{BOX}/rules/{TICKETS}" in {c.id for c in plan.changes}
    assert rules(estate) == ["Bruit"]


def test_what_somebody_made_of_it_is_drift_and_put_back(tenant, go):
    estate = tenant(HEAD + URGENT)
    settled(estate, go)
    path = f"/users/{estate.entry(BOX).object_id}/mailFolders/inbox/messageRules"
    (made,) = call(estate.sandbox, "GET", path, None, actor=ADMIN)[1]["value"]
    hand(estate, {"actions": {"redirectTo": [{"emailAddress": {"address": "x@y.example"}}]}}, "PATCH", f"/{made['id']}")
    plan = go(estate.plan())
    assert [(c.field, c.cause) for c in plan.changes] == [("handoff.ticketing", Cause.DRIFT)]
    assert f"rule-forwards-outside/{BOX}/{TICKETS}" in ids(plan)
    settled(estate, go)
    assert DESK in str(rule(estate, TICKETS)["actions"])


def test_from_forwarding_to_rule_and_back_nothing_is_left_behind(tenant, go):
    estate = tenant(HEAD + ALL)
    settled(estate, go)
    estate.write("0.yaml", HEAD + URGENT)
    plan = go(estate.plan())
    (cleared,) = (c for c in plan.changes if c.field == "forwarding.to")
    assert cleared.depends_on == (f"SharedMailbox/{BOX}/handoff/ticketing",)  # no mail falls between them
    settled(estate, go)
    assert (forwarding(estate), rules(estate)) == ((None, False), [TICKETS])
    estate.write("0.yaml", HEAD + ALL)
    settled(estate, go)
    assert (forwarding(estate), rules(estate)) == ((f"smtp:{DESK}", True), [])


@pytest.mark.parametrize("former", [ALL, URGENT, BOTH])
def test_ended_takes_away_what_we_made_and_nothing_else(tenant, go, former):
    estate = tenant(HEAD + former)
    settled(estate, go)
    hand(estate, {"displayName": "À nous", "sequence": 9, "actions": {"markAsRead": True}})
    estate.write("0.yaml", HEAD + ENDED)
    settled(estate, go)
    assert (forwarding(estate), rules(estate)) == ((None, False), ["À nous"])


def test_ended_leaves_the_forwarding_that_somebody_else_made(tenant, go):
    estate = tenant(HEAD + URGENT)
    settled(estate, go)
    estate.poke("Set-Mailbox", Identity=BOX, ForwardingSmtpAddress="smtp:other@helpdesk.example")
    estate.write("0.yaml", HEAD + ENDED)
    settled(estate, go)
    assert (forwarding(estate)[0], rules(estate)) == ("smtp:other@helpdesk.example", [])
    assert f"forwards-outside/{BOX}" in ids(go(estate.plan()))


def test_taken_out_of_the_document_it_stays(tenant, go):
    estate = tenant(HEAD + BOTH)
    settled(estate, go)
    estate.write("0.yaml", HEAD)
    assert settled(estate, go).changes == ()
    assert rules(estate) == [POSTS, TICKETS]


@pytest.mark.parametrize("text", [ALL, URGENT, BOTH])
def test_what_the_tenant_does_not_let_out_is_said_beforehand(rig, go, text):
    plan = go(rig(HEAD + text).plan())
    assert f"forwarding-blocked/{BOX}/ticketing" in ids(plan)
    assert (f"forwarding-blocked/{BOX}/teamsChannel" in ids(plan)) is (text == BOTH)  # Teams is outside, too


def test_what_is_no_channel_is_said(tenant, go):
    other = BOTH.replace(CHANNEL, "support-team@entreprise.onmicrosoft.com")
    assert f"handoff-no-channel/{BOX}" in ids(go(tenant(HEAD + other).plan()))
    assert f"handoff-no-channel/{BOX}" not in ids(go(tenant(HEAD + BOTH).plan()))


def test_an_address_of_ours_that_nobody_has_holds_that_alone(tenant, go):
    text = URGENT.replace(DESK, "tickest@entreprise.example")
    cycle = go(tenant(HEAD + text + OWN).apply())
    assert [o.change.field for o in cycle.outcomes] == ["rules.Bruit"]
    assert f"unknown-address/{BOX}/tickest@entreprise.example" in ids(cycle.plan)


def test_a_rule_before_it_that_stops_is_told(tenant, go):
    estate = tenant(HEAD + URGENT)
    hand(estate, {"displayName": "Tri", "sequence": 1, "actions": {"markAsRead": True, "stopProcessingRules": True}})
    settled(estate, go)
    assert f"handoff-behind-rule/{BOX}/ticketing" in ids(go(estate.plan()))
    assert rules(estate) == ["Tri", TICKETS]


@pytest.mark.parametrize("back", ["forwarding: {to: libre@entreprise.example}", "handoff: {ticketing: {address: libre@entreprise.example}}",
                                  "rules: [{name: R, actions: {redirectTo: [libre@entreprise.example]}}]"])  # fmt: skip
@pytest.mark.parametrize("there", [ALL, URGENT])
def test_mail_that_would_go_in_circles_is_told(tenant, go, there, back):
    other = "kind: SharedMailbox\naddress: contact@entreprise.example\n"
    estate = tenant(HEAD + there.replace(DESK, "contact@entreprise.example"), other + back + "\n")
    assert "mail-loop" in {f.code for f in go(estate.plan()).findings}
    estate.write("1.yaml", other)
    assert "mail-loop" not in {f.code for f in go(estate.plan()).findings}
