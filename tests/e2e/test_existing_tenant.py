"""The first hour with a tenant that exists: import, an empty plan, somebody changes it, the change is adopted."""

from __future__ import annotations

from tests.e2e.conftest import TENANT_ID, Desk

BOX = "contact@entreprise.example"


def test_imported_planned_changed_and_adopted(desk: Desk) -> None:
    out = str(desk.folder / "imported")
    done = desk.mbx("import", "--all", "--out", out, code=0, MBX_TENANT_ID=TENANT_ID)
    assert "Planning them changes nothing." in done.out
    assert "orphaned-sid" in done.out
    assert (desk.folder / "imported" / "tenant.yaml").exists()
    plan = desk.mbx("plan", out, "--format", "json", "--detailed-exitcode", code=0).json
    assert plan["changes"] == []
    assert plan["summary"]["unchanged"] == 6
    again = str(desk.folder / "again")
    desk.mbx("import", "--all", "--out", again, code=0, MBX_TENANT_ID=TENANT_ID)
    files = sorted(path for path in (desk.folder / "imported").rglob("*.yaml"))
    assert len(files) == 7
    for path in files:
        assert (desk.folder / "again" / path.relative_to(desk.folder / "imported")).read_bytes() == path.read_bytes()
    assert desk.tenant.writes() == []
    desk.tenant.poke("Add-MailboxPermission", Identity=BOX, User="intrus@entreprise.example",
                     AccessRights=["FullAccess"])  # fmt: skip
    shown = desk.mbx("adopt", BOX, "--specs", out, "--diff", code=0)
    assert "+  intrus@entreprise.example: [full-access]\n" in shown.out
    desk.mbx("plan", out, "--detailed-exitcode", code=2)
    desk.mbx("adopt", BOX, "--specs", out, code=0)
    desk.mbx("plan", out, "--detailed-exitcode", code=0)
    assert desk.tenant.writes() == []


def test_what_is_managed_already_is_left_as_it_is(desk: Desk) -> None:
    desk.spec("kind: SharedMailbox\naddress: contact@entreprise.example\ndisplayName: Autre\n")
    done = desk.mbx("import", "--all", "--out", str(desk.folder / "specs"), code=0)
    assert "1 managed in" in done.err
    assert [change["id"] for change in desk.plan()["changes"]] == [f"SharedMailbox/{BOX}/displayName"]


def test_mistakes_end_with_a_sentence(desk: Desk) -> None:
    assert "set MBX_TENANT_ID" in desk.mbx("import", "--all", "--out", "x", code=1).err
    assert "name what to import" in desk.mbx("import", "--out", "x", code=1).err
    assert "did you mean libre@entreprise.example?" in desk.mbx(
        "import", "libr@entreprise.example", "--out", "x", code=1, MBX_TENANT_ID=TENANT_ID
    ).err
    assert "no document in" in desk.mbx("adopt", "x@entreprise.example", code=1).err
    assert not (desk.folder / "x").exists()


def test_what_nobody_had_looked_at_is_asked_of_the_tenant(desk: Desk) -> None:
    told = desk.mbx("access", "info@entreprise.example", "--format", "json", code=0)
    assert "asking the tenant" in told.err
    assert told.json["mailbox"] == BOX
    assert "alice@entreprise.example" in {one["who"] for one in told.json["people"]}
    assert desk.mbx("access", "emma@entreprise.example", "--format", "json", code=0).json["kind"] == "MailboxDelegation"
    person = desk.mbx("access", "--user", "emma@entreprise.example", "--format", "json", code=0).json
    assert [one["mailbox"] for one in person["mailboxes"]] == ["factures@entreprise.example"]
    assert "nobody in this tenant has" in desk.mbx("access", "qui@entreprise.example", code=1).err
    assert "AADSTS" in desk.mbx("access", BOX, code=1, MBX_CLIENT_SECRET="not-the-secret-at-all").err
    assert desk.mbx("access", BOX, "--at", "2026-01-01", code=1).out == ""
    assert desk.tenant.writes() == []


def test_who_can_read_is_answered_from_the_last_look_and_live(desk: Desk) -> None:
    desk.spec("kind: SharedMailbox\naddress: contact@entreprise.example\ndisplayName: Contact\naccess: {}\n")
    desk.plan(code=5)
    told = desk.mbx("access", BOX, "--format", "json", code=0).json
    assert {(one["who"], tuple(one["rights"])) for one in told["people"]} == {
        ("alice@entreprise.example", ("full-access", "send-as")),
        ("bruno@entreprise.example", ("full-access", "send-as", "send-on-behalf")),
        ("chloe@entreprise.example", ("full-access",)),
        ("david@entreprise.example", ("full-access",)),
    }
    assert told["people"][0]["via"] == []
    assert len(told["orphans"]) == 1
    person = desk.mbx("access", "--user", "bruno.petit@entreprise.example", "--format", "json", code=0).json
    assert person["who"] == "bruno@entreprise.example"
    assert [one["mailbox"] for one in person["mailboxes"]] == [BOX]
    live = desk.mbx("access", "factures@entreprise.example", "--live", code=0).out
    assert "emma@entreprise.example  full-access" in live
    page = desk.mbx("access", BOX, "--format", "html", code=0).out
    assert page.startswith("<!doctype html>")
    assert page.count("alice@entreprise.example") == 1
    table = desk.mbx("access", BOX, "--format", "csv", code=0).out.splitlines()
    assert table[0] == "mailbox,kind,who,right,folder,via,observed_at"
    assert len(table) == 1 + 7
    assert "did you mean contact@entreprise.example?" in desk.mbx("access", "contct@entreprise.example", code=1).err
    assert desk.tenant.writes() == []


def test_a_leaver_is_taken_out_of_the_specs(desk: Desk) -> None:
    path = desk.spec(
        "kind: SharedMailbox\naddress: contact@entreprise.example\naccess:\n"
        "  alice@entreprise.example: [full-access, send-as]  # lead\n"
        "  bruno.petit@entreprise.example: [full-access]\n"
    )
    desk.plan(code=None)
    shown = desk.mbx("access", "--user", "bruno@entreprise.example", "--leaver", "--diff", code=0)
    assert "-  bruno.petit@entreprise.example: [full-access]" in shown.out
    assert "bruno.petit" in path.read_text("utf-8")
    desk.mbx("access", "--user", "bruno@entreprise.example", "--leaver", code=0)
    assert path.read_text("utf-8").endswith("access:\n  alice@entreprise.example: [full-access, send-as]  # lead\n")
