"""Licences of a mailbox's user."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox.graph.licences import sku

from .conftest import Client, Tenant

USER = "/users/support@contoso.example"
PLAN_2 = sku("EXCHANGEENTERPRISE").id


@pytest.fixture
def client(another: Any, tenant: Tenant) -> Client:
    tenant.world.skus = {"EXCHANGEENTERPRISE": 1}
    made: Client = another("LicenseAssignment.ReadWrite.All", "User.Read.All")
    return made


@pytest.fixture
def placed(who: Any) -> Any:
    entry = who("support")
    entry.graph["usageLocation"] = "FR"
    return entry


def assign(client: Client, add: list[Any], remove: list[Any], user: str = USER) -> Any:
    body = {"addLicenses": [{"skuId": each} for each in add], "removeLicenses": remove}
    return client.request("POST", f"{user}/assignLicense", json=body)


def consumed(client: Client) -> int:
    return int(client.value("/subscribedSkus")[0]["consumedUnits"])


@pytest.mark.usefixtures("placed")
def test_a_licence_is_given_and_taken_with_200_and_the_seat_counts(client: Client) -> None:
    response = assign(client, [PLAN_2], [])
    assert response.status_code == 200
    assert response.json()["userPrincipalName"] == "support@contoso.example"
    shown = client.get(USER, select="assignedLicenses,licenseAssignmentStates").json()
    assert shown["assignedLicenses"] == [{"disabledPlans": [], "skuId": PLAN_2}]
    assert shown["licenseAssignmentStates"][0]["assignedByGroup"] is None
    assert consumed(client) == 1
    (details,) = client.value(f"{USER}/licenseDetails")
    assert details["skuPartNumber"] == "EXCHANGEENTERPRISE"
    assert assign(client, [], [PLAN_2]).status_code == 200
    assert consumed(client) == 0


def test_without_a_usage_location_there_is_none(client: Client) -> None:
    response = assign(client, [PLAN_2], [])
    assert response.status_code == 400
    assert "usage location" in response.json()["error"]["message"]


def test_without_a_free_seat_there_is_none(client: Client, placed: Any, who: Any) -> None:
    who("alice").graph["assignedLicenses"] = [{"skuId": PLAN_2, "disabledPlans": []}]
    response = assign(client, [PLAN_2], [])
    assert response.status_code == 400
    assert "does not have any available licenses" in response.json()["error"]["message"]
    assert not placed.graph.get("assignedLicenses")


@pytest.mark.usefixtures("placed")
def test_what_the_company_or_the_user_does_not_have_is_refused(client: Client) -> None:
    stranger = sku("SPE_E5").id
    assert "valid company License" in assign(client, [stranger], []).json()["error"]["message"]
    assert "corresponding license" in assign(client, [], [PLAN_2]).json()["error"]["message"]


def test_what_came_through_a_group_stays(client: Client, placed: Any) -> None:
    placed.graph["assignedLicenses"] = [{"skuId": PLAN_2, "disabledPlans": []}]
    placed.graph["licenseAssignmentStates"] = [
        {"skuId": PLAN_2, "assignedByGroup": "a-group", "state": "Active"}
    ]
    response = assign(client, [], [PLAN_2])
    assert response.status_code == 400
    assert "inherited from a group membership" in response.json()["error"]["message"]
    assert assign(client, [PLAN_2], []).status_code == 200  # now directly, too
    assert assign(client, [], [PLAN_2]).status_code == 200
    assert [each["skuId"] for each in placed.graph["assignedLicenses"]] == [PLAN_2]


@pytest.mark.usefixtures("placed")
def test_both_arrays_are_compulsory(client: Client) -> None:
    response = client.request("POST", f"{USER}/assignLicense", json={"addLicenses": [{"skuId": PLAN_2}]})
    assert response.status_code == 400
    assert consumed(client) == 0


@pytest.mark.usefixtures("placed")
def test_reading_licences_does_not_let_give_them(another: Any, client: Client) -> None:
    response = assign(another("LicenseAssignment.Read.All"), [PLAN_2], [])
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "Authorization_RequestDenied"
