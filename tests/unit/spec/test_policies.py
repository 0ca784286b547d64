"""Policies: what an assert may say, what it sees of a document, and what `mbx validate` makes of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.model import Severity
from controller.policies import of_specs
from controller.spec.expression import Given, RejectedError, UndecidedError, parse
from controller.spec.judged import judged

from .conftest import TENANT, Specs
from .test_commands import Run, run

__all__ = ["run"]

BOX = """\
kind: SharedMailbox
address: Support@Entreprise.example
labels: {team: support}
access:
  Alice@entreprise.example: [full-access, send-as]
  temp@partenaire.example: {rights: [full-access], from: 2026-12-01, until: 2027-01-31}
forwarding: {to: Tickets@helpdesk.example, keepCopy: true}
"""
HEAD = "kind: Policy\nname: p\nappliesTo: SharedMailbox\nmessage: Not so.\n"


def policy(text: str, **fields: str) -> str:
    more = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"{HEAD}{more}assert: |\n  {text}\n"


def found(specs: Specs, *texts: str) -> list[tuple[str, str, str]]:
    specs.write("box.yaml", BOX)
    specs.write("p.yaml", "---\n".join(texts))
    return [(f.id, f.message, str(f.origin)) for f in of_specs(specs.load().tenants[0])]


# --- what a policy sees -----------------------------------------------------------------------------


def test_the_document_in_the_long_form(specs: Specs) -> None:
    specs.write("box.yaml", BOX)
    (document,) = specs.load().tenants[0].documents
    told = judged(document.spec, ZoneInfo("Europe/Paris"))
    assert told["address"] == "support@entreprise.example"
    assert told["access"] == {
        "alice@entreprise.example": {"rights": ["full-access", "send-as"]},
        "temp@partenaire.example": {
            "rights": ["full-access"],
            "from": datetime(2026, 11, 30, 23, tzinfo=UTC),
            "until": datetime(2027, 1, 31, 23, tzinfo=UTC),
        },
    }
    assert told["forwarding"] == {"to": "tickets@helpdesk.example", "keepCopy": True}
    assert (told["rules"], told["aliases"], told["folders"], told["customAttributes"]) == ([], [], {}, {})
    assert not {"displayName", "licence", "delivery", "signInBlocked", "profile", "state"} & told.keys()


def test_what_other_kinds_look_like(specs: Specs) -> None:
    specs.write(
        "list.yaml",
        "kind: DistributionList\naddress: liste@entreprise.example\nmembers:\n  - A@b.example\n"
        "  - {who: c@b.example, until: 2027-06-30}\ndelivery: {requireAuthenticatedSenders: true}\n",
    )
    (document,) = specs.load().tenants[0].documents
    told = judged(document.spec, UTC)
    assert told["members"] == [
        {"who": "a@b.example"},
        {"who": "c@b.example", "until": datetime(2027, 7, 1, tzinfo=UTC)},
    ]
    assert told["delivery"]["acceptOnlyFrom"] == []
    assert told["owners"] == []


@pytest.mark.parametrize(
    "text",
    [
        'object.access.all(who, who.endsWith("@entreprise.example") || who.endsWith("@partenaire.example"))',
        'object.access.exists(who, "send-as" in object.access[who].rights)',
        "!has(object.licence) && has(object.forwarding) && object.forwarding.keepCopy",
        "size(object.rules) == 0 && object.folders == {}",
        '"access" in object && has(object["forwarding"].to)',
        'object.labels.team == "support" && !("owner" in object.labels)',
        'object.address.matches("^[a-z]+@entreprise[.]example$")',
        "object.access.all(w, !has(object.access[w].until) || "
        'object.access[w].until - object.access[w].from <= duration("1488h"))',
        'object.access["temp@partenaire.example"].until == timestamp("2027-01-31T23:00:00Z")',
        "object.access.filter(w, size(object.access[w].rights) > 1).map(w, w.size()) == [24] // who has two",
    ],
)
def test_what_holds(specs: Specs, text: str) -> None:
    assert found(specs, policy(text)) == []
    assert [ident for ident, _, _ in found(specs, policy(f"!({text.partition('//')[0]})"))] == [
        "policy/p/support@entreprise.example"
    ]


def test_a_broken_policy_points_at_what_it_is_about(specs: Specs) -> None:
    assert found(specs, policy('object.access.all(who, who.endsWith("@entreprise.example"))')) == [
        (
            "policy/p/support@entreprise.example",
            "support@entreprise.example: Not so. (policy at specs/p.yaml:1)",
            "specs/box.yaml:4",
        )
    ]
    assert found(specs, policy("has(object.licence)"))[0][2] == "specs/box.yaml:1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('object.licence == "none"', "'licence' is not there: ask first, with has(…) or 'licence' in …"),
        ('object.labels.owner == "it"', "'owner' is not there"),
        ("object.address > 3", "it compares or joins what does not go together"),
        ("object.address", "its assert gives 'support@entreprise.example', neither true nor false"),
        ("1 / size(object.rules) > 0", "division by zero"),
        ("object.rules[3].name == ''", "index out of bounds"),
    ],
)
def test_what_cannot_be_judged_counts_as_broken(specs: Specs, text: str, why: str) -> None:
    ((ident, message, _),) = found(specs, policy(text))
    assert ident == "policy/p/support@entreprise.example"
    assert f"the policy p could not be judged: {why}" in message


def test_an_error_that_does_not_matter(specs: Specs) -> None:
    assert found(specs, policy('object.licence == "none" || true')) == []


@pytest.mark.parametrize(
    "applies",
    [
        "{kind: SharedMailbox, selector: {team: SELECTED}}",
        "{kind: SharedMailbox, selector: {labels: {team: SELECTED}}}",
        "SharedMailbox\nselector: {team: SELECTED}",
        "SharedMailbox\nselector: {labels: {team: SELECTED}}",
    ],
)
def test_documents_are_chosen(specs: Specs, applies: str) -> None:
    for team, broken in (("support", 1), ("compta", 0)):
        text = policy("false").replace(
            "appliesTo: SharedMailbox", f"appliesTo: {applies.replace('SELECTED', team)}"
        )
        assert len(found(specs, text)) == broken
    assert found(specs, policy("false").replace("SharedMailbox", "DistributionList")) == []


def test_severity(specs: Specs) -> None:
    specs.write("box.yaml", BOX)
    specs.write(
        "p.yaml",
        policy("false", severity="warning") + "---\n" + policy("false").replace("name: p", "name: q"),
    )
    assert [f.severity for f in of_specs(specs.load().tenants[0])] == [Severity.WARNING, Severity.ERROR]


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("'object.access.all(who,'", "5:31: not valid CEL: it ends too early"),
        ("'a b'", "5:12: not valid CEL: unexpected 'b'"),
        ("objekt.address == ''", "5:9: unknown name 'objekt' — did you mean 'object'?"),
        ("object.acess.all(w, true)", "5:16: SharedMailbox has no field 'acess' — did you mean 'access'?"),
        (
            "'!has(object.forwarding) || object.forwarding.two == \"\"'",
            "5:55: 'forwarding' has no field 'two' — did you mean 'to'?",
        ),
        ("object.address.endWith('x')", "5:24: unknown function 'endWith' — did you mean 'endsWith'?"),
        ("object.address.lowerAscii() == ''", "5:24: unknown function 'lowerAscii': standard CEL has none"),
        ('|\n  true\n    && size(object.rules) == 0\n    && objekt == ""', "8:8: unknown name 'objekt'"),
        (">-\n  true &&\n\n  object.adress == ''", "8:10: SharedMailbox has no field 'adress'"),
        ("'object.address.matches(''('')'", "5:33: no valid regular expression: unclosed group"),
        ("''", "5:9: empty text: write something"),
        ("3", "5:9: expected text; got the number 3"),
        (
            "'[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))'",
            "5:47: more than 3 of all, exists, existsOne, exists_one, filter, map inside one another",
        ),
        ("'[''x''].map(a, a+a+a+a+a+a).map(a, a+a+a+a+a).map(a, a+a+a+a) == []'", "5:10: too many + and map"),
        ("'" + "true || " * 600 + "true'", "5:10: an assert has at most 4000 characters; this one has 4804"),
    ],
)
def test_what_an_assert_cannot_be(specs: Specs, written: str, problem: str) -> None:
    specs.write("p.yaml", f"{HEAD}assert: {written}\n")
    (told,) = specs.problems()
    assert told.startswith(f"specs/p.yaml:{problem}")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "name: p",
            "name: a/b",
            "2:7: expected a name without spaces and '/', such as no-outsiders; got 'a/b'",
        ),
        (
            "SharedMailbox",
            "Mailbox",
            "3:12: expected one of SharedMailbox, DistributionList, MailboxDelegation",
        ),
        ("SharedMailbox", "{kind: SharedMailbox, label: {}}", "3:34: unknown field 'label'"),
        ("message: Not so.\n", "", "1:1: missing field 'message'"),
        ("message: Not so.", "message: Not so.\nseverity: fatal", "5:11: expected one of error, warning"),
    ],
)
def test_what_else_is_refused(specs: Specs, old: str, new: str, problem: str) -> None:
    specs.write("p.yaml", policy("true").replace(old, new))
    (told,) = specs.problems()
    assert told.startswith(f"specs/p.yaml:{problem}")


def test_two_of_one_name(specs: Specs) -> None:
    specs.write("p.yaml", f"{policy('true')}---\n{policy('true')}")
    assert specs.problems() == [
        "specs/p.yaml:9:7: there is a policy 'p' already (at specs/p.yaml:1): rename one"
    ]
    specs.write("p.yaml", policy("true"))
    specs.write("acme/tenant.yaml", TENANT.replace("entreprise", "acme"))
    specs.write("acme/p.yaml", policy("true"))
    assert specs.problems() == []


def test_an_evaluation_is_bounded() -> None:
    many = {f"p{number}@entreprise.example": {} for number in range(2000)}
    nested = parse("object.access.all(a, object.access.all(b, a == b))")
    with pytest.raises(UndecidedError, match="it would take up to 4,000,000 steps"):
        nested.holds(Given({"access": many}, []))
    assert parse("object.access.all(a, a != '')").holds(Given({"access": many}, []))
    literal = "[" + ",".join(["1"] * 1500) + "]"
    with pytest.raises(UndecidedError, match="steps"):
        parse(f"{literal}.all(a, [a].all(b, b == 1))").holds(Given({}, []))


@pytest.mark.parametrize("text", ["(" * 1500 + "true" + ")" * 1500, "[" * 1900 + "]" * 1900 + " == []"])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(RejectedError, match="not valid CEL"):
        parse(text)


def test_much_of_one_thing_is_evaluated() -> None:
    assert parse("!" * 3990 + "true").holds(Given({}, []))
    assert parse("&&".join(["true"] * 600)).holds(Given({}, []))


# --- mbx validate -----------------------------------------------------------------------------------


def test_validate_judges_documents(specs: Specs, run: Run) -> None:
    found(specs, policy("has(object.licence)"))
    status, out, err = run("validate")
    assert (status, out) == (1, "")
    assert err == (
        "specs/box.yaml:1:1: error: support@entreprise.example: Not so. (policy at specs/p.yaml:1) "
        "[policy/p/support@entreprise.example]\n"
    )


def test_validate_goes_by_approvals(specs: Specs, run: Run) -> None:
    approval = "kind: Approval\nfinding: Policy/p/support@entreprise.example\nreason: TICKET-1\n".replace(
        "Policy", "policy"
    )
    found(specs, policy("has(object.licence)"), approval)
    assert run("validate")[:2] == (0, "specs: 1 tenant, 1 document, 1 policy, 1 approval, no problems\n")
    found(specs, policy("has(object.licence)"), f"{approval}until: 2020-01-01\n")
    assert run("validate")[0] == 1
    found(specs, policy("has(object.licence)"), approval.replace("/p/", "/q/"))
    assert run("validate")[0] == 1


def test_validate_shows_warnings_and_is_content(specs: Specs, run: Run) -> None:
    found(specs, policy("false", severity="warning"))
    status, out, err = run("validate")
    assert (status, out) == (0, "specs: 1 tenant, 1 document, 1 policy, no problems\n")
    assert err.startswith("specs/box.yaml:1:1: warning: support@entreprise.example: Not so.")


def test_validate_leaves_changes_to_plans(specs: Specs, run: Run) -> None:
    found(specs, policy("size(changes) > 100"))
    assert run("validate")[0] == 0
    found(specs, policy("size(object.access[object.address].rights) > 1 || has(object.mailTip)"))
    assert run("validate")[0] == 1


# --- what the documentation promises ----------------------------------------------------------------


def test_every_assert_of_the_how_to_can_be_one(specs: Specs) -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/write-a-policy.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|`]+ \| `(.+?)`(?:,.*)? \|$", page, re.MULTILINE)
    assert len(rows) == 9
    for row in rows:
        kind = "DistributionList" if "object.members" in row else "SharedMailbox"
        quoted = row.replace("\\|", "|").replace("'", "''")
        specs.write("p.yaml", f"{HEAD.replace('SharedMailbox', kind)}assert: '{quoted}'\n")
        assert specs.problems() == [], row
