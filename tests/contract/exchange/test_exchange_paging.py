"""Long answers: pages, links, what they are bound to; $batch; the entity set."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox.state import Fault, FaultKind
from controller.sandbox.world import Ace, Entry

from .conftest import ANCHOR, DOMAIN, ROOT, TENANT, Client, Tenant, envelope

ALL = {"ResultSize": "Unlimited"}


@pytest.fixture
def crowd(tenant: Tenant) -> list[Entry]:
    return [tenant.put(f"box{number:02}", "SharedMailbox") for number in range(25)]


def pages(client: Client, parameters: dict[str, Any], prefer: str) -> list[list[str]]:
    body, url, found = envelope("Get-Mailbox", parameters), f"{client.root}/InvokeCommand?$select=Name", []
    while url:
        reply = client.request("POST", url, body, Prefer=prefer)
        assert reply.status == 200
        found.append([row["Name"] for row in reply.rows])
        url = reply.body.get("@odata.nextLink", "")
        assert not url or url.startswith(f"{ROOT}/adminapi/beta/{TENANT}/InvokeCommand?%24skiptoken=")
    return found


def test_every_row_comes_once_in_pages(client: Client, crowd: list[Entry]) -> None:
    found = pages(client, ALL, "odata.maxpagesize=10;odata.continue-on-error")
    assert [len(page) for page in found] == [10, 10, 5]
    assert [name for page in found for name in page] == [entry.name for entry in crowd]


def test_no_page_holds_more_than_a_thousand(tenant: Tenant, client: Client) -> None:
    for number in range(1001):
        tenant.put(f"box{number}")
    assert [len(page) for page in pages(client, ALL, "odata.maxpagesize=5000")] == [1000, 1]
    cut = client.run("Get-Mailbox", select="Name")  # ResultSize is 1000 by default
    assert len(cut.rows) == 1000
    assert "@odata.nextLink" not in cut.body
    assert "more results available" in cut.warnings[0]


def test_a_small_result_size_truncates_with_a_warning(client: Client, crowd: list[Entry]) -> None:
    reply = client.run("Get-Mailbox", ResultSize=7)
    assert len(reply.rows) == 7
    assert len(reply.warnings) == 1


def test_page_size_nought_is_no_rows(client: Client, crowd: list[Entry]) -> None:
    reply = client.send("Get-Mailbox", ALL, Prefer="odata.maxpagesize=0")
    assert (reply.status, reply.rows) == (200, [])


@pytest.mark.parametrize("break_it", ["anchor", "no anchor", "body", "time"])
def test_a_link_is_bound_to_anchor_body_and_time(
    tenant: Tenant, client: Client, crowd: list[Entry], break_it: str
) -> None:
    link = client.send("Get-Mailbox", ALL, Prefer="odata.maxpagesize=10").body["@odata.nextLink"]
    anchor = {"anchor": f"UPN:alex@{DOMAIN}", "no anchor": ""}.get(break_it, ANCHOR)
    body = envelope("Get-Mailbox", {**ALL, "Archive": False} if break_it == "body" else ALL)
    if break_it == "time":
        tenant.clock.advance(timedelta(minutes=31))
    reply = client.request("POST", link, body, X_AnchorMailbox=anchor, Authorization=_fresh(tenant))
    assert reply.status == 400
    assert reply.error_text == "Expired or Invalid pagination request. Default Expiry time is 00:30:00"


def _fresh(tenant: Tenant) -> str:
    return tenant.client().headers["Authorization"]


def test_a_page_may_be_asked_for_again(client: Client, crowd: list[Entry]) -> None:
    link = client.send("Get-Mailbox", ALL, Prefer="odata.maxpagesize=20").body["@odata.nextLink"]
    first, again = (client.request("POST", link, envelope("Get-Mailbox", ALL)) for _ in range(2))
    assert first.rows == again.rows
    assert len(first.rows) == 5


@pytest.mark.parametrize("when", ["first page", "second page"])
def test_a_cut_listing_ends_with_the_expired_error(
    tenant: Tenant, client: Client, crowd: list[Entry], when: str
) -> None:
    faults = [Fault(FaultKind.CUT_PAGE)] if when == "first page" else [Fault(), Fault(FaultKind.CUT_PAGE)]
    tenant.weather.faults["Get-Mailbox"] = faults
    first = client.send("Get-Mailbox", ALL, Prefer="odata.maxpagesize=10")
    assert len(first.rows) == 10
    reply = client.request("POST", first.body["@odata.nextLink"], envelope("Get-Mailbox", ALL))
    assert "Expired or Invalid pagination request" in reply.error_text


def test_rows_keep_coming_when_the_world_moves_meanwhile(
    tenant: Tenant, client: Client, crowd: list[Entry]
) -> None:
    first = client.send("Get-Mailbox", ALL, Prefer="odata.maxpagesize=10")
    client.run("Remove-Mailbox", Identity=crowd[0].name)
    second = client.request("POST", first.body["@odata.nextLink"], envelope("Get-Mailbox", ALL))
    assert second.rows[0]["Name"] == crowd[10].name


# --- $batch -----------------------------------------------------------------------------------------------


def part(number: int, cmdlet: str, url: str = "", **parameters: Any) -> dict[str, Any]:
    return {
        "id": f"op-{number}",
        "method": "POST",
        "url": url or f"{ROOT}/adminapi/beta/{TENANT}/InvokeCommand",
        "headers": {"Content-Type": "application/json", "X-CmdletName": cmdlet},
        "body": envelope(cmdlet, parameters),
    }


def by_id(reply: Any) -> dict[str, Any]:
    return {response["id"]: response for response in reply.body["responses"]}


def test_each_member_of_a_batch_has_its_own_answer(client: Client, crowd: list[Entry]) -> None:
    parts = [part(n, "Get-MailboxPermission", Identity=crowd[n].guid) for n in range(9)]
    reply = client.batch(*parts, part(9, "Get-MailboxPermission", Identity="ghost"))
    found = by_id(reply)
    assert reply.status == 200
    assert [found[f"op-{n}"]["body"]["value"][0]["Identity"] for n in range(9)] == [e.name for e in crowd[:9]]
    assert found["op-9"]["status"] == 404
    assert found["op-9"]["body"]["error"]["code"] == "NotFound"
    assert [response["id"] for response in reply.body["responses"]] != [p["id"] for p in parts]


@pytest.mark.parametrize("url", ["InvokeCommand", "/InvokeCommand", f"/adminapi/beta/{TENANT}/InvokeCommand"])
def test_relative_addresses_in_a_batch(client: Client, crowd: list[Entry], url: str) -> None:
    reply = client.batch(part(1, "Get-Mailbox", f"{url}?$select=Alias", Identity=crowd[3].guid))
    assert by_id(reply)["op-1"]["body"]["value"] == [{"Alias": "box03"}]


def test_faults_inside_a_batch_strike_one_member(tenant: Tenant, client: Client, crowd: list[Entry]) -> None:
    tenant.weather.faults["Get-MailboxPermission"] = [Fault(), Fault(FaultKind.THROTTLED, 7.0)]
    reply = client.batch(*(part(n, "Get-MailboxPermission", Identity=crowd[n].guid) for n in range(3)))
    found = by_id(reply)
    assert {key: response["status"] for key, response in found.items()} == {
        "op-0": 200,
        "op-1": 429,
        "op-2": 200,
    }
    assert found["op-1"]["headers"]["Retry-After"] == "7"
    assert "Retry-After" not in reply.headers


def test_a_write_lost_inside_a_batch_is_done_all_the_same(
    tenant: Tenant, client: Client, crowd: list[Entry]
) -> None:
    tenant.weather.faults["Set-Mailbox"] = [Fault(FaultKind.LOST_AFTER)]
    reply = client.batch(part(1, "Set-Mailbox", Identity=crowd[0].guid, DisplayName="New"))
    assert (by_id(reply)["op-1"]["status"], crowd[0].display_name) == (504, "New")


def test_without_continue_on_error_the_rest_is_not_run(client: Client, crowd: list[Entry]) -> None:
    reply = client.batch(
        part(1, "Set-Mailbox", Identity="ghost", DisplayName="x"),
        part(2, "Set-Mailbox", Identity=crowd[0].guid, DisplayName="x"),
        Prefer="odata.maxpagesize=1000",
    )
    assert list(by_id(reply)) == ["op-1"]
    assert crowd[0].display_name == "Box00"


def test_a_batch_of_eleven_is_refused(client: Client, crowd: list[Entry]) -> None:
    assert client.batch(*(part(n, "Get-Mailbox") for n in range(11))).status == 400


def test_pages_inside_a_batch_go_on_in_another_batch(client: Client, crowd: list[Entry]) -> None:
    first = client.batch(part(1, "Get-Mailbox", **ALL), Prefer="odata.maxpagesize=20;odata.continue-on-error")
    body = by_id(first)["op-1"]["body"]
    second = client.batch(part(1, "Get-Mailbox", body["@odata.nextLink"], **ALL))
    rows = [*body["value"], *by_id(second)["op-1"]["body"]["value"]]
    assert [row["Name"] for row in rows] == [entry.name for entry in crowd]


# --- GET Mailbox ------------------------------------------------------------------------------------------


def test_entity_set_filters_selects_and_pages_by_get(
    tenant: Tenant, client: Client, crowd: list[Entry]
) -> None:
    tenant.put("alex")
    url = f"{client.root}/Mailbox?$filter=RecipientTypeDetails eq 'SharedMailbox'&$select=Alias"
    found: list[str] = []
    while url:
        reply = client.request("GET", url, Prefer="odata.maxpagesize=10")
        found += [row["Alias"] for row in reply.rows]
        url = reply.body.get("@odata.nextLink", "")
    assert found == [entry.alias for entry in crowd]


def test_one_entity_by_its_key(client: Client, crowd: list[Entry]) -> None:
    body = client.request("GET", f"{client.root}/Mailbox('{crowd[2].primary}')").body
    assert (body["Alias"], body["Guid"]) == ("box02", crowd[2].guid)
    assert "ForwardingAddress" not in body  # the minimum set
    assert client.request("GET", f"{client.root}/Mailbox('ghost')").status == 404


def test_entity_set_refuses_filters_that_it_cannot(client: Client, crowd: list[Entry]) -> None:
    url = f"{client.root}/Mailbox?$filter=ForwardingAddress ne null"
    assert client.request("GET", url).status == 400


def test_permissions_of_an_entity(tenant: Tenant, client: Client, crowd: list[Entry], alex: Entry) -> None:
    crowd[0].permissions.append(Ace(alex.object_id, ["FullAccess"]))
    rows = client.request("GET", f"{client.root}/Mailbox('{crowd[0].guid}')/MailboxPermission").rows
    assert [row["User"] for row in rows] == ["NT AUTHORITY\\SELF", f"alex@{DOMAIN}"]


def test_entities_refuse_by_401_in_json(tenant: Tenant, client: Client) -> None:
    tenant.app.directory_roles = ["Security Reader"]
    reply = client.request("GET", f"{client.root}/Mailbox")
    assert (reply.status, reply.body["error"]["code"]) == (401, "Unauthorized")
