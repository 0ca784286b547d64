"""Get-Mailbox, Remove-Mailbox: which mailboxes there are, and how one goes.

Removing a mailbox also deletes its Entra user; both can be had back for 30 days [doc: Remove-Mailbox].
"""

from __future__ import annotations

from collections.abc import Callable

from controller.sandbox.exchange import directory, refusals, selection
from controller.sandbox.exchange.invocation import Invocation, Listing, Result
from controller.sandbox.exchange.mailbox_layout import MAILBOX
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import MAILBOX_TYPES, Entry

_SWITCHES = (
    "Archive",
    "GroupMailbox",
    "InactiveMailboxOnly",
    "IncludeInactiveMailbox",
    "SoftDeletedMailbox",
    "PublicFolder",
    "Migration",
    "IncludeAcceptMessagesOnlyFromDLMembersWithDisplayNames",
    "IncludeAcceptMessagesOnlyFromSendersOrMembersWithDisplayNames",
    "IncludeAcceptMessagesOnlyFromWithDisplayNames",
    "IncludeForwardingAddressWithDisplayNames",
    "IncludeGrantSendOnBehalfToWithDisplayNames",
)


@cmdlet("Get-Mailbox", honours={*selection.HONOURED, *_SWITCHES})
def get_mailbox(call: Invocation) -> Result:
    """Live mailboxes; soft-deleted ones only where asked for [doc: Get-Mailbox]."""
    on = call.arguments.on
    if on("PublicFolder") or on("Migration"):
        return ()  # this tenant has none
    types = {"GroupMailbox"} if on("GroupMailbox") else set(MAILBOX_TYPES)
    inactive = on("InactiveMailboxOnly") or on("IncludeInactiveMailbox")
    if on("SoftDeletedMailbox") or on("InactiveMailboxOnly"):
        deleted: tuple[bool, ...] = (True,)
    else:
        deleted = (False, True) if inactive else (False,)
    listing = selection.select(call, MAILBOX, types, deleted=deleted)
    if on("Archive"):
        listing = _only(listing, lambda entry: entry.properties.get("ArchiveStatus", "None") != "None")
    if inactive:
        listing = _only(
            listing,
            lambda entry: entry.deleted is None or bool(entry.properties.get("LitigationHoldEnabled")),
        )
    return listing


def _only(listing: Listing, test: Callable[[Entry], bool]) -> Listing:
    return Listing([entry for entry in listing.items if test(entry)], listing.render)


@cmdlet("Remove-Mailbox", honours={"PermanentlyDelete", "Force", "PublicFolder", "Migration"})
def remove_mailbox(call: Invocation) -> Result:
    """Soft-deletes, together with the user account; PermanentlyDelete is for what is soft-deleted
    already and on no hold [doc: Remove-Mailbox]."""
    identity = str(call.arguments["Identity"])
    if call.arguments.on("PermanentlyDelete"):
        if directory.matches(call, identity, MAILBOX_TYPES):
            raise refusals.invalid(
                f"The mailbox '{identity}' can't be permanently deleted because it isn't soft-deleted."
            )
        entry = directory.find_target(call, MAILBOX_TYPES, deleted=True)
        if entry.properties.get("LitigationHoldEnabled"):
            raise refusals.invalid(f"The mailbox '{identity}' is on hold and can't be deleted.")
        directory.forget(call.world, entry)
        return None
    entry = directory.find_target(call, MAILBOX_TYPES)
    if entry.dir_synced and not entry.cloud_managed:
        raise refusals.synced("Remove-Mailbox", "Identity", entry.name)
    call.writing(entry).deleted = call.now
    return None
