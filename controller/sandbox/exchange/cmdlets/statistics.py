"""Get-MailboxStatistics: how much a mailbox holds.

The figures are made up from the mailbox's GUID unless it stores its own under `statistics`; a mailbox that
nobody ever opened has no row, but a warning [inf].
"""

from __future__ import annotations

from datetime import timedelta

from controller.sandbox.exchange import directory, refusals
from controller.sandbox.exchange.cmdlets.archive import has_archive
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import Guid, print_size
from controller.sandbox.world import MAILBOX_TYPES


@cmdlet("Get-MailboxStatistics", honours={"Archive", "IncludeSoftDeletedRecipients"})
def get_mailbox_statistics(call: Invocation) -> Result:
    soft_deleted = call.arguments.on("IncludeSoftDeletedRecipients")
    identity = str(call.arguments["Identity"])
    among = soft_deleted and not directory.matches(call, identity, MAILBOX_TYPES)
    entry = directory.find_target(call, MAILBOX_TYPES, deleted=among)
    if entry.stores.get("opened") is False:
        call.warn(f"The user hasn't logged on to mailbox '{entry.name}', so there is no data to return.")
        return None
    if call.arguments.on("Archive") and not has_archive(entry):
        raise refusals.invalid(f"The mailbox '{entry.name}' doesn't have an archive.")  # [inf: text]
    drawn = int(entry.exchange_guid.replace("-", "") or "0", 16)
    own = entry.stores.get("statistics") or {}
    size = own.get("size", drawn % (20 * 1024**3))
    row = {
        "Identity": entry.exchange_guid,
        "DisplayName": entry.display_name,
        "MailboxGuid": Guid(entry.exchange_guid),
        "OwnerADGuid": Guid(entry.guid),
        "ItemCount": own.get("items", size // 120_000),
        "TotalItemSize": print_size(size),
        "DeletedItemCount": drawn % 500,
        "TotalDeletedItemSize": print_size(size // 150),
        "AssociatedItemCount": 120,
        "LastLogonTime": own.get("last_logon", call.now - timedelta(minutes=drawn % 10_000)),
        "MailboxType": "Private",
        "MailboxTypeDetail": call.type_of(entry),
        "IsArchiveMailbox": call.arguments.on("Archive"),
        "IsQuarantined": False,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [selected(call, row)]
