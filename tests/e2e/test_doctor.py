"""`mbx doctor`: each way in which the way to a tenant can be wrong, and mailboxes that have what people
complain of. It must tell, with what to do, and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import TENANT, Desk

READER = {"MBX_CLIENT_ID": "22222222-0000-4000-8000-000000000002", "MBX_CLIENT_SECRET": "reading-only-secret"}
NOBODY = {
    "MBX_CLIENT_ID": "33333333-0000-4000-8000-000000000003",
    "MBX_CLIENT_SECRET": "nobody-at-all-secret",
}
BOX = "contact@entreprise.example"
SPEC = f"kind: SharedMailbox\naddress: {BOX}\nsentItems: {{copySentAs: true}}\ncategories: {{Vu: blue}}\n"


@pytest.fixture(autouse=True)
def nothing_is_written(desk: Desk) -> Iterator[None]:
    yield
    assert desk.tenant.writes() == []


def lines(answer: Any, mark: str, group: str = "") -> str:
    found = [c for c in answer["checks"] if c["mark"] == mark and c["group"].startswith(group)]
    return "\n".join(f"{c['text']} -> {c['todo']}" for c in found)


def test_all_well_before_there_are_any_specs(desk: Desk) -> None:
    (desk.folder / "specs" / "tenant.yaml").unlink()
    (desk.folder / "specs").rmdir()
    done = desk.mbx("doctor", code=0, MBX_TENANT_ID=TENANT.split("tenantId: ")[1].split()[0])
    for told in (
        "✓ signs in by MBX_CLIENT_SECRET",
        "✓ graph answers",
        "✓ exchange answers",
        "✓ its lock is free",
    ):
        assert told in done.out, done


def test_an_identity_that_may_only_read_is_told_what_it_cannot_write(desk: Desk) -> None:
    desk.spec(SPEC)
    answer = desk.mbx("doctor", "--format", "json", **READER).json
    warned, broken = lines(answer, "warning", "Permissions"), lines(answer, "bad", "Permissions")
    assert "Set-Mailbox: not granted, needed to write existence, sentItems of contact@entreprise.example" in warned
    assert "Mail Recipients" in warned
    assert "MailboxSettings.Read: not granted, needed to read categories" in warned
    assert "add MailboxSettings.Read" in warned
    assert "Set-Mailbox" not in broken
    assert "this identity may only read" in warned


def test_an_identity_without_anything_is_told_each_grant(desk: Desk) -> None:
    answer = desk.mbx("doctor", "--format", "json", code=1, **NOBODY).json
    broken = lines(answer, "bad")
    assert "exchange answers" in broken
    assert "Get-Recipient" in broken
    assert "View-Only Recipients" in broken
    assert "docs/reference/permissions.md" in broken


def test_a_wrong_secret(desk: Desk) -> None:
    done = desk.mbx("doctor", code=1, MBX_CLIENT_SECRET="wrong-wrong-wrong")
    assert "✗ no token for graph: AADSTS7000215" in done.out
    assert "copy the secret's value, not its id" in done.out
    assert "wrong-wrong-wrong" not in done.out + done.err


def test_a_wrong_tenant(desk: Desk) -> None:
    desk.spec(TENANT.replace("7f1b2c3d", "00000000"), "tenant.yaml")
    done = desk.mbx("doctor", code=1)
    assert "✗ no token for graph" in done.out
    assert "tenantId" in done.out


def test_no_way_to_sign_in_and_a_misspelt_setting(desk: Desk) -> None:
    del desk.env["MBX_CLIENT_SECRET"]
    done = desk.mbx("doctor", code=1, MBX_CLIENT_SECRETT="secret-in-the-wrong-place")
    assert "did you mean MBX_CLIENT_SECRET?" in done.out
    assert "secret-in-the-wrong-place" not in done.out + done.err
    assert done.out.count("no way to sign in is set") == 1


def test_a_clock_that_is_wrong(desk: Desk) -> None:
    desk.tenant.ask("POST", "clock", {"advance": "-10m"})
    done = desk.mbx("doctor", code=1)
    desk.tenant.ask("POST", "clock", {"advance": "10m"})
    assert "s before that of graph" in done.out
    assert "NTP" in done.out


def test_a_service_that_cannot_be_reached(desk: Desk) -> None:
    done = desk.mbx("doctor", code=1, MBX_EXCHANGE_URL="https://127.0.0.1:9")
    assert "✗ exchange cannot be reached at https://127.0.0.1:9" in done.out
    assert "✓ graph answers" in done.out


def test_sent_mail_and_senders_of_a_mailbox(desk: Desk) -> None:
    answer = desk.mbx("doctor", BOX, "--format", "json", code=1).json
    assert "sentItems.copySentAs is off" in lines(answer, "bad", "Sent mail")
    own = lines(answer, "bad", "Replies leave")
    assert "chloe@entreprise.example can read it and not send as it" in own
    assert "alice@entreprise.example" not in own


def test_mail_that_is_forwarded_without_a_copy(desk: Desk) -> None:
    desk.tenant.poke(
        "Set-Mailbox",
        Identity=BOX,
        ForwardingAddress="emma@entreprise.example",
        DeliverToMailboxAndForward=False,
    )
    answer = desk.mbx("doctor", BOX, "--symptom", "not-arriving", "--format", "json", code=1).json
    assert "all mail is forwarded to emma@entreprise.example" in lines(answer, "bad", "Mail is not arriving")


def test_a_reply_that_is_switched_off_is_broken_only_when_asked_about(desk: Desk) -> None:
    text = "automatic replies are switched off"
    assert text in lines(desk.mbx("doctor", BOX, "--format", "json").json, "warning")
    asked = desk.mbx("doctor", BOX, "--symptom", "no-reply", code=1)
    assert f"✗ {text}" in asked.out


def test_one_person(desk: Desk) -> None:
    done = desk.mbx(
        "doctor", BOX, "--symptom", "cannot-send-as", "--user", "chloe@entreprise.example", code=1
    )
    assert "✗ chloe@entreprise.example has no send-as" in done.out
    assert "david@" not in done.out
    assert "Classic Outlook: new message, Options, From" in done.out
    well = desk.mbx(
        "doctor", BOX, "--symptom", "cannot-send-as", "--user", "alice@entreprise.example", code=0
    )
    assert "✓ nothing in the tenant explains it" in well.out


def test_what_is_no_shared_mailbox(desk: Desk) -> None:
    assert "doctor looks at shared mailboxes" in desk.mbx("doctor", "alice@entreprise.example", code=1).err
    assert "nobody in this tenant has" in desk.mbx("doctor", "qui@entreprise.example", code=1).err
