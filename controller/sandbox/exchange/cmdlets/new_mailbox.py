"""New-Mailbox: shared, room and equipment mailboxes.

The account that comes with one is enabled, with a password nobody knows [obs: CIPP]; its directory Name is
its Entra id, whatever Name was given [doc: techcommunity 3284733]. The call is not idempotent.
"""

from __future__ import annotations

import re

from controller.sandbox.exchange import addresses, refusals
from controller.sandbox.exchange.directory import SELF, SELF_SID, holder_of, is_past_keeping, matches
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.mailbox_layout import MAILBOX
from controller.sandbox.exchange.recipient_settings import referenced
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import RECIPIENT_TYPES, Ace, Entry

_KINDS = {"Shared": "SharedMailbox", "Room": "RoomMailbox", "Equipment": "EquipmentMailbox"}
_ALIAS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
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
        "Initials",
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
    alias = checked_alias(call, call.arguments.text("Alias"), name)
    primary = call.arguments.text("PrimarySmtpAddress") or f"{alias}@{call.world.default_domain}"
    routing = free_address(call, alias)
    wanted = [f"SMTP:{primary}", *([f"smtp:{routing}"] if routing.lower() != primary.lower() else [])]
    addresses.check(call, wanted, owner=None, creating=True)
    upn = f"{alias}@{primary.rsplit('@', 1)[1]}"
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
    entry.properties.update(
        {key: call.arguments[key] for key in _KEPT if call.arguments.get(key) is not None}
    )
    if call.arguments.get("ModeratedBy"):
        entry.properties["ModeratedBy"] = referenced(call, call.arguments["ModeratedBy"])
    return entry


def free_address(call: Invocation, alias: str) -> str:
    """The onmicrosoft.com address that comes with every mailbox; numbered where it is taken [inf]."""
    domain, number = call.world.initial_domain, 0
    while holder_of(call, address := f"{alias}{number or ''}@{domain}") is not None:
        number += 1
    return address


def upn_taken(call: Invocation, upn: str) -> bool:
    return any(
        (other.upn or "").lower() == upn.lower() and not is_past_keeping(call, other)
        for other in call.world.candidates(upn)
    )


def legacy_dn(guid: str, alias: str) -> str:
    return (
        "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/"
        f"cn={guid.replace('-', '')}-{alias}"
    )


def checked_name(call: Invocation, name: str) -> str:
    """A Name nobody has. CmdletError: over 64 characters, or taken [doc: New-Mailbox]."""
    if len(name) > 64:
        raise refusals.validation(
            f"The length of the property is too long. The maximum length is 64 and the length of the value "
            f"provided is {len(name)}."
        )
    if any(other.name.lower() == name.lower() and not other.deleted for other in call.world.candidates(name)):
        raise refusals.value_in_use("name", name)
    return name


def checked_alias(call: Invocation, alias: str | None, name: str) -> str:
    """The alias given, if it is well-formed and free; without one, what the name leaves of itself, with
    a number where that is taken [inf: the number]."""
    if alias is None:
        stem = re.sub(r"[^A-Za-z0-9._-]", "", name).strip(".")[:60] or "mailbox"
        free, number = stem, 1
        while _alias_taken(call, free):
            free, number = f"{stem}{number}", number + 1
        return free
    if len(alias) > 64 or not _ALIAS.fullmatch(alias):
        raise refusals.validation(f'The value "{alias}" of property "Alias" is not valid.')
    if _alias_taken(call, alias):
        raise refusals.value_in_use("alias", alias)
    return alias


def _alias_taken(call: Invocation, alias: str) -> bool:
    return any(entry.alias.lower() == alias.lower() for entry in matches(call, alias, RECIPIENT_TYPES))
