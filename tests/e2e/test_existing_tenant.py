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
