"""mailboxSettings: one store, Graph's door."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from .conftest import Client, Tenant

SETTINGS = "/users/support@contoso.example/mailboxSettings"


@pytest.fixture
def client(another: Any) -> Client:
    made: Client = another("MailboxSettings.ReadWrite", "User.Read.All")
    return made


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def patch(client: Client, **body: Any) -> Any:
    return client.request("PATCH", SETTINGS, json=body)


def bare(response: Any) -> dict[str, Any]:
    return {name: value for name, value in response.json().items() if name != "@odata.context"}


def test_a_mailbox_says_what_kind_it_is(client: Client, tenant: Tenant) -> None:
    assert client.get(SETTINGS).json()["userPurpose"] == "shared"
    tenant.add("RoomMailbox", "room")
    assert client.get("/users/room@contoso.example/mailboxSettings/userPurpose").json()["value"] == "room"
    assert client.get("/users/alice@contoso.example/mailboxSettings/userPurpose").json()["value"] == "user"


def test_a_patch_answers_200_with_what_it_changed_and_merges_members(client: Client) -> None:
    first = patch(
        client,
        automaticRepliesSetting={
            "status": "AlwaysEnabled",
            "externalAudience": "contactsOnly",
            "internalReplyMessage": "Bonjour",
        },
    )
    assert first.status_code == 200
    assert set(bare(first)) == {"automaticRepliesSetting"}
    second = patch(client, automaticRepliesSetting={"externalReplyMessage": "<p>Absent</p>"})
    found = bare(second)["automaticRepliesSetting"]
    assert (found["status"], found["externalAudience"]) == ("alwaysEnabled", "contactsOnly")
    assert found["internalReplyMessage"].startswith("<html>\r\n")
    assert "Bonjour" in found["internalReplyMessage"]
    assert "<p>Absent</p>" in found["externalReplyMessage"]


def test_times_come_back_in_utc_with_seven_digits(client: Client, who: Any) -> None:
    found = bare(
        patch(
            client,
            automaticRepliesSetting={
                "status": "scheduled",
                "scheduledStartDateTime": {
                    "dateTime": "2026-12-24T18:00:00",
                    "timeZone": "Romance Standard Time",
                },
                "scheduledEndDateTime": {
                    "dateTime": "2027-07-04T08:00:00.1234567",
                    "timeZone": "Europe/Paris",
                },
            },
        )
    )["automaticRepliesSetting"]
    assert found["scheduledStartDateTime"] == {"dateTime": "2026-12-24T17:00:00.0000000", "timeZone": "UTC"}
    assert found["scheduledEndDateTime"] == {"dateTime": "2027-07-04T06:00:00.1234560", "timeZone": "UTC"}
    assert who("support").stores["automatic_replies"]["start"] == datetime(2026, 12, 24, 17, tzinfo=UTC)


def test_language_and_formats_go_together_and_the_zone_stays_as_it_was_spelt(client: Client) -> None:
    found = bare(patch(client, language={"locale": "fr-fr"}, timeZone="Europe/Paris"))
    assert found == {
        "language": {"locale": "fr-FR", "displayName": "French (France)"},
        "timeZone": "Europe/Paris",
    }
    whole = client.get(SETTINGS).json()
    assert (whole["dateFormat"], whole["timeFormat"]) == ("dd/MM/yyyy", "HH:mm")
    assert code(patch(client, dateFormat="dd.MM.yyyy h")) == "InvalidArguments"


def test_working_hours_are_merged(client: Client) -> None:
    found = bare(
        patch(
            client,
            workingHours={
                "daysOfWeek": ["Friday", "monday"],
                "endTime": "18:30:00.0000000",
                "timeZone": {"name": "W. Europe Standard Time"},
            },
        )
    )["workingHours"]
    assert found == {
        "daysOfWeek": ["monday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "18:30:00.0000000",
        "timeZone": {"name": "W. Europe Standard Time"},
    }
    assert bare(client.get(f"{SETTINGS}/workingHours")) == found


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"workingHours": {"daysOfWeek": ["lundi"]}}, "InvalidArguments"),
        ({"workingHours": {"startTime": "19:00:00"}}, "ErrorInvalidTimeSettings"),
        ({"workingHours": {"startTime": "eight"}}, "RequestBodyRead"),
        ({"workingHours": {"timeZone": {"name": "Paris"}}}, "InvalidTimeZone"),
        ({"timeZone": "Nowhere Standard Time"}, "InvalidTimeZone"),
        ({"language": {"locale": "fr"}}, "InvalidArguments"),
        ({"automaticRepliesSetting": {"status": "on"}}, "RequestBodyRead"),
        ({"automaticRepliesSetting": {"text": "x"}}, "RequestBodyRead"),
        ({"signature": "x"}, "RequestBodyRead"),
        ({"userPurpose": "user"}, "Request_BadRequest"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    client: Client, who: Any, body: dict[str, Any], refusal: str
) -> None:
    response = patch(client, **body)
    assert (response.status_code, code(response)) == (400, refusal)
    assert who("support").stores == {}


def test_a_schedule_that_is_over_is_refused(client: Client) -> None:
    response = patch(
        client,
        automaticRepliesSetting={
            "status": "scheduled",
            "scheduledStartDateTime": {"dateTime": "2025-01-01T00:00:00", "timeZone": "UTC"},
            "scheduledEndDateTime": {"dateTime": "2025-01-02T00:00:00", "timeZone": "UTC"},
        },
    )
    assert code(response) == "ErrorInvalidTimeSettings"


def test_a_new_language_does_not_rename_default_folders(another: Any) -> None:
    client = another("MailboxSettings.ReadWrite", "Mail.ReadWrite")
    patch(client, language={"locale": "fr-FR"})
    inbox = client.get("/users/support@contoso.example/mailFolders/inbox").json()
    assert inbox["displayName"] == "Inbox"


def test_zones_and_languages_are_offered(client: Client) -> None:
    outlook = "/users/support@contoso.example/outlook"
    windows = {each["alias"]: each["displayName"] for each in client.value(f"{outlook}/supportedTimeZones")}
    assert windows["Romance Standard Time"] == "(UTC+01:00) Paris"
    path = f"{outlook}/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')"
    assert "Europe/Paris" in {each["alias"] for each in client.value(path)}
    assert {"locale": "de-DE", "displayName": "German (Germany)"} in client.value(
        f"{outlook}/supportedLanguages"
    )


def test_permissions(another: Any) -> None:
    reader = another("MailboxSettings.Read")
    assert reader.get(SETTINGS).status_code == 200
    assert code(patch(reader, timeZone="UTC")) == "ErrorAccessDenied"
    assert code(another("User.Read.All").get(SETTINGS)) == "ErrorAccessDenied"
