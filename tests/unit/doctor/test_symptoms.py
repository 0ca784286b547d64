"""Each cause both ways: told, with its evidence, where it is there, and not where it is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.doctor.case import Case, Right, Rule
from controller.doctor.symptoms import SYMPTOMS, findings
from controller.doctor.verdicts import Mark

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
ALICE, BRUNO = "alice@entreprise.example", "bruno@entreprise.example"
TEAM, NEWS = "equipe@entreprise.example", "annonces@entreprise.example"
LONG_AGO = NOW - timedelta(days=30)
KINDS = {TEAM: "MailUniversalSecurityGroup", NEWS: "MailUniversalDistributionGroup", ALICE: "UserMailbox"}


def rights(who: str, *names: str, **more: Any) -> tuple[Right, ...]:
    return tuple(Right(who, name, **more) for name in names)


FULL = (*rights(ALICE, "full-access", mapped=True, since=LONG_AGO), *rights(ALICE, "send-as", since=LONG_AGO))
WELL = {
    ("sentItems", "copySentAs"): True,
    ("sentItems", "copySentOnBehalf"): True,
    ("forwarding", "to"): "none",
    ("hiddenFromAddressLists",): False,
    ("automaticReplies", "state"): "enabled",
    ("automaticReplies", "externalAudience"): "all",
    ("automaticReplies", "internal"): "Merci",
    ("automaticReplies", "external"): "Merci",
    ("categories", "Vu"): "blue",
    ("claimCategories",): True,
}


def case(values: Any = (), **more: Any) -> Case:
    told = {"rights": FULL, "kinds": KINDS, **more}
    return Case("support@entreprise.example", NOW, {**WELL, **dict(values)}, **told)


def rule(
    name: str = "Bruit", number: int = 1, *, enabled: bool = True, state: str = "", **actions: Any
) -> Rule:
    return Rule(name, number, enabled, {"subjectContains": ["x"]}, actions, state)


THROUGH = {"rights": rights(ALICE, "full-access", "send-as", through=(TEAM,))}
FRESH = {"rights": rights(ALICE, "full-access", "send-as", mapped=True, since=NOW - timedelta(minutes=5))}
ONLY_READS = {"rights": rights(ALICE, "full-access", mapped=True, since=LONG_AGO)}
NESTED = {"rights": rights(ALICE, "send-as", through=(TEAM, "noyau@entreprise.example"))}
POWERLESS = {"rights": rights(ALICE, "full-access") + rights(ALICE, "send-as", through=(NEWS,))}
CROWD = tuple(r for n in range(26) for r in rights(f"p{n}@entreprise.example", "full-access", mapped=True))
GUEST = {"kinds": {ALICE: "GuestMailUser"}}

CAUSES: list[tuple[str, str, dict[str, Any]]] = [
    ("not-in-outlook", "through equipe@entreprise.example: members of groups never automap", THROUGH),
    ("not-in-outlook", "AutoMapping is off for alice", {"rights": rights(ALICE, "full-access", mapped=False)}),
    ("not-in-outlook", "nobody can tell", {"rights": rights(ALICE, "full-access")}),
    ("not-in-outlook", "was granted it at 08:55", FRESH),
    ("not-in-outlook", "hidden from address lists", {"values": {("hiddenFromAddressLists",): True}}),
    ("not-in-outlook", "26 people can open it", {"rights": CROWD}),
    ("not-in-outlook", "is a guest", GUEST),
    ("not-in-outlook", "does not have full-access", {"who": BRUNO}),
    ("not-in-outlook", "owa is switched off", {"values": {("protocols", "owa"): False}}),
    ("cannot-send-as", "alice@entreprise.example has no send-as", ONLY_READS),
    ("cannot-send-as", "only send-on-behalf", {"rights": rights(ALICE, "full-access", "send-on-behalf")}),
    ("cannot-send-as", "was granted send-as at 08:55", FRESH),
    ("cannot-send-as", "which is no mail-enabled security group", POWERLESS),
    ("cannot-send-as", "through groups in groups", NESTED),
    ("cannot-send-as", "hidden from address lists", {"values": {("hiddenFromAddressLists",): True}}),
    ("cannot-send-as", "does not send from aliases",
     {"values": {("aliases",): ["info@entreprise.example"]}, "send_from_alias": False}),
    ("sent-elsewhere", "copySentAs is off", {"values": {("sentItems", "copySentAs"): False}}),
    ("sent-elsewhere", "only send from their own account", ONLY_READS),
    ("two-answer", "no document gives each a category",
     {"values": {("claimCategories",): None}, "rights": FULL + rights(BRUNO, "full-access")}),
    ("no-from-field", "From does not offer it", {"values": {("hiddenFromAddressLists",): True}}),
    ("no-from-field", "neither send-as nor send-on-behalf", ONLY_READS),
    ("own-address", "replies leave from alice", ONLY_READS),
    ("not-arriving", "forwarded to x@y.example, and no copy",
     {"values": {("forwarding", "to"): "x@y.example", ("forwarding", "keepCopy"): False}}),
    ("not-arriving", "“Bruit” takes what it fits away: moveToFolder Archive", {"rules": (rule(moveToFolder="Archive"),)}),
    ("not-arriving", "a full mailbox sends nothing", {"used": 50 * 1024**3}),
    ("not-arriving", "requireAuthenticatedSenders is on", {"values": {("delivery", "requireAuthenticatedSenders"): True}}),
    ("not-arriving", "only alice@entreprise.example may write", {"values": {("delivery", "acceptOnlyFrom"): (ALICE,)}}),
    ("not-arriving", "is refused", {"values": {("delivery", "rejectFrom"): (ALICE,)}}),
    ("not-arriving", "waits for a moderator", {"values": {("delivery", "moderation"): True}}),
    ("not-arriving", "takes no mail for the domain", {"accepted": False}),
    ("not-arriving", "hidden from Outlook", {"hidden": ("the rule “x” is hidden from Outlook",)}),
    ("no-reply", "switched off", {"values": {("automaticReplies", "state"): "disabled"}}),
    ("no-reply", "a schedule of its own", {"values": {("automaticReplies", "state"): "scheduled"}}),
    ("no-reply", "externalAudience is none", {"values": {("automaticReplies", "externalAudience"): "none"}}),
    ("no-reply", "only contacts of the mailbox", {"values": {("automaticReplies", "externalAudience"): "known"}}),
    ("no-reply", "the external text is empty", {"values": {("automaticReplies", "external"): ""}}),
    ("no-reply", "lets no external automatic reply out", {"replies_outside": False}),
    ("rule-does-not-run", "“Bruit” is switched off", {"rules": (rule(enabled=False, delete=True),)}),
    ("rule-does-not-run", "“Bruit” is in error", {"rules": (rule(state="inError"),)}),
    ("rule-does-not-run", "Graph cannot express", {"rules": (rule(state="readOnly"),)}),
    ("rule-does-not-run", "“Fin” runs before “Bruit” and stops",
     {"rules": (rule(number=2), rule("Fin", stopProcessingRules=True))}),
    ("rule-does-not-run", "KB: what does not fit", {"rules_size": 250_000, "rules_room": 262_144, "rules": (rule(),)}),
    ("rule-does-not-run", "has no rules", {}),
]  # fmt: skip


def told(name: str, found: Case) -> str:
    return "\n".join(line.text for line in findings(found, name))


@pytest.mark.parametrize(("name", "evidence", "facts"), CAUSES, ids=lambda value: str(value)[:40])
def test_a_cause_that_is_there_is_told(name: str, evidence: str, facts: dict[str, Any]) -> None:
    assert evidence in told(name, case(**facts))


@pytest.mark.parametrize(
    ("name", "evidence"), [(name, evidence) for name, evidence, facts in CAUSES if facts], ids=str
)
def test_a_cause_that_is_not_there_is_not_told(name: str, evidence: str) -> None:
    assert evidence not in told(name, case(rules=(rule(assignCategories=["Vu"]),)))


@pytest.mark.parametrize("name", SYMPTOMS)
def test_nothing_is_broken_in_a_mailbox_that_is_well(name: str) -> None:
    marks = {line.mark for line in findings(case(rules=(rule(assignCategories=["Vu"]),)), name)}
    assert Mark.BAD not in marks


def test_the_surest_cause_comes_first() -> None:
    lines = findings(case(**POWERLESS, values={("hiddenFromAddressLists",): True}), "cannot-send-as")
    assert lines[0].mark is Mark.BAD


def test_what_could_not_be_read_is_never_all_clear() -> None:
    lines = findings(case(unread={"rules": "denied"}), "rule-does-not-run")
    assert lines[0].mark is Mark.BAD
    assert "could not be read" in lines[0].text
    assert "no rules" not in told("rule-does-not-run", case(unread={"rules": "denied"}))


def test_a_group_beside_a_grant_by_name_does_not_hinder_mapping() -> None:
    both = rights(ALICE, "full-access", through=(TEAM,)) + FULL
    assert "never automap" not in told("not-in-outlook", case(rights=both))


@pytest.mark.parametrize("name", SYMPTOMS)
def test_only_the_person_can_look_at_outlook(name: str) -> None:
    assert any("what only the person can look at" in line.group for line in findings(case(), name))


def test_what_is_always_so_is_no_cause_and_is_told_who_asks() -> None:
    well = case(rules=(rule(assignCategories=["Vu"]),))
    for name, always in (
        ("not-arriving", "quarantine"),
        ("no-reply", "answered once"),
        ("own-address", "own Inbox"),
    ):
        group = SYMPTOMS[name].words
        unasked = [line.text for line in findings(well) if line.group.startswith(group)]
        assert unasked == ["nothing in the tenant explains it"]
        assert always in told(name, well)
