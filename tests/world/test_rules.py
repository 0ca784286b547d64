"""Inbox rules as the tenant has them after the controller has been there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controller.model import Action, Cause, Risk, Status
from controller.reconciler import prepare
from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import call
from tests.rig import ADMIN, ids
from tests.world.conftest import SMALL

OUTLOOK = SMALL.replace("graph: [", "graph: [Mail.ReadWrite, MailboxSettings.ReadWrite, ")
BOX = "factures@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {BOX}\n"
DOCUMENT = (
    HEAD
    + """\
categories: {Urgent: red}
folders:
  Auto-réponses:
  Inbox/Fournisseurs:
rules:
  - name: Urgent
    conditions: {subjectContains: [Urgent, très pressé]}
    actions: {assignCategories: [Urgent], markImportance: high}
  - name: Clients importants
    conditions: {fromAddresses: [alice@entreprise.example, {address: x@client.example, name: X}], hasAttachments: true}
    exceptions: {withinSizeRange: {minimumSize: 10, maximumSize: 2000}}
    actions: {moveToFolder: Inbox/Fournisseurs, markAsRead: true}
  - name: Réponses automatiques
    conditions: {isAutomaticReply: true}
    exceptions: {senderContains: [direction@]}
    actions: {moveToFolder: Auto-réponses, stopProcessingRules: true}
"""
)


def made(rig: Any, *documents: str) -> Any:
    return rig(*documents, scenario=OUTLOOK)


def hand(tenant: Any, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = call(tenant.sandbox, method, f"/users/{tenant.entry(BOX).object_id}{path}", body, actor=ADMIN)
    assert status < 300, answer
    return answer


def rule(tenant: Any, name: str, sequence: int, actions: Any, **rest: Any) -> dict[str, Any]:
    body = {"displayName": name, "sequence": sequence, "actions": actions, **rest}
    return hand(tenant, "POST", "/mailFolders/inbox/messageRules", body)


def names(tenant: Any) -> list[str]:
    return [each["name"] for each in store.rules(tenant.entry(BOX))]


def the(tenant: Any, name: str) -> dict[str, Any]:
    (found,) = [each for each in store.rules(tenant.entry(BOX)) if each["name"] == name]
    return found


def folder_of(tenant: Any, key: str) -> list[str]:
    found = store.folders(tenant.entry(BOX))
    return store.path_of(found, found[key])


def applied(cycle: Any) -> None:
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [
        (o.change.id, o.status, o.error) for o in cycle.outcomes
    ]


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("language", ["fr-FR", "de-DE", "en-US"])
def test_rules_and_the_folders_they_need_are_made(rig, go, language, dense):
    tenant = made(rig, DOCUMENT)
    tenant.entry(BOX).stores["language"] = language
    tenant.sandbox.world.quirks.dense_sequences = dense
    applied(go(tenant.apply()))
    assert names(tenant) == ["Urgent", "Clients importants", "Réponses automatiques"]
    moved = the(tenant, "Clients importants")
    inbox = {"fr-FR": "Boîte de réception", "de-DE": "Posteingang", "en-US": "Inbox"}[language]
    assert folder_of(tenant, moved["actions"]["moveToFolder"]) == [inbox, "Fournisseurs"]
    assert moved["exceptions"] == {"withinSizeRange": {"minimumSize": 10, "maximumSize": 2000}}
    assert folder_of(tenant, the(tenant, "Réponses automatiques")["actions"]["moveToFolder"]) == ["Auto-réponses"]
    assert the(tenant, "Urgent")["conditions"]["subjectContains"] == ["Urgent", "très pressé"]
    assert not go(tenant.plan()).changes


def test_what_is_not_listed_goes_and_what_drifted_is_put_back(rig, go):
    tenant = made(rig, DOCUMENT)
    go(tenant.apply())
    urgent = the(tenant, "Urgent")
    path = f"/mailFolders/inbox/messageRules/{store.rest_rule_id(urgent)}"
    hand(tenant, "PATCH", path, {"conditions": {"subjectContains": ["rien"]}, "isEnabled": False})
    rule(tenant, "À moi", 9, {"markAsRead": True})
    cycle = go(tenant.apply())
    applied(cycle)
    assert {(c.path[1], c.action, c.cause) for c in cycle.plan.changes} == {
        ("Urgent", Action.UPDATE, Cause.DRIFT),
        ("À moi", Action.REMOVE, Cause.DRIFT),
    }
    assert names(tenant) == ["Urgent", "Clients importants", "Réponses automatiques"]
    assert the(tenant, "Urgent")["enabled"] is True
    assert not go(tenant.plan()).changes


def test_a_minimum_leaves_the_others(rig, go):
    tenant = made(rig, DOCUMENT + "additive: [rules]\n")
    rule(tenant, "À moi", 1, {"markAsRead": True})
    applied(go(tenant.apply()))
    assert set(names(tenant)) == {"À moi", "Urgent", "Clients importants", "Réponses automatiques"}
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("dense", [False, True])
def test_the_order_is_put_right(rig, go, dense):
    tenant = made(rig, DOCUMENT)
    tenant.sandbox.world.quirks.dense_sequences = dense
    go(tenant.apply())
    last = the(tenant, "Réponses automatiques")
    first = the(tenant, "Urgent")
    for each, number in ((first, 9), (last, 1)):
        hand(tenant, "PATCH", f"/mailFolders/inbox/messageRules/{store.rest_rule_id(each)}", {"sequence": number})
    (change,) = go(tenant.plan()).changes
    assert change.id == f"SharedMailbox/{BOX}/rules/order"
    assert change.after == ["Urgent", "Clients importants", "Réponses automatiques"]
    applied(go(tenant.apply()))
    assert names(tenant) == change.after
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("dense", [False, True])
def test_new_rules_go_where_the_document_has_them(rig, go, dense):
    tenant = made(rig, DOCUMENT)
    tenant.sandbox.world.quirks.dense_sequences = dense
    go(tenant.apply())
    more = DOCUMENT.replace(
        "  - name: Clients importants", "  - name: Z\n    actions: {markAsRead: true}\n  - name: Y\n"
        "    actions: {markAsRead: true}\n  - name: Clients importants"
    )
    tenant.write("0.yaml", more + "  - name: A\n    actions: {markAsRead: true}\n")
    applied(go(tenant.apply()))
    assert names(tenant) == ["Urgent", "Z", "Y", "Clients importants", "Réponses automatiques", "A"]
    assert not go(tenant.plan()).changes


def test_a_swap_of_numbers_that_have_room_moves_one_rule(rig, go):
    tenant = made(rig, HEAD + "rules:\n" + "".join(f"  - {{name: {n}, actions: {{markAsRead: true}}}}\n" for n in "abc"))
    for name, number in (("b", 10), ("a", 20), ("c", 30)):
        rule(tenant, name, number, {"markAsRead": True})
    (change,) = go(tenant.plan()).changes
    assert len(change.requests) == 1
    applied(go(tenant.apply()))
    assert names(tenant) == ["a", "b", "c"]


def test_the_old_sequence_of_equal_numbers_is_no_difference(rig, go):
    tenant = made(rig, HEAD + "rules:\n  - {name: a, actions: {markAsRead: true}}\n  - {name: b, actions: {markAsRead: true}}\n")
    rule(tenant, "a", 1, {"markAsRead": True})
    rule(tenant, "b", 1, {"markAsRead": True})
    assert not go(tenant.plan()).changes


def test_a_rule_that_graph_cannot_express_is_told_and_left(rig, go):
    tenant = made(rig, DOCUMENT)
    rule(tenant, "Épinglé", 1, {"markAsRead": True})
    the(tenant, "Épinglé")["beyond"] = {"PinMessage": True}
    before = dict(the(tenant, "Épinglé"))
    cycle = go(tenant.apply())
    applied(cycle)
    assert f"rule-read-only/{BOX}/Épinglé" in {f.id for f in cycle.plan.findings}
    assert the(tenant, "Épinglé") == before
    assert [n for n in names(tenant) if n != "Épinglé"] == ["Urgent", "Clients importants", "Réponses automatiques"]
    assert not go(tenant.plan()).changes


def test_a_listed_rule_that_graph_cannot_express_is_a_blocked_change(rig, go):
    tenant = made(rig, DOCUMENT)
    rule(tenant, "Urgent", 1, {"markAsRead": True})
    the(tenant, "Urgent")["beyond"] = {"PinMessage": True}
    before = dict(the(tenant, "Urgent"))
    plan = go(tenant.apply()).plan
    (blocked,) = [c for c in plan.changes if c.blocked_by]
    assert blocked.blocked_by == (f"rule-read-only/{BOX}/Urgent",)
    assert the(tenant, "Urgent") == before
    assert set(names(tenant)) == {"Urgent", "Clients importants", "Réponses automatiques"}


def test_a_folder_that_is_gone_is_made_again_and_its_rule_mended(rig, go):
    tenant = made(rig, DOCUMENT)
    go(tenant.apply())
    key = the(tenant, "Réponses automatiques")["actions"]["moveToFolder"]
    hand(tenant, "DELETE", f"/mailFolders/{store.rest_id(tenant.entry(BOX), key)}")
    cycle = go(tenant.apply())
    applied(cycle)
    assert folder_of(tenant, the(tenant, "Réponses automatiques")["actions"]["moveToFolder"]) == ["Auto-réponses"]
    assert names(tenant) == ["Urgent", "Clients importants", "Réponses automatiques"]
    assert not go(tenant.plan()).changes


def test_an_erroneous_rule_of_somebody_is_told_and_left(rig, go):
    tenant = made(rig, DOCUMENT)
    folder = hand(tenant, "POST", "/mailFolders", {"displayName": "Vieux"})
    rule(tenant, "Cassée", 1, {"moveToFolder": folder["id"]})
    hand(tenant, "DELETE", f"/mailFolders/{folder['id']}")
    cycle = go(tenant.apply())
    applied(cycle)
    assert f"rule-in-error/{BOX}/Cassée" in {f.id for f in cycle.plan.findings}
    assert "Cassée" in names(tenant)


def test_a_rule_that_sends_mail_outside_is_high_risk(rig, go):
    tenant = made(rig, HEAD + "rules:\n  - {name: Tickets, actions: {redirectTo: [tickets@helpdesk.example]}}\n")
    (change,) = go(tenant.plan()).changes
    assert change.risk is Risk.HIGH
    assert change.notes[0] == "then redirectTo tickets@helpdesk.example"
    assert "outside the organisation" in change.notes[1]
    cycle = go(tenant.apply())
    applied(cycle)
    assert "rule-forwards-outside" not in {f.code for f in go(tenant.plan()).findings}


@pytest.mark.parametrize("text", [HEAD, HEAD + "rules: []\nadditive: [rules]\n"])
def test_mail_that_leaves_by_a_rule_of_somebody_else_is_told(rig, go, text):
    tenant = made(rig, text)
    rule(tenant, ".", 1, {"forwardTo": [{"emailAddress": {"name": "x", "address": "moi@ailleurs.example"}}]})
    plan = go(tenant.plan())
    assert not plan.changes
    assert f"rule-forwards-outside/{BOX}/." in {f.id for f in plan.findings}


def test_a_stranger_that_sends_mail_outside_is_taken_away_at_high_risk(rig, go):
    tenant = made(rig, HEAD + "rules:\n  - {name: a, actions: {markAsRead: true}}\n")
    rule(tenant, ".", 1, {"forwardTo": [{"emailAddress": {"name": "x", "address": "moi@ailleurs.example"}}]})
    plan = go(tenant.plan())
    (gone,) = [c for c in plan.changes if c.action is Action.REMOVE]
    assert gone.risk is Risk.HIGH
    assert gone.path == ("rules", ".")
    applied(go(tenant.apply()))
    assert names(tenant) == ["a"]


def test_of_twins_the_likest_is_kept(rig, go):
    tenant = made(rig, HEAD + "rules:\n  - {name: a, conditions: {subjectContains: [x]}, actions: {markAsRead: true}}\n")
    rule(tenant, "a", 1, {"delete": True})
    kept = rule(tenant, "a", 2, {"markAsRead": True}, conditions={"subjectContains": ["X"]})
    plan = go(tenant.plan())
    assert [c.action for c in plan.changes] == [Action.REMOVE]
    assert f"rule-twins/{BOX}/a" in {f.id for f in plan.findings}
    applied(go(tenant.apply()))
    assert store.rest_rule_id(the(tenant, "a")) == kept["id"]


def test_a_folder_nobody_has_blocks_that_rule_alone(rig, go):
    tenant = made(rig, DOCUMENT.replace("moveToFolder: Inbox/Fournisseurs", "moveToFolder: Inbox/Fornisseurs"))
    cycle = go(tenant.apply())
    assert [c.path for c in cycle.plan.changes if c.blocked_by] == [("rules", "Clients importants")]
    assert names(tenant) == ["Urgent", "Réponses automatiques"]


def test_an_empty_list_is_held_until_somebody_agrees(rig, go):
    tenant = made(rig, HEAD + "rules: []\n")
    rule(tenant, "a", 1, {"markAsRead": True})
    cycle = go(tenant.apply())
    assert f"empty-list/{BOX}" in {f.id for f in cycle.plan.findings}
    assert names(tenant) == ["a"]


def test_the_quota_is_estimated_before_it_is_hit(rig, go):
    words = ", ".join(f"mot{number:05d}" for number in range(10000))
    text = HEAD + f"rules:\n  - {{name: a, conditions: {{subjectContains: [{words}]}}, actions: {{markAsRead: true}}}}\n"
    assert "rules-quota" in {f.code for f in go(made(rig, text).plan()).findings}
    assert "rules-quota" not in {f.code for f in go(made(rig, DOCUMENT).plan()).findings}


def test_a_new_mailbox_gets_its_rules(rig, go):
    tenant = made(rig, DOCUMENT.replace(BOX, "neuf@entreprise.example") + "displayName: Neuf\n")
    cycle = go(tenant.apply())
    applied(cycle)
    assert [each["name"] for each in store.rules(tenant.entry("neuf@entreprise.example"))] == [
        "Urgent", "Clients importants", "Réponses automatiques",
    ]  # fmt: skip
    assert not go(tenant.plan()).changes


def test_the_same_plan_twice(rig, go):
    tenant = made(rig, DOCUMENT)
    assert ids(go(tenant.plan()).changes) == ids(go(tenant.plan()).changes)


def test_without_permission_an_unasked_look_stops_nothing(rig, go):
    tenant = rig(HEAD + "displayName: Factures 2\n")
    next(iter(tenant.sandbox.world.apps.values())).graph_roles = ["User.Read.All"]
    plan = go(tenant.plan())
    assert [c.path for c in plan.changes] == [("displayName",)]
    assert not plan.unreadable
    assert "rules-unread" in {f.code for f in plan.findings}


def test_a_rule_that_hides_from_graph_is_told(rig, go):
    tenant = made(rig, HEAD)
    rule(tenant, "Visible", 1, {"markAsRead": True})
    saved = tenant.entry(BOX).stores["rules"]
    recipient = {"emailAddress": {"name": "x", "address": "moi@ailleurs.example"}}
    for number, (name, actions) in enumerate(
        [("Junk E-mail Rule", {"delete": True}), ("Caché", {"forwardTo": [recipient]})], start=2
    ):
        saved.append({**saved[0], "id": saved[0]["id"] + number, "name": name, "actions": actions, "hidden": True})
    found = {f.id for f in go(tenant.plan()).findings}
    assert {f"rule-hidden/{BOX}/Caché", f"rule-forwards-outside/{BOX}/Caché"} <= found
    assert not any("Junk" in ident or "Visible" in ident for ident in found)


def test_a_read_only_rule_that_sends_mail_outside_is_told_by_exchange(rig, go):
    tenant = made(rig, HEAD)
    recipient = {"emailAddress": {"name": "x", "address": "moi@ailleurs.example"}}
    rule(tenant, "Épinglé", 1, {"redirectTo": [recipient]})
    the(tenant, "Épinglé")["beyond"] = {"PinMessage": True}
    found = {f.id for f in go(tenant.plan()).findings}
    assert f"rule-forwards-outside/{BOX}/Épinglé" in found
    assert f"rule-hidden/{BOX}/Épinglé" not in found


def test_somebody_inside_is_nobody_outside(rig, go):
    tenant = made(rig, HEAD)
    rule(tenant, "Dedans", 1, {"forwardTo": [{"emailAddress": {"name": "E", "address": "emma@entreprise.example"}}]})
    assert not [f for f in go(tenant.plan()).findings if f.code.startswith("rule")]


def test_an_alias_and_the_primary_address_are_the_same_person(rig, go):
    text = HEAD + "rules:\n  - {name: a, conditions: {fromAddresses: [info@entreprise.example]}, actions: {markAsRead: true}}\n"
    tenant = made(rig, text)
    address = {"emailAddress": {"name": "Contact", "address": "Contact@entreprise.example"}}
    rule(tenant, "a", 1, {"markAsRead": True}, conditions={"fromAddresses": [address]})
    assert not go(tenant.plan()).changes


def test_a_block_that_is_not_written_any_more_is_emptied(rig, go):
    text = HEAD + "rules:\n  - {name: a, conditions: {subjectContains: [x]}, exceptions: {isSigned: true}, actions: {markAsRead: true}}\n"
    tenant = made(rig, text)
    applied(go(tenant.apply()))
    tenant.write("0.yaml", text.replace("exceptions: {isSigned: true}, ", "enabled: false, "))
    applied(go(tenant.apply()))
    assert (the(tenant, "a")["exceptions"], the(tenant, "a")["enabled"]) == ({}, False)
    assert not go(tenant.plan()).changes


def test_the_audit_log_tells_who_changed_a_rule(rig, go):
    from controller.blame import blame
    from controller.survey import read_directory

    tenant = made(rig, DOCUMENT)
    go(tenant.apply())
    rule(tenant, "À moi", 9, {"markAsRead": True})
    hand(tenant, "DELETE", f"/mailFolders/inbox/messageRules/{store.rest_rule_id(the(tenant, 'Urgent'))}")
    tenant.clock.advance(timedelta(hours=2))

    async def found() -> Any:
        async with tenant.connection() as connection:
            reader = connection.reader()
            changes = (await prepare(tenant.setting(), reader)).plan.changes
            directory = await read_directory(reader)
            now = tenant.clock.now()
            return await blame(
                reader, changes, directory, until=now, session_id="1",
                since=dict.fromkeys({c.key for c in changes}, now - timedelta(hours=3)),
                own_app="11111111-0000-4000-8000-000000000001",
            )  # fmt: skip

    deeds = go(found())
    assert {ident.rpartition("/")[2]: deed.who for ident, deed in deeds.items()} == {"À moi": ADMIN, "Urgent": ADMIN}


ALL_OF_IT = HEAD + """\
folders: {A: , B: }
rules:
  - name: textes
    conditions: {bodyContains: [Été], bodyOrSubjectContains: [ß], categories: [Rouge], headerContains: [X-A], recipientContains: [a@], senderContains: [B@], subjectContains: [c]}
    exceptions: {fromAddresses: [alice@entreprise.example], sentToAddresses: [{address: Bruno@entreprise.example, name: B}]}
    actions: {assignCategories: [Rouge, Vert], copyToFolder: A, moveToFolder: B, markAsRead: true, markImportance: low, stopProcessingRules: true}
  - name: drapeaux
    conditions: {hasAttachments: true, isApprovalRequest: true, isAutomaticForward: true, isAutomaticReply: true, isEncrypted: true, isMeetingRequest: true, isMeetingResponse: true, isNonDeliveryReport: true, isPermissionControlled: true}
    exceptions: {isReadReceipt: true, isSigned: true, isVoicemail: true, notSentToMe: true, sentCcMe: true, sentOnlyToMe: true, sentToMe: true, sentToOrCcMe: true}
    actions: {delete: true, forwardTo: [emma@entreprise.example], forwardAsAttachmentTo: [alice@entreprise.example]}
  - name: choix
    enabled: false
    conditions: {importance: high, sensitivity: private, messageActionFlag: followUp, withinSizeRange: {minimumSize: 1}, hasAttachments: false}
    actions: {permanentDelete: true, redirectTo: [chloe@entreprise.example], markAsRead: false}
"""


def test_every_predicate_and_every_action_arrives_and_reads_back(rig, go):
    tenant = made(rig, ALL_OF_IT)
    applied(go(tenant.apply()))
    assert not go(tenant.plan()).changes
    found = {each["name"]: each for each in store.rules(tenant.entry(BOX))}
    used = [name for each in found.values() for part in ("conditions", "exceptions") for name in each[part]]
    assert len(set(used)) == 30
    assert len({name for each in found.values() for name in each["actions"]}) == 11
    assert found["choix"]["enabled"] is False
    assert "markAsRead" not in found["choix"]["actions"]
