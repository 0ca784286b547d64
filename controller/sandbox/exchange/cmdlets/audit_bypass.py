"""Get-, Set-MailboxAuditBypassAssociation: accounts whose work in mailboxes is not audited.

Every account has a row, with the switch off as a rule [doc: Get-MailboxAuditBypassAssociation].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox.exchange import directory
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Listing, Result, Row
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import Guid
from controller.sandbox.world import USER_TYPES, Entry

_SWITCH = "AuditBypassEnabled"


@cmdlet("Get-MailboxAuditBypassAssociation", honours={"ResultSize"})
def get_audit_bypass(call: Invocation) -> Result:
    if call.arguments.text("Identity"):
        return [_row(call, directory.find_target(call, USER_TYPES))]
    entries = [seen for _, seen in directory.all_of(call, USER_TYPES)]
    return Listing(entries, lambda entry: _row(call, entry))


@cmdlet("Set-MailboxAuditBypassAssociation", honours={_SWITCH})
def set_audit_bypass(call: Invocation) -> Result:
    entry = call.writing(directory.find_target(call, USER_TYPES))
    if _SWITCH in call.arguments:
        entry.properties[_SWITCH] = bool(call.arguments[_SWITCH])
    return None


def _row(call: Invocation, entry: Entry) -> Row:
    row: dict[str, Any] = {
        "Identity": entry.name,
        "Name": entry.name,
        "ObjectId": Guid(entry.guid),
        _SWITCH: bool(entry.properties.get(_SWITCH, False)),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return selected(call, row)
