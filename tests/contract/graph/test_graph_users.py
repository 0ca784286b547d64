"""Users as Graph shows and changes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .conftest import Client, Tenant


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


DEFAULT = {
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
}


def test_without_select_eleven_properties_come_back(client: Client, who: Any) -> None:
    body = client.get("/users/alice@contoso.example").json()
    assert set(body) - {"@odata.context"} == DEFAULT
    assert body["id"] == who("alice").object_id
    assert body["givenName"] == "Alice"
    assert body["businessPhones"] == []
    assert body["@odata.context"] == "https://127.0.0.1:8443/v1.0/$metadata#users/$entity"


def test_a_shared_mailbox_is_a_user(client: Client) -> None:
    body = client.get(
        "/users/support@contoso.example",
        select="id,accountEnabled,proxyAddresses,userType,onPremisesSyncEnabled",
    ).json()
    assert body["accountEnabled"] is True
    assert body["proxyAddresses"] == ["SMTP:support@contoso.example", "smtp:support@contoso.onmicrosoft.com"]
    assert body["userType"] == "Member"
    assert body["onPremisesSyncEnabled"] is None
    assert "displayName" not in body


def test_synchronised_is_true_and_others_null(client: Client) -> None:
    found = client.value("/users", select="userPrincipalName,onPremisesSyncEnabled")
    by_name = {user["userPrincipalName"].split("@")[0]: user["onPremisesSyncEnabled"] for user in found}
    assert by_name["dirk"] is True
    assert by_name["alice"] is None


def test_contacts_are_no_users_and_guests_are(client: Client) -> None:
    names = [user["userPrincipalName"] for user in client.value("/users")]
    assert "eve_partner.example#EXT#@contoso.onmicrosoft.com" in names
    assert not any("fred" in name for name in names)
    assert [contact["mail"] for contact in client.value("/contacts")] == ["fred@partner.example"]
    guest = client.get(f"/users/{names[-1].replace('#', '%23')}", select="userType").json()
    assert guest["userType"] == "Guest"


@pytest.mark.parametrize(
    "path",
    [
        "/users/{id}",
        "/users('{id}')",
        "/Users/{id}",
        "/users/ALICE%40contoso.example",
        "/users('alice@contoso.example')",
    ],
)
def test_one_user_many_spellings(client: Client, who: Any, path: str) -> None:
    response = client.get(path.format(id=who("alice").object_id))
    assert response.json()["mail"] == "alice@contoso.example"


@pytest.mark.parametrize("key", ["nobody@contoso.example", "99999999-9999-4999-8999-999999999999", "x"])
def test_nobody(client: Client, key: str) -> None:
    response = client.get(f"/users/{key}")
    assert response.status_code == 404
    assert code(response) == "Request_ResourceNotFound"
    assert key in response.json()["error"]["message"]


def test_an_alias_is_no_key(client: Client) -> None:
    assert client.get("/users/support@contoso.onmicrosoft.com").status_code == 404


def test_unknown_property_in_select(client: Client) -> None:
    response = client.get("/users", select="id,favouriteColour")
    assert (response.status_code, code(response)) == (400, "BadRequest")
    assert "Could not find a property named 'favouriteColour' on type 'microsoft.graph.user'" in response.text


def test_patch_answers_204_and_is_audited(client: Client, who: Any, tenant: Tenant) -> None:
    response = client.request("PATCH", "/users/support@contoso.example", json={"accountEnabled": False})
    assert (response.status_code, response.content) == (204, b"")
    assert who("support").account_enabled is False
    record = tenant.world.audit[-1]
    assert (record.operation, record.workload) == ("Update user.", "AzureActiveDirectory")
    assert (record.actor, record.object_id) == ("app-1", "support@contoso.example")
    assert record.parameters == [("accountEnabled", "False")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"favouriteColour": "red"}, "RequestBodyRead"),
        ({"accountEnabled": "no"}, "RequestBodyRead"),
        ({"accountEnabled": None}, "Request_BadRequest"),
        ({"displayName": ""}, "Request_BadRequest"),
        ({"displayName": "x" * 257}, "Request_BadRequest"),
        ({"proxyAddresses": ["smtp:x@contoso.example"]}, "Request_BadRequest"),
        ({"id": "99999999-9999-4999-8999-999999999999"}, "Request_BadRequest"),
        ({"userPrincipalName": "support@elsewhere.example"}, "Request_BadRequest"),
        ({"userPrincipalName": "ALICE@contoso.example"}, "Request_BadRequest"),
        ({"mail": "alice@contoso.example"}, "Request_BadRequest"),
        ({"aboutMe": "hello"}, "Request_BadRequest"),
        ({"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}, "Request_BadRequest"),
    ],
)
def test_what_a_patch_refuses_it_leaves_alone(
    client: Client, who: Any, body: dict[str, Any], expected: str
) -> None:
    before = repr(who("support"))
    response = client.request("PATCH", "/users/support@contoso.example", json=body)
    assert (response.status_code, code(response)) == (400, expected)
    assert repr(who("support")) == before


def test_a_body_that_is_no_json(client: Client) -> None:
    response = client.request(
        "PATCH",
        "/users/support@contoso.example",
        content=b"{oops",
        headers={"Content-Type": "application/json"},
    )
    assert (response.status_code, code(response)) == (400, "BadRequest")
    assert "Unable to read JSON request payload" in response.text


def test_custom_attributes_of_a_user_without_mailbox(client: Client, who: Any) -> None:
    body = {"onPremisesExtensionAttributes": {"extensionAttribute3": "x"}}
    assert client.request("PATCH", "/users/carol@contoso.example", json=body).status_code == 204
    seen = client.get("/users/carol@contoso.example", select="onPremisesExtensionAttributes").json()
    assert seen["onPremisesExtensionAttributes"]["extensionAttribute3"] == "x"
    assert seen["onPremisesExtensionAttributes"]["extensionAttribute4"] is None


def test_a_synchronised_user_is_mastered_elsewhere(client: Client) -> None:
    response = client.request("PATCH", "/users/dirk@contoso.example", json={"displayName": "D"})
    assert (response.status_code, code(response)) == (400, "Request_BadRequest")
    assert "on-premises mastered" in response.text
    location = client.request("PATCH", "/users/dirk@contoso.example", json={"usageLocation": "DE"})
    assert location.status_code == 204


def test_disabling_sign_in_has_a_permission_of_its_own(another: Any, who: Any) -> None:
    client = another("User.EnableDisableAccount.All", "User.Read.All")
    path = "/users/support@contoso.example"
    assert client.request("PATCH", path, json={"accountEnabled": False}).status_code == 204
    refused = client.request("PATCH", path, json={"accountEnabled": True, "displayName": "X"})
    assert (refused.status_code, code(refused)) == (403, "Authorization_RequestDenied")
    assert who("support").account_enabled is False
    blind = another("User.EnableDisableAccount.All")
    assert blind.request("PATCH", path, json={"accountEnabled": True}).status_code == 403


def test_a_password_has_a_permission_of_its_own_and_must_be_strong(another: Any, who: Any) -> None:
    path = "/users/support@contoso.example"
    strong = {"passwordProfile": {"password": "Zebra-42-Quilt", "forceChangePasswordNextSignIn": False}}
    refused = another("User.ReadWrite.All").request("PATCH", path, json=strong)
    assert (refused.status_code, code(refused)) == (403, "Authorization_RequestDenied")
    client = another("User-PasswordProfile.ReadWrite.All")
    for weak in ("short-1", "onlylowercase", "x" * 257):
        answer = client.request("PATCH", path, json={"passwordProfile": {"password": weak}})
        assert "password complexity requirements" in answer.text
    assert "passwordDigest" not in who("support").graph
    assert client.request("PATCH", path, json=strong).status_code == 204
    assert "Zebra-42-Quilt" not in repr(who("support"))
    seen = another("User.Read.All").get(path, select="passwordProfile,lastPasswordChangeDateTime").json()
    assert seen["passwordProfile"] is None
    assert seen["lastPasswordChangeDateTime"]


def test_sign_ins_have_a_permission_a_price_and_are_told_by_id(
    another: Any, who: Any, tenant: Tenant
) -> None:
    entry = who("support")
    entry.graph["signInActivity"] = {"lastSignInDateTime": "2026-01-02T03:04:05Z"}
    path = f"/users/{entry.object_id}"
    client = another("User.Read.All", "AuditLog.Read.All")
    tenant.world.skus.clear()
    refused = client.get(path, select="signInActivity")
    assert (refused.status_code, code(refused)) == (
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    )
    tenant.world.skus["AAD_PREMIUM"] = 1
    assert another("User.Read.All").get(path, select="signInActivity").status_code == 403
    assert client.get("/users/support@contoso.example", select="signInActivity").status_code == 400
    told = client.get(path, select="signInActivity").json()["signInActivity"]
    assert told["lastSignInDateTime"] == "2026-01-02T03:04:05Z"


def test_reading_needs_a_permission(another: Any) -> None:
    response = another("MailboxSettings.Read").get("/users")
    assert (response.status_code, code(response)) == (403, "Authorization_RequestDenied")


def test_basic_reading_shows_basic_properties(another: Any) -> None:
    seen = another("User.ReadBasic.All").get(
        "/users/sales@contoso.example", select="displayName,accountEnabled,proxyAddresses"
    )
    assert seen.json()["displayName"] == "Sales"
    assert seen.json()["accountEnabled"] is None
    assert seen.json()["proxyAddresses"] == []


def test_a_new_user(client: Client, tenant: Tenant) -> None:
    body = {
        "accountEnabled": False,
        "displayName": "Gina",
        "mailNickname": "gina",
        "userPrincipalName": "gina@contoso.example",
        "passwordProfile": {"password": "not-kept-1"},
    }
    response = client.request("POST", "/users", json=body)
    assert response.status_code == 201
    entry = tenant.world.entries[response.json()["id"]]
    assert (entry.type, entry.account_enabled, entry.upn) == ("User", False, "gina@contoso.example")
    assert response.headers["Location"].endswith(entry.object_id)
    assert "not-kept-1" not in repr(entry) + repr(tenant.world.audit)
    assert client.request("POST", "/users", json=body).json()["error"]["details"][0]["target"] == (
        "userPrincipalName"
    )
    for name in ("displayName", "passwordProfile"):
        short = {key: value for key, value in body.items() if key != name}
        response = client.request("POST", "/users", json=short)
        assert f"A value is required for property '{name}' of resource 'User'." in response.text


def test_deleting_fills_the_bin_and_restoring_empties_it(client: Client, who: Any) -> None:
    entry = who("support")
    assert client.request("DELETE", "/users/support@contoso.example").status_code == 204
    assert client.get(f"/users/{entry.object_id}").status_code == 404
    binned = client.value("/directory/deletedItems/microsoft.graph.user")
    assert [item["id"] for item in binned] == [entry.object_id]
    assert binned[0]["userPrincipalName"].endswith("support@contoso.example")
    assert len(binned[0]["userPrincipalName"]) > len("support@contoso.example")
    restored = client.request("POST", f"/directory/deletedItems/{entry.object_id}/restore")
    assert restored.json()["userPrincipalName"] == "support@contoso.example"
    assert client.get(f"/users/{entry.object_id}").status_code == 200


def test_sessions_are_revoked(client: Client, who: Any) -> None:
    response = client.request("POST", "/users/alice@contoso.example/revokeSignInSessions")
    assert response.json()["value"] is True
    assert who("alice").graph["signInSessionsValidFromDateTime"] == "2026-01-05T10:00:00Z"


def test_memberships_near_and_nested(client: Client) -> None:
    near = client.value("/users/alice@contoso.example/memberOf")
    assert [(g["@odata.type"], g["displayName"]) for g in near] == [
        ("#microsoft.graph.group", "Everyone"),
        ("#microsoft.graph.group", "Team"),
        ("#microsoft.graph.group", "Project"),
    ]
    nested = client.value("/users/alice@contoso.example/transitiveMemberOf/microsoft.graph.group")
    assert {g["displayName"] for g in nested} == {"Everyone", "Team", "Project", "Admins"}


def test_the_manager(client: Client) -> None:
    found = client.get("/users/bruno@contoso.example/manager").json()
    assert (found["@odata.type"], found["mail"]) == ("#microsoft.graph.user", "alice@contoso.example")
    assert client.get("/users/alice@contoso.example/manager").status_code == 404
    expanded = client.get("/users/bruno@contoso.example", expand="manager($select=id)", select="displayName")
    assert set(expanded.json()["manager"]) == {"@odata.type", "id"}


def test_a_manager_is_set_and_cleared(client: Client, who: Any) -> None:
    path = "/users/carol@contoso.example/manager/$ref"
    link = {"@odata.id": "https://graph.microsoft.com/v1.0/users/alice@contoso.example"}
    assert client.request("PUT", path, json=link).status_code == 204
    assert who("carol").graph["manager"] == who("alice").object_id
    assert client.request("DELETE", path).status_code == 204
    assert client.request("DELETE", path).status_code == 404


def test_me_is_nobody(client: Client) -> None:
    response = client.get("/me")
    assert response.status_code == 400
    assert "delegated authentication flow" in response.text


def test_replicas_are_late_even_for_the_writer(client: Client, weather: Any, clock: Any) -> None:
    weather.late = timedelta(seconds=30)
    path = "/users/support@contoso.example"
    assert client.request("PATCH", path, json={"displayName": "New"}).status_code == 204
    assert client.get(path).json()["displayName"] == "Support Clients"
    clock.advance(timedelta(seconds=30))
    assert client.get(path).json()["displayName"] == "New"
