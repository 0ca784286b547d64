"""Delta queries: what changed since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .conftest import Client, Tenant


def collect(client: Client, url: str) -> tuple[list[dict[str, Any]], str]:
    """All items of a round, and the link to the next round."""
    items: list[dict[str, Any]] = []
    while True:
        body = client.request("GET", url).json()
        items.extend(body["value"])
        if "@odata.deltaLink" in body:
            return items, body["@odata.deltaLink"]
        url = body["@odata.nextLink"]


def test_a_first_round_shows_all_and_the_next_nothing(client: Client) -> None:
    items, link = collect(client, "/users/delta?$select=displayName,accountEnabled")
    assert len(items) == 7
    assert all("displayName" in item for item in items)
    assert collect(client, link)[0] == []


def test_changes_arrivals_and_departures(client: Client, tenant: Tenant, who: Any) -> None:
    _, link = collect(client, "/users/delta?$select=displayName,accountEnabled,jobTitle")
    client.request("PATCH", "/users/support@contoso.example", json={"accountEnabled": False})
    new = tenant.add("SharedMailbox", "new")
    client.request("DELETE", "/users/carol@contoso.example")
    tenant.world.purge(who("sales"))
    items, link = collect(client, link)
    by_id = {item["id"]: item for item in items}
    assert by_id[who("support").object_id]["accountEnabled"] is False
    assert by_id[new.object_id]["displayName"] == "New"
    assert by_id[who("carol").object_id]["@removed"] == {"reason": "changed"}
    assert {item["@removed"]["reason"] for item in items if "@removed" in item} == {"changed", "deleted"}
    assert collect(client, link)[0] == []


def test_members(client: Client, who: Any) -> None:
    items, link = collect(client, "/groups/delta?$select=displayName,members")
    shown = {item["displayName"]: [m["id"] for m in item.get("members@delta", [])] for item in items}
    assert shown["Everyone"] == [who("alice").object_id, who("bruno").object_id]
    who("everyone").members.remove(who("alice").object_id)
    who("everyone").members.append(who("carol").object_id)
    items, _ = collect(client, link)
    assert [item["id"] for item in items] == [who("everyone").object_id]
    moves = {m["id"]: m.get("@removed") for m in items[0]["members@delta"]}
    assert moves == {who("carol").object_id: None, who("alice").object_id: {"reason": "deleted"}}


def test_small_pages(client: Client) -> None:
    body = client.request("GET", "/users/delta", headers={"Prefer": "odata.maxpagesize=3"}).json()
    assert len(body["value"]) == 3
    items, _ = collect(client, body["@odata.nextLink"])
    assert len(items) == 4


def test_starting_from_now(client: Client) -> None:
    items, link = collect(client, "/users/delta?$deltatoken=latest")
    assert items == []
    client.request("PATCH", "/users/alice@contoso.example", json={"jobTitle": "Boss"})
    assert [item["jobTitle"] for item in collect(client, link)[0]] == ["Boss"]


def test_filtered_to_ids(client: Client, who: Any) -> None:
    items, _ = collect(client, f"/users/delta?$filter=id eq '{who('alice').object_id}'")
    assert [item["id"] for item in items] == [who("alice").object_id]
    refused = client.request("GET", "/users/delta?$filter=accountEnabled eq true")
    assert refused.status_code == 400
    assert client.request("GET", "/users/delta?$top=5").status_code == 400


def test_tokens_die(client: Client, clock: Any, sandbox: Any) -> None:
    _, link = collect(client, "/users/delta")
    sandbox.token_lifetime = timedelta(days=30)
    clock.advance(timedelta(days=7))
    from controller.sandbox import tokens

    client.headers = {"Authorization": f"Bearer {tokens.mint(sandbox, client.app, tokens.GRAPH)}"}
    response = client.request("GET", link)
    assert (response.status_code, response.json()["error"]["code"]) == (410, "syncStateNotFound")
    assert response.headers["Location"] == "https://127.0.0.1:8443/v1.0/users/delta"
    assert client.request("GET", "/users/delta?$deltatoken=made-up").status_code == 410


def test_minimal_answers(client: Client, who: Any) -> None:
    _, link = collect(client, "/users/delta?$select=displayName,jobTitle")
    client.request("PATCH", "/users/alice@contoso.example", json={"jobTitle": "Boss"})
    body = client.request("GET", link, headers={"Prefer": "return=minimal"}).json()
    assert body["value"] == [{"jobTitle": "Boss", "id": who("alice").object_id}]
