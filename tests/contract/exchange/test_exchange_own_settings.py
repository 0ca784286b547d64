"""A mailbox's own settings: automatic replies, regional, calendar and message configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox.world import Entry

from .conftest import DOMAIN, START, Client, Tenant

SUPPORT = f"support@{DOMAIN}"
NO_CHANGE = "The command completed successfully but no settings of"
pytestmark = pytest.mark.usefixtures("support")


def get(client: Client, noun: str, **parameters: Any) -> dict[str, Any]:
    (row,) = client.run(f"Get-{noun}", Identity=SUPPORT, **parameters).rows
    return row


def put(client: Client, noun: str, **parameters: Any) -> Any:
    return client.run(f"Set-{noun}", Identity=SUPPORT, **parameters)


# --- automatic replies ---------------------------------------------------------------------------------

REPLY = "MailboxAutoReplyConfiguration"


def test_a_reply_is_off_at_first_and_has_times_all_the_same(client: Client) -> None:
    row = get(client, REPLY)
    assert (row["AutoReplyState"], row["ExternalAudience"]) == ("Disabled", "All")
    assert (row["InternalMessage"], row["ExternalMessage"]) == ("", "")
    assert row["StartTime"] == "2026-12-01T09:00:00.0000000+00:00"
    assert row["EndTime"] > row["StartTime"]


@pytest.mark.parametrize(
    ("sent", "inside"),
    [
        ("Bonjour", "Bonjour"),
        ("R&D\nà demain", "R&amp;D\r\nà demain"),
        ("<p>4\u00a0h</p>", "<p>4&nbsp;h</p>"),
        ("<html><body><p class='a'>l'été</p></body></html>", "<p class='a'>l&#39;été</p>"),
        ("<p>a</p><script>alert(1)</script>", "<p>a</p>"),
    ],
)
def test_a_text_comes_back_as_a_document(client: Client, sent: str, inside: str) -> None:
    put(client, REPLY, InternalMessage=sent)
    text = get(client, REPLY)["InternalMessage"]
    assert text.startswith("<html>\r\n<head>\r\n<meta http-equiv=")
    assert text.endswith(f"<body>\r\n{inside}\r\n</body>\r\n</html>\r\n")
    assert put(client, REPLY, InternalMessage=text).warnings[0].startswith(NO_CHANGE)
    put(client, REPLY, InternalMessage=None)
    assert get(client, REPLY)["InternalMessage"] == ""


def test_it_is_not_enabled_without_its_texts(client: Client) -> None:
    assert put(client, REPLY, AutoReplyState="Enabled").error_type == "DataValidationException"
    refused = put(client, REPLY, AutoReplyState="Enabled", InternalMessage="a")
    assert "ExternalMessage can't be empty" in refused.error_text
    assert get(client, REPLY)["InternalMessage"] == ""  # nothing of it was done
    assert (
        put(client, REPLY, AutoReplyState="Enabled", InternalMessage="a", ExternalAudience="None").status
        == 200
    )
    assert put(client, REPLY, ExternalAudience="Known").status == 400
    assert put(client, REPLY, ExternalAudience="Known", ExternalMessage="b").status == 200
    assert get(client, REPLY)["AutoReplyState"] == "Enabled"


def test_a_schedule_ends_by_itself(tenant: Tenant, client: Client) -> None:
    times = {"StartTime": "2026-12-02T00:00:00Z", "EndTime": "2026-12-03T00:00:00Z"}
    texts = {"InternalMessage": "a", "ExternalMessage": "b"}
    assert put(client, REPLY, AutoReplyState="Scheduled", **texts).status == 400
    assert put(client, REPLY, StartTime=times["EndTime"], EndTime=times["StartTime"]).status == 400
    put(client, REPLY, AutoReplyState="Scheduled", **times, **texts)
    assert get(client, REPLY)["AutoReplyState"] == "Scheduled"
    tenant.clock.advance(timedelta(days=3))
    assert get(tenant.client(), REPLY)["AutoReplyState"] == "Disabled"


def test_what_would_cancel_meetings_is_not_played(client: Client) -> None:
    assert put(client, REPLY, DeclineEventsForScheduledOOF=True).error_type == "NotOfferedException"


# --- regional ------------------------------------------------------------------------------------------

REGIONAL = "MailboxRegionalConfiguration"


def test_nothing_regional_is_set_at_first(client: Client) -> None:
    row = get(client, REGIONAL)
    assert [row[name] for name in ("Language", "DateFormat", "TimeFormat", "TimeZone")] == [None] * 4


def test_a_language_brings_its_own_formats(client: Client) -> None:
    put(client, REGIONAL, Language="fr-fr")
    row = get(client, REGIONAL)
    assert (row["Language"], row["DateFormat"], row["TimeFormat"]) == ("fr-FR", "dd/MM/yyyy", "HH:mm")


def test_a_language_alone_may_leave_formats_that_do_not_suit_it(client: Client) -> None:
    put(client, REGIONAL, Language="en-US", DateFormat="M/d/yyyy", TimeFormat="h:mm tt")
    assert put(client, REGIONAL, Language="fr-FR").status == 400
    assert get(client, REGIONAL)["Language"] == "en-US"
    assert put(client, REGIONAL, Language="fr-FR", DateFormat=None, TimeFormat=None).status == 200
    assert get(client, REGIONAL)["DateFormat"] == "dd/MM/yyyy"
    assert put(client, REGIONAL, DateFormat="M/d/yyyy").status == 400


@pytest.mark.parametrize(
    "wrong", [{"Language": "fr"}, {"TimeZone": "Europe/Paris"}, {"TimeZone": "Mars Standard Time"}]
)
def test_neutral_cultures_and_iana_names_are_refused(client: Client, wrong: dict[str, str]) -> None:
    assert put(client, REGIONAL, **wrong).error_type == "ParameterTransformationException"


def test_folders_keep_their_names_unless_asked(support: Entry, client: Client) -> None:
    put(client, REGIONAL, Language="fr-FR", TimeZone="romance standard time")
    row = get(client, REGIONAL, VerifyDefaultFolderNameLanguage=True)
    assert (row["TimeZone"], row["DefaultFolderNameMatchingUserLanguage"]) == ("Romance Standard Time", False)
    put(client, REGIONAL, LocalizeDefaultFolderName=True)
    assert support.stores["language"] == "fr-FR"
    assert get(client, REGIONAL, VerifyDefaultFolderNameLanguage=True)[
        "DefaultFolderNameMatchingUserLanguage"
    ]


# --- working hours -------------------------------------------------------------------------------------

CALENDAR = "MailboxCalendarConfiguration"


def test_working_days_collapse(client: Client) -> None:
    row = get(client, CALENDAR)
    assert (row["WorkDays"], row["WorkingHoursStartTime"]) == ("Weekdays", "08:00:00")
    put(client, CALENDAR, WorkDays="Saturday, Sunday")
    assert get(client, CALENDAR)["WorkDays"] == "WeekEndDays"
    put(client, CALENDAR, WorkDays="Weekdays, Monday")
    assert get(client, CALENDAR)["WorkDays"] == "Weekdays"
    put(client, CALENDAR, WorkDays="Thursday, Monday")
    assert get(client, CALENDAR)["WorkDays"] == "Monday, Thursday"
    put(client, CALENDAR, WorkDays="None")
    assert get(client, CALENDAR)["WorkDays"] == "None"


def test_hours_do_not_end_before_they_start(client: Client) -> None:
    assert put(client, CALENDAR, WorkingHoursStartTime="18:00:00").status == 400
    put(client, CALENDAR, WorkingHoursStartTime="18:00:00", WorkingHoursEndTime="22:30:00",
        WorkingHoursTimeZone="Romance Standard Time")  # fmt: skip
    row = get(client, CALENDAR)
    assert (row["WorkingHoursStartTime"], row["WorkingHoursEndTime"]) == ("18:00:00", "22:30:00")
    assert row["WorkingHoursTimeZone"] == "Romance Standard Time"
    again = put(client, CALENDAR, WorkDays="Weekdays", WorkingHoursStartTime="18:00")
    assert again.warnings[0].startswith(NO_CHANGE)


# --- signature -----------------------------------------------------------------------------------------

MESSAGES = "MailboxMessageConfiguration"


def test_a_signature_is_ignored_with_success_where_they_roam(tenant: Tenant, client: Client) -> None:
    reply = put(client, MESSAGES, SignatureHtml="<p>S</p>", AutoAddSignature=True, AlwaysShowFrom=True)
    assert (reply.status, reply.warnings) == (200, [])
    row = get(client, MESSAGES)
    assert (row["SignatureHtml"], row["AutoAddSignature"], row["AlwaysShowFrom"]) == ("", False, True)
    tenant.world.organization["PostponeRoamingSignaturesUntilLater"] = True
    put(client, MESSAGES, SignatureHtml="<p onclick='x()'>S</p><script>x</script>", AutoAddSignature=True)
    row = get(client, MESSAGES)
    assert (row["SignatureHtml"], row["AutoAddSignature"]) == ("<p>S</p>", True)


# --- time ----------------------------------------------------------------------------------------------


def test_a_new_mailbox_has_its_store_a_little_later(tenant: Tenant, client: Client) -> None:
    tenant.weather.lags["object"] = timedelta(seconds=30)
    client.run("New-Mailbox", Shared=True, Name="Sales", Alias="sales")
    reply = client.run(f"Get-{REPLY}", Identity=f"sales@{DOMAIN}")
    assert (reply.status, reply.error_type) == (404, "ManagementObjectNotFoundException")
    tenant.clock.advance(timedelta(seconds=31))
    assert client.run(f"Get-{REPLY}", Identity=f"sales@{DOMAIN}").status == 200


def test_other_replicas_learn_later(tenant: Tenant, client: Client) -> None:
    tenant.weather.lags["object"] = timedelta(seconds=30)
    put(client, REPLY, InternalMessage="neu")
    other = tenant.client()
    other.headers["X-AnchorMailbox"] = f"SMTP:{SUPPORT}"
    assert get(other, REPLY)["InternalMessage"] == ""
    assert "neu" in get(client, REPLY)["InternalMessage"]
    tenant.clock.advance(timedelta(seconds=31))
    assert "neu" in get(other, REPLY)["InternalMessage"]
    assert tenant.clock.now() > START
