"""What is imported says what the tenant has: planning it changes nothing, importing again gives the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controller.errors import UsageError
from controller.intake import Specs, Taken, choose, take
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.graph import call
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather
from controller.sandbox.world import Ace
from controller.spec import load
from controller.survey import read_directory
from tests.rig import ADMIN, START, TENANT, Rig, make_rig
from tests.shapes import scenario


async def imported(rig: Rig, *addresses: str, profiles: bool = False) -> Taken:
    async with rig.connection() as connection:
        reader = connection.reader()
        directory = await read_directory(reader)
        choices = choose(directory, addresses, (), everything=not addresses)
        place = Specs(None, {"tenant.yaml": TENANT})
        return await take(reader, directory, choices, place, START, with_profiles=profiles)


def put(rig: Rig, taken: Taken) -> None:
    for name, text in taken.files.items():
        rig.write(name, text)


def documents(taken: Taken, folder: Path) -> dict[str, Any]:
    for name, text in taken.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (specs,) = load(folder, root=folder).tenants
    return {document.key.address: document.spec for document in specs.documents if document.key}


@pytest.mark.parametrize("seed", range(6))
def test_planning_it_changes_nothing(tmp_path: Path, go: Any, seed: int) -> None:
    rig = make_rig(tmp_path / "specs", scenario(seed), {})
    before = rig.picture()
    taken = go(imported(rig))
    put(rig, taken)
    plan = go(rig.plan())
    assert [change.id for change in plan.changes] == []
    assert [finding.id for finding in plan.findings if finding.severity == "error"] == []
    teams = [e for e in rig.sandbox.world.entries.values() if e.primary and e.primary.startswith(("box", "equipe", "noyau", "annonces"))]
    assert len(plan.documents) == len(teams)
    assert rig.picture() == before


@pytest.mark.parametrize("seed", range(3))
def test_importing_again_gives_the_same_bytes(tmp_path: Path, go: Any, seed: int) -> None:
    rig = make_rig(tmp_path / "specs", scenario(seed), {})
    assert go(imported(rig)).files == go(imported(rig)).files


SCENARIO = scenario(3)


@pytest.mark.parametrize("seed", range(4))
def test_it_says_who_reads_and_sends(tmp_path: Path, go: Any, seed: int) -> None:
    rig = make_rig(tmp_path / "specs", scenario(seed), {})
    said = documents(go(imported(rig)), tmp_path / "out")
    boxes = [address for address in said if address.startswith("box")]
    assert boxes
    for address in boxes:
        spec = said[address]
        rights = {right: {who for who, entry in spec.access.items() if right in entry.rights} for right in
                  ("full-access", "send-as", "send-on-behalf")}  # fmt: skip
        orphans = {who for who in rig.full_access(address) if who.startswith("s-1-5") or who.startswith("S-1-5")}
        assert rights["full-access"] == rig.full_access(address) - orphans
        assert rights["send-as"] == rig.send_as(address)
        assert rights["send-on-behalf"] == rig.on_behalf(address)
        assert set(spec.aliases) == rig.aliases(address)


def test_somebody_deleted_stands_there_as_a_remark(tmp_path: Path, go: Any) -> None:
    rig = make_rig(tmp_path / "specs", SCENARIO, {})
    rig.entry("box0@entreprise.example").permissions.append(Ace("S-1-5-21-1-2-3-4999", ["FullAccess"]))
    taken = go(imported(rig, "box0@entreprise.example"))
    (remarks,) = taken.remarks.values()
    assert any("S-1-5-21-1-2-3-4999" in remark for remark in remarks)
    assert any(line.startswith("# orphaned-sid") for line in taken.files["mailboxes/box0.yaml"].splitlines())


def test_a_persons_mailbox_becomes_a_delegation(tmp_path: Path, go: Any) -> None:
    rig = make_rig(tmp_path / "specs", SCENARIO, {})
    rig.poke("Add-MailboxPermission", Identity="emma@entreprise.example", User="david@entreprise.example",
             AccessRights=["FullAccess"], InheritanceType="All")  # fmt: skip
    taken = go(imported(rig, "emma@entreprise.example"))
    put(rig, taken)
    assert taken.files["delegations/emma.yaml"] == (
        "kind: MailboxDelegation\n"
        "mailbox: emma@entreprise.example\n"
        "# david@entreprise.example has access, and the account is disabled: did somebody leave?\n"
        "access:\n"
        "  david@entreprise.example: [full-access]\n"
    )
    assert go(rig.plan()).changes == ()


def test_what_somebody_changes_afterwards_is_seen(tmp_path: Path, go: Any) -> None:
    """The proof is no accident: the documents do manage what they say."""
    rig = make_rig(tmp_path / "specs", SCENARIO, {})
    put(rig, go(imported(rig)))
    rig.poke("Set-Mailbox", Identity="box0@entreprise.example", DisplayName="Autre")
    rig.poke("Add-MailboxPermission", Identity="box0@entreprise.example", User="emma@entreprise.example",
             AccessRights=["FullAccess"], InheritanceType="All")  # fmt: skip
    fields = {change.field for change in go(rig.plan()).changes}
    assert "displayName" in fields


def test_an_address_nobody_has_is_an_error(tmp_path: Path, go: Any) -> None:
    rig = make_rig(tmp_path / "specs", SCENARIO, {})
    with pytest.raises(UsageError, match=r"nobody in this tenant has bocks0@.* did you mean box0@"):
        go(imported(rig, "bocks0@entreprise.example"))


def test_what_cannot_be_read_is_said_and_left_out(tmp_path: Path, go: Any) -> None:
    rig = make_rig(tmp_path / "specs", SCENARIO, {})
    rule = FaultRule(kind=FaultKind.DENIED, api="exchange", operations=("Get-MailboxAutoReplyConfiguration",))
    rig.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(rule,)), rig.clock)
    taken = go(imported(rig, "box0@entreprise.example"))
    text = taken.files["mailboxes/box0.yaml"]
    assert "# automaticReplies could not be read, and is left out" in text
    assert "\nautomaticReplies:" not in text


ALIKE = """\
kind: Profile
name: standard
"""


def test_what_many_have_in_common_is_said_once(tmp_path: Path, go: Any) -> None:
    boxes = "".join(
        f"  equipe{number}@entreprise.example:\n"
        f"    displayName: Équipe {number}\n    language: fr-FR\n    timeZone: Romance Standard Time\n"
        f"    signIn: {'true' if number == 4 else 'false'}\n"
        "    properties: {MessageCopyForSentAsEnabled: true, MessageCopyForSendOnBehalfEnabled: true}\n"
        "    categories: {Urgent: red}\n"
        for number in range(5)
    )
    head = SCENARIO[: SCENARIO.index("mailboxes:")]
    rig = make_rig(tmp_path / "specs", f"{head}mailboxes:\n{boxes}", {})
    taken = go(imported(rig, profiles=True))
    profile = taken.files["profiles/standard.yaml"]
    assert profile.startswith(ALIKE)
    assert "signInBlocked: true" in profile
    assert "categories: {Urgent: red}" in profile or "  Urgent: red" in profile
    assert "copySentAs" not in taken.files["mailboxes/equipe0.yaml"]
    assert "signInBlocked: false" in taken.files["mailboxes/equipe4.yaml"]
    put(rig, taken)
    assert go(rig.plan()).changes == ()


@pytest.mark.parametrize("seed", range(3))
def test_profiles_change_nothing_either(tmp_path: Path, go: Any, seed: int) -> None:
    rig = make_rig(tmp_path / "specs", scenario(seed), {})
    put(rig, go(imported(rig, profiles=True)))
    assert go(rig.plan()).changes == ()


@pytest.mark.parametrize("language", ["fr-FR", "en-US"])
def test_search_folders_are_said_and_those_that_graph_cannot_make_named(
    tmp_path: Path, go: Any, language: str
) -> None:
    rig = make_rig(tmp_path / "specs", SCENARIO, {})
    address = "box0@entreprise.example"
    entry = rig.entry(address)
    entry.stores["language"] = language
    for name in ("Non lus", "Vieux"):
        body = {
            "@odata.type": "microsoft.graph.mailSearchFolder",
            "displayName": name,
            "includeNestedFolders": True,
            "sourceFolderIds": [store.rest_id(entry, "inbox")],
            "filterQuery": "isRead eq false",
        }
        route = f"/users/{entry.object_id}/mailFolders/searchfolders/childFolders"
        assert call(rig.sandbox, "POST", route, body, actor=ADMIN)[0] == 201
    (old,) = (f for f in store.folders(entry, rig.clock.now()).values() if f.name == "Vieux")
    assert old.search
    old.search["supported"] = False
    taken = go(imported(rig, address))
    (said,) = documents(taken, tmp_path / "out").values()
    assert set(said.search_folders) == {"Non lus"}
    found = said.search_folders["Non lus"]
    assert (found.in_, found.filter, found.include_nested) == (("Inbox",), "isRead eq false", True)
    assert "“Vieux” is left out" in taken.files["mailboxes/box0.yaml"]
    assert not taken.plan.changes
