"""Get-, Add-, Set-, Remove-MailboxFolderPermission: who may do what in one folder.

People show by display name, which is not unique [obs: CIPP]; `Default` and `Anonymous` stand in every folder
and cannot be removed. A set of rights that equals a role comes back as the role [inf]. On Set, a
notification switch without sharing flags takes the delegate away [doc: Set-MailboxFolderPermission].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from controller.sandbox import mailbox_store
from controller.sandbox.exchange import access_lists, directory, refusals
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.mailbox_store import BadIdError, Folder, ForeignIdError
from controller.sandbox.world import MAILBOX_TYPES, Entry

_STORE = "Microsoft.Exchange.Management.StoreTasks."
_STANDING = ("Default", "Anonymous")
_DEFAULTS = {"Default": "None", "Anonymous": "None"}
_READ = ("ReadItems", "FolderVisible")
_ROLES = {  # [doc: Add-MailboxFolderPermission]
    "Owner": (
        "CreateItems", "CreateSubfolders", "DeleteAllItems", "DeleteOwnedItems", "EditAllItems",
        "EditOwnedItems", "FolderContact", "FolderOwner", *_READ,
    ),
    "PublishingEditor": (
        "CreateItems", "CreateSubfolders", "DeleteAllItems", "DeleteOwnedItems", "EditAllItems",
        "EditOwnedItems", *_READ,
    ),
    "Editor": (
        "CreateItems", "DeleteAllItems", "DeleteOwnedItems", "EditAllItems", "EditOwnedItems", *_READ
    ),
    "PublishingAuthor": ("CreateItems", "CreateSubfolders", "DeleteOwnedItems", "EditOwnedItems", *_READ),
    "Author": ("CreateItems", "DeleteOwnedItems", "EditOwnedItems", *_READ),
    "NonEditingAuthor": ("CreateItems", "DeleteOwnedItems", *_READ),
    "Reviewer": _READ,
    "Contributor": ("CreateItems", "FolderVisible"),
}  # fmt: skip
_CALENDAR_ROLES = ("AvailabilityOnly", "LimitedDetails")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a mailbox, and its entries as they are stored (holder to what they have)."""

    entry: Entry
    folder: Folder
    shown: str  # as the answer's Identity names it


@cmdlet("Get-MailboxFolderPermission", honours={"User", "GroupMailbox", "UseCustomRouting"})
def get_mailbox_folder_permission(call: Invocation) -> Result:
    place = _place(call)
    held = _entries(call.view(place.entry) or place.entry, place.folder)
    if text := call.arguments.text("User"):
        holder = _holder(call, text)
        if holder not in held:
            raise _absent(_shown(call, holder))
        held = {holder: held[holder]}
    return [selected(call, _row(call, place, holder, what)) for holder, what in held.items()]


@cmdlet(
    "Add-MailboxFolderPermission",
    honours={"User", "AccessRights", "SharingPermissionFlags", "SendNotificationToUser"},
)
def add_mailbox_folder_permission(call: Invocation) -> Result:
    """The row added. CmdletError 400: there is one already."""
    place = _place(call)
    holder = _holder(call, str(call.arguments["User"]))
    if holder in _entries(place.entry, place.folder):
        raise _refused(
            "UserAlreadyExistsInPermissionEntryException",
            f"An existing permission entry was found for user: {_shown(call, holder)}.",
        )
    what = {"rights": _rights(call, place), "flags": _flags(call, place) or []}
    _store(call, place)[holder] = what
    return [_row(call, place, holder, what)]


@cmdlet(
    "Set-MailboxFolderPermission",
    honours={"User", "AccessRights", "SharingPermissionFlags", "SendNotificationToUser"},
)
def set_mailbox_folder_permission(call: Invocation) -> Result:
    place = _place(call)
    holder = _holder(call, str(call.arguments["User"]))
    held = _entries(place.entry, place.folder)
    if holder not in held:
        raise _absent(_shown(call, holder))
    flags = _flags(call, place)
    if flags is None:
        notified = "SendNotificationToUser" in call.arguments
        flags = [] if notified else held[holder]["flags"]
    _store(call, place)[holder] = {"rights": _rights(call, place), "flags": flags}
    return None


@cmdlet(
    "Remove-MailboxFolderPermission",
    honours={"User", "SendNotificationToUser", "ResetDelegateUserCollection"},
)
def remove_mailbox_folder_permission(call: Invocation) -> Result:
    place = _place(call)
    holder = _holder(call, str(call.arguments["User"]))
    if holder in _STANDING:
        raise _refused(
            "CannotRemoveSpecialUserException", f"You can't remove the permission entry of {holder}."
        )
    if holder not in _entries(place.entry, place.folder):
        raise _absent(_shown(call, holder))
    del _store(call, place)[holder]
    return None


# --- where and who --------------------------------------------------------------------------------------


def _place(call: Invocation) -> Place:
    r"""`mailbox:\Folder\Sub` or `mailbox:FolderId` [doc]."""
    mailbox, _, folder = str(call.arguments["Identity"]).partition(":")
    entry = directory.find(call, mailbox, MAILBOX_TYPES)
    call.subject = entry.name
    found = mailbox_store.folders(call.view(entry) or entry, call.now)
    here = _by_path(found, folder) if folder.startswith("\\") or not folder else _by_id(entry, found, folder)
    if here is None:
        raise refusals.not_found(f"{mailbox}:{folder}")
    path = "\\".join(mailbox_store.path_of(found, here))
    return Place(entry, here, f"{entry.name}:\\{path}")


def _by_path(found: dict[str, Folder], path: str) -> Folder | None:
    return mailbox_store.by_path(found, [name for name in path.split("\\") if name])


def _by_id(entry: Entry, found: dict[str, Folder], ident: str) -> Folder | None:
    try:
        return found.get(mailbox_store.key_of_folder_id(entry, ident))
    except (BadIdError, ForeignIdError):
        return None


def _holder(call: Invocation, text: str) -> str:
    """An object id, a SID, `Default` or `Anonymous`."""
    if text.strip().capitalize() in _STANDING:
        return text.strip().capitalize()
    return access_lists.trustee(call, text.removeprefix("NT User:")).object_id


def _shown(call: Invocation, holder: str) -> str:
    entry = directory.lookup(call, holder)
    if entry is not None:
        return entry.display_name
    gone = call.world.entries.get(holder)
    sid = gone.sid if gone is not None else holder
    return f"NT User:{sid}" if sid.startswith("S-1-") else sid


# --- what -----------------------------------------------------------------------------------------------


def _entries(entry: Entry, folder: Folder) -> dict[str, dict[str, Any]]:
    """Holder to rights and flags; the two standing entries first."""
    stored = entry.stores.get("folder_permissions", {}).get(folder.key, {})
    calendar = folder.kind == "Calendar"
    standing = {
        name: {"rights": ["AvailabilityOnly" if calendar and name == "Default" else right], "flags": []}
        for name, right in _DEFAULTS.items()
    }
    return {**standing, **stored}


def _store(call: Invocation, place: Place) -> dict[str, dict[str, Any]]:
    entry = call.writing(place.entry)
    lists = entry.stores.setdefault("folder_permissions", {})
    found: dict[str, dict[str, Any]] = lists.setdefault(place.folder.key, {})
    return found


def _rights(call: Invocation, place: Place) -> list[str]:
    """As stored: a role by its name, anything else right by right."""
    asked: Sequence[str] = call.arguments["AccessRights"]
    if any(right in _CALENDAR_ROLES for right in asked) and place.folder.kind != "Calendar":
        raise _refused(
            "InvalidOperationException",
            "AvailabilityOnly and LimitedDetails can only be given on calendar folders.",
        )
    if len(asked) == 1:
        return list(asked)
    rights = {each for right in asked for each in _ROLES.get(right, (right,))} - {"None"}
    role = next((name for name, members in _ROLES.items() if set(members) == rights), None)
    return [role] if role else sorted(rights)


def _flags(call: Invocation, place: Place) -> list[str] | None:
    """None where they were not sent. CmdletError 400 for what no calendar's editor can have."""
    if "SharingPermissionFlags" not in call.arguments:
        return None
    asked = call.arguments["SharingPermissionFlags"]
    parts = asked.split(",") if isinstance(asked, str) else asked
    flags = [flag for part in parts if (flag := str(part).strip()) and flag != "None"]
    editor = list(call.arguments["AccessRights"]) == ["Editor"]
    if flags and not (editor and place.folder.kind == "Calendar"):
        raise _refused(
            "InvalidSharingPermissionFlagsException",
            "SharingPermissionFlags can only be used on calendar folders, with AccessRights Editor.",
        )
    if "CanViewPrivateItems" in flags and "Delegate" not in flags:
        raise _refused("InvalidSharingPermissionFlagsException", "CanViewPrivateItems needs Delegate.")
    return flags


def _row(call: Invocation, place: Place, holder: str, what: dict[str, Any]) -> dict[str, Any]:
    return {
        "Identity": place.shown,
        "FolderName": place.folder.name,
        "User": _shown(call, holder),
        "AccessRights": list(what["rights"]),
        "SharingPermissionFlags": ", ".join(what["flags"]) or None,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def _absent(who: str) -> CmdletError:
    return _refused(
        "UserNotFoundInPermissionEntryException",
        f"There is no existing permission entry found for user: {who}.",
    )


def _refused(kind: str, text: str) -> CmdletError:
    return CmdletError(400, f"{_STORE}{kind}", text)
