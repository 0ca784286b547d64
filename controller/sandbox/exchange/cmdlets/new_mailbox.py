"""New-Mailbox: shared, room and equipment mailboxes.

The account that comes with one is enabled, with a password nobody knows [obs: CIPP]; its directory Name is
its Entra id, whatever Name was given [doc: techcommunity 3284733]. The call is not idempotent.
"""

from __future__ import annotations

from controller.sandbox.exchange import addresses, refusals
from controller.sandbox.exchange.directory import SELF, SELF_SID
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.mailbox_layout import MAILBOX
from controller.sandbox.exchange.naming import (
    alias_for,
    checked_name,
    first_addresses,
    legacy_dn,
    upn_taken,
)
from controller.sandbox.exchange.recipient_settings import referenced
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import Ace, Entry

_KINDS = {"Shared": "SharedMailbox", "Room": "RoomMailbox", "Equipment": "EquipmentMailbox"}
_KEPT = (
    "Office",
    "ResourceCapacity",
    "ModerationEnabled",
    "SendModerationNotifications",
    "RoleAssignmentPolicy",
)


@cmdlet(
    "New-Mailbox",
    target="Name",
    honours={
        *_KINDS,
        *_KEPT,
        "DisplayName",
        "Alias",
        "PrimarySmtpAddress",
        "FirstName",
        "LastName",
        "Phone",
        "ModeratedBy",
        "Force",
        "Password",
        "ResetPasswordOnNextLogon",
    },
)
def new_mailbox(call: Invocation) -> Result:
    """The created mailbox, as Get-Mailbox shows it. CmdletError (400, 500): names and addresses that are
    taken, by somebody deleted too; domains that are not accepted."""
    kind = next((switch for switch in _KINDS if call.arguments.on(switch)), None)
    if kind is None:
        raise refusals.not_offered("New-Mailbox without Shared, Room or Equipment")
    name = checked_name(call, str(call.arguments["Name"]))
    alias = alias_for(call, call.arguments.text("Alias"), name)
    wanted = first_addresses(call, alias, call.arguments.text("PrimarySmtpAddress"))
    addresses.check(call, wanted, owner=None, creating=True)
    upn = f"{alias}@{wanted[0].rsplit('@', 1)[1]}"
    if upn_taken(call, upn):
        raise refusals.value_in_use("UserPrincipalName", upn)
    entry = _entry(call, name, alias, _KINDS[kind])
    entry.upn, entry.addresses = upn, wanted
    call.world.add(entry)
    call.writing(entry, created=True)
    call.subject = entry.name
    return [MAILBOX.row(call, entry)]


def _entry(call: Invocation, name: str, alias: str, kind: str) -> Entry:
    world, text = call.world, call.arguments.text
    object_id, guid = world.new_id(), world.new_id()
    entry = Entry(
        object_id=object_id,
        guid=guid,
        exchange_guid=world.new_id(),
        sid=world.new_sid(),
        type=kind,
        name=object_id,
        alias=alias,
        display_name=text("DisplayName") or name,
        created=call.now,
        legacy_dn=legacy_dn(guid, alias),
        permissions=[Ace(SELF, ["FullAccess", "ReadPermission"], sid=SELF_SID)],
        send_as=[Ace(SELF, ["SendAs"], sid=SELF_SID)],
        stores={"opened": False},
    )
    for parameter, attribute in (("FirstName", "givenName"), ("LastName", "surname")):
        if text(parameter):
            entry.graph[attribute] = text(parameter)
    if text("Phone"):
        entry.graph["businessPhones"] = [text("Phone")]
    entry.properties.update(
        {key: call.arguments[key] for key in _KEPT if call.arguments.get(key) is not None}
    )
    if call.arguments.get("ModeratedBy"):
        entry.properties["ModeratedBy"] = referenced(call, call.arguments["ModeratedBy"])
    return entry
