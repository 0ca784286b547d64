"""Who is meant by an identity, and how a directory object is shown where another one refers to it.

Identities come in many forms and answers in others: a reference prints as the object's Name, which for a
mailbox of recent years is its Entra id [doc: techcommunity 3284733]. Reads go through the caller's replica.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.world import Entry, World

# What may hold a right on a mailbox or a recipient [doc: Add-MailboxPermission, Add-RecipientPermission].
# A security group without mail can be chosen, though it does not work.
PRINCIPAL_TYPES = frozenset(
    {
        "UserMailbox",
        "SharedMailbox",
        "RoomMailbox",
        "EquipmentMailbox",
        "MailUser",
        "GuestMailUser",
        "User",
        "MailUniversalSecurityGroup",
        "SecurityGroup",
    }
)
SELF = "NT AUTHORITY\\SELF"
SELF_SID = "S-1-5-10"
DELETED_KEPT = timedelta(days=30)  # [doc: Remove-Mailbox, Undo-SoftDeletedMailbox]


def spellings(identity: str) -> Iterator[str]:
    """The identity, and what is left of it without a prefix: `smtp:`, a domain, a canonical path."""
    yield identity
    if identity[:5].lower() == "smtp:":
        yield identity[5:]
    for separator in ("\\", "/"):
        if separator in identity and not identity.startswith("/o="):
            yield identity.rsplit(separator, 1)[1]


def matches(call: Invocation, identity: str, types: Collection[str], *, deleted: bool = False) -> list[Entry]:
    """Every entry of these types that the caller's replica knows by that identity."""
    for spelling in spellings(identity.strip()):
        wanted = spelling.lower()
        found = []
        for entry in call.world.candidates(wanted):
            seen = call.view(entry)
            if (
                seen is not None
                and (seen.deleted is not None) is deleted
                and seen.type in types
                and wanted in call.world.identities(seen)
                and not is_past_keeping(call, seen)
            ):
                found.append(entry)
        if found:
            return found
    return []


def find(
    call: Invocation, identity: str, types: Collection[str], *, deleted: bool = False, status: int = 404
) -> Entry:
    """The one entry meant. CmdletError: 404 (or `status`) where there is none, 500 where several."""
    found = matches(call, identity, types, deleted=deleted)
    if not found:
        raise refusals.not_found(identity, status=status)
    if len(found) > 1:
        raise refusals.ambiguous(identity)
    return found[0]


def find_target(call: Invocation, types: Collection[str], *, deleted: bool = False) -> Entry:
    """The entry that the `Identity` argument means, noted as what this cmdlet is about."""
    entry = find(call, str(call.arguments["Identity"]), types, deleted=deleted)
    call.subject = entry.name
    return entry


def find_principal(call: Invocation, identity: str) -> Entry:
    """Who is to hold a right. CmdletError: 400 not found, 400 for what cannot hold one, 500 ambiguous."""
    found = matches(call, identity, PRINCIPAL_TYPES)
    if len(found) > 1:
        raise refusals.ambiguous(identity)
    if found:
        return found[0]
    if matches(call, identity, {"MailContact", "MailUniversalDistributionGroup", "GroupMailbox"}):
        raise refusals.not_a_security_principal(identity)
    raise refusals.not_found(identity, status=400)


# --- showing --------------------------------------------------------------------------------------------


def show_principal(entry: Entry) -> str:
    """As `User` or `Trustee` shows it: UPN for accounts, Name for groups [obs: graph2otel]."""
    return entry.upn or entry.name


def lookup(call: Invocation, object_id: str) -> Entry | None:
    """The live entry of an id, as the caller sees it."""
    entry = call.world.entries.get(object_id)
    seen = call.view(entry) if entry is not None else None
    return seen if seen is not None and seen.deleted is None else None


def names_of(call: Invocation, references: Iterable[str]) -> list[str]:
    """A list of references as Names. A link to what is deleted is gone; a text that is no id and names
    nobody stays as it is."""
    return [shown if isinstance(shown, str) else shown.name for shown in _followed(call, references)]


def display_names_of(call: Invocation, references: Iterable[str]) -> list[str]:
    """`(smtp, Display Name)` for each; what has no address stays its Name [obs: M365DSC]."""
    return [
        shown
        if isinstance(shown, str)
        else f"({shown.primary}, {shown.display_name})"
        if shown.primary
        else shown.name
        for shown in _followed(call, references)
    ]


def _followed(call: Invocation, references: Iterable[str]) -> Iterator[Entry | str]:
    for reference in references:
        entry = lookup(call, reference)
        if entry is not None:
            yield entry
        elif reference not in call.world.entries and not _is_id(reference):
            named = call.world.find(reference)  # a scenario may say it with an address
            yield named[0] if len(named) == 1 else reference


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


def canonical(call: Invocation, entry: Entry) -> str:
    """The path that messages name an object by."""
    domain = call.world.initial_domain
    return f"EURPR01A002.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/{domain}/{entry.name}"


# --- the deleted ------------------------------------------------------------------------------------------


def holder_of(call: Invocation, address: str, *, besides: Entry | None = None) -> Entry | None:
    """Who holds an address, the soft-deleted included. What was deleted over 30 days ago and is on no
    hold is purged when it is met."""
    while (holder := call.world.holder(address, besides=besides)) is not None:
        if not is_past_keeping(call, holder):
            return holder
        forget(call.world, holder)
    return None


def is_past_keeping(call: Invocation, entry: Entry) -> bool:
    if entry.deleted is None:
        return False
    on_hold = bool(entry.properties.get("LitigationHoldEnabled"))  # an inactive mailbox is kept on
    return not on_hold and call.now - entry.deleted > DELETED_KEPT


def forget(world: World, entry: Entry) -> None:
    """Removes an entry for good; rights it held stay behind as its SID."""
    for other in world.entries.values():
        for ace in (*other.permissions, *other.send_as):
            if ace.trustee == entry.object_id and not ace.sid:
                ace.sid = entry.sid
    world.purge(entry)


def all_of(
    call: Invocation, types: Collection[str], *, deleted: bool = False
) -> Iterator[tuple[Entry, Entry]]:
    """(entry, as seen) for all of these types, in the order they were made."""
    for entry in call.world.entries.values():
        seen = call.view(entry) if entry.history else entry
        if (
            seen is not None
            and seen.type in types
            and (seen.deleted is not None) is deleted
            and not is_past_keeping(call, seen)
        ):
            yield entry, seen
