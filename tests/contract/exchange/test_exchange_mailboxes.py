"""Mailboxes: how they come, change and go; addresses; what a row shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox.world import Entry

from .conftest import DOMAIN, INITIAL, Client, Tenant, add, remove

SUPPORT = f"support@{DOMAIN}"
NO_CHANGE = "The command completed successfully but no settings of"


def new(client: Client, **parameters: Any) -> Any:
    return client.run("New-Mailbox", Shared=True, **{"Name": "Sales", "Alias": "sales", **parameters})


def test_a_new_shared_mailbox(tenant: Tenant, client: Client) -> None:
    row = new(client, DisplayName="Sales Team", PrimarySmtpAddress=f"sales@{DOMAIN}").rows[0]
    entry = tenant.world.find(f"sales@{DOMAIN}")[0]
    assert row["Name"] == row["ExternalDirectoryObjectId"] == entry.object_id  # not the Name given
    assert row["RecipientTypeDetails"] == "SharedMailbox"
    assert row["EmailAddresses"] == [f"SMTP:sales@{DOMAIN}", f"smtp:sales@{INITIAL}"]
    assert (entry.display_name, entry.upn) == ("Sales Team", f"sales@{DOMAIN}")
    assert entry.account_enabled  # whatever the documentation says
    assert row["AccountDisabled"] is False


def test_address_and_alias_have_defaults(client: Client) -> None:
    row = client.run("New-Mailbox", Shared=True, Name="Büro & Post").rows[0]
    assert (row["Alias"], row["PrimarySmtpAddress"]) == ("BroPost", f"BroPost@{DOMAIN}")


def test_a_second_creation_conflicts(tenant: Tenant, client: Client) -> None:
    new(client, PrimarySmtpAddress=f"sales@{DOMAIN}")
    again = new(client, Name="Sales 2", Alias="sales2", PrimarySmtpAddress=f"SALES@{DOMAIN}")
    assert (again.status, again.error_type) == (400, "ProxyAddressExistsException")
    assert "is already being used by the proxy addresses or LegacyExchangeDN of" in again.error_text
    same_alias = new(client, PrimarySmtpAddress=f"sales3@{DOMAIN}")
    assert (same_alias.status, '"sales"' in same_alias.error_text) == (400, True)
    assert len(tenant.world.entries) == 1


@pytest.mark.parametrize("kind", ["MailContact", "MailUniversalDistributionGroup", "UserMailbox"])
def test_addresses_are_unique_over_all_recipients(tenant: Tenant, client: Client, kind: str) -> None:
    tenant.put("taken", kind)
    reply = new(client, PrimarySmtpAddress=f"taken@{DOMAIN}")
    assert (reply.status, reply.error_type) == (400, "ProxyAddressExistsException")


def test_a_deleted_mailbox_keeps_its_address_for_thirty_days(
    tenant: Tenant, client: Client, support: Entry
) -> None:
    client.run("Remove-Mailbox", Identity=SUPPORT)
    reply = new(client, PrimarySmtpAddress=SUPPORT)
    assert reply.status == 500
    assert "ExternalDirectoryObjectId was not returned" in reply.error_text
    tenant.clock.advance(timedelta(days=31))
    renewed = tenant.client()  # the old token has expired meanwhile
    assert renewed.run("Get-Mailbox", SoftDeletedMailbox=True).rows == []
    assert renewed.run("Get-Mailbox", Identity=SUPPORT, SoftDeletedMailbox=True).status == 404
    assert new(renewed, PrimarySmtpAddress=SUPPORT).status == 200
    assert support.object_id not in tenant.world.entries


def test_a_domain_that_is_not_accepted(client: Client) -> None:
    reply = new(client, PrimarySmtpAddress="sales@fabrikam.example")
    assert (reply.status, "accepted domain" in reply.error_text) == (400, True)


@pytest.mark.parametrize("bad", [{"Name": "x" * 65}, {"Alias": "a b"}, {"Alias": ".sales"}, {"Name": ""}])
def test_names_that_are_refused(client: Client, bad: dict[str, str]) -> None:
    assert new(client, **bad).status == 400


# --- reading ----------------------------------------------------------------------------------------------


def test_an_unselected_row_is_long_and_typed(client: Client, support: Entry) -> None:
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert len([name for name in row if "@" not in name]) > 200
    assert row["ProhibitSendQuota"] == "49.5 GB (53,150,220,288 bytes)"
    assert row["RetainDeletedItemsFor"] == "14.00:00:00"
    assert row["WhenCreatedUTC"] == "2025-10-27T09:00:00.0000000+00:00"
    assert row["WhenCreatedUTC@data.type"] == "System.DateTime"
    assert row["EmailAddresses@odata.type"] == "#Collection(String)"
    assert row["ArchiveGuid"] == "00000000-0000-0000-0000-000000000000"
    assert (row["LitigationHoldOwner"], row["ForwardingAddress"], row["InPlaceHolds"]) == ("", None, [])


@pytest.mark.parametrize(
    "form",
    ["object_id", "guid", "exchange_guid", "name", "alias", "upn", "display_name", "legacy_dn", "primary"],
)
def test_identities(client: Client, support: Entry, form: str) -> None:
    reply = client.run("Get-Mailbox", Identity=getattr(support, form).upper(), select="Guid")
    assert [row["Guid"] for row in reply.rows] == [support.guid]


def test_nobody_is_404_and_several_are_500(tenant: Tenant, client: Client) -> None:
    tenant.put("a", display_name="Twin")
    tenant.put("b", display_name="Twin")
    ghost = client.run("Get-Mailbox", Identity="ghost")
    assert (ghost.status, ghost.error_type) == (404, "ManagementObjectNotFoundException")
    assert ghost.body["error"]["message"] == "Error executing cmdlet"
    twin = client.run("Get-Mailbox", Identity="Twin")
    assert (twin.status, "matches multiple entries" in twin.error_text) == (500, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EmailAddresses -eq 'smtp:helpdesk@contoso.example'", ["support"]),
        ("RecipientTypeDetails -eq 'SharedMailbox'", ["support", "o'hara"]),
        ("DisplayName -like 'customer*' -or Alias -eq 'alex'", ["support", "alex"]),
        ("DisplayName -eq 'O''Hara'", ["o'hara"]),
        ("-not (RecipientTypeDetails -eq 'SharedMailbox')", ["alex"]),
        ("HiddenFromAddressListsEnabled -eq $true", ["alex"]),
        ("CustomAttribute1 -ne $null", ["alex"]),
        ("{Alias -ne 'alex' -and EmailAddresses -like '*onmicrosoft*'}", ["support"]),
    ],
)
def test_filters(
    tenant: Tenant, client: Client, support: Entry, alex: Entry, text: str, found: list[str]
) -> None:
    tenant.put("o'hara", "SharedMailbox", display_name="O'Hara")
    alex.properties.update({"HiddenFromAddressListsEnabled": True, "CustomAttribute1": "x"})
    reply = client.run("Get-Mailbox", Filter=text, select="Alias")
    assert [row["Alias"] for row in reply.rows] == found


@pytest.mark.parametrize(
    "text", ["Alias", "Alias -is 'x'", "Nonsense -eq 'x'", "(Alias -eq 'x'", "Alias -eq"]
)
def test_filters_that_are_none(client: Client, text: str) -> None:
    reply = client.run("Get-Mailbox", Filter=text)
    assert (reply.status, "Invalid filter syntax" in reply.error_text) == (400, True)


# --- changing ---------------------------------------------------------------------------------------------


def test_a_set_that_changes_nothing_warns(client: Client, support: Entry) -> None:
    before = list(support.addresses)
    reply = client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="Customer Support", MaxSendSize="35 MB")
    assert (reply.status, reply.warnings[0].startswith(NO_CHANGE)) == (200, True)
    assert support.addresses == before


def test_a_list_replaces_every_address(client: Client, support: Entry) -> None:
    client.run("Set-Mailbox", Identity=SUPPORT, EmailAddresses=[f"SMTP:support@{DOMAIN}", f"info@{DOMAIN}"])
    assert support.addresses == [f"SMTP:support@{DOMAIN}", f"smtp:info@{DOMAIN}"]


def test_add_and_remove_leave_the_others(client: Client, support: Entry) -> None:
    client.run("Set-Mailbox", Identity=SUPPORT, EmailAddresses=add(f"smtp:info@{DOMAIN}", f"y@{DOMAIN}"))
    client.run("Set-Mailbox", Identity=SUPPORT, EmailAddresses=remove(f"HELPDESK@{DOMAIN}"))
    assert support.addresses == [
        f"SMTP:support@{DOMAIN}",
        f"smtp:support@{INITIAL}",
        "SPO:SPO_1b4e28ba@SPO_7d444840",
        "X500:/o=Old/cn=support",
        f"smtp:info@{DOMAIN}",
        f"smtp:y@{DOMAIN}",
    ]


@pytest.mark.parametrize(
    "parameters",
    [{"WindowsEmailAddress": f"new@{DOMAIN}"}, {"EmailAddresses": add(f"SMTP:new@{DOMAIN}")}],
)
def test_a_new_primary_keeps_the_old_one(client: Client, support: Entry, parameters: Any) -> None:
    assert client.run("Set-Mailbox", Identity=SUPPORT, **parameters).status == 200
    assert support.primary == f"new@{DOMAIN}"
    assert f"smtp:support@{DOMAIN}" in support.addresses
    assert support.upn == f"support@{DOMAIN}"
    assert len(client.run("Get-Mailbox", Identity=f"new@{DOMAIN}").rows) == 1


def test_a_primary_address_does_not_just_go(client: Client, support: Entry) -> None:
    assert client.run("Set-Mailbox", Identity=SUPPORT, EmailAddresses=remove(SUPPORT)).status == 400
    assert support.primary == SUPPORT


def test_an_address_that_somebody_holds_is_not_added(client: Client, support: Entry, alex: Entry) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, EmailAddresses=add(f"alex@{DOMAIN}"))
    assert reply.error_type == "ProxyAddressExistsException"
    assert f"smtp:alex@{DOMAIN}" not in support.addresses


def test_an_empty_list_clears_nothing_and_null_does(client: Client, support: Entry, alex: Entry) -> None:
    client.run("Set-Mailbox", Identity=SUPPORT, GrantSendOnBehalfTo=[f"alex@{DOMAIN}"])
    client.run("Set-Mailbox", Identity=SUPPORT, GrantSendOnBehalfTo=[])
    assert support.send_on_behalf == [alex.object_id]
    client.run("Set-Mailbox", Identity=SUPPORT, GrantSendOnBehalfTo=None)
    assert support.send_on_behalf == []


def test_send_on_behalf_shows_names_and_companions_on_request(
    tenant: Tenant, client: Client, support: Entry, alex: Entry
) -> None:
    old = tenant.put("old", name="Old Hand")
    client.run("Set-Mailbox", Identity=SUPPORT, GrantSendOnBehalfTo=add(f"alex@{DOMAIN}", "Old Hand"))
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert row["GrantSendOnBehalfTo"] == [alex.object_id, "Old Hand"]
    assert row["GrantSendOnBehalfToWithDisplayNames"] == []
    row = client.run("Get-Mailbox", Identity=SUPPORT, IncludeGrantSendOnBehalfToWithDisplayNames=True).rows[0]
    assert row["GrantSendOnBehalfToWithDisplayNames"] == [
        f"(alex@{DOMAIN}, Alex Example)",
        f"(old@{DOMAIN}, {old.display_name})",
    ]


def test_a_distribution_group_does_not_send_on_behalf(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.put("list", "MailUniversalDistributionGroup")
    assert client.run("Set-Mailbox", Identity=SUPPORT, GrantSendOnBehalfTo=["list"]).status == 400
    assert support.send_on_behalf == []


def test_forwarding(client: Client, support: Entry, alex: Entry) -> None:
    client.run(
        "Set-Mailbox",
        Identity=SUPPORT,
        ForwardingAddress=f"alex@{DOMAIN}",
        ForwardingSmtpAddress="archive@fabrikam.example",
        DeliverToMailboxAndForward=True,
    )
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert (row["ForwardingAddress"], row["ForwardingSmtpAddress"], row["DeliverToMailboxAndForward"]) == (
        alex.object_id,
        "smtp:archive@fabrikam.example",
        True,
    )
    client.run("Set-Mailbox", Identity=SUPPORT, ForwardingAddress=None, ForwardingSmtpAddress=None)
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert (row["ForwardingAddress"], row["ForwardingSmtpAddress"]) == (None, None)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"IssueWarningQuota": "45GB", "ProhibitSendQuota": "48GB"}, 200),
        ({"ProhibitSendQuota": "51GB"}, 400),
        ({"ProhibitSendReceiveQuota": "100GB"}, 400),  # unlicensed shared mailboxes end at 50 GB
        ({"RecipientLimits": 1001}, 400),
        ({"RulesQuota": "257 KB"}, 400),
        ({"RetainDeletedItemsFor": "31.00:00:00"}, 400),
        ({"RetainDeletedItemsFor": "30.00:00:00"}, 200),
        ({"LitigationHoldEnabled": True}, 400),
        ({"RetentionPolicy": "No such policy"}, 400),
        ({"MailTip": "x" * 176}, 400),
    ],
)
def test_bounds(client: Client, support: Entry, sent: dict[str, Any], status: int) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, **sent)
    assert reply.status == status
    assert bool(support.properties) == (status == 200)


def test_a_mail_tip_comes_back_wrapped(client: Client, support: Entry) -> None:
    client.run("Set-Mailbox", Identity=SUPPORT, MailTip="Back at nine")
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert row["MailTip"].startswith("<html>")
    assert "Back at nine" in row["MailTip"]
    assert row["MailTipTranslations"] == [f"default:{row['MailTip']}"]


def test_an_audit_list_of_ones_own_leaves_the_defaults(client: Client, support: Entry) -> None:
    client.run("Set-Mailbox", Identity=SUPPORT, AuditOwner=["Update", "HardDelete"])
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert (row["AuditOwner"], row["DefaultAuditSet"]) == (["Update", "HardDelete"], ["Admin", "Delegate"])
    client.run("Set-Mailbox", Identity=SUPPORT, DefaultAuditSet="Admin,Delegate,Owner")
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert row["DefaultAuditSet"] == ["Admin", "Delegate", "Owner"]
    assert len(row["AuditOwner"]) > 2


def test_who_may_send_splits_into_people_and_groups(
    tenant: Tenant, client: Client, support: Entry, alex: Entry
) -> None:
    team = tenant.put("team", "MailUniversalDistributionGroup")
    client.run("Set-Mailbox", Identity=SUPPORT, AcceptMessagesOnlyFromSendersOrMembers=["alex", "team"])
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert row["AcceptMessagesOnlyFrom"] == [alex.object_id]
    assert row["AcceptMessagesOnlyFromDLMembers"] == ["team"]
    assert row["AcceptMessagesOnlyFromSendersOrMembers"] == [alex.object_id, "team"]
    mixed = client.run(
        "Set-Mailbox",
        Identity=SUPPORT,
        AcceptMessagesOnlyFromSendersOrMembers=["alex"],
        AcceptMessagesOnlyFrom=["alex"],
    )
    assert mixed.status == 400
    assert support.properties["AcceptMessagesOnlyFromDLMembers"] == [team.object_id]


def test_what_is_synced_from_on_premises_is_out_of_scope(client: Client, support: Entry) -> None:
    support.dir_synced = True
    reply = client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="x")
    assert (reply.status, "synchronized from your on-premises" in reply.error_text) == (400, True)
    assert client.run("Set-Mailbox", Identity=SUPPORT, MessageCopyForSentAsEnabled=True).status == 200
    client.run("Set-Mailbox", Identity=SUPPORT, IsExchangeCloudManaged=True)
    assert client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="x").status == 200


# --- going ------------------------------------------------------------------------------------------------


def test_removal_is_soft_and_can_be_made_final(tenant: Tenant, client: Client, support: Entry) -> None:
    assert client.run("Remove-Mailbox", Identity=SUPPORT, PermanentlyDelete=True).status == 400
    client.run("Remove-Mailbox", Identity=SUPPORT)
    assert client.run("Get-Mailbox", Identity=SUPPORT).status == 404
    row = client.run("Get-Mailbox", Identity=SUPPORT, SoftDeletedMailbox=True).rows[0]
    assert (row["IsSoftDeletedByRemove"], row["WhenSoftDeleted"][:10]) == (True, "2026-12-01")
    assert client.run("Get-Recipient", Identity=SUPPORT).status == 404
    assert len(client.run("Get-Recipient", Identity=SUPPORT, IncludeSoftDeletedRecipients=True).rows) == 1
    assert client.run("Remove-Mailbox", Identity=SUPPORT).status == 404
    client.run("Remove-Mailbox", Identity=SUPPORT, PermanentlyDelete=True)
    assert support.object_id not in tenant.world.entries


def test_on_hold_it_becomes_inactive(client: Client, support: Entry) -> None:
    support.graph["assignedLicenses"] = [{"skuId": "x"}]
    assert client.run("Set-Mailbox", Identity=SUPPORT, LitigationHoldEnabled=True).status == 200
    client.run("Remove-Mailbox", Identity=SUPPORT)
    assert client.run("Remove-Mailbox", Identity=SUPPORT, PermanentlyDelete=True).status == 400
    row = client.run("Get-Mailbox", InactiveMailboxOnly=True).rows[0]
    assert (row["IsInactiveMailbox"], row["LitigationHoldDate@data.type"]) == (True, "System.DateTime")


def test_statistics(tenant: Tenant, client: Client, support: Entry) -> None:
    support.stores["statistics"] = {"size": 2254857830, "items": 18342}
    row = client.run("Get-MailboxStatistics", Identity=SUPPORT).rows[0]
    assert (row["TotalItemSize"], row["ItemCount"]) == ("2.1 GB (2,254,857,830 bytes)", 18342)
    new(client)
    reply = client.run("Get-MailboxStatistics", Identity="sales")
    assert (reply.rows, len(reply.warnings)) == ([], 1)  # nobody has opened it


def test_an_identity_and_a_filter_must_both_hold(client: Client, support: Entry) -> None:
    def found(text: str) -> int:
        return len(client.run("Get-Mailbox", Identity="support@contoso.example", Filter=text).rows)

    assert found("RecipientTypeDetails -eq 'SharedMailbox'") == 1
    assert found("RecipientTypeDetails -eq 'RoomMailbox'") == 0
    refused = client.run("Get-Mailbox", Identity="support@contoso.example", Filter="Colour -eq 'red'")
    assert (refused.status, refused.error_type) == (400, "ParameterTransformationException")


def test_statistics_of_an_archive_that_is_not_there(client: Client, support: Entry) -> None:
    reply = client.run("Get-MailboxStatistics", Identity="support@contoso.example", Archive=True)
    assert (reply.status, reply.error_text) == (400, f"The mailbox '{support.name}' doesn't have an archive.")
    support.properties["ArchiveStatus"] = "Active"
    there = client.run("Get-MailboxStatistics", Identity="support@contoso.example", Archive=True)
    assert there.rows[0]["IsArchiveMailbox"] is True
