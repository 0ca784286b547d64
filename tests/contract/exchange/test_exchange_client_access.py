"""Client access, archives, the organisation's settings, and what the tenant lets out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.sandbox.world import Entry

from .conftest import DOMAIN, INITIAL, Client, Tenant

SUPPORT = f"support@{DOMAIN}"
NO_CHANGE = "The command completed successfully but no settings of"


# --- Get-CASMailbox, Set-CASMailbox ---------------------------------------------------------------------


def test_protocols_are_open_and_smtp_auth_follows_the_organisation(client: Client, support: Entry) -> None:
    row = client.run("Get-CASMailbox", Identity=SUPPORT).rows[0]
    names = ("OWAEnabled", "ImapEnabled", "PopEnabled", "MAPIEnabled", "ActiveSyncEnabled")
    assert [row[name] for name in names] == [True] * 5
    assert (row["SmtpClientAuthenticationDisabled"], row["EwsEnabled"]) == (None, None)
    assert row["ExternalDirectoryObjectId"] == support.object_id
    assert row["ActiveSyncMailboxPolicyIsDefaulted"] is True
    assert row["ProtocolSettings"] is None


@pytest.mark.parametrize("state", [True, False, None])
def test_smtp_auth_has_three_states(client: Client, support: Entry, state: bool | None) -> None:
    support.properties["SmtpClientAuthenticationDisabled"] = True if state is None else None
    reply = client.run("Set-CASMailbox", Identity=SUPPORT, SmtpClientAuthenticationDisabled=state)
    assert (reply.status, reply.warnings) == (200, [])
    row = client.run("Get-CASMailbox", Identity=SUPPORT).rows[0]
    assert row["SmtpClientAuthenticationDisabled"] is state


def test_an_ordinary_switch_has_no_third_state(client: Client, support: Entry) -> None:
    assert client.run("Set-CASMailbox", Identity=SUPPORT, ImapEnabled=None).status == 400
    assert client.run("Set-CASMailbox", Identity=SUPPORT, ImapEnabled="yes").status == 400


def test_setting_what_is_so_warns(client: Client, support: Entry) -> None:
    assert client.run("Set-CASMailbox", Identity=SUPPORT, ImapEnabled=True).warnings[0].startswith(NO_CHANGE)


def test_a_listing_knows_types(tenant: Tenant, client: Client, support: Entry, alex: Entry) -> None:
    rows = client.run("Get-CASMailbox", RecipientTypeDetails=["SharedMailbox"], ResultSize="Unlimited").rows
    assert [row["PrimarySmtpAddress"] for row in rows] == [SUPPORT]


# --- Enable-Mailbox, Disable-Mailbox --------------------------------------------------------------------


def archive(client: Client) -> tuple[str, str]:
    row = client.run("Get-Mailbox", Identity=SUPPORT, select="ArchiveStatus,ArchiveGuid").rows[0]
    return row["ArchiveStatus"], row["ArchiveGuid"]


def test_a_shared_mailbox_without_licence_gets_no_archive(client: Client, support: Entry) -> None:
    reply = client.run("Enable-Mailbox", Identity=SUPPORT, Archive=True)
    assert (reply.status, "license" in reply.error_text) == (400, True)
    assert archive(client)[0] == "None"


def test_an_archive_is_kept_for_thirty_days(tenant: Tenant, client: Client, support: Entry) -> None:
    support.graph["assignedLicenses"] = [{"skuId": "19ec0d23-8335-4cbd-94ac-6050e30712fa"}]
    assert client.run("Enable-Mailbox", Identity=SUPPORT, Archive=True).rows == []
    status, guid = archive(client)
    assert status == "Active"
    assert client.run("Enable-Mailbox", Identity=SUPPORT, Archive=True).status == 400
    client.run("Disable-Mailbox", Identity=SUPPORT, Archive=True)
    assert archive(client) == ("None", "00000000-0000-0000-0000-000000000000")
    client.run("Enable-Mailbox", Identity=SUPPORT, Archive=True)
    assert archive(client) == ("Active", guid)  # the same one again
    client.run("Disable-Mailbox", Identity=SUPPORT, Archive=True)
    tenant.clock.advance(timedelta(days=31))
    late = tenant.client()
    late.run("Enable-Mailbox", Identity=SUPPORT, Archive=True)
    assert archive(late)[1] != guid


def test_disabling_asks_first(client: Client, support: Entry) -> None:
    support.properties["ArchiveStatus"] = "Active"
    client.send("Disable-Mailbox", {"Identity": SUPPORT, "Archive": True})
    assert support.properties["ArchiveStatus"] == "Active"


def test_without_the_switch_nothing_is_disabled(client: Client, support: Entry) -> None:
    assert client.run("Disable-Mailbox", Identity=SUPPORT).status >= 400
    assert client.run("Get-Mailbox", Identity=SUPPORT).status == 200


# --- the organisation -----------------------------------------------------------------------------------


def test_an_organisation_setting_is_changed_and_told(tenant: Tenant, client: Client) -> None:
    assert client.run("Get-OrganizationConfig").rows[0]["SendFromAliasEnabled"] is False
    client.run("Set-OrganizationConfig", SendFromAliasEnabled=True)
    assert client.run("Get-OrganizationConfig").rows[0]["SendFromAliasEnabled"] is True
    record = tenant.world.audit[-1]
    assert (record.operation, record.object_id) == ("Set-OrganizationConfig", INITIAL)
    again = client.run("Set-OrganizationConfig", SendFromAliasEnabled=True)
    assert again.warnings[0].startswith(NO_CHANGE)


def test_it_takes_no_identity(client: Client) -> None:
    assert client.run("Set-OrganizationConfig", Identity=INITIAL, SendFromAliasEnabled=True).status == 400


def test_what_scenarios_keep_there_is_no_setting(tenant: Tenant, client: Client) -> None:
    tenant.world.organization.update(
        {"RetentionPolicies": ["A"], "RemoteDomains": [], "graph": {"city": "Lyon"}}
    )
    row = client.run("Get-OrganizationConfig").rows[0]
    assert not {"RetentionPolicies", "RemoteDomains", "graph"} & set(row)


def test_automatic_forwarding_is_off_unless_somebody_let_it_out(tenant: Tenant, client: Client) -> None:
    (row,) = client.run("Get-HostedOutboundSpamFilterPolicy").rows
    assert (row["Name"], row["AutoForwardingMode"], row["IsDefault"]) == ("Default", "Automatic", True)
    (domain,) = client.run("Get-RemoteDomain").rows
    assert (domain["DomainName"], domain["AutoForwardEnabled"]) == ("*", True)
    tenant.world.organization["OutboundSpamPolicies"] = [{}, {"Name": "Out", "AutoForwardingMode": "On"}]
    assert [r["AutoForwardingMode"] for r in client.run("Get-HostedOutboundSpamFilterPolicy").rows] == [
        "Automatic",
        "On",
    ]
    assert client.run("Get-HostedOutboundSpamFilterPolicy", Identity="nope").status == 404
