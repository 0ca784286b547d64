"""Inbox rules through Exchange's door, on the store that Graph shows."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox import mailbox_store
from controller.sandbox.graph import call as graph_call
from controller.sandbox.world import Entry

from .conftest import DOMAIN, Client, Tenant

SUPPORT, ALEX = f"support@{DOMAIN}", f"alex@{DOMAIN}"


def rules(client: Client, **parameters: Any) -> list[dict[str, Any]]:
    return client.run("Get-InboxRule", Mailbox=SUPPORT, **parameters).rows


def make(client: Client, name: str = "Invoices", **parameters: Any) -> Any:
    return client.run("New-InboxRule", Mailbox=SUPPORT, Name=name, **{"MarkAsRead": True, **parameters})


def shown(tenant: Tenant) -> list[dict[str, Any]]:
    path = f"/users/{SUPPORT}/mailFolders/inbox/messageRules"
    status, body = graph_call(tenant.sandbox, "GET", path, None, actor="tests")
    assert status == 200
    found: list[dict[str, Any]] = body["value"]
    return found


def test_a_rule_made_here_is_seen_by_graph(
    client: Client, tenant: Tenant, support: Entry, alex: Entry
) -> None:
    support.stores["folders"] = [
        {"key": mailbox_store.made_key(support, "x"), "name": "Invoices", "parent": "msgfolderroot"}
    ]
    reply = make(
        client,
        SubjectContainsWords=["invoice"],
        From=[ALEX],
        WithinSizeRangeMinimum="10 KB",
        MessageTypeMatches="AutomaticReply",
        ExceptIfHasAttachment=True,
        MoveToFolder=f"{SUPPORT}:\\Invoices",
        ForwardTo=["out@partner.example"],
        MarkImportance="High",
    )
    assert reply.status == 200, reply.body
    row = reply.rows[0]
    assert row["Identity"] == f"{support.name}\\{row['RuleIdentity']}"
    assert (row["MoveToFolder"], row["SubjectContainsWords"]) == ("Invoices", ["invoice"])
    assert row["ForwardTo"] == ['"out@partner.example" [SMTP:out@partner.example]']
    assert row["From"] == [f'"{alex.display_name}" [EX:{alex.legacy_dn}]']
    (rule,) = shown(tenant)
    assert rule["conditions"]["subjectContains"] == ["INVOICE"]
    assert rule["conditions"]["withinSizeRange"] == {"minimumSize": 10}
    assert rule["conditions"]["isAutomaticReply"] is True
    assert rule["exceptions"] == {"hasAttachments": True}
    assert rule["actions"]["markImportance"] == "high"
    assert rule["isReadOnly"] is False


def test_what_graph_cannot_say_makes_it_read_only_there(
    client: Client, tenant: Tenant, support: Entry
) -> None:
    make(client, ReceivedBeforeDate="2024-01-01")
    (rule,) = shown(tenant)
    assert rule["isReadOnly"] is True
    assert "actions" not in rule
    assert rules(client)[0]["ReceivedBeforeDate"].startswith("2024-01-01")


def test_hidden_rules_come_only_where_asked_for(client: Client, tenant: Tenant, support: Entry) -> None:
    support.stores["rules"] = [
        {"id": 1, "name": "Junk E-mail Rule", "sequence": 1, "actions": {"delete": True}, "hidden": True}
    ]
    assert rules(client) == []
    assert [row["Name"] for row in rules(client, IncludeHidden=True)] == ["Junk E-mail Rule"]
    assert shown(tenant) == []


def test_set_changes_what_is_named_and_null_clears(client: Client, tenant: Tenant, support: Entry) -> None:
    make(client, SubjectContainsWords=["a"], HasAttachment=True)
    reply = client.run("Set-InboxRule", Identity="Invoices", Mailbox=SUPPORT, SubjectContainsWords=None)
    assert (reply.status, reply.rows) == (200, [])
    assert shown(tenant)[0]["conditions"] == {"hasAttachments": True}


def test_rules_are_switched_placed_and_removed_by_composite_identity(
    client: Client, tenant: Tenant, support: Entry
) -> None:
    for name in ("a", "b", "c"):
        make(client, name)
    last = rules(client)[2]["Identity"]
    client.run("Set-InboxRule", Identity=last, Priority=1)
    assert [(row["Name"], row["Priority"]) for row in rules(client)] == [("c", 1), ("a", 2), ("b", 3)]
    client.run("Disable-InboxRule", Identity=last)
    assert [rule["isEnabled"] for rule in shown(tenant)] == [False, True, True]
    client.run("Remove-InboxRule", Identity=last, Confirm=False)
    assert [(row["Name"], row["Priority"]) for row in rules(client)] == [("a", 1), ("b", 2)]


def test_a_write_drops_what_only_outlook_runs_and_wants_force_for_it(client: Client, support: Entry) -> None:
    support.stores["rules"] = [{"id": 1, "name": "Sound", "sequence": 1, "actions": {}, "clientOnly": True}]
    assert make(client).status == 400
    assert [row["SupportedByTask"] for row in rules(client)] == [False]
    assert make(client, Force=True).status == 200
    assert [row["Name"] for row in rules(client)] == ["Invoices"]


@pytest.mark.usefixtures("support")
@pytest.mark.parametrize(
    "parameters",
    [
        {"MoveToFolder": f"{SUPPORT}:\\Nowhere"},
        {"ForwardTo": ["nobody"]},
        {"MarkAsRead": False},
        {"MessageTypeMatches": "Postcard"},
    ],
)
def test_what_cannot_be_is_refused(client: Client, parameters: dict[str, Any]) -> None:
    assert make(client, **parameters).status == 400
    assert rules(client) == []
