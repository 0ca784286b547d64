"""Paths of folders: written, compared, and followed to ids and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.folders.paths import Folders, canonical, parse, shown, well_known

NAMES = st.lists(
    st.text(st.characters(exclude_categories=["C"]), min_size=1)
    .map(str.strip)
    .filter(lambda name: name and not name.endswith("\\")),
    min_size=1,
)


@given(NAMES)
def test_a_path_reads_back_as_it_was(names: list[str]) -> None:
    assert parse(shown(names)) == tuple(names)
    assert canonical(canonical(shown(names))) == canonical(shown(names))


def test_a_well_known_folder_has_one_name() -> None:
    assert {canonical(path) for path in ("Sent Items/x", "SentItems/X", "sentitems/X")} == {"sentitems/x"}
    assert canonical("Clients/Inbox") == "clients/inbox"
    assert well_known("Clients") is None


def french() -> Folders:
    folders = Folders(root="r", roles={"inbox": "i", "archive": "a"})
    rows = [
        ("i", "Boîte de réception", "r"),
        ("a", "Archive", "r"),
        ("c", "Clients", "r"),
        ("f", "Factures", "i"),
    ]
    for ident, name, parent in rows:
        folders.note([{"id": ident, "displayName": name, "parentFolderId": parent}])
    return folders


def test_the_inbox_is_found_in_any_language() -> None:
    folders = french()
    assert folders.find(("Inbox", "factures")) == "f"
    assert folders.find(("boîte de réception", "Factures")) == "f"
    assert folders.path_of("f") == "inbox/factures"
    assert folders.named("f", [("Boîte de réception", "Factures")]) == "boîte de réception/factures"
    assert folders.find(("Inbox", "Absent")) is None
    assert folders.path_of("nobody") is None


def test_peoples_own_archive_comes_before_the_services() -> None:
    folders = french()
    folders.roles["archive"] = "hidden"
    assert folders.find(("Archive",)) == "a"
    folders.below["r"].pop("archive")
    assert folders.find(("Archive",)) == "hidden"
