"""What happens to a team's mailboxes over days, told by the commands alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import ADMIN, TENANT, Desk, environment, findings, ids, start

LIBRE = """\
kind: SharedMailbox
address: Libre@entreprise.example
displayName: Libérée — été
access:
  Alice@Entreprise.example: [full-access, send-as, send-on-behalf]
  bruno.petit@entreprise.example: {rights: [full-access], autoMapping: false}
  equipe@entreprise.example: [send-as]
sentItems: {copySentAs: true}
signInBlocked: true
"""
BOX = "libre@entreprise.example"


def test_drift_is_told_by_whom_and_when_and_healed(desk: Desk) -> None:
    desk.spec(LIBRE)
    assert "No record" in desk.mbx("drift", code=0).out
    assert desk.mbx("drift", "--format", "json", code=0).json == []
    desk.mbx("apply", "--yes", code=0)
    assert desk.plan("--detailed-exitcode")["changes"] == []
    assert "No drift" in desk.mbx("drift", code=0).out
    desk.tenant.poke("Add-MailboxPermission", Identity=BOX, User="intrus@entreprise.example",
                     AccessRights=["FullAccess"])
    desk.tenant.poke("Remove-RecipientPermission", Identity=BOX, Trustee="alice@entreprise.example",
                     AccessRights=["SendAs"], Confirm=False)
    desk.tenant.poke("Set-Mailbox", Identity=BOX, MessageCopyForSentAsEnabled=False)
    desk.tenant.ask("POST", "clock", {"advance": "1h"})
    told = desk.mbx("drift", code=2).out
    assert "intrus@entreprise.example was given full-access" in told
    assert told.count(f"by {ADMIN} at ") == 3
    drifted = desk.mbx("drift", "--format", "json", code=2).json
    assert {change["cause"] for change in drifted} == {"drift"}
    assert {change["by"]["who"] for change in drifted} == {ADMIN}
    # What git is ahead with is no drift.
    desk.spec(LIBRE.replace("été", "hiver"))
    assert ids({"changes": desk.mbx("drift", "--format", "json", code=2).json}) == ids({"changes": drifted})
    causes = {change["field"]: change["cause"] for change in desk.plan()["changes"]}
    assert causes["displayName"] == "spec"
    assert causes["access.intrus@entreprise.example.full-access"] == "drift"
    desk.mbx("apply", "--yes", code=0)
    assert desk.tenant.holders(BOX) == {"alice@entreprise.example", "bruno@entreprise.example"}
    assert desk.plan()["changes"] == []


def test_drift_that_the_guard_would_not_heal_is_drift(desk: Desk) -> None:
    desk.spec("kind: SharedMailbox\naddress: contact@entreprise.example\nadditive: [access]\n"
              "access: {chloe@entreprise.example: [full-access]}\n")
    desk.mbx("apply", "--yes", code=0)
    desk.spec("kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {}\n")
    desk.mbx("plan", code=5)
    desk.mbx("drift", code=0)
    desk.spec("kind: SharedMailbox\naddress: factures@entreprise.example\naccess: {emma@entreprise.example: [full-access]}\n")
    desk.mbx("apply", "--yes", code=0)
    desk.tenant.poke("Remove-MailboxPermission", Identity="factures@entreprise.example",
                     User="emma@entreprise.example", AccessRights=["FullAccess"], Confirm=False)
    desk.mbx("drift", code=2)


def test_history_of_one_address_also_without_its_document(desk: Desk) -> None:
    desk.spec(LIBRE)
    assert "Nothing was applied yet" in desk.mbx("history", code=0).out
    desk.mbx("apply", "--yes", code=0)
    desk.spec("kind: SharedMailbox\naddress: factures@entreprise.example\ndisplayName: F\n")
    desk.mbx("apply", "--yes", code=0)
    rows = desk.mbx("history", "LIBRE@entreprise.example", "--format", "json", code=0).json
    assert {row["status"] for row in rows} == {"applied"}
    assert {row["id"].split("/")[1] for row in rows} == {BOX}
    assert len(desk.mbx("history", "--limit", "2", "--format", "json", code=0).json) == 2
    assert desk.mbx("history", "nobody@entreprise.example", "--format", "json", code=0).json == []


def test_a_document_that_goes_deletes_nothing_and_the_plan_says_so(desk: Desk) -> None:
    desk.spec(LIBRE)
    desk.mbx("apply", "--yes", code=0)
    before = desk.tenant.show(BOX)
    desk.spec("kind: SharedMailbox\naddress: contact@entreprise.example\n")
    plan = desk.plan()
    (found,) = [each for each in plan["diagnostics"] if each["id"] == f"unmanaged-mailbox/{BOX}"]
    assert "it was managed" in found["message"]
    desk.mbx("apply", "--yes", code=0)
    assert desk.tenant.show(BOX) == before


def test_what_was_written_by_hand_and_is_unmanaged_stays(desk: Desk) -> None:
    desk.tenant.poke("Set-Mailbox", Identity=BOX, CustomAttribute1="x", HiddenFromAddressListsEnabled=True,
                     EmailAddresses={"@odata.type": "#Exchange.GenericHashTable", "Add": ["smtp:moi@autre.example"]})
    desk.tenant.poke("Add-MailboxPermission", Identity=BOX, User="emma@entreprise.example",
                     AccessRights=["ReadPermission"])
    before = desk.tenant.show(BOX)
    desk.spec(f"kind: SharedMailbox\naddress: {BOX}\ndisplayName: Autre nom\n")
    desk.mbx("apply", "--yes", code=0)
    after = desk.tenant.show(BOX)
    assert after.pop("display_name") == "Autre nom"
    before.pop("display_name")
    assert after == before


def test_line_ends_and_marks_of_other_systems(desk: Desk) -> None:
    path = desk.folder / "specs" / "boîte d'été.yaml"
    path.write_bytes(("\ufeff" + LIBRE).replace("\n", "\r\n").encode())
    plan = desk.plan("--detailed-exitcode", code=2)
    assert {change["source"]["file"] for change in plan["changes"]} == {"specs/boîte d'été.yaml"}
    assert next(c["after"] for c in plan["changes"] if c["field"] == "displayName") == "Libérée — été"
    line = next(c["source"]["line"] for c in plan["changes"] if c["field"] == "displayName")
    assert LIBRE.splitlines()[line - 1].startswith("displayName")


def test_temporary_access_comes_and_goes_by_its_dates(desk: Desk) -> None:
    today = datetime.now(UTC).date()
    first, last = today + timedelta(days=10), today + timedelta(days=20)
    desk.spec(f"kind: SharedMailbox\naddress: {BOX}\naccess:\n  alice@entreprise.example: [full-access]\n"
              f"  externe@partenaire.example: {{rights: [full-access], from: {first}, until: {last}}}\n")
    desk.mbx("apply", "--yes", code=0)
    assert desk.tenant.holders(BOX) == {"alice@entreprise.example"}
    plan = desk.plan("--detailed-exitcode")
    assert plan["changes"] == []
    assert [coming["action"] for coming in plan["upcoming"]] == ["grant", "revoke"]
    assert plan["upcoming"][0]["at"].startswith(f"{first}T00:00:00+0")
    assert plan["upcoming"][1]["at"].startswith(f"{last + timedelta(days=1)}T00:00:00+0")
    (change,) = desk.plan("--at", str(first), "--detailed-exitcode", code=2)["changes"]
    assert (change["action"], change["cause"]) == ("grant", "time")
    assert desk.plan("--at", str(last + timedelta(days=1)))["changes"] == []
    assert desk.tenant.holders(BOX) == {"alice@entreprise.example"}


def test_late_replicas_are_waited_for_and_not_written_to_twice(desk: Desk) -> None:
    desk.spec(f"kind: SharedMailbox\naddress: {BOX}\naccess: {{alice@entreprise.example: [full-access]}}\n")
    desk.tenant.weather(propagation={"permission": "1h", "object": "1h"}, pinnedReads=False)
    assert "propagating" in desk.mbx("apply", "--yes", code=0).out
    assert desk.tenant.writes() == ["Add-MailboxPermission"]
    plan = desk.plan("--detailed-exitcode")
    assert "propagating" in {found.partition("/")[0] for found in findings(plan)}
    desk.mbx("drift", code=0)
    desk.mbx("apply", "--yes", code=0)
    assert desk.tenant.writes() == ["Add-MailboxPermission"]
    failed = desk.mbx("apply", "--yes", code=3, MBX_PROPAGATION_DEADLINE="1s", MBX_PROPAGATION_WAIT="0")
    assert "failed" in failed.out
    desk.mbx("drift", code=0)


@pytest.mark.parametrize("kind", ["lost-after", "throttled", "unavailable", "transient", "expired", "gateway"])
def test_bad_weather_ends_where_fair_weather_does(desk: Desk, kind: str) -> None:
    desk.spec(LIBRE + "---\nkind: SharedMailbox\naddress: neuf@entreprise.example\n")
    desk.tenant.weather({"kind": kind, "rate": 0.2, "retryAfter": 0.01}, retryAfter=[0.01])
    done = desk.mbx("apply", "--yes")
    assert done.code in (0, 3), done
    desk.tenant.weather()
    desk.mbx("apply", "--yes", code=0)
    assert desk.plan("--detailed-exitcode")["changes"] == []
    operations = [record["operation"] for record in desk.tenant.audit()]
    assert operations.count("New-Mailbox") == 1
    desk.mbx("drift", code=0)


def test_one_tenant_in_trouble_does_not_stop_the_other(desk: Desk) -> None:
    desk.spec(LIBRE, "un/box.yaml")
    (desk.folder / "specs" / "tenant.yaml").rename(desk.folder / "specs" / "un" / "tenant.yaml")
    other = TENANT.replace("7f1b2c3d", "7f1b2c3e").replace("name: entreprise", "name: autre")
    desk.spec(other + "credentials: AUTRE\n", "autre/tenant.yaml")
    desk.spec("kind: SharedMailbox\naddress: a@autre.example\n", "autre/box.yaml")
    refused = {"MBX_AUTRE_CLIENT_SECRET": "another-wrong-secret"}
    done = desk.mbx("plan", code=1, **refused)
    assert "autre" in done.err
    assert "Libérée" in done.out
    assert "another-wrong-secret" not in done.out + done.err
    desk.mbx("apply", "--yes", code=1, **refused)
    assert desk.tenant.show(BOX)["display_name"] == "Libérée — été"
    assert desk.plan("--tenant", "entreprise", "--detailed-exitcode", **refused)["changes"] == []
    for words in (("plan", "--format", "json"), ("plan", "--out", "x.json"), ("drift", "--format", "json")):
        assert "--tenant" in desk.mbx(*words, code=1).err


def test_more_recipients_than_a_page_holds(tmp_path: Path) -> None:
    """Hundreds of mailboxes and their people, in sync; then one of them is changed by hand."""
    running = start(tmp_path / "sandbox", None, "--mailboxes", "250")
    env = environment(MBX_STATE_URL=f"sqlite:///{tmp_path / 'journal.db'}", HOME=str(tmp_path), **running.settings)
    desk = Desk(tmp_path, running, env)
    try:
        desk.mbx("sandbox", "specs", "--mailboxes", "250", "--out", "specs", code=0)
        assert running.ask("GET", "")["objects"] > 400
        assert desk.plan("--detailed-exitcode")["summary"]["unchanged"] >= 250
        running.poke("Set-Mailbox", Identity=_a_mailbox(tmp_path), DisplayName="Autre")
        assert [change["field"] for change in desk.plan()["changes"]] == ["displayName"]
    finally:
        running.http.close()
        running.process.terminate()
        running.process.wait(timeout=30)


def _a_mailbox(folder: Path) -> str:
    documents = (yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("specs/**/*.yaml")))
    return next(d["address"] for d in documents if d["kind"] == "SharedMailbox" and "displayName" in d)


def test_the_settings_that_point_at_a_sandbox_are_all_it_takes(desk: Desk) -> None:
    """From the .env beside the specs, with nothing in the environment."""
    names = [name for name in desk.env if name.startswith("MBX_")]
    (desk.folder / ".env").write_text("".join(f"{name}={desk.env.pop(name)}\n" for name in names), encoding="utf-8")
    desk.spec(LIBRE)
    assert len(json.loads(desk.mbx("plan", "--format", "json", code=0).out)["changes"]) > 3
