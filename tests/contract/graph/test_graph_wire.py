"""Headers, refusals, weather, batches, the tenant itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox import graph as sandbox_graph
from controller.sandbox import tokens
from controller.sandbox.state import ConnectionLostError, Fault, FaultKind, Sandbox

from .conftest import Client, Tenant, Weather

LIST = "GET /users"
ONE = "GET /users/{user}"


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def test_headers_of_an_answer(client: Client) -> None:
    response = client.request("GET", "/users", headers={"client-request-id": "my-own"})
    assert response.headers["client-request-id"] == "my-own"
    assert response.headers["request-id"] not in ("", "my-own")
    assert response.headers["OData-Version"] == "4.0"
    assert "RoleInstance" in response.headers["x-ms-ags-diagnostic"]
    assert response.headers["Date"] == "Mon, 05 Jan 2026 10:00:00 GMT"
    assert "odata.metadata=minimal" in response.headers["Content-Type"]


def test_shape_of_a_refusal(client: Client) -> None:
    response = client.request("GET", "/users/nobody", headers={"client-request-id": "my-own"})
    inner = response.json()["error"]["innerError"]
    assert inner == {
        "date": "2026-01-05T10:00:00",
        "request-id": response.headers["request-id"],
        "client-request-id": "my-own",
    }


@pytest.mark.parametrize("header", ["", "Basic eA==", "Bearer nonsense"])
def test_no_token_no_answer(client: Client, header: str) -> None:
    response = client.request("GET", "/users", headers={"Authorization": header})
    assert (response.status_code, code(response)) == (401, "InvalidAuthenticationToken")
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert "authorization_uri" in response.headers["WWW-Authenticate"]


def test_a_token_for_another_service(client: Client, sandbox: Sandbox) -> None:
    token = tokens.mint(sandbox, client.app, tokens.EXCHANGE)
    response = client.request("GET", "/users", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, code(response)) == (401, "InvalidAuthenticationToken")


def test_a_token_that_is_too_old(client: Client, clock: Any) -> None:
    clock.advance(timedelta(hours=2))
    response = client.get("/users")
    assert (response.status_code, code(response)) == (401, "InvalidAuthenticationToken")
    assert "expired" in response.json()["error"]["message"]


def test_paths_nobody_serves(client: Client) -> None:
    response = client.get("/unicorns")
    assert (response.status_code, code(response)) == (400, "BadRequest")
    assert response.json()["error"]["message"] == "Resource not found for the segment 'unicorns'."
    deeper = client.get("/users/alice@contoso.example/unicorns")
    assert "'unicorns'" in deeper.json()["error"]["message"]
    assert client.request("PUT", "/users", json={}).status_code == 405


def test_beta_is_served_too(client: Client) -> None:
    response = client.request("GET", "https://127.0.0.1:8443/beta/users?$top=1")
    assert response.json()["@odata.nextLink"].startswith("https://127.0.0.1:8443/beta/users?")


# --- weather ------------------------------------------------------------------------------------------


def test_throttling(client: Client, weather: Weather) -> None:
    weather.faults[LIST] = [Fault(FaultKind.THROTTLED, 2.128), Fault(FaultKind.THROTTLED)]
    first, second, third = (client.get("/users") for _ in range(3))
    assert (first.status_code, code(first)) == (429, "TooManyRequests")
    assert first.headers["Retry-After"] == "2.128"
    assert first.headers["x-ms-throttle-scope"].endswith("/11111111-1111-4111-8111-111111111111")
    assert "Retry-After" not in second.headers
    assert third.status_code == 200


def test_outlook_throttling_has_its_own_code(client: Client, weather: Weather) -> None:
    text = "Application is over its MailboxConcurrency limit."
    weather.faults[ONE] = [Fault(FaultKind.THROTTLED, 1.0, text)]
    response = client.get("/users/support@contoso.example")
    assert (code(response), response.json()["error"]["message"]) == ("ApplicationThrottled", text)


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (FaultKind.UNAVAILABLE, 503, "ServiceNotAvailable"),
        (FaultKind.TRANSIENT, 500, "Service_InternalServerError"),
        (FaultKind.DENIED, 403, "Authorization_RequestDenied"),
        (FaultKind.EXPIRED, 401, "InvalidAuthenticationToken"),
    ],
)
def test_troubles(client: Client, weather: Weather, kind: FaultKind, status: int, expected: str) -> None:
    weather.faults[LIST] = [Fault(kind)]
    response = client.get("/users")
    assert (response.status_code, code(response)) == (status, expected)


def test_a_gateway_speaks_html(client: Client, weather: Weather) -> None:
    weather.faults["PATCH /users/{user}"] = [Fault(FaultKind.GATEWAY)]
    response = client.request("PATCH", "/users/support@contoso.example", json={"accountEnabled": False})
    assert response.status_code == 504
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("kind", "done"), [(FaultKind.LOST_BEFORE, False), (FaultKind.LOST_AFTER, True)])
def test_a_lost_connection(client: Client, weather: Weather, who: Any, kind: FaultKind, done: bool) -> None:
    weather.faults["PATCH /users/{user}"] = [Fault(kind)]
    with pytest.raises(ConnectionLostError):
        client.request("PATCH", "/users/support@contoso.example", json={"accountEnabled": False})
    assert who("support").account_enabled is not done


def test_a_page_cut_short(client: Client, weather: Weather) -> None:
    weather.faults[LIST] = [Fault(), Fault(FaultKind.CUT_PAGE)]
    link = client.get("/users", top=2).json()["@odata.nextLink"]
    assert code(client.request("GET", link)) == "Directory_ExpiredPageToken"


def test_the_log_tells_what_was_asked_and_of_whom(client: Client, sandbox: Sandbox) -> None:
    client.get("/users/SUPPORT@contoso.example")
    client.batch(
        {
            "id": "1",
            "method": "PATCH",
            "url": "/users/alice@contoso.example",
            "headers": {"Content-Type": "application/json"},
            "body": {"jobTitle": "x"},
        }
    )
    assert sandbox.log == [
        ("graph", "GET /users/{user}", "support@contoso.example", False),
        ("graph", "POST /$batch", "", False),
        ("graph", "PATCH /users/{user}", "alice@contoso.example", True),
    ]


# --- batches ------------------------------------------------------------------------------------------


def get(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **more}


def answers(response: Any) -> dict[str, dict[str, Any]]:
    assert response.status_code == 200, response.text
    return {item["id"]: item for item in response.json()["responses"]}


def test_a_batch(client: Client) -> None:
    found = answers(
        client.batch(
            get("a", "/users/alice@contoso.example?$select=mail"),
            get("b", "users/nobody@contoso.example"),
            get("c", "/users?$top=1"),
        )
    )
    assert found["a"]["status"] == 200
    assert found["a"]["body"]["mail"] == "alice@contoso.example"
    assert (found["b"]["status"], found["b"]["body"]["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert found["c"]["body"]["@odata.nextLink"].startswith("https://127.0.0.1:8443/v1.0/users?")


def test_numbers_are_taken_for_ids(client: Client) -> None:
    found = answers(client.batch({"id": 1, "method": "GET", "url": "/users"}))
    assert found["1"]["status"] == 200


def test_annotations_can_be_declined(client: Client, who: Any) -> None:
    plain = {"Accept": "application/json;odata.metadata=none"}
    path = f"/groups/{who('team').object_id}/members"
    body = client.request("GET", f"{path}?$top=1", headers=plain).json()
    assert list(body) == ["value"]
    assert "@odata.type" not in body["value"][0]
    assert "@odata.nextLink" in client.request("GET", "/users?$top=1", headers=plain).json()


def test_a_throttled_member_is_a_429_inside_a_200(client: Client, weather: Weather) -> None:
    weather.faults[ONE] = [Fault(FaultKind.THROTTLED, 7.0)]
    found = answers(
        client.batch(get("1", "/users/alice@contoso.example"), get("2", "/users/sales@contoso.example"))
    )
    assert found["1"]["status"] == 429
    assert found["1"]["headers"]["Retry-After"] == "7"
    assert found["2"]["status"] == 200


def test_a_failed_dependency(client: Client, who: Any) -> None:
    body = {
        "method": "PATCH",
        "url": "/users/support@contoso.example",
        "headers": {"content-type": "application/json"},
        "body": {"accountEnabled": False},
    }
    found = answers(client.batch(get("1", "/users/nobody"), {"id": "2", "dependsOn": ["1"], **body}))
    assert found["2"]["status"] == 424
    assert who("support").account_enabled is True
    found = answers(client.batch(get("1", "/users"), {"id": "2", "dependsOn": ["1"], **body}))
    assert found["2"]["status"] == 204
    assert who("support").account_enabled is False


PATCHED = {"id": "1", "method": "PATCH", "url": "/users/alice@contoso.example"}


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ([], "Invalid batch payload format."),
        ([get(str(n), "/users") for n in range(21)], "exceeds the maximum value of 20"),
        ([get("1", "/users"), get("1", "/groups")], "unique"),
        ([get("1", "https://graph.microsoft.com/v1.0/users")], "relative"),
        ([get("1", "/$batch")], "nested"),
        ([{"id": "1", "method": "GET"}], "Invalid batch payload format."),
        ([{"id": None, "method": "GET", "url": "/users"}], "Invalid batch payload format."),
        (
            [{**PATCHED, "body": {"jobTitle": "x"}}],
            "Write request id : 1 does not contain Content-Type header",
        ),
        ([get("1", "/users", dependsOn=["9"])], "dependsOn"),
        (
            [get("1", "/users"), get("2", "/users"), get("3", "/users", dependsOn=["1"])],
            "Unsupported 'dependsOn' pattern",
        ),
    ],
)
def test_batches_that_are_none(client: Client, members: list[dict[str, Any]], text: str) -> None:
    response = client.batch(*members)
    assert response.status_code == 400
    assert text in response.json()["error"]["message"]


def test_chains_and_fans_are_taken(client: Client) -> None:
    chain = [get("1", "/users"), get("2", "/users", dependsOn=["1"]), get("3", "/users", dependsOn=["2"])]
    fan = [get("1", "/users"), get("2", "/users", dependsOn=["1"]), get("3", "/users", dependsOn=["1"])]
    assert client.batch(*chain).status_code == 200
    assert client.batch(*fan).status_code == 200


def test_a_member_has_no_connection_to_lose(client: Client, weather: Weather, who: Any) -> None:
    weather.faults["PATCH /users/{user}"] = [Fault(FaultKind.LOST_AFTER)]
    member = {
        **PATCHED,
        "headers": {"Content-Type": "application/json"},
        "body": {"jobTitle": "x"},
    }
    assert answers(client.batch(member))["1"]["status"] == 504
    assert who("alice").graph["jobTitle"] == "x"


# --- the tenant and its applications ------------------------------------------------------------------


def test_the_organisation(client: Client) -> None:
    body = client.value("/organization")[0]
    assert body["displayName"] == "Contoso"
    assert {d["name"]: d["isDefault"] for d in body["verifiedDomains"]} == {
        "contoso.onmicrosoft.com": False,
        "contoso.example": True,
    }
    assert {d["id"] for d in client.value("/domains")} == {"contoso.onmicrosoft.com", "contoso.example"}


def test_grants_can_be_read(client: Client) -> None:
    path = f"/servicePrincipals(appId='{client.app.client_id}')"
    principal = client.get(path).json()
    assert principal["id"] == client.app.object_id
    grants = client.value(f"{path}/appRoleAssignments")
    assert grants == client.value(f"/servicePrincipals/{principal['id']}/appRoleAssignments")
    expanded = client.get(f"/servicePrincipals/{principal['id']}", expand="appRoleAssignments").json()
    assert [grant["id"] for grant in expanded["appRoleAssignments"]] == [grant["id"] for grant in grants]
    service = client.get(f"/servicePrincipals/{grants[0]['resourceId']}").json()
    names = {role["id"]: role["value"] for role in service["appRoles"]}
    assert {names.get(grant["appRoleId"]) for grant in grants} >= {"User.ReadWrite.All", "Directory.Read.All"}
    assert "Office 365 Exchange Online" in {grant["resourceDisplayName"] for grant in grants}


def test_licences(client: Client, tenant: Tenant, who: Any) -> None:
    tenant.world.skus = {"EXCHANGESTANDARD": 5}
    sku_id = "4b9405b0-7788-4568-add1-99614e613b69"
    who("support").graph["assignedLicenses"] = [{"skuId": sku_id, "disabledPlans": []}]
    sku = client.value("/subscribedSkus")[0]
    assert (sku["skuId"], sku["prepaidUnits"]["enabled"], sku["consumedUnits"]) == (sku_id, 5, 1)
    assert sku["id"] == f"{tenant.world.tenant_id}_{sku_id}"
    assert client.get("/subscribedSkus", filter="skuId eq x").status_code == 400


# --- the operator's hand ------------------------------------------------------------------------------


def test_poking(sandbox: Sandbox, weather: Weather, who: Any, tenant: Tenant) -> None:
    weather.faults["PATCH /users/{user}"] = [Fault(FaultKind.THROTTLED)]
    status, body = sandbox_graph.call(
        sandbox, "PATCH", "/v1.0/users/support@contoso.example", {"accountEnabled": False}, actor="eve@x"
    )
    assert (status, body) == (204, {})
    assert who("support").account_enabled is False
    assert tenant.world.audit[-1].actor == "eve@x"
    assert sandbox.log == []
    status, body = sandbox_graph.call(sandbox, "GET", "/users?$top=1", None, actor="eve@x")
    assert (status, len(body["value"])) == (200, 1)


def test_a_count_in_a_batch_is_a_number(client: Client) -> None:
    """[github pnp/cli-microsoft365, entra group member set]"""
    member = {
        "id": "1",
        "method": "GET",
        "url": "/groups/$count",
        "headers": {"ConsistencyLevel": "eventual"},
    }
    (answer,) = client.batch(member).json()["responses"]
    assert answer["status"] == 200
    assert isinstance(answer["body"], int)
    assert answer["body"] == int(client.get("/groups/$count", eventual=True).text)
