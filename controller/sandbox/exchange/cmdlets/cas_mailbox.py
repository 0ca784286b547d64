"""Get-CASMailbox and Set-CASMailbox: by which protocols a mailbox can be opened.

`SmtpClientAuthenticationDisabled` has three states: null follows the organisation, and it is inverted
against all the others. `ProtocolSettings` and `ActiveSyncDebugLogging` are only filled where the switch of
that name was sent [doc: Get-CASMailbox, Set-CASMailbox].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox.exchange import directory, rows, selection
from controller.sandbox.exchange.identity_columns import IDENTITY, MAIL
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.recipient_settings import Draft
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import MAILBOX_TYPES, Entry

# Protocols are open unless somebody closes them; null is "as the organisation" [doc: Set-CASMailbox].
_SWITCHES: dict[str, bool | None] = {
    "OWAEnabled": True,
    "OWAforDevicesEnabled": True,
    "ImapEnabled": True,
    "PopEnabled": True,
    "MAPIEnabled": True,
    "EwsEnabled": None,
    "ActiveSyncEnabled": True,
    "OutlookMobileEnabled": True,
    "MacOutlookEnabled": True,
    "UniversalOutlookEnabled": True,
    "OneWinNativeOutlookEnabled": True,
    "SmtpClientAuthenticationDisabled": None,
    "PublicFolderClientAccess": False,
    "ShowGalAsDefaultView": True,
    "ActiveSyncSuppressReadReceipt": False,
    "ImapUseProtocolDefaults": True,
    "PopUseProtocolDefaults": True,
    "EwsAllowEntourage": None,
    "EwsAllowMacOutlook": None,
    "EwsAllowOutlook": None,
}
_POLICIES = {"OwaMailboxPolicy": "OwaMailboxPolicy-Default", "ActiveSyncMailboxPolicy": "Default"}
_STORED: dict[str, Any] = {
    **_SWITCHES,
    **_POLICIES,
    "ECPEnabled": True,
    "EwsApplicationAccessPolicy": None,
    "EwsAllowList": [],
    "EwsBlockList": [],
    "ActiveSyncAllowedDeviceIDs": [],
    "ActiveSyncBlockedDeviceIDs": [],
    "HasActiveSyncDevicePartnership": False,
    "ExternalImapSettings": None,
    "InternalImapSettings": None,
    "ExternalPopSettings": None,
    "InternalPopSettings": None,
    "ExternalSmtpSettings": None,
    "InternalSmtpSettings": None,
    "ServerLegacyDN": "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Servers",
    "ServerName": "dc01mb0001",
}


def _defaulted(_call: Invocation, seen: Entry) -> bool:
    return seen.properties.get("ActiveSyncMailboxPolicy") is None


def _only_asked(name: str, value: Any) -> rows.Column:
    return lambda call, _seen: value if call.arguments.on(name) else None


CAS = rows.Layout(
    _STORED,
    {
        **IDENTITY,
        **MAIL,
        "SamAccountName": lambda _call, seen: f"${seen.guid[:6].upper()}-{seen.guid[9:13].upper()}00000000",
        "LinkedMasterAccount": lambda _call, _seen: "",
        "ActiveSyncMailboxPolicyIsDefaulted": _defaulted,
        "ProtocolSettings": _only_asked("ProtocolSettings", []),
        "ActiveSyncDebugLogging": _only_asked("ActiveSyncDebugLogging", False),
    },
)


@cmdlet("Get-CASMailbox", honours={*selection.HONOURED, "ProtocolSettings", "ActiveSyncDebugLogging"})
def get_cas_mailbox(call: Invocation) -> Result:
    return selection.select(call, CAS, set(MAILBOX_TYPES))


@cmdlet("Set-CASMailbox", honours=set(_SWITCHES) | set(_POLICIES))
def set_cas_mailbox(call: Invocation) -> Result:
    """No rows; a warning where nothing changes."""
    draft = Draft(call, directory.find_target(call, MAILBOX_TYPES), CAS)
    for name in (*_SWITCHES, *_POLICIES):
        if name in call.arguments:
            draft.put(name, call.arguments[name])
    draft.commit()
    return None
