"""What Exchange only punishes later: each finding told where it holds, and not where it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.graph.licences import sku
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather
from controller.sandbox.world import Ace
from tests.rig import Rig
from tests.world.conftest import SMALL

BOX = "kind: SharedMailbox\naddress: libre@entreprise.example\n"
CODES = {
    "full-access-without-send-as": (
        "access: {alice@entreprise.example: [full-access, send-as], emma@entreprise.example: [full-access]}",
        "access: {alice@entreprise.example: [full-access, send-as]}",
    ),
    "send-as-wins": (
        "access: {alice@entreprise.example: [full-access, send-as, send-on-behalf]}",
        "access: {alice@entreprise.example: [full-access, send-as]}",
    ),
    "guest-trustee": (
        "access: {externe@partenaire.example: {rights: [full-access], until: 2027-01-01}}",
        "access: {alice@entreprise.example: [full-access]}",
    ),
    "permanent-outsider": (
        "access: {externe@partenaire.example: [full-access]}",
        "access: {externe@partenaire.example: {rights: [full-access], until: 2027-01-01}}",
    ),
    "group-never-automaps": (
        "access: {equipe@entreprise.example: [full-access]}",
        "access: {equipe@entreprise.example: {rights: [full-access], expand: true}}",
    ),
    "hidden-with-delegates": (
        "access: {alice@entreprise.example: [full-access]}\nhiddenFromAddressLists: true",
        "access: {alice@entreprise.example: [full-access]}\nhiddenFromAddressLists: false",
    ),
    "sent-items-half": (
        "sentItems: {copySentAs: true, copySentOnBehalf: false}",
        "sentItems: {copySentAs: true, copySentOnBehalf: true}",
    ),
    "many-aliases": (
        "aliases: [" + ", ".join(f"a{number}@entreprise.example" for number in range(301)) + "]",
        "aliases: [" + ", ".join(f"a{number}@entreprise.example" for number in range(20)) + "]",
    ),
}


def found(tenant: Rig, go) -> set[str]:
    return {finding.code for finding in go(tenant.plan()).findings}


@pytest.mark.parametrize("code", CODES)
def test_told_where_it_holds_and_only_there(code: str, rig, go):
    wrong, right = CODES[code]
    tenant = rig(BOX + wrong + "\n")
    assert code in found(tenant, go)
    tenant.write("0.yaml", BOX + right + "\n")
    assert code not in found(tenant, go)


def test_sign_in_that_is_open(rig, go):
    tenant = rig(BOX + "displayName: Libre\n")
    assert "sign-in-open" not in found(tenant, go)
    tenant.entry("libre@entreprise.example").account_enabled = True
    assert "sign-in-open" in found(tenant, go)


def test_more_people_than_a_shared_mailbox_carries(rig, go):
    tenant = rig(BOX + "access: {equipe@entreprise.example: [full-access]}\n")
    assert "many-people" not in found(tenant, go)
    group = tenant.entry("equipe@entreprise.example")
    for number in range(26):
        made = tenant.poke(
            "New-Mailbox", Shared=True, Name=f"p{number}", PrimarySmtpAddress=f"p{number}@entreprise.example"
        )
        group.members.append(made[0]["ExternalDirectoryObjectId"])
    assert "many-people" in found(tenant, go)


def test_more_entries_of_access_than_the_list_holds(rig, go):
    names = [f"p{number}@entreprise.example" for number in range(201)]
    people = "".join(f"  {name}: {{displayName: {name[:-19]}}}\n" for name in names)
    access = "".join(f"  {name}: [full-access, send-as]\n" for name in names)
    tenant = rig(BOX + "access:\n" + access, scenario=SMALL.replace("people:\n", "people:\n" + people))
    assert "many-grants" in found(tenant, go)
    tenant.write("0.yaml", BOX + "access:\n" + access.rpartition("  ")[0])
    assert "many-grants" not in found(tenant, go)


def test_more_mailboxes_than_outlook_opens_for_one_person(rig, go):
    boxes = [f"m{number}@entreprise.example" for number in range(11)]
    text = "kind: SharedMailbox\naddress: {}\naccess: {{emma@entreprise.example: {{rights: [full-access], autoMapping: {}}}}}\n"
    tenant = rig(*(text.format(box, "true") for box in boxes))
    assert "many-mapped-mailboxes" in found(tenant, go)
    tenant.write("0.yaml", text.format(boxes[0], "false"))
    assert "many-mapped-mailboxes" not in found(tenant, go)


FORWARD = "kind: SharedMailbox\naddress: {}\nforwarding: {{to: {}, keepCopy: true}}\n"


def test_mail_that_goes_in_circles(rig, go):
    tenant = rig(
        FORWARD.format("libre@entreprise.example", "contact@entreprise.example"),
        FORWARD.format("contact@entreprise.example", "libre@entreprise.example"),
    )
    assert "mail-loop" in found(tenant, go)
    tenant.write("1.yaml", FORWARD.format("contact@entreprise.example", "factures@entreprise.example"))
    assert "mail-loop" not in found(tenant, go)


def test_a_circle_that_a_rule_closes(rig, go):
    rule = """\
kind: SharedMailbox
address: contact@entreprise.example
rules:
  - {name: Renvoi, actions: {redirectTo: [info@entreprise.example]}}
"""
    tenant = rig(FORWARD.format("libre@entreprise.example", "contact@entreprise.example"), rule)
    assert "mail-loop" in found(tenant, go)  # info@ is contact@ itself
    tenant.write("1.yaml", rule.replace("info@", "emma@"))
    assert "mail-loop" not in found(tenant, go)


def test_a_confidential_mailbox_that_answers_everybody(rig, go):
    text = BOX + (
        'labels: {{confidential: "true"}}\n'
        "automaticReplies: {{state: enabled, externalAudience: {}, internal: Bonjour, external: Bonjour}}\n"
    )
    tenant = rig(text.format("all"))
    assert "reply-to-all-confidential" in found(tenant, go)
    tenant.write("0.yaml", text.format("known"))
    assert "reply-to-all-confidential" not in found(tenant, go)


def test_a_confidential_mailbox_that_answers_everybody_in_the_holidays(rig, go):
    text = BOX + (
        "labels: {{confidential: 'true'}}\nautomaticReplies:\n  state: disabled\n  externalAudience: all\n"
        "  periods: [{{name: F, from: {0}-12-24, until: {0}-12-31, internal: Fermé, external: Fermé}}]\n"
    )
    tenant = rig(text.format(2026))
    assert "reply-to-all-confidential" in found(tenant, go)
    tenant.write("0.yaml", text.format(2025))
    assert "reply-to-all-confidential" not in found(tenant, go)


KEPT = {
    "archive-unlicensed": ({"ArchiveStatus": "Active"}, "archive: false"),
    "hold-unlicensed": ({"LitigationHoldEnabled": True}, "litigationHold: {enabled: false}"),
}


@pytest.mark.parametrize("code", KEPT)
def test_what_is_kept_without_the_licence_for_it(code: str, rig, go):
    """Whether or not the document speaks of it, and only as long as it is there and unlicensed."""
    properties, ending = KEPT[code]
    tenant = rig(BOX + "displayName: Libre\n")
    assert code not in found(tenant, go)
    entry = tenant.entry("libre@entreprise.example")
    entry.properties.update(properties)
    assert code in found(tenant, go)
    tenant.write("0.yaml", BOX + ending + "\n")
    assert code not in found(tenant, go)
    tenant.write("0.yaml", BOX + "displayName: Libre\n")
    tenant.sandbox.world.skus["EXCHANGEENTERPRISE"] = 1
    entry.graph["assignedLicenses"] = [{"skuId": sku("EXCHANGEENTERPRISE").id, "disabledPlans": []}]
    assert code not in found(tenant, go)


def test_a_quota_that_no_licence_honours_is_not_counted_on(rig, go):
    tenant = rig(BOX + "displayName: Libre\n")
    entry = tenant.entry("libre@entreprise.example")
    entry.created = tenant.clock.now() - timedelta(days=1000)
    entry.stores["statistics"] = {"size": 48 * 1024**3, "items": 10}
    entry.properties["ProhibitSendReceiveQuota"] = "100 GB (107,374,182,400 bytes)"
    assert "mailbox-filling" in found(tenant, go)
    tenant.sandbox.world.skus["EXCHANGEENTERPRISE"] = 1
    entry.graph["assignedLicenses"] = [{"skuId": sku("EXCHANGEENTERPRISE").id, "disabledPlans": []}]
    assert "mailbox-filling" not in found(tenant, go)


def test_an_entry_that_denies_what_the_document_gives(rig, go):
    text = BOX + "access: {alice@entreprise.example: [full-access, send-as]}\n"
    tenant = rig(text)
    assert "denied-beside" not in found(tenant, go)
    entry = tenant.entry("libre@entreprise.example")
    alice, bruno = (tenant.entry(f"{name}@entreprise.example").object_id for name in ("alice", "bruno"))
    entry.permissions += [Ace(alice, ["FullAccess"], deny=True), Ace(bruno, ["FullAccess"], deny=True)]
    entry.send_as.append(Ace(alice, ["SendAs"], deny=True))
    told = sorted(f.id for f in go(tenant.plan()).findings if f.code == "denied-beside")
    where = "denied-beside/libre@entreprise.example/alice@entreprise.example"
    assert told == [f"{where}/full-access", f"{where}/send-as"]
    assert go(tenant.apply()).outcomes
    assert [ace.trustee for ace in entry.permissions if ace.deny and not ace.inherited] == [alice, bruno]
    assert not go(tenant.plan()).changes


def test_aliases_that_do_not_send(rig, go):
    tenant = rig(BOX + "aliases: [a@entreprise.example]\naccess: {alice@entreprise.example: [full-access, send-as]}\n")
    assert "alias-never-sends" in found(tenant, go)
    tenant.sandbox.world.organization["SendFromAliasEnabled"] = True
    assert "alias-never-sends" not in found(tenant, go)


def test_somebody_whom_audit_does_not_see(rig, go):
    tenant = rig(BOX + "access: {equipe@entreprise.example: [full-access]}\n")
    assert "audit-bypass" not in found(tenant, go)
    tenant.poke("Set-MailboxAuditBypassAssociation", Identity="bruno@entreprise.example", AuditBypassEnabled=True)
    assert "audit-bypass" in found(tenant, go)


def test_a_plan_waits_seconds_for_what_it_only_tells(rig, go):
    """Graph is down, and nothing that the document asks for is there: its rules and licences are."""
    tenant = rig(BOX + "displayName: Libre Service\n")
    tenant.entry("libre@entreprise.example").properties["ArchiveStatus"] = "Active"
    for kind in (FaultKind.UNAVAILABLE, FaultKind.GATEWAY, FaultKind.LOST_BEFORE):
        down = FaultRule(kind=kind, api="graph", rate=1.0)
        tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(down,)), tenant.clock)
        began = tenant.clock.now()
        plan = go(tenant.plan())
        assert [change.field for change in plan.open_changes] == ["displayName"]
        assert {"rules-unread"} <= {f.code for f in plan.findings}
        assert tenant.clock.now() - began < timedelta(seconds=15), kind


def test_a_mailbox_that_fills_up(rig, go):
    tenant = rig(BOX + "displayName: Libre\n")
    entry = tenant.entry("libre@entreprise.example")
    entry.created = tenant.clock.now() - timedelta(days=1000)
    entry.stores["statistics"] = {"size": 10 * 1024**3, "items": 10}
    assert "mailbox-filling" not in found(tenant, go)
    entry.stores["statistics"] = {"size": 47 * 1024**3, "items": 10}
    assert "mailbox-filling" in found(tenant, go)
    entry.created = tenant.clock.now() - timedelta(days=30)
    entry.stores["statistics"] = {"size": 20 * 1024**3, "items": 10}  # 45 days are left
    assert "mailbox-filling" in found(tenant, go)
