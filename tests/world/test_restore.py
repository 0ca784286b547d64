"""A mailbox as its document said on another day: as a plan, and as a change of the document."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.errors import UsageError
from controller.intake import restored
from controller.recorded import standing_at
from controller.spec.standalone import standalone
from tests.rig import make_rig
from tests.samples import SCENARIO

BOX = "contact@entreprise.example"
OTHER = "kind: SharedMailbox\naddress: facturation@entreprise.example\nmailTip: Bonjour\n"
FULL = """\
# Ask Alice first.
kind: SharedMailbox
address: contact@entreprise.example
mailTip: Bonjour   # on the web site, too
aliases: [info@entreprise.example]
access:
  alice@entreprise.example: [full-access, send-as]   # team lead
  bruno.petit@entreprise.example: [full-access]
automaticReplies:
  state: enabled
  externalAudience: none
  internal: {file: replies/standard.html}
rules:
  - name: Factures
    conditions: {subjectContains: [facture]}
    actions: {markAsRead: true}
"""
BARE = "kind: SharedMailbox\naddress: contact@entreprise.example\nmailTip: Fermé\n"


@pytest.fixture
def rig(tmp_path, go):
    made = make_rig(tmp_path / "specs", SCENARIO, {"contact.yaml": FULL, "replies/standard.html": "<p>Absents</p>"})
    made.write("tenant.yaml", (made.folder / "tenant.yaml").read_text("utf-8") + "safety: {maxShareLosingAccess: 1}\n")
    cycle = go(made.apply())
    assert not [o for o in cycle.outcomes if o.error], [o.error for o in cycle.outcomes]
    assert go(made.plan()).changes == ()
    return made


def back(rig, moment, scratch):
    said = rig.journal.documents.said_at(rig.setting().tenant_id, BOX, moment)
    return restored(rig.specs(), said.key, said.contents, rig.folder, rig.folder, scratch)


def aspects(plan):
    return {change.path[0] for change in plan.changes}


async def apply(rig, specs):
    from controller.reconciler import carry_out, prepare
    setting = replace(rig.setting(), specs=specs, targets=frozenset({BOX}), commit=None)
    async with rig.connection() as connection:
        prepared = await prepare(setting, connection.reader())
        await carry_out(setting, connection, prepared)
    return prepared.plan


def picture(rig):
    return rig.full_access(BOX), rig.send_as(BOX), rig.aliases(BOX)


def test_what_git_took_away_comes_back_whole(rig, go, tmp_path):
    then, before = rig.clock.now(), picture(rig)
    rig.clock.advance(timedelta(days=3))
    (rig.folder / "replies/standard.html").write_text("<p>Autre</p>")
    rig.write("contact.yaml", BARE + "access: {chloe@entreprise.example: [full-access]}\naliases: [autre@entreprise.example]\nrules: [{name: Autre, conditions: {subjectContains: [autre]}, actions: {markAsRead: true}}]\nautomaticReplies: {state: disabled}\n")
    go(rig.apply())
    assert picture(rig) != before
    texts, specs = back(rig, then, tmp_path / "scratch")
    plan = go(apply(rig, specs))
    assert {"access", "aliases", "rules", "automaticReplies", "mailTip"} <= aspects(plan)
    assert picture(rig) == before
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    assert go(rig.plan()).changes == (), "git says it, too"
    assert "Absents" in texts[rig.folder / "contact.yaml"]


def test_only_what_differs_is_written(rig, go, tmp_path):
    then = rig.clock.now()
    rig.clock.advance(timedelta(days=1))
    rig.write("contact.yaml", FULL.replace("Bonjour", "Bonsoir").replace(", send-as]", "]") + "hiddenFromAddressLists: true\n")
    go(rig.apply())
    texts, _ = back(rig, then, tmp_path / "scratch")
    (text,) = texts.values()
    assert [line.split() for line in text.splitlines()] == [line.split() for line in FULL.splitlines()]


def test_what_was_wiped_by_hand_is_planned_though_git_never_changed(rig, go, tmp_path):
    then, before = rig.clock.now(), picture(rig)
    rig.clock.advance(timedelta(hours=1))
    rig.poke("Remove-MailboxPermission", Identity=BOX, User="alice@entreprise.example", AccessRights=["FullAccess"], Confirm=False)
    rig.poke("Set-Mailbox", Identity=BOX, MailTip="")
    texts, specs = back(rig, then, tmp_path / "scratch")
    assert texts == {}
    go(apply(rig, specs))
    assert picture(rig) == before


def test_a_profile_that_says_more_today_is_left(rig, go, tmp_path):
    then = rig.clock.now()
    rig.write("profile.yaml", "kind: Profile\nname: team\nhiddenFromAddressLists: true\naccess: {chloe@entreprise.example: [send-as]}\n")
    rig.write("contact.yaml", FULL + "profile: team\n")
    texts, specs = back(rig, then, tmp_path / "scratch")
    assert "profile" not in texts[rig.folder / "contact.yaml"]
    assert "chloe@" not in str(standalone(next(d for d in specs.documents if d.key.address == BOX)))


def test_a_document_that_is_gone_gets_a_file_of_its_own(rig, go, tmp_path):
    then = rig.clock.now()
    (rig.folder / "contact.yaml").unlink()
    rig.write("other.yaml", OTHER)
    texts, specs = back(rig, then, tmp_path / "scratch")
    assert list(texts) == [rig.folder / "restored" / f"{BOX}.yaml"]
    assert standalone(specs.documents[1] if specs.documents[0].key.address != BOX else specs.documents[0])["aliases"]


def test_what_leaves_no_room_is_said(rig, go, tmp_path):
    then = rig.clock.now()
    rig.write("contact.yaml", BARE)
    rig.write("other.yaml", OTHER + "aliases: [info@entreprise.example]\n")
    with pytest.raises(UsageError, match="two documents"):
        back(rig, then, tmp_path / "scratch")


def test_each_wording_is_kept_once_and_sealed(rig, go):
    tenant = rig.setting().tenant_id
    first = rig.journal.documents.said_at(tenant, BOX, rig.clock.now())
    rig.clock.advance(timedelta(hours=1))
    go(rig.apply())
    assert rig.journal.documents.said_at(tenant, BOX, rig.clock.now()) == first
    assert rig.journal.documents.said_at(tenant, BOX, first.at - timedelta(seconds=1)) is None
    assert rig.journal.verify(tenant).misfit is None


def test_changes_by_hand_that_stood_then_are_told(rig, go):
    tenant = rig.setting().tenant_id
    rig.clock.advance(timedelta(hours=1))
    rig.poke("Set-Mailbox", Identity=BOX, MailTip="Fermé")
    go(rig.plan())
    seen_at = rig.clock.now()
    rig.journal.record_drift(tenant, go(rig.plan()).changes, at=seen_at)
    rig.clock.advance(timedelta(hours=1))
    go(rig.apply())

    def standing(moment):
        return [one.path for one in standing_at(rig.journal.seen(tenant, BOX), rig.journal.history(tenant, BOX), moment)]

    assert standing(seen_at - timedelta(minutes=1)) == []
    assert standing(seen_at) == [("mailTip",)]
    assert standing(rig.clock.now()) == []
