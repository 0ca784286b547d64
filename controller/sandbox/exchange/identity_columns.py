"""The columns that every recipient's row begins with."""

from __future__ import annotations

from datetime import datetime

from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.rows import Column
from controller.sandbox.exchange.values import Guid
from controller.sandbox.world import MAILBOX_TYPES, Entry


def recipient_type(details: str) -> str:
    """The coarse RecipientType of a RecipientTypeDetails."""
    if details in MAILBOX_TYPES:
        return "UserMailbox"
    return {"GuestMailUser": "MailUser", "GroupMailbox": "MailUniversalDistributionGroup"}.get(
        details, details
    )


def changed(seen: Entry) -> datetime:
    """When the object last changed, as far as is known."""
    return seen.history[-1][0] if seen.history else seen.created


def _type(call: Invocation, seen: Entry) -> str:
    return call.type_of(call.world.entries.get(seen.object_id, seen))


IDENTITY: dict[str, Column] = {
    "Identity": lambda _call, seen: seen.name,
    "Id": lambda _call, seen: seen.name,
    "Name": lambda _call, seen: seen.name,
    "DisplayName": lambda _call, seen: seen.display_name,
    "Guid": lambda _call, seen: Guid(seen.guid),
    "ExternalDirectoryObjectId": lambda _call, seen: seen.object_id,
    "DistinguishedName": lambda call, seen: call.world.distinguished_name(seen),
    "RecipientType": lambda call, seen: recipient_type(_type(call, seen)),
    "RecipientTypeDetails": _type,
    "OrganizationId": lambda call, _seen: call.world.initial_domain,
    "WhenCreated": lambda _call, seen: seen.created,
    "WhenCreatedUTC": lambda _call, seen: seen.created,
    "WhenChanged": lambda _call, seen: changed(seen),
    "WhenChangedUTC": lambda _call, seen: changed(seen),
    "ObjectState": lambda _call, _seen: "Unchanged",
    "IsValid": lambda _call, _seen: True,
}

MAIL: dict[str, Column] = {
    "Alias": lambda _call, seen: seen.alias,
    "PrimarySmtpAddress": lambda _call, seen: seen.primary,
    "WindowsEmailAddress": lambda _call, seen: seen.primary,
    "EmailAddresses": lambda _call, seen: list(seen.addresses),
    "LegacyExchangeDN": lambda _call, seen: seen.legacy_dn,
    "IsDirSynced": lambda _call, seen: seen.dir_synced,
}
