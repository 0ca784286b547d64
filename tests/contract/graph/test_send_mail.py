"""Mail as the simulated Graph takes it: kept, not delivered."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client

PATH = "/users/support@contoso.example/sendMail"
TO = [{"emailAddress": {"address": "alice@contoso.example"}}]


@pytest.fixture
def client(another: Any) -> Client:
    made: Client = another("Mail.Send")
    return made


def send(client: Client, path: str = PATH, **message: Any) -> Any:
    body = {"message": {"subject": "Drift", "toRecipients": TO, **message}, "saveToSentItems": False}
    return client.request("POST", path, json=body)


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def test_a_mail_is_taken_with_202_and_nothing_more(client: Client) -> None:
    answer = send(client, body={"contentType": "Text", "content": "mallory"},
                  internetMessageHeaders=[{"name": "x-mbx-delivery", "value": "n1"}])  # fmt: skip
    assert (answer.status_code, answer.content) == (202, b"")
    (mail,) = client.sandbox.sent
    assert (mail["from"], mail["toRecipients"], mail["saved"]) == (
        "support@contoso.example",
        ["alice@contoso.example"],
        False,
    )
    assert mail["headers"] == {"x-mbx-delivery": "n1"}
    assert mail["body"]["content"] == "mallory"


def test_without_the_permission_nothing_is_sent(another: Any) -> None:
    client: Client = another("Mail.ReadWrite")
    answer = send(client)
    assert (answer.status_code, code(answer)) == (403, "ErrorAccessDenied")
    assert client.sandbox.sent == []


@pytest.mark.parametrize(
    ("message", "status", "expected"),
    [
        ({"toRecipients": []}, 400, "ErrorInvalidRecipients"),
        ({"toRecipients": [{"emailAddress": {"address": "nobody"}}]}, 400, "ErrorInvalidRecipients"),
        (
            {"internetMessageHeaders": [{"name": "Subject", "value": "x"}]},
            400,
            "InvalidInternetMessageHeader",
        ),
        ({"text": "x"}, 400, "RequestBodyRead"),
        ({"from": {"emailAddress": {"address": "alice@contoso.example"}}}, 403, "ErrorSendAsDenied"),
    ],
)
def test_what_the_service_refuses(
    client: Client, message: dict[str, Any], status: int, expected: str
) -> None:
    answer = send(client, **message)
    assert (answer.status_code, code(answer)) == (status, expected)
    assert client.sandbox.sent == []


def test_nobody_sends_nothing(client: Client) -> None:
    assert code(send(client, "/users/nobody@contoso.example/sendMail")) == "ErrorInvalidUser"
