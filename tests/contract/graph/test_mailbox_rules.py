"""Inbox rules as the service keeps them, oddities included."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox import mailbox_store as store

from .conftest import Client, Tenant

INBOX = "/users/support@contoso.example/mailFolders/inbox"
ALL = f"{INBOX}/messageRules"
FOLDERS = "/users/support@contoso.example/mailFolders"


@pytest.fixture
def client(another: Any) -> Client:
    made: Client = another("MailboxSettings.ReadWrite", "Mail.ReadWrite")
    return made


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def make(client: Client, **more: Any) -> Any:
    body = {"displayName": "Urgent", "sequence": 1, "actions": {"markImportance": "high"}, **more}
    return client.request("POST", ALL, json=body)


def change(client: Client, identifier: str, **body: Any) -> Any:
    return client.request("PATCH", f"{ALL}/{identifier}", json=body)


def test_a_rule_is_made_with_201_and_its_texts_come_back_in_upper_case(client: Client) -> None:
    response = make(
        client,
        conditions={"subjectContains": ["urgent"], "categories": ["À lire"], "hasAttachments": True},
        exceptions={"senderContains": ["adele"]},
    )
    assert response.status_code == 201
    body = response.json()
    assert body["conditions"] == {
        "categories": ["À lire"],
        "hasAttachments": True,
        "subjectContains": ["URGENT"],
    }
    assert body["exceptions"] == {"senderContains": ["ADELE"]}
    assert (body["isEnabled"], body["hasError"], body["isReadOnly"]) == (True, False, False)
    assert client.get(f"{ALL}/{body['id']}").json()["conditions"] == body["conditions"]


def test_upper_case_is_a_switch(client: Client, tenant: Tenant) -> None:
    tenant.world.quirks.upper_case_rules = False
    assert make(client, conditions={"bodyContains": ["x"]}).json()["conditions"] == {"bodyContains": ["x"]}


def test_what_says_nothing_does_not_come_back(client: Client) -> None:
    body = make(
        client,
        conditions={"isSigned": False, "bodyContains": [], "importance": "High"},
        exceptions={},
        actions={"markAsRead": True, "delete": False},
    ).json()
    assert body["conditions"] == {"importance": "high"}
    assert body["actions"] == {"markAsRead": True}
    assert "exceptions" not in body


def test_recipients_without_a_name_get_the_directorys_or_their_address(client: Client) -> None:
    actions = {
        "forwardTo": [{"emailAddress": {"address": "alice@contoso.example"}}],
        "redirectTo": [{"emailAddress": {"address": "out@partner.example"}}],
    }
    found = make(client, actions=actions).json()["actions"]
    assert found["forwardTo"][0]["emailAddress"]["name"] == "Alice"
    assert found["redirectTo"][0]["emailAddress"]["name"] == "out@partner.example"


def test_a_patch_replaces_a_part_as_a_whole_and_leaves_the_others(client: Client) -> None:
    held = make(
        client,
        conditions={"subjectContains": ["a"], "hasAttachments": True},
        exceptions={"bodyContains": ["b"]},
    ).json()
    response = change(client, held["id"], conditions={"subjectContains": ["c"]})
    assert response.status_code == 200
    body = response.json()
    assert body["conditions"] == {"subjectContains": ["C"]}
    assert body["exceptions"] == {"bodyContains": ["B"]}
    assert body["actions"] == {"markImportance": "high"}
    assert "exceptions" not in change(client, held["id"], exceptions=None).json()
    switched = change(client, held["id"], isEnabled=False, sequence=5).json()
    assert (switched["isEnabled"], switched["sequence"], switched["conditions"]) == (
        False,
        5,
        body["conditions"],
    )


def test_rules_are_listed_in_order_and_all_at_once(client: Client) -> None:
    for number in range(30, 0, -1):
        make(client, displayName=f"r{number}", sequence=number)
    assert [rule["displayName"] for rule in client.value(ALL)] == [f"r{n}" for n in range(1, 31)]


def test_numbers_stay_as_sent_unless_the_service_keeps_them_dense(client: Client, tenant: Tenant) -> None:
    make(client, sequence=10)
    assert client.value(ALL)[0]["sequence"] == 10
    tenant.world.quirks.dense_sequences = True
    make(client, sequence=20)
    assert [rule["sequence"] for rule in client.value(ALL)] == [1, 2]


def test_names_are_not_unique(client: Client) -> None:
    assert make(client).status_code == 201
    assert make(client).status_code == 201
    assert len({rule["id"] for rule in client.value(ALL)}) == 2


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"sequence": 0}, "ErrorInboxRulesValidationError"),
        ({"actions": {}}, "ErrorInboxRulesValidationError"),
        ({"actions": None}, "ErrorInboxRulesValidationError"),
        ({"displayName": " "}, "ErrorInboxRulesValidationError"),
        ({"conditions": {"subjectIs": ["x"]}}, "RequestBodyRead"),
        ({"conditions": {"importance": "urgent"}}, "RequestBodyRead"),
        ({"conditions": {"subjectContains": "x"}}, "RequestBodyRead"),
        ({"colour": "red"}, "RequestBodyRead"),
        ({"actions": {"moveToFolder": "inbox"}}, "ErrorInvalidIdMalformed"),
        ({"actions": {"forwardTo": [{"emailAddress": {"name": "x"}}]}}, "ErrorInvalidRecipients"),
    ],
)
def test_what_makes_no_rule_is_refused(client: Client, body: dict[str, Any], refusal: str) -> None:
    response = make(client, **body)
    assert (response.status_code, code(response)) == (400, refusal)
    assert client.value(ALL) == []


def test_a_rule_whose_folder_is_deleted_is_in_error_and_can_still_go(client: Client) -> None:
    folder = client.request("POST", FOLDERS, json={"displayName": "Kunden"}).json()["id"]
    held = make(client, actions={"moveToFolder": folder}).json()
    assert held["actions"]["moveToFolder"] == folder
    assert held["hasError"] is False
    client.request("DELETE", f"{FOLDERS}/{folder}")
    assert client.value(ALL)[0]["hasError"] is True
    assert client.request("DELETE", f"{ALL}/{held['id']}").status_code == 204
    assert client.value(ALL) == []


def test_a_rule_is_in_error_when_its_category_is_deleted_but_needs_none_to_begin_with(client: Client) -> None:
    categories = "/users/support@contoso.example/outlook/masterCategories"
    assert make(client, actions={"assignCategories": ["Frei"]}).json()["hasError"] is False
    category = client.request("POST", categories, json={"displayName": "frei", "color": "none"}).json()
    client.request("DELETE", f"{categories}/{category['id']}")
    assert client.value(ALL)[0]["hasError"] is True
    client.request("POST", categories, json={"displayName": "FREI", "color": "none"})
    assert client.value(ALL)[0]["hasError"] is False


def test_a_folder_of_another_mailbox_is_refused(client: Client, who: Any) -> None:
    response = make(client, actions={"moveToFolder": store.rest_id(who("sales"), "archive")})
    assert (response.status_code, code(response)) == (400, "ErrorInvalidMailboxItemId")


def test_what_graph_cannot_say_is_listed_bare_and_not_touched(client: Client, who: Any) -> None:
    who("support").stores["rules"] = [
        {"id": 1 << 33 | 1, "name": "Old mail", "sequence": 1, "actions": {"markAsRead": True},
         "beyond": {"ReceivedBeforeDate": "2020-01-01"}},
        {"id": 1 << 33 | 2, "name": "Junk E-mail Rule", "sequence": 2, "actions": {"delete": True},
         "hidden": True},
    ]  # fmt: skip
    (rule,) = client.value(ALL)
    assert rule["isReadOnly"] is True
    assert not {"conditions", "actions", "exceptions"} & set(rule)
    for response in (
        change(client, rule["id"], isEnabled=False),
        client.request("DELETE", f"{ALL}/{rule['id']}"),
    ):
        assert (response.status_code, code(response)) == (400, "ErrorNotSupportedMessageRule")


def test_all_enabled_rules_together_have_a_quota(client: Client, who: Any) -> None:
    who("support").properties["RulesQuota"] = 32 * 1024
    long = {"bodyContains": ["x" * 10_000]}
    assert make(client, conditions=long).status_code == 201
    refused = make(client, conditions=long)
    assert (refused.status_code, code(refused)) == (400, "ErrorRulesOverQuota")
    assert make(client, conditions=long, isEnabled=False).status_code == 201


def test_rules_hang_on_the_inbox_alone(client: Client) -> None:
    assert client.get(f"{FOLDERS}/drafts/messageRules").status_code == 400
    assert client.get(f"{FOLDERS}/INBOX/messageRules").status_code == 200


def test_mail_permissions_do_not_open_rules(another: Any) -> None:
    reader, mailman = another("MailboxSettings.Read"), another("Mail.ReadWrite")
    assert reader.get(ALL).status_code == 200
    assert code(make(reader)) == "ErrorAccessDenied"
    assert code(mailman.get(ALL)) == "ErrorAccessDenied"


def test_a_write_is_in_the_audit_log_and_says_where_mail_goes(client: Client, tenant: Tenant) -> None:
    make(client, actions={"redirectTo": [{"emailAddress": {"address": "out@partner.example"}}]})
    record = tenant.world.audit[-1]
    assert (record.operation, record.workload) == ("UpdateInboxRules", "Exchange")
    assert ("Recipients", "out@partner.example") in record.parameters
