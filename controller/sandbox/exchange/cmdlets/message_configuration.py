"""Get- and Set-MailboxMessageConfiguration: the signature, and how Outlook on the web composes and shows.

Where roaming signatures are on in the organisation (they are, unless PostponeRoamingSignaturesUntilLater is
true), the signature's parameters are taken with success and do nothing [doc]. Scripts are stripped [doc].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox.exchange import own_settings
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.mailbox_settings import stripped

# What roaming signatures take out of this cmdlet's hands [doc: each parameter's note].
_SIGNATURE: dict[str, Any] = {
    "AutoAddSignature": False,
    "AutoAddSignatureOnReply": False,
    "SignatureHtml": "",
    "SignatureText": "",
    "SignatureTextOnMobile": "",
    "UseDefaultSignatureOnMobile": True,
}
_PLAIN: dict[str, Any] = {
    "DefaultFormat": "Html",
    "AlwaysShowFrom": False,
    "AlwaysShowBcc": False,
    "ReadReceiptResponse": "DoNotAutomaticallySend",
    "AfterMoveOrDeleteBehavior": "OpenNextItem",
    "PreviewMarkAsReadBehavior": "OnSelectionChange",
    "IsReplyAllTheDefaultResponse": True,
    "CheckForForgottenAttachments": True,
    "EmptyDeletedItemsOnLogoff": False,
    "HideDeletedItems": False,
    "LinkPreviewEnabled": True,
    "ShowConversationAsTree": False,
}


@cmdlet("Get-MailboxMessageConfiguration", honours={"ResultSize"})
def get_message_configuration(call: Invocation) -> Result:
    entry, seen = own_settings.target(call)
    row = {
        "Identity": entry.name,
        "MailboxOwnerId": entry.name,
        **_SIGNATURE,
        **_PLAIN,
        **seen.stores.get("messages", {}),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [selected(call, row)]


@cmdlet("Set-MailboxMessageConfiguration", honours={*_SIGNATURE, *_PLAIN})
def set_message_configuration(call: Invocation) -> Result:
    """No rows; no word either where roaming signatures leave nothing to do."""
    entry, _ = own_settings.target(call)
    roaming = not call.world.organization.get("PostponeRoamingSignaturesUntilLater", False)
    changes: dict[str, Any] = {}
    for name in (*_SIGNATURE, *_PLAIN):
        if name in call.arguments and not (roaming and name in _SIGNATURE):
            value = call.arguments[name]
            changes[name] = stripped(value or "") if name.startswith("Signature") else value
    if changes and not own_settings.save_plain(call, entry, "messages", changes):
        own_settings.unchanged(call, entry)
    return None
