"""A plan from a snapshot is the plan from the tenant, or says what it cannot tell."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.errors import SnapshotError
from controller.model import Plan
from controller.report.as_json import document
from controller.report.markdown import as_markdown
from controller.snapshot import check_age, open_snapshot, plan_offline, seal, take
from controller.survey import read_directory
from tests import lived_in, shapes
from tests.rig import TENANT, Rig, make_rig
from tests.world.conftest import SMALL

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MARKS = {"from-snapshot", "not-in-snapshot"}
BOX = """\
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libre
access: {alice@entreprise.example: [full-access, send-as]}
"""


async def published(tenant: Rig, *, everything: bool = False) -> bytes:
    async with tenant.connection() as connection:
        return seal(await take(tenant.setting(), connection.reader(), everything=everything), KEY)


async def offline(tenant: Rig, file: bytes, **rest: Any) -> Plan:
    return await plan_offline(tenant.setting(journal=None, **rest), open_snapshot(file, KEY.public_key()))


def shown(plan: Plan) -> dict[str, Any]:
    """All of a plan's JSON but for when it was made, and what marks it as made from a snapshot."""
    whole = document(plan)
    del whole["createdAt"]
    whole["diagnostics"] = [one for one in whole["diagnostics"] if one["code"] not in MARKS]
    return whole


def marks(plan: Plan) -> set[str]:
    return {finding.code for finding in plan.findings} & MARKS


def same(tenant: Rig, go, file: bytes) -> Plan:
    """Plans both ways, and holds them to be equal byte for byte."""
    made = go(offline(tenant, file))
    online = go(tenant.plan())
    assert json.dumps(shown(made)) == json.dumps(shown(online))
    assert marks(made) == {"from-snapshot"}
    return made


@pytest.mark.parametrize(
    "edit",
    [
        "",
        "aliases: [secours@entreprise.example]",
        "signInBlocked: true",
        "hiddenFromAddressLists: true",
        "regional: {language: fr-FR, timeZone: Europe/Paris}",
        "automaticReplies: {state: enabled, internal: Absent}",
        "categories: {Urgent: red}",
        "claimCategories: {name: 'Chez {displayName}', colour: blue}",
        "folders: {Clients/Contrats: {}}",
        "folders: {Inbox/Bruit: {retentionTag: 1 an}}",
        "searchFolders: {Non lus: {in: [Inbox], filter: isRead eq false}}",
        "folderPermissions: {Calendar: {emma@entreprise.example: reviewer}}",
        "rules: [{name: Tri, conditions: {subjectContains: [x]}, actions: {markAsRead: true}}]",
        "forwarding: {to: quelquun@ailleurs.example}",
        "protocols: {imap: false}",
        "limits: {maxSendSize: 10 MB}",
        "licence: EXCHANGESTANDARD",
        "archive: true",
        "litigationHold: {enabled: true}",
        "retentionPolicy: Default MRM Policy",
        "audit: {enabled: true}",
        "mailTip: Bonjour",
        "signature: Bonjour",
        "customAttributes: {1: x}",
        "delivery: {acceptOnlyFrom: [emma@entreprise.example]}",
        "sentItems: {copySentAs: true}",
        "workingHours: {days: [monday], start: '09:00', end: '18:00'}",
    ],
)
def test_whatever_is_asked_of_a_mailbox_for_the_first_time(edit, rig, go):
    tenant = rig(BOX)
    file = go(published(tenant))
    tenant.write("0.yaml", BOX + edit + "\n")
    plan = same(tenant, go, file)
    assert plan.changes


NEW = """\
kind: SharedMailbox
address: nouvelle@entreprise.example
displayName: Nouvelle
access: {equipe@entreprise.example: [full-access], emma@entreprise.example: [full-access, send-as]}
automaticReplies: {state: enabled, internal: Bonjour}
folders: {Clients: {}}
"""
CONTACT = """\
kind: SharedMailbox
address: contact@entreprise.example
displayName: Autrement
access: {alice@entreprise.example: [full-access]}
"""


def test_a_new_mailbox_and_a_group_that_was_named_before(rig, go):
    tenant = rig(BOX.replace("{alice", "{equipe@entreprise.example: [full-access], alice"))
    file = go(published(tenant))
    tenant.write("new.yaml", NEW)
    plan = same(tenant, go, file)
    assert any(change.action == "create" for change in plan.changes)


def test_an_address_that_a_deleted_mailbox_keeps(rig, go):
    tenant = rig(BOX)
    tenant.poke("Remove-Mailbox", Identity="factures@entreprise.example")
    file = go(published(tenant))
    tenant.write("new.yaml", NEW.replace("nouvelle@", "factures@").replace("equipe@", "alice@"))
    plan = same(tenant, go, file)
    assert any("soft-deleted" in finding.message for finding in plan.findings)


def test_a_mailbox_that_the_snapshot_did_not_look_at_is_told_and_never_changed(rig, go):
    tenant = rig(BOX)
    file = go(published(tenant))
    tenant.write("contact.yaml", CONTACT)
    made = go(offline(tenant, file))
    assert {change.key.address for change in made.open_changes} == {"libre@entreprise.example"}
    assert marks(made) == MARKS
    said = [f.message for f in made.findings if f.code == "unreadable"]
    assert said
    assert all("the snapshot did not look at this" in message for message in said)
    (told,) = (f.message for f in made.findings if f.code == "not-in-snapshot")
    assert "Get-Mailbox contact@entreprise.example." in told
    quoted = [line for line in as_markdown(made).splitlines() if line.startswith("> ")]
    assert quoted == ["> planned from a snapshot of 2026-12-01 09:00 UTC, less than a minute old, and not from the "
                      "tenant: what changed there since is not in this plan"]  # fmt: skip


def test_a_snapshot_of_everything_looked_at_it(rig, go):
    tenant = rig(BOX)
    file = go(published(tenant, everything=True))
    tenant.write("contact.yaml", CONTACT)
    assert {c.key.address for c in same(tenant, go, file).changes} == {
        "libre@entreprise.example",
        "contact@entreprise.example",
    }


def test_people_of_a_group_that_nobody_had_named_are_not_guessed(rig, go):
    tenant = rig(BOX)
    file = go(published(tenant))
    tenant.write("0.yaml", BOX.replace("{alice", "{equipe@entreprise.example: [full-access], alice"))
    made = go(offline(tenant, file))
    online = go(tenant.plan())
    assert {change.id for change in made.changes} == {change.id for change in online.changes}
    (told,) = (f for f in made.findings if f.code == "not-in-snapshot")
    assert "Get-DistributionGroupMember" in told.message


def test_a_folder_below_one_that_nobody_looked_into_is_not_taken_for_absent(rig, go):
    tenant = rig(BOX)
    folders = "folders: {Projets: {}, Projets/A: {}, Projets/A/B: {}}\n"
    tenant.write("0.yaml", BOX + folders)
    go(tenant.apply())
    tenant.write("0.yaml", BOX)
    file = go(published(tenant))
    tenant.write("0.yaml", BOX + folders)
    made = go(offline(tenant, file))
    assert not [change for change in made.changes if change.aspect == "folders"]
    assert made.unreadable
    assert marks(made) == MARKS


def test_a_document_that_goes_and_one_that_wishes_its_mailbox_away(rig, go):
    tenant = rig(BOX, CONTACT.replace("Autrement", "Contact"))
    go(tenant.apply())
    file = go(published(tenant))
    (tenant.folder / "1.yaml").unlink()
    same(tenant, go, file)
    tenant.write("0.yaml", "kind: SharedMailbox\naddress: libre@entreprise.example\nstate: absent\n")
    assert any(change.action == "delete" for change in same(tenant, go, file).changes)


def test_causes_and_renames_are_told_from_the_journal_of_whoever_published(rig, go):
    tenant = rig(BOX)
    go(tenant.apply())
    tenant.poke("Set-Mailbox", Identity="libre@entreprise.example", DisplayName="Dérivée")
    file = go(published(tenant))
    tenant.write("0.yaml", BOX + "mailTip: Bonjour\n")
    plan = same(tenant, go, file)
    assert {change.field: change.cause for change in plan.changes} == {"displayName": "drift", "mailTip": "spec"}


def test_the_organisation_asked_for_first_in_a_pull_request(rig, go):
    tenant = rig(BOX)
    file = go(published(tenant))
    tenant.write("tenant.yaml", TENANT + "organization: {sendFromAlias: true}\n")
    assert any(change.key.kind == "Tenant" for change in same(tenant, go, file).changes)


LIST = """\
kind: DistributionList
address: annonces@entreprise.example
type: distribution
"""
DELEGATION = """\
kind: MailboxDelegation
mailbox: david@entreprise.example
access: {emma@entreprise.example: [full-access]}
"""


@pytest.mark.parametrize(
    ("document", "edit"),
    [
        (LIST, "members: [emma@entreprise.example]"),
        (LIST, "owners: [emma@entreprise.example]"),
        (LIST, "sendAs: [emma@entreprise.example]"),
        (LIST, "displayName: Nouvelles\njoin: open\nacceptExternal: false"),
        (DELEGATION, "folderPermissions: {Calendar: {alice@entreprise.example: editor}}"),
    ],
)
def test_lists_and_rights_on_peoples_mailboxes(document, edit, rig, go):
    tenant = rig(document)
    file = go(published(tenant))
    tenant.write("0.yaml", document + edit + "\n")
    assert same(tenant, go, file).changes


def test_one_more_document_than_makes_a_listing_worth_its_while(rig, go):
    """The tenth asks for a listing that the snapshot, taken for nine, has not: the nine are told all the same."""
    tenant = rig(*_nine(), scenario=_crowd(9))
    file = go(published(tenant))
    tenant.write("contact.yaml", CONTACT + "signInBlocked: true\n")
    made, online = go(offline(tenant, file)), go(tenant.plan())
    assert {key.address for key in made.unreadable} == {"contact@entreprise.example"}
    ours = [change for change in online.changes if change.key.address != "contact@entreprise.example"]
    assert [change for change in made.changes if change.key not in made.unreadable] == ours
    assert len(ours) == 9


def _crowd(number: int) -> str:
    return SMALL.rstrip() + "\n" + "".join(
        f"  box{n}@entreprise.example: {{displayName: Box {n}, signIn: true}}\n" for n in range(number)
    )


def _nine() -> list[str]:
    return [f"kind: SharedMailbox\naddress: box{n}@entreprise.example\nsignInBlocked: true\n" for n in range(9)]


@pytest.mark.parametrize("seed", range(4))
def test_mailboxes_that_people_have_lived_in(tmp_path, go, seed: int):
    """The snapshot is taken for documents that say one thing; the pull request writes all the rest."""
    tenant, boxes = lived_in.lived_in(tmp_path, seed)
    whole = {path: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.yaml")}
    for box in boxes:
        first = f"kind: SharedMailbox\naddress: {box.address}\ndisplayName: x\n"
        tenant.write(f"{box.address.partition('@')[0]}.yaml", first)
    file = go(published(tenant))
    for path, text in whole.items():
        path.write_text(text, encoding="utf-8")
    never_wrong(tenant, go, file)


@pytest.mark.parametrize("seed", range(6))
def test_pull_requests_drawn_at_random(tmp_path, go, seed: int):
    draw = random.Random(seed)
    addresses = [f"box{number}@{domain}.example" for number in range(9) for domain in ("entreprise", "autre")]
    tenant = make_rig(tmp_path, shapes.scenario(seed), {}, seed=seed)
    there = [one for one in addresses if tenant.sandbox.world.holder(one)]
    for number, address in enumerate(there[:-1]):
        tenant.write(f"{number}.yaml", _drawn(draw, address, draw.randint(0, 3)))
    file = go(published(tenant))
    for number, address in enumerate((*there, "neuve@entreprise.example")):
        if draw.random() < 0.8:
            tenant.write(f"{number}.yaml", _drawn(draw, address, draw.randint(1, 8)))
    never_wrong(tenant, go, file)


def _drawn(draw: random.Random, address: str, fields: int) -> str:
    who = draw.sample([*shapes.PEOPLE, "equipe@entreprise.example", "annonces@entreprise.example"], 3)
    rights = draw.choice((["full-access"], ["send-as"], ["full-access", "send-as", "send-on-behalf"]))
    offers = {
        "displayName": draw.choice(("Neuf", "x")),
        "access": dict.fromkeys(who, rights),
        "aliases": [f"alias{draw.randint(0, 3)}.{address}"],
        "signInBlocked": draw.random() < 0.5,
        "categories": {draw.choice(("À traiter", "yes")): "red"},
        "folders": {draw.choice(("Clients", "Clients/Contrats", "Inbox/Bruit/Plus", "Neuf")): {}},
        "folderPermissions": {draw.choice(("Calendar", "Inbox", "Drafts", "Clients")): {who[0]: "reviewer"}},
        "automaticReplies": {"state": "enabled", "internal": "Bonjour"},
        "forwarding": {"to": draw.choice((shapes.PEOPLE[0], "x@ailleurs.example"))},
        "rules": [{"name": "Tri", "conditions": {"subjectContains": ["x"]}, "actions": {"moveToFolder": "Clients"}}],
        "licence": draw.choice(("none", "EXCHANGESTANDARD")),
        "retentionPolicy": "Support — 1 an",
        "limits": {"maxSendSize": "10 MB"},
        "protocols": {"imap": False},
        "regional": {"language": "fr-FR", "timeZone": "Europe/Paris"},
        "signature": "Bonjour",
        "mailTip": "",
    }
    chosen = draw.sample(sorted(offers), fields)
    return json.dumps({"kind": "SharedMailbox", "address": address, **{name: offers[name] for name in chosen}})


def never_wrong(tenant: Rig, go, file: bytes) -> None:
    """What is planned from the snapshot is planned online, word for word; what is not is told."""
    made, online = go(offline(tenant, file)), go(tenant.plan())
    if marks(made) == {"from-snapshot"}:
        assert json.dumps(shown(made)) == json.dumps(shown(online))
        return
    there = {change.id: change for change in online.changes}
    for change in made.changes:
        assert (change.before, change.after, change.requests) == (
            there[change.id].before,
            there[change.id].after,
            there[change.id].requests,
        )
    left = {change.key for change in online.changes if change.id not in {one.id for one in made.changes}}
    assert left <= made.unreadable


# --- the file ---------------------------------------------------------------------------------------------


def test_one_byte_flipped_anywhere(rig, go):
    file = go(published(rig(BOX)))
    chance = random.Random(6)
    open_snapshot(file, KEY.public_key())
    for place in range(len(file)):
        altered = bytearray(file)
        altered[place] ^= chance.randrange(1, 256)
        with pytest.raises(SnapshotError):
            open_snapshot(bytes(altered), KEY.public_key())
    for cut in (b"", file[:-1], file[:200], file + b"\n"):
        with pytest.raises(SnapshotError):
            open_snapshot(cut, KEY.public_key())


def test_what_is_signed_by_others_or_for_other_readers_is_refused(rig, go):
    file = go(published(rig(BOX)))
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(SnapshotError, match="not signed with the key"):
        open_snapshot(file, other.public_key())
    with pytest.raises(SnapshotError, match="format 2, and this release reads 1"):
        open_snapshot(file.replace(b"mbx-snapshot 1", b"mbx-snapshot 2", 1), KEY.public_key())
    with pytest.raises(SnapshotError, match="cannot be read"):
        open_snapshot(seal({"tenantId": "x"}, KEY), KEY.public_key())


def test_a_snapshot_of_another_tenant_is_refused(rig, go):
    tenant = rig(BOX)
    file = go(published(tenant))
    tenant.write("tenant.yaml", TENANT.replace("000000000001", "000000000002"))
    with pytest.raises(SnapshotError, match=r"000000000001, and the specs are for .*000000000002"):
        go(offline(tenant, file))


def test_how_old_it_may_be(rig, go):
    tenant = rig(BOX)
    opened = open_snapshot(go(published(tenant)), KEY.public_key())
    day = timedelta(hours=24)
    check_age(opened.taken_at, opened.taken_at + day, day)
    with pytest.raises(SnapshotError, match="1 d 1 min old, and --max-age allows 1 d"):
        check_age(opened.taken_at, opened.taken_at + day + timedelta(minutes=1), day)
    with pytest.raises(SnapshotError, match="still to come"):
        check_age(opened.taken_at, opened.taken_at - timedelta(minutes=6), day)


def test_of_mailboxes_that_no_document_is_about_it_says_only_that_they_are_there(rig, go):
    """Neither who reads them nor what they are set to; and of people neither licences nor sign-ins."""
    documents = [BOX.replace("libre@", f"box{n}@").replace("Libre", f"Box {n}") for n in range(59)]
    tenant = rig(*documents, scenario=_crowd(60))
    held = {one.guid for one in go(_directory(tenant)) if one.address in ("contact@entreprise.example", "box59@entreprise.example")}
    assert len(held) == 2
    opened = open_snapshot(go(published(tenant)), KEY.public_key())
    seen: dict[str, str] = {}
    for asked, answers in opened.tape.answers.items():
        _, what, _ = json.loads(asked)
        if what not in ("Get-Recipient", "Get-User"):
            seen[what] = json.dumps([answer.value for answer in answers])
    for what, text in seen.items():
        assert not any(guid in text for guid in held), what
        assert "bruno.petit@entreprise.example" not in text, what
    assert "Get-RecipientPermission" in seen
    assert "Get-Mailbox" in seen
    file = go(published(tenant))
    same(tenant, go, file)
    few = {"targets": frozenset({"box3@entreprise.example"})}  # each is asked for itself, where all were listed
    assert shown(go(offline(tenant, file, **few))) == shown(go(tenant.plan(**few)))


async def _directory(tenant: Rig) -> list[Any]:
    async with tenant.connection() as connection:
        return list((await read_directory(connection.reader())).principals.values())


def test_folders_inside_folders_that_the_documents_name(rig, go):
    """What the documents ask for is asked, though everything else was asked of the same mailbox before."""
    tenant = rig(BOX + "folders: {Clients/Contrats: {}}\n")
    go(tenant.apply())
    assert same(tenant, go, go(published(tenant))).changes == ()
    tenant.write("0.yaml", BOX + "folders: {Clients/Contrats: {}, Clients/Autres: {}}\n")
    plan = same(tenant, go, go(published(tenant)))
    assert [change.path[-1] for change in plan.changes] == ["Clients/Autres"]
