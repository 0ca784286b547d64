"""Two guards around identities: nothing blank goes out, and nothing but what was asked for comes in.

A blank Identity on a Get- cmdlet returns every object of the tenant, and some operators have seen an
unknown one do it too [reference: Exchange, safety traps]. So a blank one is refused before it is sent,
and rows are compared with the question where they carry enough to tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.clients import codes
from controller.errors import ConflictError, InvalidError

_NAMING: Final = frozenset({"identity", "mailbox", "anr", "user", "trustee"})
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Cmdlets that answer with the object itself, and the properties that tell which one it is.
_OBJECTS: Final = {
    "get-mailbox": ("Guid", "ExchangeGuid", "ExternalDirectoryObjectId", "PrimarySmtpAddress",
                    "UserPrincipalName", "EmailAddresses", "Alias", "Name"),
    "get-recipient": ("Guid", "ExternalDirectoryObjectId", "PrimarySmtpAddress", "EmailAddresses",
                      "Alias", "Name"),
    "get-distributiongroup": ("Guid", "ExternalDirectoryObjectId", "PrimarySmtpAddress", "EmailAddresses",
                              "Alias", "Name"),
    "get-user": ("Guid", "ExternalDirectoryObjectId", "UserPrincipalName", "Name"),
}  # fmt: skip
# One row about one object, under a name that need not be the one asked for.
_SINGLE: Final = frozenset(
    {"get-casmailbox", "get-mailboxautoreplyconfiguration", "get-mailboxregionalconfiguration",
     "get-mailboxmessageconfiguration", "get-mailboxcalendarconfiguration", "get-calendarprocessing",
     "get-mailboxstatistics"}
)  # fmt: skip
# Several rows, all under one object: `<object>`, `<object>:\folder`, `<object>\folder`.
_UNDER_ONE: Final = frozenset(
    {"get-mailboxpermission", "get-recipientpermission", "get-mailboxfolderpermission", "get-inboxrule",
     "get-mailboxfolderstatistics"}
)  # fmt: skip

# Every property that an identity may have been given by [reference: Exchange, identities].
_NAMES: Final = ("Guid", "ExternalDirectoryObjectId", "ExchangeGuid", "ArchiveGuid", "Name", "Identity", "Id",
                 "Alias", "DistinguishedName", "LegacyExchangeDN", "PrimarySmtpAddress", "UserPrincipalName",
                 "WindowsEmailAddress", "WindowsLiveID", "MicrosoftOnlineServicesID", "SamAccountName", "Sid",
                 "DisplayName")  # fmt: skip


def refuse_blank(cmdlet: str, parameters: Mapping[str, Any]) -> None:
    """Raises InvalidError before a blank name could mean everybody."""
    for name, value in parameters.items():
        if name.lower() in _NAMING and (value is None or (isinstance(value, str) and not value.strip())):
            raise InvalidError(
                api="exchange",
                call=cmdlet,
                message=f"refused to send a blank {name}: the service would take it for every object",
                code=codes.BLANK_IDENTITY,
            )


def asked(parameters: Mapping[str, Any]) -> str:
    """The object a call is about, or an empty text: `Identity`, else `Mailbox`."""
    lowered = {name.lower(): value for name, value in parameters.items()}
    value = lowered.get("identity") or lowered.get("mailbox") or ""
    return value if isinstance(value, str) else ""


def widened(cmdlet: str, parameters: Mapping[str, Any], select: Sequence[str]) -> Sequence[str]:
    """The properties to select so that the answer can be told to be the right one."""
    if not select or not asked(parameters):
        return select
    chosen = {name.lower() for name in select}
    more = [name for name in _OBJECTS.get(cmdlet.lower(), ()) if name.lower() not in chosen]
    return (*select, *more)


def expect_asked(cmdlet: str, parameters: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises ConflictError for several answers, InvalidError for one about something else."""
    identity, name = asked(parameters), cmdlet.lower()
    if not identity or not rows:
        return
    if name in _OBJECTS or name in _SINGLE:
        if len(rows) > 1:
            raise ConflictError(
                api="exchange",
                call=cmdlet,
                message=f"{len(rows)} objects came back for one identity",
                code=codes.AMBIGUOUS,
                target=identity,
                advice="use a unique identity: an address or a GUID",
            )
        if _differs(identity, rows[0]):
            raise _mismatch(cmdlet, identity, str(rows[0].get("Identity") or rows[0].get("Name") or "?"))
    elif name in _UNDER_ONE:
        owners = {_owner(str(row["Identity"])) for row in rows if row.get("Identity")}
        if len(owners) > 1:
            raise _mismatch(cmdlet, identity, f"{len(owners)} objects")


def _mismatch(cmdlet: str, identity: str, found: str) -> InvalidError:
    return InvalidError(
        api="exchange",
        call=cmdlet,
        message=f"asked about {identity!r}, the answer is about {found}: not used",
        code=codes.IDENTITY_MISMATCH,
        target=identity,
    )


def _owner(identity: str) -> str:
    head = identity.partition(":\\")[0]
    return head.partition("\\")[0].lower()


def _differs(identity: str, row: Mapping[str, Any]) -> bool:
    """True only where the row could have said so: a row without its ids proves nothing."""
    wanted = identity.lower()
    if any(str(row.get(key) or "").lower() == wanted for key in _NAMES):
        return False
    if _GUID.fullmatch(identity):
        return all(row.get(key) for key in ("Guid", "ExternalDirectoryObjectId"))
    if "@" in identity:
        addresses = row.get("EmailAddresses")
        return isinstance(addresses, list) and wanted not in _bare(addresses)
    return False


def _bare(addresses: Sequence[Any]) -> set[str]:
    return {str(address).partition(":")[2].lower() or str(address).lower() for address in addresses}
