"""A mailbox that was wiped, brought back to a day; and a record that tells when somebody touched it."""

from __future__ import annotations

import sqlite3

from tests.e2e.conftest import ADMIN, Desk

BOX = "libre@entreprise.example"
FULL = """\
kind: SharedMailbox
address: libre@entreprise.example
mailTip: Bonjour
aliases: [accueil@entreprise.example]
access:
  alice@entreprise.example: [full-access, send-as]
  bruno.petit@entreprise.example: [full-access]
automaticReplies: {state: enabled, externalAudience: none, internal: Absents}
"""
BARE = "kind: SharedMailbox\naddress: libre@entreprise.example\nmailTip: Fermé\n"


def wipe(desk: Desk) -> None:
    poke = desk.tenant.poke
    for user in ("alice@entreprise.example", "bruno@entreprise.example"):
        poke("Remove-MailboxPermission", Identity=BOX, User=user, AccessRights=["FullAccess"], Confirm=False)
    poke("Remove-RecipientPermission", Identity=BOX, Trustee="alice@entreprise.example", AccessRights=["SendAs"], Confirm=False)
    poke("Set-Mailbox", Identity=BOX, MailTip="", EmailAddresses={"@odata.type": "#Exchange.GenericHashTable", "remove": ["accueil@entreprise.example"]})
    poke("Set-MailboxAutoReplyConfiguration", Identity=BOX, AutoReplyState="Disabled")


def test_a_mailbox_that_was_wiped_by_hand_and_then_in_git_comes_back(desk: Desk) -> None:
    desk.spec(FULL)
    assert "no document of" in desk.mbx("restore", BOX, "--at", "2026-12-01", code=1).err
    desk.mbx("apply", "--yes", code=0)
    assert "begins on" in desk.mbx("restore", BOX, "--at", "2020-01-01", code=1).err
    assert desk.mbx("restore", BOX, "--at", "2999-01-01", "--format", "json", "--detailed-exitcode", code=0).json["changes"] == []
    wipe(desk)
    desk.spec(BARE)
    desk.mbx("apply", "--yes", code=0)
    shown = desk.mbx("restore", BOX, "--at", before(desk), "--detailed-exitcode", "--out", "back.json", code=2)
    assert "alice@entreprise.example" in shown.out
    assert "specs/box.yaml:" in shown.out, "a place that a reviewer can open"
    assert "undoes this" in shown.err
    assert desk.tenant.holders(BOX) == set(), "a plan writes nothing"
    desk.mbx("apply", "back.json", "--yes", code=0)
    assert desk.tenant.holders(BOX) == {"alice@entreprise.example", "bruno@entreprise.example"}
    desk.mbx("restore", BOX, "--at", before(desk), "--spec", code=0)
    assert desk.plan("--detailed-exitcode")["changes"] == []
    assert "Nothing to write" in desk.mbx("restore", BOX, "--at", before(desk), "--spec", code=0).out


def before(desk: Desk) -> str:
    """When the first document was on record and the second was not: each apply is later than the one before."""
    with sqlite3.connect(desk.folder / "journal.db") as database:
        first = database.execute("SELECT at FROM documents ORDER BY seq LIMIT 1").fetchone()[0]
    return str(first).replace(" ", "T") + "Z"


def test_changes_by_hand_stand_in_the_history_and_a_touched_record_is_found(desk: Desk) -> None:
    desk.spec(FULL)
    desk.mbx("apply", "--yes", code=0)
    desk.tenant.poke("Set-Mailbox", Identity=BOX, MailTip="Fermé")
    desk.tenant.ask("POST", "clock", {"advance": "1h"})
    desk.mbx("drift", code=2)
    newest = desk.mbx("history", BOX, "--format", "json", code=0).json[0]
    assert (newest["action"], newest["before"], newest["after"], newest["by"]["who"]) == ("by-hand", "Bonjour", "Fermé", ADMIN)
    assert f"by {ADMIN} at " in desk.mbx("history", BOX, code=0).out
    proof = desk.mbx("history", "--verify", code=0).out
    head = proof.split()[-1]
    desk.mbx("history", "--verify", "--head", head, code=0)
    with sqlite3.connect(desk.folder / "journal.db") as database:
        database.execute("UPDATE seen SET who = 'bob@entreprise.example'")
    assert "was altered" in desk.mbx("history", "--verify", code=1).out
