"""The front door: tokens, roles, tenants, envelopes, headers, and what the weather does to a call."""

from __future__ import annotations

import pytest

from controller.sandbox import tokens
from controller.sandbox.state import ConnectionLostError, Fault, FaultKind
from controller.sandbox.world import Entry

from .conftest import DOMAIN, ROOT, TENANT, Client, Tenant, envelope

SUPPORT = f"support@{DOMAIN}"


def test_a_read_answers_with_context_warnings_and_rows(client: Client, support: Entry) -> None:
    reply = client.run("Get-Mailbox", Identity=SUPPORT)
    assert reply.status == 200
    assert reply.body["@odata.context"].startswith(f"{ROOT}/adminapi/beta/{TENANT}/$metadata#")
    assert reply.body["adminapi.warnings@odata.type"] == "#Collection(String)"
    assert reply.warnings == []
    assert reply.headers["request-id"]
    assert reply.rows[0]["ExternalDirectoryObjectId"] == support.object_id


def test_a_write_answers_with_no_rows(client: Client, support: Entry) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="Helpdesk")
    assert (reply.status, reply.rows, support.display_name) == (200, [], "Helpdesk")


@pytest.mark.parametrize("version", ["beta", "v1.0"])
@pytest.mark.parametrize("name", [TENANT, TENANT.upper(), DOMAIN, "contosoexample.onmicrosoft.com"])
def test_tenant_by_id_and_by_domain(client: Client, support: Entry, version: str, name: str) -> None:
    url = f"{ROOT}/adminapi/{version}/{name}/InvokeCommand"
    assert client.request("POST", url, envelope("Get-Mailbox", {})).status == 200


def test_another_tenant_is_not_here(client: Client, support: Entry) -> None:
    url = f"{ROOT}/adminapi/beta/fabrikam.example/InvokeCommand"
    reply = client.request("POST", url, envelope("Get-Mailbox", {}))
    assert reply.status == 404
    assert "details" not in reply.body["error"]  # nothing that reads as an object not found


def test_no_token_and_a_graph_token_are_401(tenant: Tenant, client: Client) -> None:
    assert client.send("Get-Mailbox", {}, Authorization="").status == 401
    graph = tokens.mint(tenant.sandbox, tenant.app, tokens.GRAPH)
    assert client.send("Get-Mailbox", {}, Authorization=f"Bearer {graph}").status == 401


def test_without_the_app_role_401_whatever_the_directory_role(tenant: Tenant) -> None:
    tenant.app.exchange_app = False
    assert tenant.client().send("Get-Mailbox", {}).status == 401


def test_without_a_directory_role_403_and_nul_bytes(tenant: Tenant, client: Client) -> None:
    tenant.app.directory_roles = []
    reply = client.run("Get-Mailbox")
    assert reply.status == 403
    assert reply.content
    assert set(reply.content) == {0}
    assert "reason" in reply.headers["x-ms-diagnostics"]


def test_a_reader_reads_and_has_no_write_cmdlets(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.app.directory_roles = ["Global Reader"]
    assert client.run("Get-Mailbox", Identity=SUPPORT).status == 200
    reply = client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="No")
    assert (reply.status, reply.error_type) == (403, "CommandNotFoundException")
    assert support.display_name == "Customer Support"


def test_a_security_reader_may_not_read_mailboxes(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.app.directory_roles = ["Security Reader"]
    assert client.run("Get-Mailbox", Identity=SUPPORT).status == 403


def test_a_recipient_administrator_reads_two_things_of_the_organisation(
    tenant: Tenant, client: Client
) -> None:
    tenant.app.directory_roles = ["Exchange Recipient Administrator"]
    assert client.run("Get-AcceptedDomain").status == 200
    assert client.run("Get-OrganizationConfig").status == 200
    refused = client.run("Set-OrganizationConfig", SendFromAliasEnabled=True)
    assert (refused.status, refused.error_type) == (403, "CommandNotFoundException")


def test_rbac_trims_parameters_as_if_misspelt(tenant: Tenant, client: Client) -> None:
    tenant.put("team", "MailUniversalSecurityGroup")
    tenant.app.directory_roles = ["Exchange Recipient Administrator"]
    reply = client.run("Set-DistributionGroup", Identity="team", BypassSecurityGroupManagerCheck=True)
    assert (reply.status, reply.error_type) == (400, "AmbiguousParameterSetException")
    assert "BypassSecurityGroupManagerCheck" in reply.error_text


def test_module_file_lists_what_the_role_leaves(tenant: Tenant, client: Client) -> None:
    url = f"{ROOT}/adminapi/v1.0/{TENANT}/EXOModuleFile?Version=3.9.2"
    full = client.request("GET", url, CommandName="*").rows[0]["exportedCmdlets"].split(",")
    tenant.app.directory_roles = ["Global Reader"]
    reader = client.request("GET", url, CommandName="*").rows[0]["exportedCmdlets"].split(",")
    assert {"Get-Mailbox", "Set-Mailbox", "Search-UnifiedAuditLog"} <= set(full)
    assert reader == [name for name in full if name.startswith(("Get-", "Search-"))]


def test_unknown_cmdlet_and_one_that_is_not_played(client: Client) -> None:
    unknown = client.run("Get-Mailboxx")
    assert (unknown.status, unknown.error_type) == (403, "CommandNotFoundException")
    known = client.run("Get-TransportRule")
    assert (known.status, known.error_type) == (400, "NotOfferedException")


@pytest.mark.parametrize("name", ["Get-MailUser", "get-mobiledevice", "New-ManagementRoleAssignment"])
def test_cmdlets_of_exchange_online_that_are_not_played(tenant: Tenant, client: Client, name: str) -> None:
    """The service has them, so the caller is not told that there is no such cmdlet; but a reader's session
    lacks the writing ones [obs: graph2otel]."""
    reply = client.run(name)
    assert (reply.status, reply.error_type) == (400, "NotOfferedException")
    tenant.app.directory_roles = ["Global Reader"]
    expected = (
        (400, "NotOfferedException")
        if name.lower().startswith("get-")
        else (
            403,
            "CommandNotFoundException",
        )
    )
    reply = client.run(name)
    assert (reply.status, reply.error_type) == expected


@pytest.mark.parametrize(
    "resource", ["Recipient", "CasMailbox", "Mailbox('x')/MailboxFolder('y')", "$metadata", ""]
)
def test_entity_sets_that_are_not_played(client: Client, resource: str) -> None:
    reply = client.request("GET", f"{client.root}/{resource}")
    assert (reply.status, reply.error_type) == (400, "NotOfferedException")
    assert client.request("GET", f"{client.root}/Nonsense").status == 404


@pytest.mark.parametrize(
    "payload", [None, [], {}, {"CmdletInput": {}}, {"cmdletinput": {"CmdletName": "Get-Mailbox"}}]
)
def test_an_envelope_that_is_none_is_400(client: Client, payload: object) -> None:
    assert client.request("POST", f"{client.root}/InvokeCommand", payload).status == 400


def test_clixml_is_refused_not_faked(client: Client) -> None:
    reply = client.send("Get-Mailbox", {}, X_ResponseFormat="clixml")
    assert (reply.status, reply.error_type) == (400, "NotOfferedException")


def test_throttling_comes_as_json_and_as_a_sentence(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.weather.faults["Get-Mailbox"] = [
        Fault(FaultKind.THROTTLED, 2.128),
        Fault(FaultKind.THROTTLED, None),
    ]
    first, second = client.run("Get-Mailbox"), client.run("Get-Mailbox")
    assert (first.status, first.headers["Retry-After"]) == (429, "2.128")
    assert second.status == 429
    assert "Retry-After" not in second.headers
    assert {first.content[:1] == b"{", second.content[:1] == b"{"} == {True, False}
    assert client.run("Get-Mailbox").status == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.UNAVAILABLE, 503),
        (FaultKind.TRANSIENT, 400),
        (FaultKind.DENIED, 403),
        (FaultKind.EXPIRED, 401),
    ],
)
def test_faults_have_this_services_statuses(
    tenant: Tenant, client: Client, support: Entry, kind: FaultKind, status: int
) -> None:
    tenant.weather.faults["Set-Mailbox"] = [Fault(kind)]
    assert client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="No").status == status
    assert support.display_name == "Customer Support"


def test_an_expired_token_comes_with_a_claims_challenge(tenant: Tenant, client: Client) -> None:
    tenant.weather.faults["Get-Mailbox"] = [Fault(FaultKind.EXPIRED)]
    assert "claims=" in client.run("Get-Mailbox").headers["WWW-Authenticate"]


def test_a_gateway_answers_html(tenant: Tenant, client: Client) -> None:
    tenant.weather.faults["Get-Mailbox"] = [Fault(FaultKind.GATEWAY)]
    reply = client.run("Get-Mailbox")
    assert reply.status in (502, 504)
    assert reply.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("kind", "name"), [(FaultKind.LOST_BEFORE, "Customer Support"), (FaultKind.LOST_AFTER, "Helpdesk")]
)
def test_a_lost_answer_may_or_may_not_have_been_done(
    tenant: Tenant, client: Client, support: Entry, kind: FaultKind, name: str
) -> None:
    tenant.weather.faults["Set-Mailbox"] = [Fault(kind)]
    with pytest.raises(ConnectionLostError):
        client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="Helpdesk")
    assert support.display_name == name


def test_calls_are_on_record_by_primary_address(tenant: Tenant, client: Client, support: Entry) -> None:
    client.run("Get-Mailbox", Identity=support.guid)
    client.run("Set-Mailbox", Identity=support.object_id, DisplayName="Helpdesk")
    assert tenant.sandbox.log == [
        ("exchange", "Get-Mailbox", SUPPORT, False),
        ("exchange", "Set-Mailbox", SUPPORT, True),
    ]


def test_select_reduces_the_row_in_any_case(client: Client, support: Entry) -> None:
    row = client.run("Get-Mailbox", Identity=SUPPORT, select="guid,DISPLAYNAME,EmailAddresses").rows[0]
    assert row == {
        "DisplayName": "Customer Support",
        "Guid@data.type": "System.Guid",
        "Guid": support.guid,
        "EmailAddresses@odata.type": "#Collection(String)",
        "EmailAddresses": support.addresses,
    }


def test_published_api_wants_its_own_permission(client: Client, support: Entry) -> None:
    url = f"{ROOT}/adminapi/v2.0/{TENANT}/Mailbox"
    assert client.request("POST", url, envelope("Get-Mailbox", {})).status == 401
