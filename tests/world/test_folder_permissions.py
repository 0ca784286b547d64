"""Rights on single folders, in a mailbox whose language is not ours."""

from __future__ import annotations

import pytest

from controller.cli.outcome import of_cycle
from controller.folders.permissions import level, segments
from controller.model import Status
from tests.rig import Rig, ids

FRENCH = """\
kind: SharedMailbox
address: contact@entreprise.example
folderPermissions:
  Calendar: {default: limited-details, alice@entreprise.example: editor}
  Inbox: {bruno@entreprise.example: reviewer}
"""


def held(tenant: Rig, folder: str, address: str = "contact@entreprise.example") -> dict[str, str]:
    rows = tenant.poke("Get-MailboxFolderPermission", Identity=f"{address}:\\{folder}")
    return {row["User"]: level(row["AccessRights"], row["SharingPermissionFlags"]) for row in rows}


@pytest.fixture
def french(rig):
    def make(*documents: str) -> Rig:
        tenant = rig(*documents)
        tenant.entry("contact@entreprise.example").stores["language"] = "fr-FR"
        return tenant

    return make


def test_well_known_names_work_in_any_language(french, go):
    tenant = french(FRENCH)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert held(tenant, "Calendrier") == {
        "Default": "limited-details",
        "Anonymous": "none",
        "Alice Martin": "editor",
    }
    assert held(tenant, "Boîte de réception")["Bruno Petit"] == "reviewer"
    assert not go(tenant.plan()).changes


def test_whoever_is_not_listed_for_a_folder_loses_it_and_other_folders_are_left_alone(french, go):
    tenant = french(FRENCH)
    for folder in ("Calendrier", "Brouillons"):
        tenant.poke("Add-MailboxFolderPermission", Identity=f"contact@entreprise.example:\\{folder}",
                    User="emma@entreprise.example", AccessRights=["Reviewer"])  # fmt: skip
    go(tenant.apply())
    assert "Emma Moreau" not in held(tenant, "Calendrier")
    assert held(tenant, "Brouillons")["Emma Moreau"] == "reviewer"


def test_a_minimum_takes_nothing(french, go):
    tenant = french(FRENCH + "additive: [folderPermissions]\n")
    tenant.poke("Add-MailboxFolderPermission", Identity="contact@entreprise.example:\\Calendrier",
                User="emma@entreprise.example", AccessRights=["Reviewer"])  # fmt: skip
    go(tenant.apply())
    assert held(tenant, "Calendrier")["Emma Moreau"] == "reviewer"


def test_a_delegate_is_made_changed_and_unmade(french, go):
    text = "kind: SharedMailbox\naddress: contact@entreprise.example\nfolderPermissions:\n  Calendar: {{alice@entreprise.example: {}}}\n"
    tenant = french(text.format("{role: editor, delegate: true, seePrivateItems: true}"))
    go(tenant.apply())
    assert held(tenant, "Calendrier")["Alice Martin"] == "editor + CanViewPrivateItems + Delegate"
    tenant.write("0.yaml", text.format("{role: editor, delegate: true}"))
    go(tenant.apply())
    assert held(tenant, "Calendrier")["Alice Martin"] == "editor + Delegate"
    tenant.write("0.yaml", text.format("editor"))
    go(tenant.apply())
    assert held(tenant, "Calendrier")["Alice Martin"] == "editor"
    assert not go(tenant.plan()).changes


def test_people_of_one_name_are_told_apart(french, go):
    tenant = french(FRENCH)
    tenant.entry("emma@entreprise.example").display_name = "Alice Martin"
    tenant.poke("Add-MailboxFolderPermission", Identity="contact@entreprise.example:\\Calendrier",
                User="emma@entreprise.example", AccessRights=["Reviewer"])  # fmt: skip
    cycle = go(tenant.apply())
    assert {c.path[-1] for c in cycle.plan.changes if c.path[1] == "Calendar"} == {
        "alice@entreprise.example",
        "default",
        "emma@entreprise.example",
    }
    assert not go(tenant.plan()).changes


def test_people_of_one_name_keep_what_each_of_them_may_do(french, go):
    rows = "Calendar: {alice@entreprise.example: editor, emma@entreprise.example: reviewer}"
    tenant = french(f"kind: SharedMailbox\naddress: contact@entreprise.example\nfolderPermissions:\n  {rows}\n")
    tenant.entry("emma@entreprise.example").display_name = "Alice Martin"
    assert {outcome.status for outcome in go(tenant.apply()).outcomes} == {Status.APPLIED}
    assert not go(tenant.plan()).changes
    tenant.poke("Set-MailboxFolderPermission", Identity="contact@entreprise.example:\\Calendrier",
                User="emma@entreprise.example", AccessRights=["Owner"])  # fmt: skip
    (drift,) = go(tenant.plan()).changes
    assert (drift.path[-1], drift.before, drift.after) == ("emma@entreprise.example", "owner", "reviewer")


def test_a_folder_that_is_not_there_is_told(french, go):
    tenant = french("kind: SharedMailbox\naddress: contact@entreprise.example\nfolderPermissions:\n  Nulle/Part: {alice@entreprise.example: editor, bruno@entreprise.example: editor}\n")
    plan = go(tenant.plan())
    missing = "folder-missing/contact@entreprise.example/Nulle/Part"
    assert [change.blocked_by for change in plan.changes] == [(missing,)] * 2
    assert [f.id for f in plan.findings if f.code == "folder-missing"] == [missing]
    assert of_cycle(go(tenant.apply())) == 3


def test_an_unknown_person_takes_nothing_from_the_others(french, go):
    tenant = french(FRENCH.replace("alice@", "alise@"))
    tenant.poke("Add-MailboxFolderPermission", Identity="contact@entreprise.example:\\Calendrier",
                User="alice@entreprise.example", AccessRights=["Editor"])  # fmt: skip
    cycle = go(tenant.apply())
    assert not cycle.outcomes
    assert held(tenant, "Calendrier")["Alice Martin"] == "editor"


def test_a_new_mailbox_gets_them_too(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: neuf@entreprise.example\nfolderPermissions:\n  Calendar: {alice@entreprise.example: reviewer}\n")
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert held(tenant, "Calendar", "neuf@entreprise.example")["Alice Martin"] == "reviewer"
    assert ids(go(tenant.plan()).changes) == []


@pytest.mark.parametrize(
    ("rights", "word"),
    [
        (["Editor"], "editor"),
        (["ReadItems", "FolderVisible"], "reviewer"),
        (["ReadItems, FolderVisible"], "reviewer"),
        ("Reviewer", "reviewer"),
        (["NonEditingAuthor"], "nonediting-author"),
        (["FolderVisible"], "FolderVisible"),
        (["None"], "none"),
    ],
)
def test_one_word_for_what_somebody_may_do(rights, word):
    assert level(rights) == word


def test_a_slash_in_a_name():
    assert segments("Clients/A\\/B/Contrats") == ["Clients", "A/B", "Contrats"]


@pytest.mark.parametrize("shown", ["\uf8ff", "/"], ids=["private", "plain"])
def test_a_folder_is_found_however_its_path_shows_the_slash_in_its_name(french, go, shown):
    tenant = french("kind: SharedMailbox\naddress: contact@entreprise.example\nfolders: {Clients: , 'Clients/A\\/B': }\n"
                    "folderPermissions:\n  'Clients/A\\/B': {alice@entreprise.example: reviewer}\n")
    tenant.wire.rewrite = lambda request, text: text.replace("\uf8ff", shown)
    assert {o.status for o in go(tenant.apply()).outcomes} == {Status.APPLIED}
    assert not go(tenant.plan()).changes


def test_entries_of_somebody_deleted_or_protected_stay(french, go):
    tenant = french(FRENCH)
    tenant.poke("Add-MailboxFolderPermission", Identity="contact@entreprise.example:\\Calendrier",
                User="admin@entreprise.example", AccessRights=["Owner"])  # fmt: skip
    orphan = "S-1-5-21-1111111111-2222222222-3333333333-7654321"
    calendar = tenant.entry("contact@entreprise.example").stores["folder_permissions"]["calendar"]
    calendar[orphan] = {"rights": ["Reviewer"], "flags": []}
    text = (tenant.folder / "tenant.yaml").read_text()
    tenant.write("tenant.yaml", text + "safety: {protect: [admin@entreprise.example]}\n")
    plan = go(tenant.apply()).plan
    assert {f"orphaned-sid/contact@entreprise.example/{orphan}/reviewer on Calendar",
            "protected/contact@entreprise.example/admin@entreprise.example/owner on Calendar"} <= {
        f.id for f in plan.findings
    }  # fmt: skip
    assert {f"NT User:{orphan}", "Admin", "Alice Martin"} <= held(tenant, "Calendrier").keys()
    assert not go(tenant.plan()).changes
    tenant.write("tenant.yaml", text + "orphans: remove\n")
    go(tenant.apply())
    assert held(tenant, "Calendrier").keys() == {"Default", "Anonymous", "Alice Martin"}
    assert not go(tenant.plan()).changes
