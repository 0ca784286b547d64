"""Master categories as Outlook keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client, Tenant

ALL = "/users/support@contoso.example/outlook/masterCategories"


@pytest.fixture
def client(another: Any) -> Client:
    made: Client = another("MailboxSettings.ReadWrite")
    return made


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def make(client: Client, name: str, color: str = "preset9") -> Any:
    return client.request("POST", ALL, json={"displayName": name, "color": color})


def names(client: Client) -> list[str]:
    return [each["displayName"] for each in client.value(ALL)]


def test_an_opened_mailbox_has_the_first_six_in_its_language(client: Client, who: Any) -> None:
    assert names(client)[0] == "Red category"
    who("support").stores["language"] = "fr-FR"
    assert names(client) == [
        "Catégorie rouge",
        "Catégorie orange",
        "Catégorie jaune",
        "Catégorie verte",
        "Catégorie bleue",
        "Catégorie violette",
    ]


def test_one_that_nobody_opened_has_none(client: Client, who: Any) -> None:
    who("support").stores["opened"] = False
    assert names(client) == []


def test_what_is_made_is_answered_with_201_and_found_again(client: Client) -> None:
    response = make(client, "À traiter")
    assert response.status_code == 201
    body = response.json()
    assert (body["displayName"], body["color"]) == ("À traiter", "preset9")
    assert client.get(f"{ALL}/{body['id']}").json()["displayName"] == "À traiter"
    assert len(names(client)) == 7


def test_reading_the_first_ones_gives_the_same_ids_before_and_after_a_write(client: Client) -> None:
    before = client.value(ALL)
    make(client, "Neu")
    assert client.value(ALL)[:6] == before


def test_the_colour_changes_with_200_and_the_name_never(client: Client) -> None:
    held = make(client, "Urgent").json()
    response = client.request("PATCH", f"{ALL}/{held['id']}", json={"color": "Preset15"})
    assert (response.status_code, response.json()["color"]) == (200, "preset15")
    refused = client.request("PATCH", f"{ALL}/{held['id']}", json={"displayName": "Très urgent"})
    assert refused.status_code == 400
    assert client.get(f"{ALL}/{held['id']}").json()["displayName"] == "Urgent"


@pytest.mark.parametrize("status", [409, 400])
def test_a_name_is_taken_whatever_its_case(client: Client, tenant: Tenant, status: int) -> None:
    tenant.world.quirks.duplicate_category = status
    make(client, "Urgent")
    assert make(client, "URGENT").status_code == status
    assert names(client).count("Urgent") == 1


def test_deleting_answers_204_and_a_second_time_404(client: Client) -> None:
    held = make(client, "Alt").json()["id"]
    assert client.request("DELETE", f"{ALL}/{held}").status_code == 204
    again = client.request("DELETE", f"{ALL}/{held}")
    assert (again.status_code, code(again)) == (404, "ErrorItemNotFound")


def test_what_the_type_does_not_have_is_refused_before_anything(client: Client) -> None:
    for body in ({"displayName": "X", "colour": "preset1"}, {"displayName": "X", "color": "red"}):
        response = client.request("POST", ALL, json=body)
        assert (response.status_code, code(response)) == (400, "RequestBodyRead")
    assert "X" not in names(client)


def test_reading_and_writing_each_need_their_permission(another: Any) -> None:
    reader, outsider = another("MailboxSettings.Read"), another("Mail.ReadWrite")
    assert reader.get(ALL).status_code == 200
    for response in (make(reader, "X"), outsider.get(ALL)):
        assert (response.status_code, code(response)) == (403, "ErrorAccessDenied")
