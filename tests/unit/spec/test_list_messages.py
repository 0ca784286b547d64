"""What may be wrong in the text of a list or a delegation, as people see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

One = Callable[[str], list[str]]
LIST = "kind: DistributionList\naddress: equipe@entreprise.example\n"
DELEGATION = "kind: MailboxDelegation\nmailbox: direction@entreprise.example\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("membres: []\n", "3:1: unknown field 'membres' — did you mean 'members'?"),
        ("type: securite\n", "3:7: expected one of distribution, security; got 'securite'"),
        ("owners: []\n", "3:9: empty list"),
        ("members:\n", "3:1: 'members' has nothing after it: left out means unmanaged, and [] means that "
         "nobody is on the list"),
        ("members: [alice]\n", "3:11: expected an SMTP address"),
        ("members: [{until: 2027-01-31}]\n", "3:11: missing field 'who'"),
        ("members:\n  - {who: a@b.example, untill: 2027-01-31}\n",
         "4:24: unknown field 'untill' — did you mean 'until'?"),
        ("members: [a@b.example, {who: A@b.example}]\n", "3:24: 'A@b.example' is listed twice in 'members'"),
        ("members: [Equipe@entreprise.example]\n", "3:11: a list cannot be a member of itself"),
        ("members: [{who: a@b.example, from: 2027-02-01, until: 2027-01-31}]\n",
         "3:48: 'until' (2027-01-31) is before 'from' (2027-02-01)"),
        ("join: approvals\n", "3:7: expected one of open, closed, approval; got 'approvals' — did you mean"),
        ("leave: approval\n", "3:8: expected one of open, closed; got 'approval'"),
        ("type: security\njoin: open\n", "4:1: a security list cannot be open"),
        ("type: security\nleave: open\n", "4:1: a security list cannot be open"),
        ("redirectTo: support@entreprise.example\n", "3:1: 'redirectTo' takes the members off the list"),
        ("members: []\nredirectTo: equipe@entreprise.example\n", "4:1: a list cannot feed itself"),
        ("acceptExternal: true\ndelivery: {requireAuthenticatedSenders: true}\n",
         "4:12: 'requireAuthenticatedSenders' and 'acceptExternal' are one switch"),
        ("additive: [access]\n", "3:12: expected one of members, owners, aliases; got 'access'"),
        ("sendAs: [a@b.example, a@b.example]\n", "3:23: 'a@b.example' is listed twice in 'sendAs'"),
        ("access: {a@b.example: [send-as]}\n", "3:1: unknown field 'access'"),
    ],
)  # fmt: skip
def test_lists(one: One, text: str, problem: str) -> None:
    assert any(found.startswith(f"specs/a.yaml:{problem}") for found in one(LIST + text)), one(LIST + text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "type: security\njoin: approval\nleave: closed\nowners: [a@b.example]\nmembers: []\nstate: absent\n",
        "members: [a@b.example, {who: c@b.example, from: 2027-01-01, until: 2027-01-31, reason: T-1}]\n"
        "redirectTo: support@entreprise.example\nacceptExternal: true\n"
        "delivery: {requireAuthenticatedSenders: false}\n",
    ],
)
def test_lists_that_are_right(one: One, text: str) -> None:
    assert one(LIST + text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("address: x@b.example\n", "3:1: 'address' cannot stand in a MailboxDelegation: the mailbox it is about is named by 'mailbox'"),
        ("state: absent\n", "3:1: unknown field 'state'"),
        ("convert: true\n", "3:1: unknown field 'convert'"),
        ("access: {a@b.example: [read]}\n", "3:24: there is no read-only right on a mailbox"),
        ("folderPermissions: {Inbox: {a@b.example: limited-details}}\n",
         "3:29: limited-details exists for calendars only"),
        ("folderPermissions: {Calendar: {a@b.example: {role: reviewer, delegate: true}}}\n",
         "3:32: a delegate needs the role editor on the Calendar"),
        ("exclusive: [aliases]\n", "3:13: expected one of access, folderPermissions; got 'aliases'"),
    ],
)  # fmt: skip
def test_delegations(one: One, text: str, problem: str) -> None:
    found = one(DELEGATION + text)
    assert any(each.startswith(f"specs/a.yaml:{problem}") for each in found), found


def test_an_address_is_managed_by_one_document_whatever_its_kind(one: One) -> None:
    shared = "---\nkind: SharedMailbox\naddress: support@entreprise.example\naliases: [direction@entreprise.example]\n"
    assert one(DELEGATION + shared) == [
        "specs/a.yaml:6:11: direction@entreprise.example stands in two documents: here under 'aliases', and under "
        "'mailbox' of MailboxDelegation direction@entreprise.example at specs/a.yaml:2"
    ]
    assert "stands in two documents" in one(LIST + shared.replace("support", "Equipe"))[0]
