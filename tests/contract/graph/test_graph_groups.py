"""Groups and their members: what Graph masters, what Exchange masters."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client, Tenant

REFUSAL = "Cannot Update a mail-enabled security groups and or distribution list."


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


@pytest.mark.parametrize(
    ("alias", "mail", "security", "types"),
    [
        ("everyone", True, False, []),
        ("team", True, True, []),
        ("admins", False, True, []),
        ("project", True, False, ["Unified"]),
    ],
)
def test_kinds(client: Client, who: Any, alias: str, mail: bool, security: bool, types: list[str]) -> None:
    group = client.get(f"/groups/{who(alias).object_id}").json()
    assert (group["mailEnabled"], group["securityEnabled"], group["groupTypes"]) == (mail, security, types)
    assert group["mail"] == (f"{alias}@contoso.example" if mail else None)


def test_lists_can_be_told_apart(client: Client) -> None:
    text = "mailEnabled eq true and not groupTypes/any(t:t eq 'Unified')"
    found = client.value("/groups", eventual=True, filter=text, count="true")
    assert {group["displayName"] for group in found} == {"Everyone", "Team"}
    assert client.get("/groups", filter=text).status_code == 400
    unified = client.value("/groups", filter="groupTypes/any(t:t eq 'Unified')")
    assert [group["displayName"] for group in unified] == ["Project"]


def test_a_group_key_is_an_id(client: Client) -> None:
    assert code(client.get("/groups/everyone")) == "Request_BadRequest"
    missing = client.get("/groups/99999999-9999-4999-8999-999999999999")
    assert (missing.status_code, code(missing)) == (404, "Request_ResourceNotFound")


def test_a_user_is_no_group(client: Client, who: Any) -> None:
    assert client.get(f"/groups/{who('alice').object_id}").status_code == 404


def test_members_near_and_nested(client: Client, who: Any) -> None:
    path = f"/groups/{who('admins').object_id}"
    near = client.value(f"{path}/members")
    assert [(m["@odata.type"], m["displayName"]) for m in near] == [
        ("#microsoft.graph.user", "Bruno"),
        ("#microsoft.graph.group", "Team"),
    ]
    assert "accountEnabled" not in near[0]
    nested = client.value(f"{path}/transitiveMembers")
    assert [m["displayName"] for m in nested] == ["Bruno", "Team", "Alice"]
    people = client.value(f"{path}/transitiveMembers/microsoft.graph.user", select="mail")
    assert people == [{"mail": "bruno@contoso.example"}, {"mail": "alice@contoso.example"}]
    assert client.get(f"{path}/members/$count", eventual=True).text == "2"
    assert [o["displayName"] for o in client.value(f"{path}/owners")] == ["Alice"]


def test_members_in_the_bin_are_not_shown_and_stay(client: Client, who: Any) -> None:
    client.request("DELETE", "/users/bruno@contoso.example")
    path = f"/groups/{who('everyone').object_id}/members"
    assert [m["displayName"] for m in client.value(path)] == ["Alice"]
    assert who("bruno").object_id in who("everyone").members


def test_members_without_their_own_permission_are_ids(another: Any, who: Any) -> None:
    client = another("GroupMember.Read.All")
    member = client.value(f"/groups/{who('team').object_id}/members")[0]
    assert member["id"] == who("alice").object_id
    assert member["displayName"] is None
    assert member["@odata.type"] == "#microsoft.graph.user"


@pytest.mark.parametrize("alias", ["everyone", "team"])
def test_what_exchange_masters_is_refused(client: Client, who: Any, alias: str) -> None:
    path = f"/groups/{who(alias).object_id}"
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{who('sales').object_id}"}
    before = repr(who(alias))
    for method, tail, body in (
        ("POST", "/members/$ref", link),
        ("DELETE", f"/members/{who('alice').object_id}/$ref", None),
        ("PATCH", "", {"displayName": "X"}),
        ("DELETE", "", None),
    ):
        response = client.request(method, path + tail, json=body)
        assert (response.status_code, code(response)) == (400, "Request_BadRequest")
        assert response.json()["error"]["message"] == REFUSAL
    assert repr(who(alias)) == before


def test_making_a_list_is_refused(client: Client) -> None:
    body = {"displayName": "L", "mailNickname": "l", "mailEnabled": True, "securityEnabled": True}
    assert client.request("POST", "/groups", json=body).json()["error"]["message"].startswith("Cannot Create")


@pytest.mark.parametrize("alias", ["admins", "project"])
def test_members_come_and_go(client: Client, who: Any, tenant: Tenant, alias: str) -> None:
    path, sales = f"/groups/{who(alias).object_id}/members", who("sales").object_id
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{sales}"}
    assert client.request("POST", f"{path}/$ref", json=link).status_code == 204
    assert sales in who(alias).members
    assert tenant.world.audit[-1].operation == "Add member to group."
    again = client.request("POST", f"{path}/$ref", json=link)
    assert again.status_code == 400
    assert "added object references already exist" in again.text
    assert client.request("DELETE", f"{path}/{sales}/$ref").status_code == 204
    assert sales not in who(alias).members
    assert client.request("DELETE", f"{path}/{sales}/$ref").status_code == 404


def test_adding_nobody(client: Client, who: Any) -> None:
    link = {
        "@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/99999999-9999-4999-8999-999999999999"
    }
    response = client.request("POST", f"/groups/{who('admins').object_id}/members/$ref", json=link)
    assert (response.status_code, code(response)) == (404, "Request_ResourceNotFound")


def test_binding_several_is_all_or_nothing(client: Client, who: Any) -> None:
    path, root = f"/groups/{who('admins').object_id}", "https://graph.microsoft.com/v1.0/directoryObjects"
    links = [f"{root}/{who('sales').object_id}", f"{root}/{who('bruno').object_id}"]
    assert client.request("PATCH", path, json={"members@odata.bind": links}).status_code == 400
    assert who("sales").object_id not in who("admins").members
    assert client.request("PATCH", path, json={"members@odata.bind": links[:1]}).status_code == 204
    assert who("sales").object_id in who("admins").members


def test_members_may_be_written_by_a_narrow_permission(another: Any, who: Any) -> None:
    client = another("GroupMember.ReadWrite.All", "User.Read.All")
    path = f"/groups/{who('admins').object_id}"
    assert client.request("DELETE", f"{path}/members/{who('bruno').object_id}/$ref").status_code == 204
    assert client.request("PATCH", path, json={"displayName": "X"}).status_code == 403


def test_forgetting_ref_deletes_the_person(client: Client, who: Any) -> None:
    path = f"/groups/{who('admins').object_id}/members/{who('bruno').object_id}"
    assert client.request("DELETE", path).status_code == 204
    assert who("bruno").deleted is not None


def test_a_new_security_group(client: Client, tenant: Tenant) -> None:
    body = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
    made = client.request("POST", "/groups", json=body)
    assert made.status_code == 201
    entry = tenant.world.entries[made.json()["id"]]
    assert (entry.type, entry.addresses) == ("SecurityGroup", [])
    path = f"/groups/{entry.object_id}"
    assert client.request("PATCH", path, json={"description": "Why"}).status_code == 204
    assert client.get(path).json()["description"] == "Why"
    assert client.request("DELETE", path).status_code == 204
    assert client.get(path).status_code == 404


def test_objects_by_id(client: Client, who: Any) -> None:
    ids = [who("alice").object_id, who("team").object_id, "99999999-9999-4999-8999-999999999999"]
    found = client.request(
        "POST", "/directoryObjects/getByIds", json={"ids": ids, "types": ["user", "group"]}
    )
    assert [item["@odata.type"] for item in found.json()["value"]] == [
        "#microsoft.graph.user",
        "#microsoft.graph.group",
    ]
    only = client.request("POST", "/directoryObjects/getByIds", json={"ids": ids, "types": ["group"]})
    assert [item["id"] for item in only.json()["value"]] == [who("team").object_id]
    one = client.get(f"/directoryObjects/{who('alice').object_id}").json()
    assert one["@odata.type"] == "#microsoft.graph.user"


def test_group_ids_of_a_user(client: Client, who: Any) -> None:
    path = "/users/alice@contoso.example/getMemberGroups"
    every = client.request("POST", path, json={"securityEnabledOnly": False}).json()["value"]
    secure = client.request("POST", path, json={"securityEnabledOnly": True}).json()["value"]
    assert set(every) == {who(a).object_id for a in ("everyone", "team", "project", "admins")}
    assert set(secure) == {who(a).object_id for a in ("team", "admins")}
