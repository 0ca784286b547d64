"""Get-, Add-, Remove-RecipientPermission: Send As, on every kind of recipient.

Without an Identity the whole tenant answers, which with a Trustee is the reverse lookup. There is no `Deny`
key, but `AccessControlType` [obs: graph2otel].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from controller.sandbox.exchange import access_lists, directory
from controller.sandbox.exchange.invocation import Invocation, Listing, Result, Row
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import RECIPIENT_TYPES, Ace, Entry


@cmdlet(
    "Get-RecipientPermission",
    honours={"Trustee", "AccessRights", "ResultSize"},
)
def get_recipient_permission(call: Invocation) -> Result:
    who = None
    if call.arguments.text("Trustee"):
        who = access_lists.trustee(call, call.arguments["Trustee"])
    found = [(entry, ace) for entry, ace in _all(call) if who is None or who.holds(ace)]

    def render(pair: tuple[Entry, Ace]) -> Row:
        shown = access_lists.show(call, pair[1])
        return _row(call, pair[0], pair[1], shown.who, shown.sid)

    return Listing(found, render)


def _all(call: Invocation) -> Iterator[tuple[Entry, Ace]]:
    if call.arguments.text("Identity"):
        entries = [directory.find_target(call, RECIPIENT_TYPES)]
    else:
        entries = [entry for entry, _ in directory.all_of(call, RECIPIENT_TYPES)]
    for entry in entries:
        for ace in access_lists.send_as_list(call, entry):
            yield entry, ace


def _row(call: Invocation, entry: Entry, ace: Ace, who: str, sid: str) -> dict[str, Any]:
    row = {
        "Identity": entry.name,
        "Trustee": who,
        "AccessControlType": "Deny" if ace.deny else "Allow",
        "AccessRights": list(ace.rights),
        "IsInherited": ace.inherited,
        "InheritanceType": "None",
        "TrusteeSidString": sid,
        "TrusteeWithPrimarySmtpAddress": "",  # present and empty [obs: graph2otel]
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    if call.select is None:
        return row
    return {key: value for key, value in row.items() if key.lower() in call.select}


@cmdlet("Add-RecipientPermission", honours={"Trustee", "AccessRights"}, prompts=True)
def add_recipient_permission(call: Invocation) -> Result:
    """The entry added, or no row and a warning where it was there."""
    entry = directory.find_target(call, RECIPIENT_TYPES)
    who = access_lists.trustee(call, call.arguments["Trustee"])
    call.writing(entry)
    added = access_lists.grant(call, entry.send_as, who, ("SendAs",), name=entry.name)  # the only right
    return None if added is None else [_row(call, entry, added, who.shown, who.sid)]


@cmdlet(
    "Remove-RecipientPermission",
    honours={
        "Trustee",
        "AccessRights",
        "Deny",
        "SkipDomainValidationForMailContact",
        "SkipDomainValidationForMailUser",
        "SkipDomainValidationForSharedMailbox",
    },
)
def remove_recipient_permission(call: Invocation) -> Result:
    """No rows; a warning where the entry is not there [obs: CIPP]."""
    entry = directory.find_target(call, RECIPIENT_TYPES)
    who = access_lists.trustee(call, call.arguments["Trustee"])
    call.writing(entry)
    if not access_lists.revoke(entry.send_as, who, ("SendAs",), deny=call.arguments.on("Deny")):
        call.warn(
            f'Can\'t remove the access control entry on the object "{directory.canonical(call, entry)}" for '
            f'account "{who.shown}" because the ACE isn\'t present.'
        )
    return None
