"""Folders as the tenant has them after the controller has been there, and the tags they are stamped with."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import pytest

from controller.model import Action, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.graph import call
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from tests.rig import ADMIN
from tests.world.conftest import SMALL

OUTLOOK = SMALL.replace("graph: [", "graph: [Mail.ReadWrite, MailboxSettings.ReadWrite, ")
BOX = "factures@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {BOX}\n"
FOLDERS = (
    HEAD
    + """\
folders:
  Auto-réponses:
  Clients/Contrats/2026:
  Clients/Factures:
  Inbox/Fournisseurs:
  R\\/D:
"""
)


def made(rig: Any, *documents: str) -> Any:
    return rig(*documents, scenario=OUTLOOK)


def hand(tenant: Any, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = call(
        tenant.sandbox, method, f"/users/{tenant.entry(BOX).object_id}{path}", body, actor=ADMIN
    )
    assert status < 300, answer
    return answer


def paths(tenant: Any, box: str = BOX) -> set[str]:
    found = store.folders(tenant.entry(box))
    return {"/".join(store.path_of(found, f)) for f in found.values() if not f.role}


def applied(cycle: Any) -> None:
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [
        (o.change.id, o.status, o.error) for o in cycle.outcomes
    ]


@pytest.mark.parametrize(
    ("language", "inbox"), [("fr-FR", "Boîte de réception"), ("de-DE", "Posteingang"), ("en-US", "Inbox")]
)
def test_folders_are_made_with_all_above_them(rig, go, language, inbox):
    tenant = made(rig, FOLDERS)
    tenant.entry(BOX).stores["language"] = language
    applied(go(tenant.apply()))
    assert paths(tenant) == {
        "Auto-réponses", "Clients", "Clients/Contrats", "Clients/Contrats/2026", "Clients/Factures",
        f"{inbox}/Fournisseurs", "R/D",
    }  # fmt: skip
    assert not go(tenant.plan()).changes


def test_only_what_is_missing_is_made_and_nothing_goes(rig, go):
    tenant = made(rig, FOLDERS)
    own = hand(tenant, "POST", "/mailFolders", {"displayName": "À moi"})
    clients = hand(tenant, "POST", "/mailFolders", {"displayName": "CLIENTS"})
    hand(
        tenant,
        "POST",
        f"/mailFolders/{clients['id']}/childFolders",
        {"displayName": "factures", "isHidden": True},
    )
    plan = go(tenant.plan())
    assert {c.path[1] for c in plan.changes} == {
        "Auto-réponses", "Clients/Contrats", "Clients/Contrats/2026", "Inbox/Fournisseurs", "R\\/D",
    }  # fmt: skip
    assert {c.action for c in plan.changes} == {Action.ADD}
    applied(go(tenant.apply()))
    assert not go(tenant.plan()).changes
    tenant.write("0.yaml", HEAD + "folders: {}\n")
    assert not go(tenant.plan()).changes
    assert {"À moi", "CLIENTS/factures", "Clients/Contrats".replace("Clients", "CLIENTS")} <= paths(tenant)
    assert own["displayName"] == "À moi"


def test_many_folders_are_more_than_a_page(rig, go):
    tenant = made(rig, HEAD + "folders:\n  Zoo:\n")
    for number in range(25):
        hand(tenant, "POST", "/mailFolders", {"displayName": f"Dossier {number:02d}"})
    hand(tenant, "POST", "/mailFolders", {"displayName": "zoo"})
    assert not go(tenant.plan()).changes


def test_a_new_mailbox_gets_its_folders(rig, go):
    tenant = made(rig, FOLDERS.replace(BOX, "neuf@entreprise.example") + "displayName: Neuf\n")
    applied(go(tenant.apply()))
    assert {"Clients/Contrats/2026", "R/D"} <= paths(tenant, "neuf@entreprise.example")
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("status", [400, 409])
def test_one_that_somebody_made_meanwhile_is_as_good(rig, go, status):
    tenant = made(rig, HEAD + "folders:\n  Auto-réponses:\n")
    tenant.sandbox.world.quirks.duplicate_folder = status
    cycle_paths: list[int] = []

    def meanwhile(number: int, when: str) -> None:
        if cycle_paths == [0] and when == "before":
            cycle_paths.append(number)

    tenant.wire.strike = meanwhile
    setting = tenant.setting()

    async def race() -> Any:
        from controller.reconciler import carry_out, prepare

        async with tenant.connection() as connection:
            prepared = await prepare(setting, connection.reader())
            hand(tenant, "POST", "/mailFolders", {"displayName": "auto-réponses"})
            return await carry_out(setting, connection, prepared)

    applied(go(race()))
    assert paths(tenant) == {"auto-réponses"}


TAGGED = (
    HEAD
    + """\
folders:
  Clients/Contrats: {retentionTag: Contrats 3 ans}
"""
)


def test_a_tag_nobody_has_blocks_the_stamp_alone(rig, go):
    tenant = made(rig, TAGGED)
    cycle = go(tenant.apply())
    (blocked,) = [c for c in cycle.plan.changes if c.blocked_by]
    assert blocked.path == ("folders", "Clients/Contrats", "retentionTag")
    assert blocked.blocked_by[0].partition("/")[0] == "unknown-retention-tag"
    assert "Clients/Contrats" in paths(tenant)


def tags(tenant: Any) -> dict[str, str]:
    rows = tenant.poke("Get-RetentionPolicyTag")
    return {row["Name"]: str(row["RetentionId"]) for row in rows}


def test_a_folder_is_stamped_and_read_back(rig, go):
    tenant = made(rig, TAGGED)
    tenant.sandbox.world.organization["RetentionTags"] = {"Contrats 3 ans": {"days": 1095}}
    applied(go(tenant.apply()))
    found = store.folders(tenant.entry(BOX))
    folder = store.by_path(found, ["Clients", "Contrats"])
    assert folder is not None
    stamp = base64.b64encode(uuid.UUID(tags(tenant)["Contrats 3 ans"]).bytes_le).decode()
    assert {k.lower(): v for k, v in folder.properties.items()} == {
        "binary 0x3019": stamp, "integer 0x301d": "137", "integer 0x301a": "1095",
    }  # fmt: skip
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize(
    ("path", "tag", "code"),
    [
        ("Inbox", "1 Year Delete", "retention-tag-default-folder"),
        ("Clients", "Personal 1 year move to archive", "retention-tag-archives"),
        ("Clients", "Deleted Items", "retention-tag-not-personal"),
    ],
)
def test_what_cannot_be_stamped_is_said(rig, go, path, tag, code):
    tenant = made(rig, HEAD + f"folders:\n  {path}: {{retentionTag: {tag}}}\n")
    cycle = go(tenant.apply())
    assert [c.blocked_by for c in cycle.plan.changes if c.blocked_by] == [(f"{code}/{BOX}/{path}",)]
    assert not any(f.properties for f in store.folders(tenant.entry(BOX)).values())


def test_a_stamp_that_somebody_changed_is_put_back(rig, go):
    tenant = made(rig, HEAD + "folders:\n  Clients: {retentionTag: never delete}\n")
    applied(go(tenant.apply()))
    key = next(k for k, f in store.folders(tenant.entry(BOX)).items() if f.name == "Clients")
    other = base64.b64encode(uuid.UUID(tags(tenant)["1 Month Delete"]).bytes_le).decode()
    body = {"singleValueExtendedProperties": [{"id": "Binary 0x3019", "value": other}]}
    hand(tenant, "PATCH", f"/mailFolders/{store.rest_id(tenant.entry(BOX), key)}", body)
    (change,) = go(tenant.plan()).changes
    assert (change.before, change.after, str(change.cause)) == ("1 month delete", "never delete", "drift")
    applied(go(tenant.apply()))
    assert not go(tenant.plan()).changes


def test_where_the_tags_cannot_be_read_a_stamp_is_nobodys_drift(rig, go):
    tenant = made(rig, HEAD + "folders:\n  Clients: {retentionTag: never delete}\n")
    applied(go(tenant.apply()))
    rule = FaultRule(kind=FaultKind.UNAVAILABLE, operations=("Get-RetentionPolicyTag",))
    tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(rule,)), tenant.clock)
    plan = go(tenant.plan())
    assert not plan.changes
    assert f"unreadable/{BOX}/folders" in {found.id for found in plan.findings}
    tenant.sandbox.weather = FairWeather()
    assert not go(tenant.plan()).changes
