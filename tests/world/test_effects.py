"""What a plan says about people, of a whole estate: groups in groups, what another mailbox names, dates."""

from __future__ import annotations

import json

from controller.impact import Turn
from controller.report import as_json, as_text

BOX = "kind: SharedMailbox\naddress: contact@entreprise.example\naccess:\n  equipe@entreprise.example: [full-access, send-as]\n"
LIST = "kind: DistributionList\naddress: equipe@entreprise.example\nmembers: [{}]\n"
SAFE = "safety: {maxPeopleLosingAccess: 50, maxShareLosingAccess: 1, lastReader: allow}\n"


def told(plan, turn):
    return {
        (effect.mailbox, str(effect.can), person.who, person.via)
        for change in plan.changes
        for effect in change.impact.effects
        if effect.turn is turn
        for person in effect.people
    }


def test_an_edit_of_a_list_alone_tells_of_every_mailbox_that_names_it(rig, go):
    tenant = rig(BOX, LIST.format("alice@entreprise.example, bruno@entreprise.example"))
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text("utf-8") + SAFE)
    go(tenant.apply())
    tenant.write("1.yaml", LIST.format("alice@entreprise.example, emma@entreprise.example"))
    plan = go(tenant.plan())
    assert {change.key.address for change in plan.changes} == {"equipe@entreprise.example"}
    via = ("equipe@entreprise.example",)
    both = {(c, w) for c in ("read", "send-as") for w in ("emma@entreprise.example",)}
    assert told(plan, Turn.GAINS) == {("contact@entreprise.example", can, who, via) for can, who in both}
    assert {who for _, _, who, _ in told(plan, Turn.LOSES)} == {"bruno@entreprise.example"}
    text = as_text(plan)
    assert "\n      gains reading, sending as it on contact@entreprise.example, via equipe" in text
    assert "1 person gains access, 1 person loses access" in text
    whole = json.loads(as_json(plan))
    assert (whole["summary"]["peopleGaining"], whole["summary"]["peopleLosing"]) == (1, 1)


def test_who_keeps_a_mailbox_through_a_group_is_said_beside_the_revoke(rig, go):
    tenant = rig(BOX, LIST.format("alice@entreprise.example, bruno@entreprise.example"))
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text("utf-8") + SAFE)
    go(tenant.apply())
    tenant.poke("Add-MailboxPermission", Identity="contact@entreprise.example", User="alice@entreprise.example",
                AccessRights=["FullAccess"], InheritanceType="All")  # fmt: skip
    plan = go(tenant.plan())
    (revoke,) = plan.changes
    assert told(plan, Turn.KEEPS) == {
        ("contact@entreprise.example", "read", "alice@entreprise.example", ("equipe@entreprise.example",))
    }
    assert "\n      keeps reading, via equipe" in as_text(plan)
    assert any("whether Outlook showed the mailbox" in one for one in revoke.impact.lasting)


def test_our_own_grants_are_known_to_have_been_shown_in_outlook(rig, go):
    named = BOX.replace("equipe@entreprise.example", "emma@entreprise.example")
    tenant = rig(named)
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text("utf-8") + SAFE)
    go(tenant.apply())
    tenant.write("0.yaml", BOX)
    plan = go(tenant.plan())
    revokes = [c for c in plan.changes if c.action == "revoke" and c.path[1] == "emma@entreprise.example"]
    assert len(revokes) == 2
    assert all(not change.impact.lasting for change in revokes)
    assert all(change.impact.when == "within minutes to about an hour" for change in revokes)
