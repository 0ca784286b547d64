"""Get-Recipient and Get-User: everything that has mail, and everybody who has an account.

Get-Recipient is the resolver: it finds a mailbox, a group or a contact by any address. Get-User adds SIDs
and person attributes, and has no mail properties [doc: Get-User].
"""

from __future__ import annotations

from controller.sandbox.exchange import opath, selection
from controller.sandbox.exchange.identity_columns import recipient_type
from controller.sandbox.exchange.invocation import Invocation, Listing, Result
from controller.sandbox.exchange.recipient_layouts import RECIPIENT, USER
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import RECIPIENT_TYPES, USER_TYPES, Entry


@cmdlet(
    "Get-Recipient",
    honours={*selection.HONOURED, "RecipientType", "IncludeSoftDeletedRecipients", "RecipientPreviewFilter"},
)
def get_recipient(call: Invocation) -> Result:
    deleted = (False, True) if call.arguments.on("IncludeSoftDeletedRecipients") else (False,)
    listing = selection.select(call, RECIPIENT, RECIPIENT_TYPES, deleted=deleted)
    kinds = call.arguments.get("RecipientType")
    if kinds:
        kept = [entry for entry in listing.items if recipient_type(call.type_of(entry)) in kinds]
        listing = Listing(kept, listing.render)
    preview = call.arguments.text("RecipientPreviewFilter")
    if preview:
        test = opath.parse(preview, RECIPIENT.names()).test
        kept = [entry for entry in listing.items if test(_getter(call, call.view(entry) or entry))]
        listing = Listing(kept, listing.render)
    return listing


def _getter(call: Invocation, seen: Entry) -> opath.Getter:
    return lambda name: RECIPIENT.value(call, seen, name)


@cmdlet("Get-User", honours={*selection.HONOURED, "IsVIP", "PublicFolder"})
def get_user(call: Invocation) -> Result:
    if call.arguments.on("PublicFolder") or call.arguments.on("IsVIP"):
        return ()  # this tenant has neither
    return selection.select(call, USER, USER_TYPES)
