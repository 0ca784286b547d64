"""Profiles: what comes out of merging, where each value is said to stand, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.spec import Document
from controller.spec.show import show

from .conftest import TENANT, Specs

PROFILE = """\
kind: Profile
name: team-inbox
signInBlocked: true
labels: {owner: it, tier: gold}
access:
  Chef@entreprise.example: [full-access]
  equipe@entreprise.example: [full-access, send-as]
  temp@entreprise.example: {rights: [full-access], until: 2027-01-31}
folders:
  Archives: {retentionTag: Contrats 3 ans}
rules:
  - name: Bruit
    conditions: {senderContains: [noreply@]}
    actions: {markAsRead: true}
automaticReplies:
  state: enabled
  external: {file: replies/standard.txt}
forwarding: {keepCopy: true}
signature: {text: L'équipe}
exclusive: [categories]
"""
MAILBOX = """\
kind: SharedMailbox
address: support@entreprise.example
profile: team-inbox
labels: {team: support, tier: silver}
access:
  chef@entreprise.example: {rights: [full-access, send-as], autoMapping: false}
  bob@entreprise.example: [send-as]
folders:
  Archives:
rules:
  - name: Urgent
    conditions: {subjectContains: [urgent]}
    actions: {markImportance: high}
automaticReplies: {internal: Bonjour}
forwarding: {to: tickets@entreprise.example}
signature: <b>Support</b>
additive: [categories]
"""


@pytest.fixture
def merged(specs: Specs) -> Document:
    specs.write("profiles/team.yaml", PROFILE)
    specs.write("profiles/replies/standard.txt", "À bientôt")
    specs.write("a.yaml", MAILBOX)
    (document,) = specs.load().tenants[0].documents
    return document


def test_what_comes_out(merged: Document) -> None:
    said = merged.spec.model_dump(by_alias=True, exclude_unset=True)
    assert said["signInBlocked"] is True
    assert said["labels"] == {"owner": "it", "tier": "silver", "team": "support"}
    assert {who: entry["rights"] for who, entry in said["access"].items()} == {
        "chef@entreprise.example": ("full-access", "send-as"),
        "equipe@entreprise.example": ("full-access", "send-as"),
        "temp@entreprise.example": ("full-access",),
        "bob@entreprise.example": ("send-as",),
    }
    assert said["access"]["chef@entreprise.example"]["autoMapping"] is False
    assert [rule["name"] for rule in said["rules"]] == ["Bruit", "Urgent"]
    assert said["folders"] == {"Archives": {"retentionTag": "Contrats 3 ans"}}
    assert said["forwarding"] == {"keepCopy": True, "to": "tickets@entreprise.example"}
    assert said["signature"] == {"html": "<b>Support</b>"}
    assert said["exclusive"] == ()
    assert said["additive"] == ("categories",)


def test_a_file_counts_from_the_profile(merged: Document) -> None:
    replies = merged.spec.automatic_replies  # type: ignore[attr-defined]
    assert "À bientôt" in replies.external.document()


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), "a.yaml:1"),
        (("address",), "a.yaml:2"),
        (("signInBlocked",), "profiles/team.yaml:3"),
        (("labels", "owner"), "profiles/team.yaml:4"),
        (("labels", "tier"), "a.yaml:4"),
        (("access", "EQUIPE@entreprise.example", "send-as"), "profiles/team.yaml:7"),
        (("access", "chef@entreprise.example", "full-access"), "profiles/team.yaml:6"),
        (("access", "chef@entreprise.example", "send-as"), "a.yaml:6"),
        (("access", "chef@entreprise.example", "autoMapping"), "a.yaml:6"),
        (("access", "temp@entreprise.example", "until"), "profiles/team.yaml:8"),
        (("access", "bob@entreprise.example"), "a.yaml:7"),
        (("access", "nobody@entreprise.example"), "a.yaml:5"),
        (("rules", "0", "actions"), "profiles/team.yaml:14"),
        (("rules", "1"), "a.yaml:11"),
        (("folders", "Archives", "retentionTag"), "profiles/team.yaml:10"),
        (("forwarding", "to"), "a.yaml:15"),
        (("forwarding", "keepCopy"), "profiles/team.yaml:18"),
    ],
)
def test_places(merged: Document, path: tuple[str, ...], place: str) -> None:
    assert str(merged.at(*path)) == f"specs/{place}"


def test_aliases_of_both_come_one_after_the_other(specs: Specs) -> None:
    specs.write("profiles/team.yaml", "kind: Profile\nname: team-inbox\naliases: [aide@entreprise.example]\n")
    specs.write(
        "a.yaml",
        "kind: SharedMailbox\naddress: a@entreprise.example\nprofile: team-inbox\naliases: [b@entreprise.example]\n",
    )
    (document,) = specs.load().tenants[0].documents
    assert document.spec.aliases == ("aide@entreprise.example", "b@entreprise.example")  # type: ignore[attr-defined]
    assert str(document.at("aliases", "0")) == "specs/profiles/team.yaml:3"
    specs.write("c.yaml", "kind: SharedMailbox\naddress: c@entreprise.example\nprofile: team-inbox\n")
    (problem,) = specs.problems()
    assert "aide@entreprise.example stands in two documents" in problem


def test_what_is_shown_names_both_files(merged: Document) -> None:
    lines = show(merged).splitlines()
    assert ["-", "full-access", "#", "specs/profiles/team.yaml:6"] in [line.split() for line in lines]
    assert [line.partition("  # ")[2] for line in lines if line.startswith("  - {name")] == [
        "specs/profiles/team.yaml:12",
        "specs/a.yaml:11",
    ]
    assert len({line.index("  # ") for line in lines if line.index("  # ") <= 60}) == 1, "aligned"


def test_what_is_shown_reads_back_the_same_without_the_profile(merged: Document, specs: Specs) -> None:
    shown = show(merged).replace("profile: team-inbox", "")
    specs.write("a.yaml", shown)
    specs.write("replies/standard.txt", "À bientôt")
    (alone,) = specs.load().tenants[0].documents
    told = merged.spec.model_dump(exclude_unset=True)
    del told["profile"]
    assert alone.spec.model_dump(exclude_unset=True) == told


def _with(old: str, new: str) -> str:
    assert old in PROFILE
    return PROFILE.replace(old, new)


@pytest.mark.parametrize(
    ("profile", "mailbox", "expected"),
    [
        (
            PROFILE,
            MAILBOX.replace("profile: team-inbox", "profile: team-inbx"),
            "specs/a.yaml:3:10: unknown profile 'team-inbx' — did you mean 'team-inbox'?",
        ),
        ("", MAILBOX, "specs/a.yaml:3:10: unknown profile 'team-inbox': there is no Profile document here"),
        (
            PROFILE,
            MAILBOX.replace("team-inbox", "3"),
            "specs/a.yaml:3:10: expected text; got the number 3: put it in quotes",
        ),
        (
            f"{PROFILE}---\nkind: Profile\nname: team-inbox\n",
            MAILBOX,
            "specs/profiles/team.yaml:23:7: there is a profile 'team-inbox' already (at specs/profiles/team.yaml:1): rename one",
        ),
        (
            _with("exclusive: [categories]", "profile: other"),
            MAILBOX,
            "specs/profiles/team.yaml:20:1: 'profile' cannot stand in a Profile: a profile stands on no other profile",
        ),
        (
            _with("exclusive: [categories]", "address: x@entreprise.example"),
            MAILBOX,
            "specs/profiles/team.yaml:20:1: 'address' cannot stand in a Profile: a profile is about no mailbox of its own",
        ),
        (
            _with("exclusive: [categories]", "state: absent"),
            MAILBOX,
            "specs/profiles/team.yaml:20:1: 'state' cannot stand in a Profile: a deletion is wished for one mailbox at a time",
        ),
        (
            _with("signInBlocked: true", "signInBlocked: yes"),
            MAILBOX,
            "specs/profiles/team.yaml:3:16: expected true or false; got 'yes', which is text in YAML 1.2",
        ),
        (
            _with("  equipe@entreprise.example", "  equipe@entreprise"),
            MAILBOX,
            "specs/profiles/team.yaml:7:3: expected an SMTP address such as support@entreprise.example; "
            "got 'equipe@entreprise'",
        ),
        (
            PROFILE,
            MAILBOX.replace("forwarding: {to: tickets@entreprise.example}\n", ""),
            "specs/profiles/team.yaml:18:14: 'keepCopy' says nothing without 'to': where does it forward?",
        ),
        (
            _with("{rights: [full-access], until: 2027-01-31}", "{until: 2027-01-31}"),
            MAILBOX,
            "specs/profiles/team.yaml:8:3: missing field 'rights'",
        ),
        (
            PROFILE,
            f"{MAILBOX.partition('access:')[0]}access: {{}}\n",
            "specs/a.yaml:5:1: 'access' is empty here, and its profile fills it (at specs/profiles/team.yaml:5): what a "
            "profile gives cannot be taken away; leave the line out, or do without the profile",
        ),
        (
            _with("replies/standard.txt", "replies/nowhere.txt"),
            MAILBOX,
            "specs/profiles/team.yaml:17:20: there is no file replies/nowhere.txt in specs/profiles, nor in specs",
        ),
    ],
)
def test_what_is_refused(specs: Specs, profile: str, mailbox: str, expected: str) -> None:
    if profile:
        specs.write("profiles/team.yaml", profile)
    specs.write("profiles/replies/standard.txt", "À bientôt")
    specs.write("a.yaml", mailbox)
    problems = specs.problems()
    assert expected in problems
    assert len(problems) == len(set(problems))


def test_a_mistake_in_a_profile_is_told_once(specs: Specs) -> None:
    specs.write("p.yaml", "kind: Profile\nname: p\nsignInBlocked: 3\n")
    for number in range(40):
        specs.write(
            f"{number}.yaml", f"kind: SharedMailbox\naddress: m{number}@entreprise.example\nprofile: p\n"
        )
    assert specs.problems() == ["specs/p.yaml:3:16: expected true or false; got the number 3"]


def test_a_profile_belongs_to_its_tenant(specs: Specs) -> None:
    specs.write("a.yaml", MAILBOX)
    specs.write("acme/tenant.yaml", TENANT.replace("entreprise", "acme"))
    specs.write("acme/p.yaml", "kind: Profile\nname: team-inbox\n")
    (problem,) = [each for each in specs.problems() if "profile" in each]
    assert problem == (
        "specs/a.yaml:3:10: no profile 'team-inbox' in this tenant: the one at specs/acme/p.yaml:1 belongs to another"
    )
    specs.write("p.yaml", "kind: Profile\nname: team-inbox\nforwarding: {keepCopy: true}\n")
    assert not specs.problems(), "two tenants may use one name"


def test_a_profile_that_nobody_names_does_nothing(specs: Specs) -> None:
    specs.write("profiles/team.yaml", PROFILE)
    specs.write("profiles/replies/standard.txt", "À bientôt")
    (tenant,) = specs.load().tenants
    assert tenant.documents == ()
    assert [each.kind for each in tenant.profiles] == ["Profile"]


def test_the_profile_counts_as_contents(specs: Specs, tmp_path: Path) -> None:
    specs.write("a.yaml", "kind: SharedMailbox\naddress: a@entreprise.example\nprofile: p\n")
    specs.write("p.yaml", "kind: Profile\nname: p\nsignInBlocked: true\n")
    before = specs.load().tenants[0].digest
    specs.write("p.yaml", "kind: Profile\nname: p\nsignInBlocked: false\n")
    assert specs.load().tenants[0].digest != before
