"""How Outlook's answers look on the wire, and which options it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox import exchange
from controller.sandbox.clock import StandingClock
from controller.sandbox.state import Sandbox

from .conftest import START, Client

USER = "/users/support@contoso.example"
FOLDERS = f"{USER}/mailFolders"
MAIL = [
    {"from": "alice@contoso.example", "received": "2026-01-04T08:00:00Z", "subject": "one"},
    {"from": "bruno@contoso.example", "received": "2026-01-04T09:00:00Z", "folder": "inbox/Deep"},
]


@pytest.fixture
def client(another: Any, who: Any) -> Client:
    made: Client = another("Mail.ReadWrite", "MailboxSettings.ReadWrite", "Mail.Send")
    who("support").stores["mail"] = MAIL
    return made


def code(response: Any) -> tuple[int, str]:
    return response.status_code, str(response.json()["error"]["code"])


def make(client: Client, name: str, parent: str) -> str:
    body = {"displayName": name}
    made = client.request("POST", f"{FOLDERS}/{parent}/childFolders", json=body)
    assert made.status_code == 201
    return str(made.json()["id"])


def test_contexts_name_the_user_percent_encoded_and_what_was_selected(client: Client) -> None:
    """[recorded answers in public repositories; doc: samples of graph/api/user-list-messages]"""
    listed = client.get(FOLDERS, select="displayName,id").json()
    assert listed["@odata.context"].endswith(
        "$metadata#users('support%40contoso.example')/mailFolders(displayName,id)"
    )
    one = client.get(f"{FOLDERS}/inbox", select="displayName").json()
    assert one["@odata.context"].endswith("/mailFolders(displayName)/$entity")
    whole = client.get(f"{FOLDERS}/inbox").json()
    assert whole["@odata.context"].endswith("/mailFolders/$entity")


def test_a_wish_for_short_pages_is_granted_and_said(client: Client) -> None:
    """[reference: Graph API, headers]"""
    wish = {"Prefer": 'odata.maxpagesize=4, outlook.timezone="UTC"'}
    first = client.request("GET", FOLDERS, headers=wish)
    assert first.headers["Preference-Applied"] == "odata.maxpagesize=4"
    second = client.request("GET", first.json()["@odata.nextLink"], headers=wish)
    pages = [len(answer.json()["value"]) for answer in (first, second)]
    assert pages == [4, 2]
    assert "@odata.nextLink" not in second.json()
    topped = client.request("GET", FOLDERS, headers=wish, params={"$top": "5"})
    assert len(topped.json()["value"]) == 5


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (f"{USER}/messages", {"search": '"from:alice"'}),
        (FOLDERS, {"search": '"x"'}),
        (FOLDERS, {"expand": "messages"}),
        (FOLDERS, {"expand": "messageRules"}),
        (f"{USER}/messages", {"expand": "extensions"}),
    ],
)
def test_options_that_are_not_played_are_not_passed_over(
    client: Client, path: str, options: dict[str, str]
) -> None:
    assert code(client.get(path, **options)) == (501, "NotOfferedException")


def test_attachments_are_expanded_and_there_are_none(client: Client) -> None:
    (first, *_) = client.value(f"{USER}/messages", expand="attachments", select="subject")
    assert first["attachments"] == []


def test_select_on_settings_is_passed_over(client: Client) -> None:
    """[github pnp/cli-microsoft365 issue 6567]"""
    whole = client.get(f"{USER}/mailboxSettings").json()
    assert client.get(f"{USER}/mailboxSettings", select="timeZone").json() == whole
    assert "workingHours" in whole


def test_a_folder_is_written_by_the_path_through_its_parent(client: Client) -> None:
    deep = make(client, "Deep", "inbox")
    path = f"{FOLDERS}/inbox/childFolders/{deep}"
    assert client.request("PATCH", path, json={"displayName": "Deeper"}).json()["displayName"] == "Deeper"
    stranger = f"{FOLDERS}/drafts/childFolders/{deep}"
    assert code(client.request("PATCH", stranger, json={"displayName": "X"})) == (404, "ErrorItemNotFound")
    assert code(client.request("DELETE", stranger)) == (404, "ErrorItemNotFound")
    moved = client.request("POST", f"{path}/move", json={"destinationId": "drafts"})
    assert moved.status_code == 201
    assert client.request("DELETE", f"{FOLDERS}/drafts/childFolders/{deep}").status_code == 204
    assert client.value(f"{FOLDERS}/drafts/childFolders") == []


def test_messages_of_a_folder_one_by_one(client: Client) -> None:
    deep = make(client, "Deep", "inbox")
    path = f"{FOLDERS}/inbox/childFolders/{deep}/messages"
    (only,) = client.value(path, select="receivedDateTime")
    assert only["receivedDateTime"] == "2026-01-04T09:00:00Z"
    assert client.get(f"{FOLDERS}/{deep}/messages/{only['id']}").status_code == 200
    assert code(client.get(f"{FOLDERS}/inbox/messages/{only['id']}")) == (404, "ErrorItemNotFound")
    assert client.get(f"{USER}/messages/{only['id']}").status_code == 200
    assert code(client.get(f"{USER}/messages/AAMk{'x' * 44}")) == (404, "ErrorItemNotFound")
    assert code(client.get(f"{USER}/messages/AAMk")) == (400, "ErrorInvalidIdMalformed")


def test_a_mail_may_carry_whatever_a_message_has(client: Client) -> None:
    to = [{"emailAddress": {"address": "alice@contoso.example"}}]
    message = {"subject": "x", "toRecipients": to, "isReadReceiptRequested": True}
    sent = client.request("POST", f"{USER}/sendMail", json={"message": message})
    assert sent.status_code == 202
    strange = client.request("POST", f"{USER}/sendMail", json={"message": {**message, "colour": "red"}})
    assert code(strange) == (400, "RequestBodyRead")
    mime = client.request(
        "POST", f"{USER}/sendMail", content=b"RnJvbTo=", headers={"Content-Type": "text/plain"}
    )
    assert code(mime) == (501, "NotOfferedException")


def test_the_audit_log_knows_rules_but_not_folders_categories_or_settings(
    client: Client, sandbox: Sandbox, clock: StandingClock
) -> None:
    """[doc: mailbox auditing actions: "creating a mailbox folder isn't audited"]"""
    make(client, "Deep", "inbox")
    client.request("POST", f"{USER}/outlook/masterCategories", json={"displayName": "Urgent"})
    client.request("PATCH", f"{USER}/mailboxSettings", json={"timeZone": "UTC"})
    rule = {"displayName": "x", "sequence": 1, "actions": {"markAsRead": True}}
    assert client.request("POST", f"{FOLDERS}/inbox/messageRules", json=rule).status_code == 201
    clock.advance(timedelta(days=1))
    period = {"StartDate": START - timedelta(days=1), "EndDate": START + timedelta(days=2)}
    found = exchange.run(
        sandbox, "Search-UnifiedAuditLog", {k: v.isoformat() for k, v in period.items()}, actor="x"
    )
    assert [row["Operations"] for row in found] == ["UpdateInboxRules"]
    assert len(sandbox.world.audit) == 4  # the sandbox's own list has them all
