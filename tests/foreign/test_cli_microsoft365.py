"""CLI for Microsoft 365 [github pnp/cli-microsoft365] finds in the sandbox what it finds in a tenant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import CERTIFICATE_APP, TENANT, Cli, ClientFailedError, Running

SUPPORT = "support@contoso.example"


def test_signing_in_with_a_certificate(m365: Cli, running: Running, tmp_path: Path) -> None:
    cli = Cli(running, tmp_path)
    certificate = str(running.certificate)
    cli("login", "--authType", "certificate", "--appId", CERTIFICATE_APP, "--tenant", TENANT,
        "--certificateFile", certificate)  # fmt: skip
    assert cli("status")["connectedAs"] == "certified"
    assert cli("entra", "user", "get", "--userName", SUPPORT)["mail"] == SUPPORT


def test_a_wrong_secret(m365: Cli, running: Running, tmp_path: Path) -> None:
    cli = Cli(running, tmp_path)
    with pytest.raises(ClientFailedError, match="AADSTS7000215"):
        cli("login", "--authType", "secret", "--appId", CERTIFICATE_APP, "--tenant", TENANT, "--secret", "no")


def test_users(m365: Cli) -> None:
    names = m365("entra", "user", "list", "--properties", "displayName,userType")
    assert {user["displayName"] for user in names} >= {"Alice Martin", "Support Clients", "Eve"}
    guests = m365("entra", "user", "list", "--type", "Guest", "--properties", "userPrincipalName")
    assert [g["userPrincipalName"] for g in guests] == ["eve_partner.example#EXT#@contoso.onmicrosoft.com"]


def test_a_user_is_changed(m365: Cli) -> None:
    m365("entra", "user", "set", "--userName", SUPPORT, "--accountEnabled", "false", "--jobTitle", "Équipe")
    found = m365("entra", "user", "get", "--userName", SUPPORT, "--properties", "accountEnabled,jobTitle")
    assert (found["accountEnabled"], found["jobTitle"]) == (False, "Équipe")
    with pytest.raises(ClientFailedError, match="does not exist"):
        m365("entra", "user", "get", "--userName", "nobody@contoso.example")


def test_a_manager(m365: Cli) -> None:
    bruno = ("--userName", "bruno@contoso.example")
    m365("entra", "user", "set", *bruno, "--managerUserName", "alice@contoso.example")
    found = m365("entra", "user", "get", *bruno, "--withManager")
    assert found["manager"]["mail"] == "alice@contoso.example"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("microsoft365", "Project"),
        ("security", "Admins"),
        ("distribution", "Everyone"),
        ("mailEnabledSecurity", "Team"),
    ],
)
def test_groups_by_kind(m365: Cli, kind: str, name: str) -> None:
    assert name in m365("entra", "group", "list", "--type", kind, "--query", "[].displayName")


def test_members(m365: Cli) -> None:
    found = m365("entra", "group", "member", "list", "--groupName", "Project")
    assert {member["userPrincipalName"]: member["roles"] for member in found} == {
        "alice@contoso.example": ["Member"],
        "bruno@contoso.example": ["Owner"],
    }
    filtered = m365("entra", "group", "member", "list", "--groupName", "Team",
                    "--filter", "userType eq 'Guest'")  # fmt: skip
    assert filtered == []


def test_members_come_and_go(m365: Cli) -> None:
    group = ("--groupName", "Admins", "--userNames", "carol@contoso.example", "--role", "Member")
    m365("entra", "group", "member", "add", *group)
    listed = m365("entra", "group", "member", "list", "--groupName", "Admins")
    assert "carol@contoso.example" in {member["userPrincipalName"] for member in listed}
    m365("entra", "group", "member", "remove", *group, "--force")
    listed = m365("entra", "group", "member", "list", "--groupName", "Admins")
    assert "carol@contoso.example" not in {member["userPrincipalName"] for member in listed}


def test_what_exchange_masters_is_refused(m365: Cli) -> None:
    with pytest.raises(ClientFailedError, match="Cannot Update a mail-enabled security groups"):
        m365("entra", "group", "member", "add", "--groupName", "Team", "--userNames", "carol@contoso.example",
             "--role", "Member")  # fmt: skip


def test_grants(m365: Cli) -> None:
    found = m365("entra", "approleassignment", "list", "--appId", CERTIFICATE_APP)
    assert {grant["roleName"] for grant in found} >= {"User.ReadWrite.All", "Exchange.ManageAsApp"}


def test_the_tenant(m365: Cli) -> None:
    assert m365("entra", "organization", "list")[0]["displayName"] == "Contoso"
    assert m365("entra", "license", "list")[0]["skuPartNumber"] == "SPB"


def test_a_user_comes_and_goes(m365: Cli) -> None:
    made = m365("entra", "user", "add", "--displayName", "Gina", "--userName", "gina@contoso.example")
    assert made["userPrincipalName"] == "gina@contoso.example"
    m365("entra", "user", "remove", "--id", made["id"], "--force")
    assert made["id"] in [user["id"] for user in m365("entra", "user", "recyclebinitem", "list")]


def test_any_request(m365: Cli) -> None:
    page = m365("request", "--url", "@graph/users?$top=2&$select=mail")
    assert len(page["value"]) == 2
    assert page["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/users?")
    counted = m365("request", "--url", "@graph/users/$count", "--ConsistencyLevel", "eventual")
    assert counted >= 5


def test_exchange_by_its_own_api(m365: Cli) -> None:
    url = f"https://outlook.office365.com/adminapi/beta/{TENANT}/InvokeCommand"
    cmdlet = {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": SUPPORT}}
    body = json.dumps({"CmdletInput": cmdlet})
    found = m365("request", "--url", url, "--method", "post", "--resource", "https://outlook.office365.com",
                 "--content-type", "application/json", "--body", body)  # fmt: skip
    assert found["value"][0]["PrimarySmtpAddress"] == SUPPORT
    assert found["value"][0]["RecipientTypeDetails"] == "SharedMailbox"
