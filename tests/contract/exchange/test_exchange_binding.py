"""Parameters: names, types, sets, what is refused and how that is told."""

from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox.exchange import registry, table
from controller.sandbox.world import Entry

from .conftest import DOMAIN, Client, Tenant

SUPPORT = f"support@{DOMAIN}"


def test_the_table_holds_every_cmdlet() -> None:
    assert set(registry.offered()) <= set(table.names())
    spec = table.spec("set-mailbox")
    assert spec is not None
    assert spec.name == "Set-Mailbox"
    assert spec.parameters["prohibitsendquota"].sized


def test_names_match_in_any_case_and_by_alias(client: Client, support: Entry) -> None:
    client.send("set-mailbox", {"IDENTITY": SUPPORT, "displayname": "Helpdesk", "cf": False})
    assert support.display_name == "Helpdesk"


def test_unknown_parameter(client: Client, support: Entry) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, DisplyName="x")
    assert (reply.status, reply.error_type) == (400, "AmbiguousParameterSetException")
    assert reply.error_text == (
        "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters "
        "specified. DisplyName"
    )
    assert reply.body["error"]["details"][0]["code"] == "Client"


def test_primary_address_is_no_parameter_of_set_mailbox_online(client: Client, support: Entry) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, PrimarySmtpAddress=f"new@{DOMAIN}")
    assert reply.error_type == "AmbiguousParameterSetException"


def test_missing_mandatory_parameter(client: Client) -> None:
    reply = client.run("Get-MailboxPermission")
    assert reply.status == 400
    assert "missing mandatory parameters: Identity" in reply.error_text


def test_sets_that_exclude_each_other(client: Client) -> None:
    reply = client.run("New-Mailbox", Shared=True, Name="x", MicrosoftOnlineServicesID=f"x@{DOMAIN}")
    assert reply.error_type == "AmbiguousParameterSetException"


def test_a_false_switch_does_not_choose_a_set(client: Client, support: Entry) -> None:
    assert client.run("New-Mailbox", Shared=True, Room=False, Name="Desk", Alias="desk").status == 200


def test_bad_enumerator_lists_the_valid_ones(client: Client, support: Entry) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, Type="Public")
    assert (reply.status, reply.error_type) == (400, "ParameterTransformationException")
    assert "Equipment, Regular, Room, Shared" in reply.error_text


def test_an_enumerator_may_be_a_prefix_if_it_fits_one(client: Client, support: Entry) -> None:
    assert client.run("Set-Mailbox", Identity=SUPPORT, Type="reg").status == 200
    assert support.type == "UserMailbox"
    reply = client.run("Add-MailboxPermission", Identity=SUPPORT, User="x", AccessRights=["Change"])
    assert reply.error_type == "ParameterTransformationException"  # ChangeOwner or ChangePermission


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HiddenFromAddressListsEnabled", "true"),
        ("HiddenFromAddressListsEnabled", None),
        ("MaxSendSize", "plenty"),
        ("RetainDeletedItemsFor", "a week"),
        ("StartDateForRetentionHold", "next year"),
        ("WindowsEmailAddress", "nobody"),
        ("GrantSendOnBehalfTo", {"Add": ["alex"]}),
        ("GrantSendOnBehalfTo", {"@odata.type": "#Exchange.GenericHashTable", "Append": ["alex"]}),
        ("DisplayName", {"a": 1}),
    ],
)
def test_values_that_do_not_convert(client: Client, support: Entry, name: str, value: Any) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, **{name: value})
    assert (reply.status, reply.error_type) == (400, "ParameterTransformationException")


@pytest.mark.parametrize("key", ["Add", "add", "ADD"])
@pytest.mark.parametrize("marker", ["#Exchange.GenericHashTable", "#Exchange.StringFieldDeltaUpdateData"])
@pytest.mark.parametrize("many", [True, False])
def test_tables_add_in_any_case_one_or_many(
    client: Client, support: Entry, key: str, marker: str, many: bool
) -> None:
    address = f"smtp:desk@{DOMAIN}"
    table = {"@odata.type": marker, key: [address] if many else address}
    assert client.run("Set-Mailbox", Identity=SUPPORT, EmailAddresses=table).status == 200
    assert address in support.addresses


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_identity_means_everything(tenant: Tenant, client: Client, blank: Any) -> None:
    tenant.put("a", "SharedMailbox")
    tenant.put("b")
    assert len(client.run("Get-Mailbox", Identity=blank).rows) == 2
    assert client.run("Set-Mailbox", Identity=blank, DisplayName="x").status == 400


def test_type_hints_of_other_parameters_are_no_parameters(client: Client, support: Entry) -> None:
    reply = client.send(
        "Set-Mailbox",
        {"Identity": SUPPORT, "Languages": ["fr-FR"], "Languages@odata.type": "#Collection(String)"},
    )
    assert reply.status == 200
    assert support.properties["Languages"] == ["fr-FR"]


def test_a_parameter_that_has_no_effect_here_is_refused(client: Client, support: Entry) -> None:
    reply = client.run("Set-Mailbox", Identity=SUPPORT, ImmutableId="abc")
    assert reply.error_type == "NotOfferedException"


def test_confirmation_is_asked_for_and_nothing_done(client: Client, support: Entry) -> None:
    reply = client.send("Remove-Mailbox", {"Identity": SUPPORT})
    assert reply.status == 200
    assert reply.body["@adminapi.confirmationmessage"]
    assert support.deleted is None
    client.send("Set-Mailbox", {"Identity": SUPPORT, "DisplayName": "x", "Confirm": True})
    assert support.display_name == "Customer Support"


def test_what_if_changes_nothing(client: Client, support: Entry) -> None:
    assert client.run("Remove-Mailbox", Identity=SUPPORT, WhatIf=True).status == 200
    assert support.deleted is None


@pytest.mark.parametrize("name", registry.offered())
def test_no_cmdlet_falls_over_for_want_of_an_argument(client: Client, support: Entry, name: str) -> None:
    """Whatever a call leaves out: an answer, or a refusal that says why."""
    target = registry.find(name).target  # type: ignore[union-attr]
    for parameters in ({}, {target: "support@contoso.example"}, {target: 5}):
        reply = client.run(name, **parameters, **({} if name.startswith("Get-") else {"WhatIf": True}))
        assert reply.status == 200 or reply.error_type


def test_a_statistic_needs_to_know_whose(client: Client) -> None:
    reply = client.run("Get-MailboxFolderStatistics")
    assert (reply.status, reply.error_type) == (400, "ParameterBindingException")
    assert "Identity" in reply.error_text
