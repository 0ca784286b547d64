"""What is wrong, where, and what was meant: every message as people see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Specs

One = Callable[[str], list[str]]
HEAD = "kind: SharedMailbox\naddress: support@entreprise.example\n"
RIGHTS = "full-access, send-as, send-on-behalf"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("acess: {}\n", "3:1: unknown field 'acess' — did you mean 'access'?"),
        ("display_name: x\n", "3:1: unknown field 'display_name' — did you mean 'displayName'?"),
        ("Aliases: []\n", "3:1: unknown field 'Aliases' — did you mean 'aliases'?"),
        ("sentItems:\n  copySentas: true\n", "4:3: unknown field 'copySentas' — did you mean 'copySentAs'?"),
        ("access:\n  a@b.example:\n    rights: [send-as]\n    untill: 2027-01-31\n",
         "6:5: unknown field 'untill' — did you mean 'until'?"),
        ("xyzzy: 1\n", "3:1: unknown field 'xyzzy'; expected one of kind, mode, labels, address,"),
        ("<<: {a: b}\n", "3:1: merge keys (<<) are no part of YAML 1.2"),
        ("access:\n", "3:1: 'access' has nothing after it: left out means unmanaged, and {} means that "
        "nobody has access; null is never a value"),
        ("access: null\n", "3:1: 'access' has nothing after it"),
        ("displayName: ~\n", "3:1: 'displayName' has nothing after it"),
        ("aliases:\n  -\n", "4:4: this element has nothing after it"),
        ("access:\n  a@b.example:\n", "4:3: 'a@b.example' has nothing after it"),
        ("labels:\n  team:\n", "4:3: 'team' has nothing after it"),
        ("access: {a@b.example: [ful-access]}\n",
         f"3:24: expected one of {RIGHTS}; got 'ful-access' — did you mean 'full-access'?"),
        ("access: {a@b.example: [FullAccess]}\n",
         f"3:24: expected one of {RIGHTS}; got 'FullAccess' — did you mean 'full-access'?"),
        ("access: {a@b.example: {rights: [send-as, nothing]}}\n", f"3:42: expected one of {RIGHTS}; got "
        "'nothing'"),
        ("access: {a@b.example: [read-only]}\n", "3:24: there is no read-only right on a mailbox"),
        ("access: {a@b.example: full-access}\n",
         "3:23: expected a list of rights such as [full-access, send-as], or a mapping with 'rights'; "
         "got 'full-access'"),
        ("access: {a@b.example: []}\n", "3:23: no right is listed"),
        ("access: {a@b.example: {until: 2027-01-31}}\n", "3:10: missing field 'rights'"),
        ("access: [a@b.example]\n", "3:9: expected a mapping from people to rights"),
        ("access: {Alice: [send-as]}\n", "3:10: expected an SMTP address such as support@entreprise.example; "
         "got 'Alice'"),
        ("access:\n  a@b.example: [send-as]\n  a@b.example: [full-access]\n",
         "5:3: 'a@b.example' is written twice (first on line 4)"),
        ("access:\n  a@b.example: [send-as]\n  A@B.example: [full-access]\n",
         "5:3: 'A@B.example' is listed twice in 'access' (also as 'a@b.example')"),
        ("access: {a@b.example: [send-as, send-as]}\n", "3:10: the same right is listed twice"),
        ("access: {a@b.example: {rights: [send-as], from: 2027-02-01, until: 2027-01-31}}\n",
         "3:61: 'until' (2027-01-31) is before 'from' (2027-02-01)"),
        ("access: {a@b.example: {rights: [send-as], from: 2027-02-01T10:00, until: 2027-02-01T10:00Z}}\n",
         None),
        ("access: {a@b.example: {rights: [send-as], from: 2027-02-01T11:00, until: 2027-02-01T10:00Z}}\n",
         "3:67: 'until' (2027-02-01T10:00:00+00:00) is before"),
        ("access: {a@b.example: {rights: [send-as], from: 2027-02-01, until: 2027-02-01}}\n", None),
        ("access: {a@b.example: {rights: [send-as], until: next week}}\n",
         "3:50: expected a date (2027-01-31) or a timestamp (2027-01-31T18:00, 2027-01-31T18:00+01:00); "
         "got 'next week'"),
        ("access: {a@b.example: {rights: [send-as], until: 2027-02-30}}\n", "3:50: expected a date"),
        ("access: {a@b.example: {rights: [send-as], autoMapping: no}}\n",
         "3:56: expected true or false; got 'no', which is text in YAML 1.2"),
        ("convert: 1\n", "3:10: expected true or false; got the number 1"),
        ("displayName: 4711\n", "3:14: expected text; got the number 4711: put it in quotes"),
        ("displayName: ''\n", "3:14: expected text on one line"),
        ("displayName: [a]\n", "3:14: expected text; got a list"),
        (f"displayName: {'x' * 257}\n", "3:14: expected at most 256 characters; got 257"),
        ("labels: {costCentre: 4711}\n", "3:22: expected text; got the number 4711: put it in quotes"),
        ("labels: {a=b: c}\n", "3:10: expected a label's name without spaces, '=' and ','; got 'a=b'"),
        ("aliases: a@b.example\n", "3:10: expected a list; got 'a@b.example': write [a@b.example]"),
        ("aliases: [a@b.example, A@b.example]\n", "3:24: 'A@b.example' is listed twice in 'aliases'"),
        ("aliases: [Aide <a@b.example>]\n", "3:11: expected the address alone, without a name: a@b.example"),
        ("previousAddresses: [smtp:a@b.example]\n", "3:21: expected an SMTP address"),
        ("sentItems: true\n", "3:12: expected a mapping (name: value); got true"),
        ("state: gone\n", "3:8: expected one of present, absent; got 'gone'"),
        ("state: absent\nconvert: true\n", "4:1: 'convert: true' contradicts 'state: absent'"),
        ("mode: aply\n", "3:7: expected one of report, apply; got 'aply' — did you mean 'apply'?"),
        ("exclusive: [folders]\n", "3:13: folders cannot be exclusive: a folder holds mail and is never "
        "deleted"),
        ("exclusive: [members]\n", "3:13: expected one of access, folderPermissions, aliases, rules, "
        "categories;"),
        ("exclusive: [aliases]\nadditive: [folders, aliases]\n",
         "4:21: 'aliases' is under both 'exclusive' and 'additive': keep one"),
        ("exclusive: [categories]\nadditive: [folders, aliases]\nmode: report\n", None),
    ],
)  # fmt: skip
def test_mailbox(one: One, text: str, problem: str | None) -> None:
    found = one(HEAD + text)
    if problem is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"specs/a.yaml:{problem}")


def test_read_only_points_at_folder_permissions(one: One) -> None:
    [only] = one(HEAD + "access: {a@b.example: [ReadPermission]}\n")
    assert "folderPermissions" in only
    assert "reviewer" in only


@pytest.mark.parametrize("address", [
    "a@b.example", "a.b+c@d-e.example", "o'neil@b.example", "A_B@xn--bcher-kva.example", "1@2.example",
    "ext_x.example#EXT#@b.onmicrosoft.com",
])  # fmt: skip
def test_addresses(one: One, address: str) -> None:
    assert one(f'kind: SharedMailbox\naddress: "{address}"\n') == []


@pytest.mark.parametrize("address", [
    "", "a", "a@", "@b.example", "a@b", "a b@c.example", "a@b..example", ".a@b.example", "a.@b.example",
    "a..b@c.example", "a@-b.example", "a@b.example ", "é@b.example", "a@b.example,c@d.example",
    "a@[127.0.0.1]",
    "a@@b.example", "a@b.example\\n", "<a@b.example>", f"{'x' * 250}@b.example",
])  # fmt: skip
def test_no_addresses(one: One, address: str) -> None:
    [only] = one(f'kind: SharedMailbox\naddress: "{address}"\n')
    assert only.startswith("specs/a.yaml:2:10: expected ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("address: a@b.example\n", "1:1: a document needs a 'kind', one of Tenant, SharedMailbox, "
        "DistributionList, MailboxDelegation, Profile, Policy, Approval"),
        ("Kind: Tenant\n", "1:1: unknown field 'Kind' — did you mean 'kind'?"),
        ("kind: Sharedmailbox\n", "1:7: unknown kind 'Sharedmailbox' — did you mean 'SharedMailbox'?"),
        ("kind: Deployment\n", "1:7: unknown kind 'Deployment'; expected one of Tenant, SharedMailbox, "
        "DistributionList, MailboxDelegation, Profile, Policy, Approval"),
        ("kind: 1\n", "1:7: 'kind' is one of Tenant"),
        ("kind: [Tenant]\n", "1:7: 'kind' is one of Tenant"),
        ("- a\n", "1:1: expected a document: a mapping that starts with 'kind'"),
        ("just text\n", "1:1: expected a document: a mapping that starts with 'kind'"),
        ("null\n", "1:1: expected a document: a mapping that starts with 'kind'"),
        ("kind: SharedMailbox\n", "1:1: missing field 'address'"),
        ("# comment\n\n---\nkind: SharedMailbox\n", "4:1: missing field 'address'"),
        ("kind: Approval\nfinding: last-reader/a@b.example\n", "1:1: missing field 'reason'"),
        ("kind: Approval\nreason: x\nfinding: a@b.example\n", "3:10: expected a finding's id as the plan "
        "prints it"),
        ("kind: Approval\nreason: x\nfinding: lastreader/a@b.example\n",
         "3:1: no finding 'lastreader' can be approved: expected the id that a refused plan prints"),
        ("kind: Approval\nreason: x\nfinding: policy/no-outsiders/a@b.example\nuntil: 2026-12-15T10:00\n",
         None),
    ],
)  # fmt: skip
def test_documents(one: One, text: str, problem: str | None) -> None:
    found = one(text)
    if problem is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"specs/a.yaml:{problem}")


ELSE = "kind: Tenant\nname: other\ntenantId: 7f1b2c3d-0000-4000-8000-000000000001\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("timeZone: Europe/Pari\n", "4:11: unknown time zone 'Europe/Pari': expected an IANA name such as "
         "Europe/Paris — did you mean 'Europe/Paris'?"),
        ("timeZone: ../../etc/passwd\n", "4:11: unknown time zone"),
        ("interval: fast\n", "4:11: expected a duration such as 90, 90s, 15m, 1h or 2d"),
        ("interval: 0\n", "4:11: expected a duration"),
        ("interval: true\n", "4:11: expected a duration"),
        ("applyWindows: [weekdays]\n", "4:16: expected days and times such as 'mon-fri 08:00-18:00'"),
        ("applyWindows: [mon 08:00-26:00]\n", "4:16: expected days and times"),
        ("safety: {maxChanges: -1}\n", "4:22: expected at least 0; got the number -1"),
        ("safety: {maxChanges: 1.5}\n", "4:22: expected a whole number; got the number 1.5"),
        ("safety: {maxShareLosingAccess: 1.5}\n", "4:32: expected at most 1; got the number 1.5"),
        ("safety: {maxShareLosingAccess: .nan}\n", "4:32: "),
        ("safety: {allowDeletes: true}\n", "4:10: unknown field 'allowDeletes' — did you mean "
        "'allowDelete'?"),
        ("safety: {protect: [a@b.example, A@b.example]}\n", "4:33: 'A@b.example' is listed twice in "
        "'protect'"),
        ("safety:\n", "4:1: 'safety' has nothing after it"),
        ("orphans: delete\n", "4:10: expected one of report, remove; got 'delete'"),
        ("cloud: us-gov\n", "4:8: expected one of global, us-gov-high, us-gov-dod, china; got 'us-gov' — "
        "did you mean"),
        ("credentials: AC ME\n", "4:14: expected the name of an environment variable"),
        ("exclusive: [folders]\n", "4:13: folders cannot be exclusive"),
        ("notify: [{on: [drift]}]\n", "4:10: expected exactly one of teams, slack, webhook, mail, "
        "commitStatus"),
        ("notify: [{teams: {webhookUrlFrom: https://hook.example/secret}}]\n",
         "4:35: expected the name of an environment variable"),
        ("notify:\n  - teams: {webhookUrlFrom: MBX_TEAMS_WEBHOOK}\n    on: [drfit]\n",
         "6:10: expected one of drift, healed, failure, stalled, refused, expiring, licence; got 'drfit' "
         "— did you mean 'drift'?"),
        ("source: {verify: pgp}\n", "4:18: expected one of ssh, gpg; got 'pgp'"),
        ("source: {verify: ssh, allowedSigners: .allowed_signers, byPath: {'rh/**': [chef]}}\n",
         "4:76: expected an SMTP address"),
        ("mode: apply\ninterval: 1h\napplyWindows: ['mon,wed 22:00-04:00']\norganization: {sendFromAlias: "
        "true}\nadditive: [aliases]\ncloud: china\ncredentials: ACME\nnotify:\n  - webhook: {urlFrom: "
        "MBX_HOOK_URL, secretFrom: MBX_HOOK_SECRET}\n  - mail: {from: mbx@b.example, to: "
        "[equipe@b.example]}\n  - commitStatus: {forge: github, repository: entreprise/mail}\n", None),
    ],
)  # fmt: skip
def test_tenant(specs: Specs, text: str, problem: str | None) -> None:
    specs.write("other/a.yaml", ELSE + text)
    found = specs.problems()
    if problem is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"specs/other/a.yaml:{problem}")


def test_a_secret_in_the_wrong_place_is_not_repeated(specs: Specs) -> None:
    specs.write("a/a.yaml", ELSE + "notify: [{slack: {webhookUrlFrom: 'https://hook.example/s3cret'}}]\n")
    [only] = specs.problems()
    assert "s3cret" not in only


@pytest.mark.parametrize(
    "line", ["tenantId: contoso", "tenantId: 7f1b2c3d-0000-4000-8000-00000000000g", "tenantId: 1"]
)
def test_tenant_id(no_tenant: Specs, line: str) -> None:
    no_tenant.write("t.yaml", f"kind: Tenant\nname: a\n{line}\n")
    [only] = no_tenant.problems()
    assert only.startswith("specs/t.yaml:3:11: expected ")


def test_everything_wrong_is_told_in_one_run(one: One) -> None:
    found = one(
        "kind: SharedMailbox\naddress: nobody\nacess: {}\n"
        "---\n"
        + HEAD
        + "displayName: 1\naliases: [x@b.example, x@b.example, nope]\nconvert: true\nstate: absent\n"
        "access:\n  a@b.example: [read]\n  c@b.example: {rights: [send-as], from: 2027-02-01, until: "
        "2027-01-01}\n---\nkind: Nothing\n---\nkind: SharedMailbox\naddress: "
        "SUPPORT@entreprise.example\nsentItems: {copySentAs: maybe}\n---\nkind: [\n"
    )
    places = [line.split(": ")[0].removeprefix("specs/a.yaml:") for line in found]
    assert places == [
        "2:10",
        "3:1",
        "7:14",
        "8:24",
        "8:37",
        "9:1",
        "12:17",
        "13:54",
        "15:7",
        "18:10",
        "19:25",
        "22:1",
    ]
