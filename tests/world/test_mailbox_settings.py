"""What is mostly a property of the mailbox: protocols, limits, holds, audit, delivery, tips, attributes."""

from __future__ import annotations

from typing import Any

import pytest

from controller.errors import SpecError
from controller.model import Risk, Severity, Status
from tests.rig import ids

CONTACT = "contact@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {CONTACT}\n"
EVERYTHING = """\
protocols: {imap: false, pop: false, smtpAuth: false, activeSync: true, mapi: true, owa: true}
limits: {maxSendSize: 25 MB, maxReceiveSize: 26 MB, warnAt: 45 GB, prohibitSendAt: 47.5 GB, prohibitSendReceiveAt: 49.7 GB}
retentionPolicy: Support — 1 an
audit: {enabled: true, ageLimit: 180 days}
delivery: {acceptOnlyFrom: [alice@entreprise.example, annonces@entreprise.example], rejectFrom: [pris@entreprise.example], requireAuthenticatedSenders: true, moderatedBy: [bruno@entreprise.example]}
mailTip: "Réponse sous 4 heures ouvrées & fériées"
customAttributes: {1: "support", 15: "x"}
"""


def props(tenant: Any, address: str = CONTACT) -> dict[str, Any]:
    return tenant.entry(address).properties


@pytest.fixture
def policies(rig):
    """A rig over a tenant that has a retention policy of its own."""

    def make(*documents: str) -> Any:
        tenant = rig(*documents)
        tenant.sandbox.world.organization["RetentionPolicies"] = ["Support — 1 an", "Compta — 10 ans"]
        return tenant

    return make


def test_everything_arrives_and_the_next_plan_is_empty(policies, go):
    tenant = policies(HEAD + EVERYTHING)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    held = props(tenant)
    assert (held["ImapEnabled"], held["PopEnabled"]) == (False, False)
    assert held["SmtpClientAuthenticationDisabled"] is True
    assert "OWAEnabled" not in held  # it was as wished: not written
    assert held["IssueWarningQuota"].startswith("45 GB")
    assert held["MaxSendSize"] == "25 MB (26,214,400 bytes)"
    assert held["RetentionPolicy"] == "Support — 1 an"
    assert held["AuditLogAgeLimit"] == "180.00:00:00"
    assert held["AcceptMessagesOnlyFrom"] == [tenant.entry("alice@entreprise.example").object_id]
    assert held["AcceptMessagesOnlyFromDLMembers"] == [tenant.entry("annonces@entreprise.example").object_id]
    assert held["RequireSenderAuthenticationEnabled"] is True
    assert held["ModeratedBy"] == [tenant.entry("bruno@entreprise.example").object_id]
    assert held["ModerationEnabled"] is True
    assert "Réponse sous 4 heures" in held["MailTip"]
    assert (held["CustomAttribute1"], held["CustomAttribute15"]) == ("support", "x")
    assert not go(tenant.plan()).changes


def test_a_new_mailbox_gets_it_all_at_once(policies, go):
    tenant = policies(HEAD.replace("contact@", "neuf@") + EVERYTHING)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert props(tenant, "neuf@entreprise.example")["ImapEnabled"] is False
    assert not go(tenant.plan()).changes


def test_what_is_left_out_is_not_touched(rig, go):
    tenant = rig(HEAD + "protocols: {imap: false}\n")
    before = props(tenant).copy()
    (change,) = go(tenant.plan()).changes
    assert change.field == "protocols.imap"
    assert change.risk is Risk.MEDIUM
    go(tenant.apply())
    assert props(tenant) == {**before, "ImapEnabled": False}


# --- protocols ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wished", "kept"), [("false", True), ("true", False)])
def test_smtp_auth_that_follows_the_organisation_is_neither_on_nor_off(rig, go, wished, kept):
    tenant = rig(HEAD + f"protocols: {{smtpAuth: {wished}}}\n")
    (change,) = go(tenant.plan()).changes
    assert (change.before, change.after) == (None, wished == "true")
    go(tenant.apply())
    assert props(tenant)["SmtpClientAuthenticationDisabled"] is kept
    assert not go(tenant.plan()).changes


def test_many_mailboxes_are_read_in_one_listing(rig, go):
    documents = [
        f"kind: SharedMailbox\naddress: box{n}@entreprise.example\nprotocols: {{pop: false}}\n" for n in range(60)
    ]
    tenant = rig(*documents)
    for n in range(60):
        tenant.poke("New-Mailbox", Shared=True, Name=f"box{n}", PrimarySmtpAddress=f"box{n}@entreprise.example")
    assert len(go(tenant.plan()).changes) == 60
    assert sum("Get-CASMailbox" in entry for entry in tenant.sandbox.log) == 1


# --- limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "wished"),
    [
        (("10 GB", "20 GB", "30 GB"), ("40 GB", "45 GB", "50 GB")),
        (("40 GB", "45 GB", "50 GB"), ("1 GB", "2 GB", "3 GB")),
        (("10 GB", "40 GB", "50 GB"), ("20 GB", "30 GB", "45 GB")),
        (("10 GB", "10 GB", "10 GB"), ("11 GB", "11 GB", "11 GB")),
        (("11 GB", "11 GB", "11 GB"), ("10 GB", "10 GB", "11 GB")),
    ],
)
def test_quotas_are_written_in_an_order_that_exchange_accepts(rig, go, there, wished):
    warn, send, receive = wished
    tenant = rig(
        HEAD + f"limits: {{warnAt: {warn}, prohibitSendAt: {send}, prohibitSendReceiveAt: {receive}}}\n"
    )
    names = ("IssueWarningQuota", "ProhibitSendQuota", "ProhibitSendReceiveQuota")
    tenant.poke("Set-Mailbox", Identity=CONTACT, **dict(zip(names, there, strict=True)))
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert [props(tenant)[name].split(" (")[0] for name in names] == list(wished)
    assert not go(tenant.plan()).changes


def test_a_quota_that_would_pass_an_unmanaged_one_is_not_sent(rig, go):
    tenant = rig(HEAD + "limits: {warnAt: 49.9 GB, maxSendSize: 10 MB}\n")
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["limits.maxSendSize"]
    (finding,) = [f for f in cycle.plan.findings if f.code == "quota-order"]
    assert finding.id == f"quota-order/{CONTACT}/warnAt"
    assert "prohibitSendAt" in finding.message


def test_the_order_of_quotas_is_checked_in_the_text(rig):
    tenant = rig(HEAD + "limits: {warnAt: 50 GB, prohibitSendReceiveAt: 49 GB}\n")
    with pytest.raises(SpecError, match=r"'warnAt' .50 GB. is more than 'prohibitSendReceiveAt'"):
        tenant.specs()


def test_quotas_that_the_database_overrules_are_made_to_count(rig, go):
    tenant = rig(HEAD + "limits: {prohibitSendReceiveAt: 50 GB}\n")
    tenant.poke("Set-Mailbox", Identity=CONTACT, UseDatabaseQuotaDefaults=True)
    go(tenant.apply())
    assert props(tenant)["UseDatabaseQuotaDefaults"] is False
    assert not go(tenant.plan()).changes


def test_sizes_are_compared_by_their_bytes(rig, go):
    tenant = rig(HEAD + "limits: {maxSendSize: 35 MB}\n")
    assert not go(tenant.plan()).changes
    tenant.poke("Set-Mailbox", Identity=CONTACT, MaxSendSize="35 MB (36,700,161 bytes)")
    (change,) = go(tenant.plan()).changes
    assert change.before == "36700161 B"


def test_more_than_fifty_gigabytes_without_a_licence_is_held(rig, go):
    tenant = rig(HEAD + "limits: {prohibitSendReceiveAt: 60 GB}\n")
    cycle = go(tenant.apply())
    assert not cycle.outcomes
    (change,) = cycle.plan.changes
    assert change.blocked_by == (f"licence-needed/{CONTACT}/limits/prohibitSendReceiveAt",)


# --- retention, holds, audit ----------------------------------------------------------------------------


def test_an_unknown_retention_policy_is_told_with_what_was_meant(policies, go):
    cycle = go(policies(HEAD + "retentionPolicy: Support — 1 ans\n").apply())
    assert not cycle.outcomes
    (finding,) = [f for f in cycle.plan.findings if f.code == "unknown-retention-policy"]
    assert (finding.severity, "did you mean 'Support — 1 an'" in finding.message) == (Severity.ERROR, True)
    assert cycle.plan.changes[0].blocked_by == (finding.id,)


def test_a_retention_policy_is_found_whatever_its_case(policies, go):
    tenant = policies(HEAD + "retentionPolicy: SUPPORT — 1 AN\n")
    (change,) = go(tenant.apply()).plan.changes
    assert (change.before, change.after) == ("Default MRM Policy", "SUPPORT — 1 AN")
    assert not go(tenant.plan()).changes


def test_a_retention_policy_is_taken_away(rig, go):
    tenant = rig(HEAD + "retentionPolicy: none\n")
    go(tenant.apply())
    assert not props(tenant)["RetentionPolicy"]
    assert not go(tenant.plan()).changes


def test_a_hold_without_a_licence_is_not_tried(rig, go):
    cycle = go(rig(HEAD + "litigationHold: {enabled: true, duration: 2555 days}\n").apply())
    assert not cycle.outcomes
    assert {c.field for c in cycle.plan.changes if c.blocked_by} == {
        "litigationHold.enabled",
        "litigationHold.duration",
    }


def test_a_hold_is_put_on_shortened_and_taken_off(rig, go):
    tenant = rig(HEAD + "litigationHold: {enabled: true, duration: 2555 days}\n")
    tenant.entry(CONTACT).properties["PersistedCapabilities"] = ["BPOS_S_Enterprise"]
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert tenant.poke("Get-Mailbox", Identity=CONTACT)[0]["LitigationHoldDuration"] == "2555.00:00:00"
    assert not go(tenant.plan()).changes
    tenant.write("0.yaml", HEAD + "litigationHold: {enabled: true, duration: 30 days}\n")
    assert [c.risk for c in go(tenant.plan()).changes] == [Risk.HIGH]
    tenant.write("0.yaml", HEAD + "litigationHold: {enabled: false}\n")
    assert [c.risk for c in go(tenant.plan()).changes] == [Risk.HIGH]
    go(tenant.apply())
    assert props(tenant)["LitigationHoldEnabled"] is False


def test_an_audit_age_of_nothing_cannot_be_written(rig):
    tenant = rig(HEAD + "audit: {ageLimit: 0 days}\n")
    with pytest.raises(SpecError, match="a number of days, at least 1"):
        tenant.specs()


# --- archive -------------------------------------------------------------------------------------------


def test_an_archive_comes_and_goes(rig, go):
    tenant = rig(HEAD + "archive: true\n")
    tenant.entry(CONTACT).properties["PersistedCapabilities"] = ["BPOS_S_Enterprise"]
    go(tenant.apply())
    assert props(tenant)["ArchiveStatus"] == "Active"
    assert not go(tenant.plan()).changes
    tenant.write("0.yaml", HEAD + "archive: false\n")
    (change,) = go(tenant.plan()).changes
    assert change.risk is Risk.HIGH
    assert "brought back for about 30 days" in change.notes[0]
    assert change.impact.lasting == ("after about 30 days: the mail in the archive",)
    go(tenant.apply())
    assert props(tenant)["ArchiveStatus"] == "None"


def test_an_archive_without_a_licence_is_not_tried(rig, go):
    cycle = go(rig(HEAD + "archive: true\n").apply())
    assert not cycle.outcomes
    assert cycle.plan.changes[0].blocked_by == (f"licence-needed/{CONTACT}/archive",)


# --- delivery ------------------------------------------------------------------------------------------


def test_an_empty_list_clears(rig, go):
    tenant = rig(HEAD + "delivery: {acceptOnlyFrom: [], rejectFrom: [], moderatedBy: []}\n")
    tenant.poke(
        "Set-Mailbox",
        Identity=CONTACT,
        AcceptMessagesOnlyFromSendersOrMembers=["alice@entreprise.example", "annonces@entreprise.example"],
        ModeratedBy=["bruno@entreprise.example"],
        ModerationEnabled=True,
    )
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    held = props(tenant)
    for name in ("AcceptMessagesOnlyFrom", "AcceptMessagesOnlyFromDLMembers", "ModeratedBy"):
        assert not held[name]
    assert held["ModerationEnabled"] is False
    assert not go(tenant.plan()).changes


def test_who_is_known_by_another_address_is_the_same(rig, go):
    tenant = rig(HEAD + "delivery: {acceptOnlyFrom: [Bruno.Petit@entreprise.example]}\n")
    tenant.poke(
        "Set-Mailbox", Identity=CONTACT, AcceptMessagesOnlyFromSendersOrMembers=["bruno@entreprise.example"]
    )
    assert not go(tenant.plan()).changes


def test_an_unknown_sender_takes_nothing_from_the_others(rig, go):
    tenant = rig(HEAD + "delivery: {acceptOnlyFrom: [alise@entreprise.example]}\nmailTip: Bonjour\n")
    tenant.poke("Set-Mailbox", Identity=CONTACT, AcceptMessagesOnlyFromSendersOrMembers=["alice@entreprise.example"])
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["mailTip"]
    assert props(tenant)["AcceptMessagesOnlyFrom"] == [tenant.entry("alice@entreprise.example").object_id]
    assert f"unknown-address/{CONTACT}/alise@entreprise.example" in {f.id for f in cycle.plan.findings}


def test_moderators_without_moderation_are_switched_on(rig, go):
    tenant = rig(HEAD + "delivery: {moderatedBy: [bruno@entreprise.example]}\n")
    tenant.poke("Set-Mailbox", Identity=CONTACT, ModeratedBy=["bruno@entreprise.example"])
    assert [c.field for c in go(tenant.plan()).changes] == ["delivery.moderation"]
    go(tenant.apply())
    assert props(tenant)["ModerationEnabled"] is True


# --- tips and attributes -----------------------------------------------------------------------------------


def test_a_tip_and_an_attribute_are_emptied(rig, go):
    tenant = rig(HEAD + 'mailTip: ""\ncustomAttributes: {2: ""}\n')
    tenant.poke("Set-Mailbox", Identity=CONTACT, MailTip="Bonjour", CustomAttribute2="x", CustomAttribute3="y")
    assert ids(go(tenant.plan()).changes) == [
        f"SharedMailbox/{CONTACT}/customAttributes/2",
        f"SharedMailbox/{CONTACT}/mailTip",
    ]
    go(tenant.apply())
    assert not props(tenant)["MailTip"]
    assert (props(tenant)["CustomAttribute2"], props(tenant)["CustomAttribute3"]) == ("", "y")
    assert not go(tenant.plan()).changes


def test_a_tip_too_long_to_be_shown_is_refused_in_the_text(rig):
    tenant = rig(HEAD + f"mailTip: {'a' * 176}\n")
    with pytest.raises(SpecError, match="at most 175 characters; got 176"):
        tenant.specs()
