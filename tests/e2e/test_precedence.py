"""Where several exit statuses hold, the first of 4, 5, 1, 3, 2: each pair that can come together."""

from __future__ import annotations

from tests.e2e.conftest import TENANT, Desk

LIBRE = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n"
HELD = "---\nkind: SharedMailbox\naddress: pris@entreprise.example\n"
NOBODY = "---\nkind: SharedMailbox\naddress: contact@entreprise.example\naccess: {}\n"
FACTURES = "---\nkind: SharedMailbox\naddress: factures@entreprise.example\naccess: {emma@entreprise.example: [full-access]}\n"
UNREADABLE = {"kind": "denied", "operations": ["Get-MailboxPermission"], "targets": ["factures*"]}


def by_hand(desk: Desk) -> None:
    desk.tenant.poke("Set-Mailbox", Identity="libre@entreprise.example", DisplayName="Autre")


def test_4_before_5_1_and_3(desk: Desk) -> None:
    desk.spec(LIBRE + HELD + NOBODY)
    desk.mbx("plan", "--out", "plan.json", code=5)
    whole = (desk.folder / "plan.json").read_text("utf-8")
    by_hand(desk)
    desk.mbx("apply", "plan.json", "--yes", code=4)
    (desk.folder / "plan.json").write_text(whole.replace("Libérée", "Libre"), encoding="utf-8")
    desk.mbx("apply", "plan.json", "--yes", code=4, MBX_CLIENT_SECRET="not-the-secret-at-all")
    assert desk.tenant.writes() == []


def test_5_before_1_3_and_2(desk: Desk) -> None:
    desk.spec(LIBRE + HELD + NOBODY + FACTURES)
    desk.tenant.weather(UNREADABLE)
    desk.mbx("plan", code=5)
    desk.mbx("plan", "--detailed-exitcode", code=5)
    desk.mbx("apply", "--yes", code=5)
    assert desk.tenant.show("libre@entreprise.example")["display_name"] == "Libérée"


def test_1_before_2_of_plan_and_of_drift(desk: Desk) -> None:
    desk.spec(LIBRE + FACTURES)
    desk.mbx("apply", "--yes", code=0)
    by_hand(desk)
    desk.mbx("drift", code=2)
    desk.mbx("plan", "--detailed-exitcode", code=2)
    desk.tenant.weather(UNREADABLE)
    desk.mbx("drift", code=1)
    desk.mbx("plan", "--detailed-exitcode", code=1)
    desk.mbx("apply", "--yes", code=3)


def test_1_of_one_tenant_before_3_of_another_and_5_before_both(desk: Desk) -> None:
    (desk.folder / "specs" / "tenant.yaml").unlink()
    desk.spec(TENANT, "un/tenant.yaml")
    desk.spec(LIBRE + HELD, "un/box.yaml")
    other = TENANT.replace("7f1b2c3d", "7f1b2c3e").replace("name: entreprise", "name: autre")
    desk.spec(other, "autre/tenant.yaml")
    desk.spec("kind: SharedMailbox\naddress: a@autre.example\n", "autre/box.yaml")
    desk.mbx("apply", "--yes", "--tenant", "entreprise", code=3)
    desk.mbx("apply", "--yes", "--tenant", "autre", code=1)
    desk.mbx("apply", "--yes", code=1)
    desk.spec(LIBRE + HELD + NOBODY, "un/box.yaml")
    desk.mbx("apply", "--yes", code=5)


def test_3_before_2(desk: Desk) -> None:
    desk.spec(LIBRE + "mode: report\n")
    desk.mbx("run", "--once", code=2)
    desk.spec(LIBRE + "mode: report\n" + HELD)
    desk.mbx("run", "--once", code=3)
    assert desk.tenant.writes() == []
