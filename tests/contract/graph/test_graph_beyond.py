"""What the sandbox does not play is refused as such, and what nobody serves as the real service refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox import graph as sandbox_graph
from controller.sandbox import tokens
from controller.sandbox.app import create_app
from controller.sandbox.graph.beyond import is_beyond
from controller.sandbox.graph.paths import split
from controller.sandbox.state import Sandbox

from .conftest import ROOT, Client, Tenant

SUPPORT = "/users/support@contoso.example"


def code(response: Any) -> tuple[int, str]:
    return response.status_code, str(response.json()["error"]["code"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/support@contoso.example/calendar/calendarPermissions"),
        ("GET", "/users/support@contoso.example/mailFolders/delta"),
        ("GET", "/users/support@contoso.example/mailFolders/inbox/messages/delta()"),
        ("GET", "/users/support@contoso.example/displayName"),
        ("POST", "/users/support@contoso.example/messages"),
        ("POST", "/users/support@contoso.example/mailFolders/inbox/copy"),
        ("GET", "/groups/11111111-1111-4111-8111-111111111111/team"),
        ("GET", "/directoryObjects/delta"),
        ("GET", "/places/microsoft.graph.room"),
        ("POST", "/servicePrincipals"),
        ("GET", "/$metadata"),
        ("GET", ""),
    ],
)
def test_what_only_the_real_service_does(client: Client, method: str, path: str) -> None:
    options = {"json": {}} if method == "POST" else {}
    response = client.request(method, path, **options)
    assert code(response) == (501, "NotOfferedException")
    assert "The sandbox does not offer" in response.json()["error"]["message"]


def test_nothing_that_is_played_is_beyond() -> None:
    for route in (route for table in sandbox_graph._RESOURCES for route in table):
        if "(" not in route.pattern:
            path = "/".join("x" if step.startswith("{") else step for step in route.steps)
            assert not is_beyond(route.method, split(path)), route.operation


@pytest.mark.parametrize("path", ["/me", "/me/messages", "/me/mailFolders/inbox/messageRules"])
def test_there_is_nobody_behind_an_application(client: Client, path: str) -> None:
    response = client.get(path)
    assert code(response) == (400, "BadRequest")
    assert "only valid with delegated authentication flow" in response.text


def test_verbs_that_nothing_takes(client: Client) -> None:
    assert code(client.request("PUT", "/users", json={})) == (405, "Request_BadRequest")
    outlook = client.request("PUT", f"{SUPPORT}/mailFolders/inbox", json={})
    assert code(outlook) == (405, "ErrorInvalidRequest")
    assert "The OData request is not supported." in outlook.text
    assert client.get("/$batch").status_code == 405


@pytest.fixture
def whole(client: Client, sandbox: Sandbox) -> Client:
    """Graph as a part of the whole sandbox."""
    client._asgi = create_app(sandbox)
    return client


@pytest.mark.parametrize("path", ["/v2.0/users", "/v1.0None/users", "/betas"])
def test_versions_there_are_not(whole: Client, path: str) -> None:
    """[github microsoftgraph/msgraph-sample-blazor-clientside issue 94; O365/python-o365 issue 889]"""
    response = whole.request("GET", f"{ROOT}{path}")
    assert code(response) == (400, "BadRequest")
    assert response.json()["error"]["message"] == "Invalid version."
    assert response.headers["request-id"]


def test_a_path_without_version_under_graphs_own_name(whole: Client) -> None:
    response = whole.request("GET", "https://graph.microsoft.com/users")
    assert response.json()["error"]["message"] == "Invalid version."
    assert code(whole.request("OPTIONS", "/users")) == (405, "Request_BadRequest")


def test_versions_in_capitals(whole: Client) -> None:
    assert whole.request("GET", f"{ROOT}/V1.0/users").status_code == 200
    assert whole.request("GET", f"{ROOT}/BETA/users").status_code == 200


def test_paths_of_no_service_say_what_there_is(whole: Client) -> None:
    response = whole.request("GET", f"{ROOT}/nothing")
    assert code(response) == (404, "NotFound")
    assert "/v1.0" in response.text
    assert whole.request("GET", f"{ROOT}/v1.0").status_code == 501


@pytest.mark.parametrize(
    ("content", "media", "message"),
    [
        (b'{"jobTitle": "x"}', None, "must contain the Content-Type header declaration"),
        (b'{"jobTitle": "x"}', "text/plain", "Entity only allows writes with a JSON Content-Type header"),
        (b"", "application/json", "Empty Payload. JSON content expected."),
    ],
)
def test_bodies_are_json_and_say_so(client: Client, content: bytes, media: str | None, message: str) -> None:
    headers = {"Content-Type": media} if media else {}
    response = client.request("PATCH", SUPPORT, content=content, headers=headers)
    assert code(response) == (400, "BadRequest")
    assert message in response.text


def test_an_action_without_a_body_needs_no_type(client: Client) -> None:
    assert client.request("POST", f"{SUPPORT}/revokeSignInSessions").status_code == 200


def test_the_alternate_key_of_a_user(client: Client) -> None:
    by_name = client.get("/users(userPrincipalName='support@contoso.example')", select="id").json()
    assert by_name["id"] == client.get(SUPPORT, select="id").json()["id"]


# --- properties that other services keep ---------------------------------------------------------------


def test_mailbox_settings_of_one_user(sandbox: Sandbox, client: Client) -> None:
    """[reference: Graph API, users; issue 7555 of microsoft-graph-docs for lists]"""
    assert code(client.get(SUPPORT, select="mailboxSettings")) == (403, "Authorization_RequestDenied")
    client.app.graph_roles.append("MailboxSettings.Read")
    client.headers["Authorization"] = f"Bearer {tokens.mint(sandbox, client.app, tokens.GRAPH)}"
    one = client.get(SUPPORT, select="mailboxSettings,displayName").json()
    assert one["mailboxSettings"]["userPurpose"] == "shared"
    listed = client.get("/users", select="id,mailboxSettings")
    assert code(listed) == (501, "NotImplemented")
    assert listed.json()["error"]["message"] == "This operation target is not yet supported."


def test_what_exchange_keeps_of_a_group(client: Client, tenant: Tenant) -> None:
    """[github microsoftgraph/microsoft-graph-docs-contrib issue 3232]"""
    unified = tenant.add("GroupMailbox", "project")
    unified.properties["RequireSenderAuthenticationEnabled"] = False
    unified.properties["HiddenFromAddressListsEnabled"] = True
    found = client.get(f"/groups/{unified.object_id}", select="allowExternalSenders,hideFromAddressLists")
    assert found.json()["allowExternalSenders"] is True
    assert found.json()["hideFromAddressLists"] is True
    listed = tenant.add("MailUniversalDistributionGroup", "everyone")
    refused = client.get(f"/groups/{listed.object_id}", select="allowExternalSenders")
    assert code(refused) == (404, "MailboxNotEnabledForRESTAPI")
    assert code(client.get("/groups", select="allowExternalSenders")) == (501, "NotImplemented")
    write = client.request("PATCH", f"/groups/{unified.object_id}", json={"allowExternalSenders": True})
    assert code(write) == (501, "NotOfferedException")


def test_settings_of_the_mailbox_have_a_path_of_their_own(client: Client) -> None:
    response = client.request("PATCH", SUPPORT, json={"mailboxSettings": {"timeZone": "UTC"}})
    assert code(response) == (501, "NotOfferedException")


@pytest.mark.parametrize("place", ["XYZ", "F", "33"])
def test_usage_location_is_a_country(client: Client, place: str) -> None:
    response = client.request("PATCH", SUPPORT, json={"usageLocation": place})
    assert code(response) == (400, "Request_BadRequest")
    assert client.request("PATCH", SUPPORT, json={"usageLocation": "FR"}).status_code == 204
    assert client.request("PATCH", SUPPORT, json={"usageLocation": None}).status_code == 204


# --- memberships ----------------------------------------------------------------------------------------


def test_memberships_by_every_action(client: Client, tenant: Tenant) -> None:
    inner, outer = tenant.add("SecurityGroup", "inner"), tenant.add("GroupMailbox", "outer")
    stranger = tenant.add("SecurityGroup", "stranger")
    person = client.get(SUPPORT, select="id").json()["id"]
    inner.members.append(person)
    outer.members.append(inner.object_id)
    every = {inner.object_id, outer.object_id}

    def ask(path: str, body: dict[str, Any]) -> set[str]:
        response = client.request("POST", path, json=body)
        assert response.status_code == 200, response.text
        return set(response.json()["value"])

    assert ask(f"{SUPPORT}/getMemberObjects", {"securityEnabledOnly": False}) == every
    assert ask(f"{SUPPORT}/getMemberGroups", {"securityEnabledOnly": True}) == {inner.object_id}
    three = [*every, stranger.object_id]
    assert ask(f"{SUPPORT}/checkMemberGroups", {"groupIds": three}) == every
    assert ask(f"/directoryObjects/{person}/checkMemberObjects", {"ids": three}) == every
    assert ask(f"/groups/{inner.object_id}/checkMemberGroups", {"groupIds": three}) == {outer.object_id}
    many = client.request("POST", f"{SUPPORT}/checkMemberGroups", json={"groupIds": ["x"] * 21})
    assert code(many) == (400, "Request_BadRequest")
    none = client.request("POST", f"{SUPPORT}/checkMemberGroups", json={})
    assert code(none) == (400, "BadRequest")


def test_the_directory_has_no_skip(client: Client) -> None:
    """[public clients' tests have the service's words]"""
    response = client.get("/users", skip=1)
    assert code(response) == (400, "Request_BadRequest")
    assert response.json()["error"]["message"] == "'$skip' is not supported by the service."


# --- nothing falls over ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/users", "/users/delta", f"{SUPPORT}/mailFolders"])
def test_a_quantifier_over_nothing(client: Client, another: Any, path: str) -> None:
    reader: Client = another("User.Read.All", "Mail.ReadWrite")
    assert code(reader.get(path, filter="any(x:x eq 1)")) == (400, "BadRequest")


def test_a_zone_with_an_endless_name(another: Any) -> None:
    writer: Client = another("MailboxSettings.ReadWrite")
    response = writer.request("PATCH", f"{SUPPORT}/mailboxSettings", json={"timeZone": "x" * 3000})
    assert code(response) == (400, "InvalidTimeZone")
