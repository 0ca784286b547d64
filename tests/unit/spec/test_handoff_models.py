"""handoff: what may be written, and what is said of what contradicts itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from controller.handoff import ended, forwarding_of, rules_of
from controller.spec import SharedMailbox

One = Callable[[str], list[str]]
HEAD = "kind: SharedMailbox\naddress: support@entreprise.example\naliases: [aide@entreprise.example]\n"
DESK = "tickets@helpdesk.example"
TICKETING = f"handoff: {{ticketing: {{address: {DESK}}}}}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("handoff: {ticketting: none}", "unknown field 'ticketting' — did you mean 'ticketing'?"),
        ("handoff: {ticketing: {keepCopy: true}}", "expected 'address'"),
        ("handoff: {ticketing: {address: Aide@entreprise.example}}", "is this mailbox itself"),
        (
            f"handoff: {{ticketing: {{address: {DESK}}}, teamsChannel: {{address: {DESK}}}}}",
            f"{DESK} gets this mail by 'handoff.teamsChannel' already",
        ),
        ("handoff: {teamsChannel: {address: a@b.example, keepCopy: false}}", "unknown field 'keepCopy'"),
        (
            "handoff: {flow: {environment: http://x.example, team: S, channel: C}}",
            "expected the https address of an environment, such as https://entreprise.crm4.dynamics.com",
        ),
        ("handoff: {flow: {environment: https://x.example, team: S}}", "missing field 'channel'"),
        (
            "handoff: {ticketing: none}\nrules: [{name: mbx handoff ticketing, actions: {delete: true}}]",
            "choose another name",
        ),
    ],
)
def test_what_is_wrong_is_told(one: One, text: str, told: str) -> None:
    assert any(told in message for message in one(HEAD + text)), one(HEAD + text)


@pytest.mark.parametrize("forwarding", [f"to: {DESK}, keepCopy: false", "to: a@b.example, keepCopy: false"])
def test_forwarding_and_hand_off_that_contradict_are_told_at_both_lines(one: One, forwarding: str) -> None:
    lines = {message.split(":")[1] for message in one(HEAD + TICKETING + f"forwarding: {{{forwarding}}}\n")}
    assert lines == {"4", "5"}


def test_forwarding_and_hand_off_that_say_the_same_are_one(one: One) -> None:
    """As the format's own example has them."""
    twice = HEAD + TICKETING + f"forwarding: {{to: {DESK.title()}, keepCopy: true}}\n"
    assert one(twice) == []
    spec = SharedMailbox.model_validate(yaml.safe_load(twice))
    assert (rules_of(spec), ended(spec)) == ((), ("ticketing",))
    some = twice.replace(f"{DESK}}}}}", f"{DESK}, conditions: {{hasAttachments: true}}}}}}")
    assert any("in two ways" in message for message in one(some))


@pytest.mark.parametrize(
    ("text", "to", "rules", "over"),
    [
        ("{ticketing: {address: a@b.example}}", "a@b.example", [], ("ticketing",)),
        ("{ticketing: {address: a@b.example}, teamsChannel: none}", "a@b.example", [], ("teamsChannel", "ticketing")),
        ("{ticketing: {address: a@b.example, conditions: {hasAttachments: true}}}", None, ["ticketing"], ()),
        ("{ticketing: {address: a@b.example}, teamsChannel: {address: c@emea.teams.ms}}", None,
         ["teamsChannel", "ticketing"], ()),
        ("{ticketing: none}", None, [], ("ticketing",)),
    ],
)  # fmt: skip
def test_the_conditions_decide_between_forwarding_and_rule(text, to, rules, over):
    wished = yaml.safe_load(text)
    spec = SharedMailbox.model_validate(
        {"kind": "SharedMailbox", "address": "a@c.example", "handoff": wished}
    )
    forwarding, _ = forwarding_of(spec)
    assert (forwarding.to if forwarding else None) == to
    assert [rule.name.split()[-1] for rule in rules_of(spec) or ()] == rules
    assert ended(spec) == over


def test_a_document_without_that_hand_off_may_have_a_rule_of_its_name(one: One) -> None:
    """What `mbx import` finds on a mailbox that hands mail on can be written down as it is."""
    assert one(HEAD + "rules: [{name: mbx handoff ticketing, actions: {redirectTo: [a@b.example]}}]\n") == []
