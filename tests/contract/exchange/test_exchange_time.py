"""Replicas that lag, anchors that pin, and the audit log that comes later."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from controller.sandbox import exchange
from controller.sandbox.world import Entry

from .conftest import DOMAIN, Client, Tenant

SUPPORT, ALEX = f"support@{DOMAIN}", f"alex@{DOMAIN}"
ELSEWHERE = f"UPN:somebody@{DOMAIN}"


def read(client: Client, cmdlet: str, anchor: str = "", /, **parameters: Any) -> Any:
    return client.send(cmdlet, parameters, **({"X_AnchorMailbox": anchor} if anchor else {}))


def test_only_the_writers_anchor_sees_a_new_mailbox_at_once(tenant: Tenant, client: Client) -> None:
    tenant.weather.lags["object"] = timedelta(seconds=20)
    guid = client.run("New-Mailbox", Shared=True, Name="Sales", Alias="sales").rows[0]["Guid"]
    assert read(client, "Get-Mailbox", Identity=guid).status == 200
    assert read(client, "Get-Mailbox", ELSEWHERE, Identity=guid).status == 404
    assert read(client, "Get-Mailbox", ELSEWHERE).rows == []
    tenant.clock.advance(timedelta(seconds=20))
    assert read(client, "Get-Mailbox", ELSEWHERE, Identity=guid).status == 200


def test_without_pinned_reads_everybody_lags(tenant: Tenant, client: Client) -> None:
    tenant.weather.lags["object"] = timedelta(seconds=20)
    tenant.weather.pinned_reads = False
    client.run("New-Mailbox", Shared=True, Name="Sales", Alias="sales")
    assert read(client, "Get-Mailbox", Identity="sales").status == 404
    second = client.run("New-Mailbox", Shared=True, Name="Sales", PrimarySmtpAddress=f"sales@{DOMAIN}")
    assert second.status == 400  # the directory itself knows


def test_a_lagging_reader_sees_what_was(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.weather.lags["object"] = timedelta(seconds=20)
    client.run("Set-Mailbox", Identity=SUPPORT, WindowsEmailAddress=f"new@{DOMAIN}")
    assert read(client, "Get-Mailbox", ELSEWHERE, Identity=f"new@{DOMAIN}").status == 404
    row = read(client, "Get-Mailbox", ELSEWHERE, Identity=SUPPORT).rows[0]
    assert row["PrimarySmtpAddress"] == SUPPORT
    assert read(client, "Get-Mailbox", Identity=SUPPORT).rows[0]["PrimarySmtpAddress"] == f"new@{DOMAIN}"


def test_permissions_lag_by_themselves(tenant: Tenant, client: Client, support: Entry, alex: Entry) -> None:
    tenant.weather.lags["permission"] = timedelta(seconds=5)
    client.run("Add-MailboxPermission", Identity=SUPPORT, User=ALEX, AccessRights=["FullAccess"])
    assert len(read(client, "Get-MailboxPermission", ELSEWHERE, Identity=SUPPORT).rows) == 1
    assert len(read(client, "Get-MailboxPermission", Identity=SUPPORT).rows) == 2
    tenant.clock.advance(timedelta(seconds=5))
    assert len(read(client, "Get-MailboxPermission", ELSEWHERE, Identity=SUPPORT).rows) == 2


def test_a_converted_type_shows_late_even_to_its_writer(
    tenant: Tenant, client: Client, support: Entry
) -> None:
    tenant.weather.lags["type"] = timedelta(seconds=60)
    client.run("Set-Mailbox", Identity=SUPPORT, Type="Regular", DisplayName="Person")
    row = client.run("Get-Mailbox", Identity=SUPPORT).rows[0]
    assert (row["RecipientTypeDetails"], row["DisplayName"]) == ("SharedMailbox", "Person")
    assert len(client.run("Get-Mailbox", RecipientTypeDetails=["SharedMailbox"]).rows) == 1
    tenant.clock.advance(timedelta(seconds=60))
    assert client.run("Get-Mailbox", Identity=SUPPORT).rows[0]["RecipientTypeDetails"] == "UserMailbox"


def test_a_young_principal_is_not_found_yet(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.weather.lags["object"] = timedelta(minutes=2)
    young = tenant.put("young")
    tenant.world.before_write(young, tenant.clock.now(), "", created=True)
    given = {"Identity": SUPPORT, "User": f"young@{DOMAIN}", "AccessRights": ["FullAccess"]}
    reply = client.run("Add-MailboxPermission", **given)
    assert (reply.status, reply.error_type) == (400, "ManagementObjectNotFoundException")
    tenant.clock.advance(timedelta(minutes=2))
    assert client.run("Add-MailboxPermission", **given).status == 200


# --- the audit log ----------------------------------------------------------------------------------------

SPAN = {"StartDate": "2026-12-01T00:00:00Z", "EndDate": "2026-12-02T00:00:00Z"}


def search(client: Client, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.run("Search-UnifiedAuditLog", **{**SPAN, **parameters}).rows
    return rows


def test_a_write_is_found_later_with_who_and_what(tenant: Tenant, client: Client, support: Entry) -> None:
    tenant.weather.lags["audit"] = timedelta(minutes=10)
    client.run("Set-Mailbox", Identity=SUPPORT, DisplayName="Helpdesk", Languages=["fr-FR", "de-DE"])
    assert search(client) == []
    tenant.clock.advance(timedelta(minutes=10))
    row = search(client)[0]
    assert (row["Operations"], row["UserIds"], row["RecordType"]) == (
        "Set-Mailbox",
        "Mailbox Controller",
        "ExchangeAdmin",
    )
    assert row["CreationDate"] == "2026-12-01T09:00:00.0000000+00:00"
    details = json.loads(row["AuditData"])
    assert (details["ObjectId"], details["AppId"]) == (support.name, tenant.app.client_id)
    assert {"Name": "Languages", "Value": "fr-FR;de-DE"} in details["Parameters"]


def test_failed_and_reading_calls_leave_no_record(client: Client, support: Entry) -> None:
    client.run("Get-Mailbox", Identity=SUPPORT)
    client.run("Set-Mailbox", Identity="ghost", DisplayName="x")
    assert search(client) == []


def test_passwords_stay_out(tenant: Tenant, client: Client) -> None:
    client.run("New-Mailbox", Shared=True, Name="x", Password="c2VjcmV0")
    assert "c2VjcmV0" not in json.dumps(search(client))


def test_criteria(tenant: Tenant, client: Client, support: Entry, alex: Entry) -> None:
    exchange.run(
        tenant.sandbox, "Set-Mailbox", {"Identity": SUPPORT, "Office": "B2"}, actor=f"paula@{DOMAIN}"
    )
    client.run("Set-Mailbox", Identity=ALEX, Office="Room B3")
    assert [row["UserIds"] for row in search(client, UserIds=[f"PAULA@{DOMAIN}"])] == [f"paula@{DOMAIN}"]
    assert len(search(client, ObjectIds=[alex.object_id])) == 1
    assert len(search(client, Operations=["Set-Mailbox", "New-Mailbox"])) == 2
    assert len(search(client, FreeText="room b3")) == 1
    assert search(client, RecordType="AzureActiveDirectory") == []
    assert search(client, StartDate="2026-11-01T00:00:00Z", EndDate="2026-11-30T00:00:00Z") == []
    backwards = {"StartDate": SPAN["EndDate"], "EndDate": SPAN["StartDate"]}
    assert client.run("Search-UnifiedAuditLog", **backwards).status == 400


@pytest.mark.parametrize("command", ["ReturnLargeSet", "ReturnNextPreviewPage"])
def test_a_session_goes_on_until_nothing_comes(
    tenant: Tenant, client: Client, support: Entry, command: str
) -> None:
    for number in range(25):
        client.run("Set-Mailbox", Identity=SUPPORT, Office=f"B{number}")
        tenant.clock.advance(timedelta(seconds=1))
    stretches = []
    while rows := search(client, SessionId="s", SessionCommand=command, ResultSize=10):
        stretches.append(rows)
    told = [row["Identity"] for rows in stretches for row in rows]
    assert set(told) == {record.id for record in tenant.world.audit}
    assert stretches[0][0]["ResultCount"] == 25
    if command == "ReturnLargeSet":
        assert len(told) > 25  # some come twice
    else:
        dates = [row["CreationDate"] for rows in stretches for row in rows]
        assert dates == sorted(dates, reverse=True)
    assert len(search(client)) == 25


def test_running_by_hand_confirms_itself_and_tells_refusals(tenant: Tenant, support: Entry) -> None:
    rows = exchange.run(tenant.sandbox, "get-mailbox", {"identity": SUPPORT}, actor="x")
    assert rows[0]["Guid"] == support.guid
    assert not any("@" in name for name in rows[0])
    exchange.run(tenant.sandbox, "Remove-Mailbox", {"Identity": SUPPORT}, actor=f"paula@{DOMAIN}")
    assert support.deleted is not None
    with pytest.raises(exchange.CmdletError) as refused:
        exchange.run(tenant.sandbox, "Get-Mailbox", {"Identity": SUPPORT}, actor="x")
    assert refused.value.status == 404
