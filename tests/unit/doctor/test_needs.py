"""What an identity lacks, told by what grants it; a token decoded for what it says."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

from controller.doctor import setup
from controller.doctor.needs import Need, has, judged
from controller.doctor.verdicts import Mark

READ = Need("Get-Mailbox", reading=True, vital=True, aspects={"access"}, documents={"a@x.example"})
WRITE = Need("Set-Mailbox", vital=True, aspects={"sentItems"}, documents={"a@x.example"})
USERS = Need("User.Read.All", reading=True, vital=True, aspects={"signIn"})
GRAPH = Need("MailboxSettings.Read", reading=True, vital=True, aspects={"categories"})


def test_a_wider_permission_will_do() -> None:
    assert has("MailboxSettings.Read", {"MailboxSettings.ReadWrite"}, None)
    assert not has("MailboxSettings.ReadWrite", {"MailboxSettings.Read"}, None)


def test_what_cannot_be_read_is_broken_and_names_its_grant() -> None:
    found = judged([READ, USERS], (), frozenset())
    bad = [line for line in found if line.mark is Mark.BAD]
    assert ["Get-Mailbox" in bad[0].text, "View-Only Recipients" in bad[0].todo] == [True, True]
    assert "add User.Read.All, then Grant admin consent" in bad[1].todo


def test_what_exchange_may_grant_for_some_mailboxes_alone_is_no_proof_of_a_fault() -> None:
    (line,) = [
        one for one in judged([GRAPH], (), None) if one.mark is not Mark.GOOD and GRAPH.name in one.text
    ]
    assert line.mark is Mark.WARNING
    assert "add MailboxSettings.Read, then Grant admin consent" in line.todo
    assert "no token shows it" in line.todo


def test_an_identity_that_only_reads_is_not_broken_and_one_that_writes_half_is() -> None:
    assert all(line.mark is not Mark.BAD for line in judged([READ, WRITE], (), {"get-mailbox"}))
    half = Need("Add-RecipientPermission", vital=True, aspects={"access"})
    marks = {
        line.text.split(":")[0]: line.mark
        for line in judged([READ, WRITE, half], (), {"get-mailbox", "set-mailbox"})
    }
    assert marks["Add-RecipientPermission"] is Mark.BAD


def test_cmdlets_that_nobody_can_tell_are_neither_there_nor_missing() -> None:
    lines = judged([READ, GRAPH], {"MailboxSettings.Read"}, None)
    assert "1 of 1 permissions" in lines[0].text
    assert [line.mark for line in lines[1:]] == [Mark.WARNING]


def test_a_token_of_another_tenant_or_without_the_app_permission() -> None:
    middle = base64.urlsafe_b64encode(json.dumps({"tid": "other", "roles": []}).encode()).decode().rstrip("=")
    said = setup.claims(f"head.{middle}.signature")
    told = "\n".join(
        line.text for line in setup.token_lines("exchange", said, "mine") if line.mark is Mark.BAD
    )
    assert "is of tenant other, not mine" in told
    assert "Exchange.ManageAsApp is missing" in told
    assert setup.claims("opaque") == {}


def test_a_clock_within_seconds_is_well_and_minutes_off_is_not() -> None:
    marks = [next(setup.clock_lines({"graph": timedelta(seconds=s)})).mark for s in (2, -60, 400)]
    assert marks == [Mark.GOOD, Mark.WARNING, Mark.BAD]
