"""Groups, their members, contacts, and what resolves them."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox.world import Entry

from .conftest import DOMAIN, INITIAL, Client, Tenant, add

TEAM = f"team@{DOMAIN}"


def write(client: Client, cmdlet: str, /, **parameters: Any) -> Any:
    return client.run(cmdlet, BypassSecurityGroupManagerCheck=True, **parameters)


@pytest.fixture
def team(tenant: Tenant, alex: Entry) -> Entry:
    return tenant.put("team", "MailUniversalSecurityGroup", owners=[alex.object_id])


def members(client: Client) -> list[str]:
    rows = client.run("Get-DistributionGroupMember", Identity=TEAM).rows
    return [row["PrimarySmtpAddress"] for row in rows]


def test_a_new_group(tenant: Tenant, client: Client, alex: Entry) -> None:
    row = client.run(
        "New-DistributionGroup",
        Name="Support Announcements",
        Alias="announce",
        PrimarySmtpAddress=f"announce@{DOMAIN}",
        ManagedBy=["alex"],
        Members=["alex"],
    ).rows[0]
    assert (row["Name"], row["RecipientTypeDetails"], row["GroupType"]) == (
        "Support Announcements",
        "MailUniversalDistributionGroup",
        "Universal",
    )
    assert row["EmailAddresses"] == [f"SMTP:announce@{DOMAIN}", f"smtp:announce@{INITIAL}"]
    assert (row["MemberJoinRestriction"], row["MemberDepartRestriction"]) == ("Closed", "Open")
    assert row["RequireSenderAuthenticationEnabled"] is True
    assert row["ManagedBy"] == [alex.object_id]
    assert tenant.world.find("announce")[0].members == [alex.object_id]


def test_a_security_group_is_closed(client: Client) -> None:
    given = {"Name": "SG", "Type": "Security"}
    assert client.run("New-DistributionGroup", **given, MemberJoinRestriction="Open").status == 400
    row = client.run("New-DistributionGroup", **given).rows[0]
    assert (row["GroupType"], row["MemberDepartRestriction"]) == ("Universal, SecurityEnabled", "Closed")


def test_a_group_name_is_taken_in_nested_json(client: Client) -> None:
    client.run("New-DistributionGroup", Name="Team")
    reply = client.run("New-DistributionGroup", Name="Team", Alias="team2")
    assert (reply.status, reply.error_type) == (400, "ADObjectAlreadyExistsException")
    assert "innererror" not in reply.body["error"]


def test_naming_policy(tenant: Tenant, client: Client) -> None:
    tenant.world.organization["DistributionGroupNamingPolicy"] = "DL_<GroupName>"
    tenant.world.organization["DistributionGroupNameBlockedWordsList"] = ["Payroll"]
    assert client.run("New-DistributionGroup", Name="One").rows[0]["Name"] == "DL_One"
    assert client.run("New-DistributionGroup", Name="Payroll").status == 400
    given = {"Name": "Payroll", "IgnoreNamingPolicy": True}
    assert client.run("New-DistributionGroup", **given).rows[0]["Name"] == "Payroll"


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Set-DistributionGroup", {"DisplayName": "x"}),
        ("Remove-DistributionGroup", {}),
        ("Add-DistributionGroupMember", {"Member": "alex"}),
        ("Remove-DistributionGroupMember", {"Member": "alex"}),
        ("Update-DistributionGroupMember", {"Members": ["alex"]}),
    ],
)
def test_an_app_owns_no_group(
    tenant: Tenant, client: Client, team: Entry, cmdlet: str, parameters: dict[str, Any]
) -> None:
    reply = client.run(cmdlet, Identity=TEAM, **parameters)
    assert (reply.status, "by a manager of the group" in reply.error_text) == (400, True)
    assert (team.members, team.display_name, team.object_id in tenant.world.entries) == ([], "Team", True)


def test_members_come_and_go(client: Client, team: Entry, alex: Entry) -> None:
    assert write(client, "Add-DistributionGroupMember", Identity=TEAM, Member="alex").rows == []
    assert members(client) == [f"alex@{DOMAIN}"]
    again = write(client, "Add-DistributionGroupMember", Identity=TEAM, Member="alex")
    assert (again.status, again.error_type) == (400, "MemberAlreadyExistsException")
    write(client, "Remove-DistributionGroupMember", Identity=TEAM, Member="alex")
    gone = write(client, "Remove-DistributionGroupMember", Identity=TEAM, Member="alex")
    assert (gone.status, gone.error_type) == (400, "MemberNotFoundException")
    assert members(client) == []


def test_update_replaces_all(tenant: Tenant, client: Client, team: Entry, alex: Entry) -> None:
    bruno = tenant.put("bruno")
    team.members = [alex.object_id]
    write(client, "Update-DistributionGroupMember", Identity=TEAM, Members=["bruno"])
    assert team.members == [bruno.object_id]


@pytest.mark.parametrize("kind", ["GroupMailbox", "User", "SecurityGroup"])
def test_who_cannot_be_a_member(tenant: Tenant, client: Client, team: Entry, kind: str) -> None:
    tenant.put("them", kind)
    assert write(client, "Add-DistributionGroupMember", Identity=TEAM, Member="them").status == 400
    assert team.members == []


def test_a_bare_user_as_member_has_only_a_sign_in_name(tenant: Tenant, client: Client, team: Entry) -> None:
    bare = tenant.put("bare", "User")
    team.members = [bare.object_id]
    row = client.run("Get-DistributionGroupMember", Identity=TEAM).rows[0]
    assert (row["PrimarySmtpAddress"], row["WindowsLiveID"]) == ("", f"bare@{DOMAIN}")


def test_primary_address_of_a_group(client: Client, team: Entry) -> None:
    write(client, "Set-DistributionGroup", Identity=TEAM, PrimarySmtpAddress=f"crew@{DOMAIN}")
    assert team.addresses == [f"SMTP:crew@{DOMAIN}", f"smtp:{TEAM}"]
    both = {"PrimarySmtpAddress": f"x@{DOMAIN}", "EmailAddresses": add(f"y@{DOMAIN}")}
    assert write(client, "Set-DistributionGroup", Identity="team", **both).status == 400


def test_hidden_membership_cannot_be_undone(client: Client, team: Entry) -> None:
    write(client, "Set-DistributionGroup", Identity=TEAM, HiddenGroupMembershipEnabled=True)
    write(client, "Set-DistributionGroup", Identity=TEAM, HiddenGroupMembershipEnabled=False)
    assert client.run("Get-DistributionGroup", Identity=TEAM).rows[0]["HiddenGroupMembershipEnabled"] is True


def test_a_group_needs_an_owner(client: Client, team: Entry, alex: Entry) -> None:
    assert write(client, "Set-DistributionGroup", Identity=TEAM, ManagedBy=None).status == 400
    assert team.owners == [alex.object_id]


def test_a_removed_group_is_gone(tenant: Tenant, client: Client, team: Entry, support: Entry) -> None:
    given = {"Identity": support.name, "User": TEAM, "AccessRights": ["FullAccess"]}
    client.run("Add-MailboxPermission", **given)
    write(client, "Remove-DistributionGroup", Identity=TEAM)
    assert team.object_id not in tenant.world.entries
    assert client.run("Get-Recipient", Identity=TEAM, IncludeSoftDeletedRecipients=True).status == 404
    reply = client.run("Get-MailboxPermission", Identity=support.name, IncludeUnresolvedPermissions=True)
    assert reply.rows[-1]["User"] == team.sid


def test_a_synced_group_is_not_changed_here(client: Client, team: Entry) -> None:
    team.dir_synced = True
    reply = write(client, "Add-DistributionGroupMember", Identity=TEAM, Member="alex")
    assert (reply.status, "synchronized" in reply.error_text) == (400, True)


def test_groups_that_hold_somebody(tenant: Tenant, client: Client, team: Entry, alex: Entry) -> None:
    team.members = [alex.object_id]
    tenant.put("other", "MailUniversalSecurityGroup")
    dn = client.run("Get-Recipient", Identity="alex").rows[0]["DistinguishedName"]
    reply = client.run("Get-Recipient", Filter=f"Members -eq '{dn}'", select="Name")
    assert reply.rows == [{"Name": "team"}]


def test_contacts(tenant: Tenant, client: Client) -> None:
    row = client.run(
        "New-MailContact", Name="Fabrikam Billing", ExternalEmailAddress="billing@fabrikam.example"
    ).rows[0]
    assert (row["ExternalEmailAddress"], row["PrimarySmtpAddress"]) == (
        "SMTP:billing@fabrikam.example",
        "billing@fabrikam.example",
    )
    client.run("Set-MailContact", Identity="Fabrikam Billing", ExternalEmailAddress="pay@fabrikam.example")
    row = client.run("Get-MailContact", Identity="pay@fabrikam.example").rows[0]
    assert row["EmailAddresses"] == ["SMTP:pay@fabrikam.example"]  # the former one is not kept
    client.run("Remove-MailContact", Identity="Fabrikam Billing")
    assert tenant.world.entries == {}


def test_a_contact_blocks_the_address_of_a_mailbox(client: Client) -> None:
    client.run("New-MailContact", Name="Info", ExternalEmailAddress=f"info@{DOMAIN}")
    reply = client.run("New-Mailbox", Shared=True, Name="x", PrimarySmtpAddress=f"info@{DOMAIN}")
    assert reply.error_type == "ProxyAddressExistsException"


def test_recipients_and_users(tenant: Tenant, client: Client, team: Entry, alex: Entry) -> None:
    tenant.put("bare", "User", account_enabled=False)
    details = [row["RecipientTypeDetails"] for row in client.run("Get-Recipient").rows]
    assert details == ["UserMailbox", "MailUniversalSecurityGroup"]
    people = client.run("Get-User").rows
    assert [(row["RecipientTypeDetails"], row["Sid"]) for row in people] == [
        ("UserMailbox", alex.sid),
        ("DisabledUser", people[1]["Sid"]),
    ]
    assert "EmailAddresses" not in people[0]


def test_accepted_domains_and_organization(tenant: Tenant, client: Client) -> None:
    rows = client.run("Get-AcceptedDomain").rows
    assert [(row["DomainName"], row["Default"], row["InitialDomain"]) for row in rows] == [
        (INITIAL, False, True),
        (DOMAIN, True, False),
    ]
    tenant.world.organization["SendFromAliasEnabled"] = True
    row = client.run("Get-OrganizationConfig").rows[0]
    assert (row["SendFromAliasEnabled"], row["FocusedInboxOn"], row["PublicFoldersEnabled"]) == (
        True,
        None,
        "Local",
    )
