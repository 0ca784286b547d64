"""Get-, Add-, Remove-MailboxPermission: the access list of a mailbox (full access).

Doing what is done already, or undoing what is not there, is a success with a warning; AutoMapping goes in
and never comes out [reference: sections 10 and 15.3].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox.exchange import access_lists, directory
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import MAILBOX_TYPES, Ace, Entry

_TYPES = MAILBOX_TYPES | {"GroupMailbox"}


@cmdlet(
    "Get-MailboxPermission",
    honours={
        "User",
        "Owner",
        "ResultSize",
        "IncludeUnresolvedPermissions",
        "SoftDeletedMailbox",
        "IncludeSoftDeletedUserPermissions",
        "GroupMailbox",
    },
)
def get_mailbox_permission(call: Invocation) -> Result:
    """One row for each entry; those of the deleted only with IncludeUnresolvedPermissions [doc]."""
    on = call.arguments.on
    entry = directory.find_target(call, _types(call), deleted=on("SoftDeletedMailbox"))
    if on("Owner"):
        return [{"Identity": entry.name, "Owner": directory.SELF}]
    who = None
    if call.arguments.text("User"):
        who = access_lists.trustee(call, call.arguments["User"])
    rows = []
    for ace in access_lists.mailbox_list(call, entry):
        if who is not None and not who.holds(ace):
            continue
        shown = access_lists.show(call, ace)
        if not shown.orphan or on("IncludeUnresolvedPermissions"):
            rows.append(_row(entry, ace, shown.who, shown.sid))
        elif on("IncludeSoftDeletedUserPermissions") and ace.trustee in call.world.entries:
            name = directory.show_principal(call.world.entries[ace.trustee])
            rows.append(_row(entry, ace, name, shown.sid))
    return _selected(call, rows)


def _types(call: Invocation) -> frozenset[str]:
    return _TYPES if call.arguments.on("GroupMailbox") else MAILBOX_TYPES


def _row(entry: Entry, ace: Ace, who: str, sid: str) -> dict[str, Any]:
    return {
        "Identity": entry.name,
        "User": who,
        "AccessRights": [", ".join(ace.rights)],  # several rights in one element [obs: graph2otel]
        "Deny": ace.deny,
        "IsInherited": ace.inherited,
        "InheritanceType": "All",
        "UserSid": sid,
        "PrimarySmtpAddress": "",  # present and empty [obs: graph2otel]
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def _selected(call: Invocation, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if call.select is None:
        return rows
    return [{key: value for key, value in row.items() if key.lower() in call.select} for row in rows]


@cmdlet(
    "Add-MailboxPermission",
    honours={"User", "AccessRights", "AutoMapping", "Deny", "InheritanceType", "GroupMailbox"},
)
def add_mailbox_permission(call: Invocation) -> Result:
    """The entry added, or no row and a warning. CmdletError (400): who cannot hold rights, a full list."""
    entry = directory.find_target(call, _types(call))
    who = access_lists.trustee(call, call.arguments["User"])
    auto_mapping = call.arguments.get("AutoMapping", True)  # [doc: default]
    call.writing(entry)
    added = access_lists.grant(
        call,
        entry.permissions,
        who,
        call.arguments["AccessRights"],
        deny=call.arguments.on("Deny"),
        auto_mapping=auto_mapping,
        name=entry.name,
    )
    return None if added is None else [_row(entry, added, who.shown, who.sid)]


@cmdlet(
    "Remove-MailboxPermission",
    honours={
        "User",
        "AccessRights",
        "Deny",
        "InheritanceType",
        "GroupMailbox",
        "ClearAutoMapping",
        "ResetDefault",
        "BypassMasterAccountSid",
        "SoftDeletedMailbox",
    },
)
def remove_mailbox_permission(call: Invocation) -> Result:
    """No rows; a warning where the entry is not there. A SID as User removes what a deleted account left."""
    entry = directory.find_target(call, _types(call), deleted=call.arguments.on("SoftDeletedMailbox"))
    if call.arguments.on("ClearAutoMapping"):  # off for everybody who has access now [doc]
        call.writing(entry)
        for ace in entry.permissions:
            ace.auto_mapping = False
        return None
    if call.arguments.on("ResetDefault"):
        call.writing(entry).permissions = [ace for ace in entry.permissions if ace.trustee == directory.SELF]
        return None
    who = access_lists.trustee(call, call.arguments["User"])
    call.writing(entry)
    rights, deny = call.arguments["AccessRights"], call.arguments.on("Deny")
    if not access_lists.revoke(entry.permissions, who, rights, deny=deny):
        call.warn(
            f'Can\'t remove the access control entry on the object "{directory.canonical(call, entry)}" for '
            f'account "{who.shown}" because the ACE doesn\'t exist on the object.'
        )
    return None
