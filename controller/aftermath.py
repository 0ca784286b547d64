"""What a change leaves behind: how long until people notice, and what applying the old document again would
not bring back. Pure."""

from __future__ import annotations

from typing import Any, Final

from controller.directory import Directory
from controller.memory import Memory
from controller.model import Action, Change, Kind
from controller.people.grants import ACCESS, AUTO_MAPPING, FULL_ACCESS
from controller.people.membership import MEMBERS
from controller.ways import FOLDERS, SENDERS

# [reference: Exchange admin API, consistency after writes: "effective access in clients within minutes to an
# hour; Outlook automapping up to about an hour"; help pages of several providers say the same]
_WITHIN: Final = "within minutes to about an hour"
_MAPPED: Final = f"{_WITHIN}; Outlook then shows the mailbox by itself"
_UNMAPPED: Final = f"{_WITHIN}; Outlook does not show the mailbox by itself: each adds it by hand"
_NOT_RECORDED: Final = (
    "whether Outlook showed the mailbox by itself, which is recorded nowhere; granted again, it does"
)


def takes_effect(change: Change) -> str | None:
    """When people notice a change of rights; None for what is no matter of rights."""
    path = change.path
    if path[:1] == ACCESS and change.action is Action.GRANT and path[-1] == FULL_ACCESS:
        return _MAPPED if any(_maps(request.parameters) for request in change.requests) else _UNMAPPED
    rights = path[:1] in (ACCESS, MEMBERS, (FOLDERS,)) or (len(path) == 2 and path[0] in SENDERS)
    deletes = change.action is Action.DELETE and not path
    return _WITHIN if (rights and path[-1] != AUTO_MAPPING) or deletes else None


def _maps(parameters: Any) -> bool:
    return bool(parameters.get("AutoMapping"))


def lasting(change: Change, memory: Memory, directory: Directory) -> tuple[str, ...]:
    """What cannot be undone."""
    if change.action is Action.DELETE and not change.path:
        return (_DELETED[change.key.kind],) if change.key.kind in _DELETED else ()
    if change.action is Action.CONVERT:
        return _CONVERTED
    if any(request.parameters.get("removeLicenses") for request in change.requests):
        return _RELEASED
    if change.path == ("archive",) and change.after is False:
        return ("after about 30 days: the mail in the archive",)  # [doc: Disable-Mailbox]
    if change.action is Action.REVOKE and change.path[:1] == ACCESS and change.path[-1] == FULL_ACCESS:
        return _forgotten(change, memory, directory)
    return ()


_DELETED: Final = {
    Kind.SHARED_MAILBOX: "after about 30 days: the mailbox and all mail in it",  # [doc: Remove-Mailbox]
    Kind.DISTRIBUTION_LIST: "the list: there is no recycle bin for it",
}
_CONVERTED: Final = ("its owner signs in to it no more; to make it a person's again takes a licence",)
_RELEASED: Final = (
    "the seat may be given to somebody else; what only the licence held (archive, hold, mail above 50 GB) "
    "can be lost after about 30 days",
)


def _forgotten(change: Change, memory: Memory, directory: Directory) -> tuple[str, ...]:
    """AutoMapping is write-only [doc: Add-MailboxPermission]: of a grant by hand nobody knows it. Groups have
    none."""
    guid = next((str(r.parameters["User"]) for r in change.requests if "User" in r.parameters), "")
    trustee = directory.principals.get(guid)
    if trustee is None or trustee.is_group:
        return ()
    return (_NOT_RECORDED,) if memory.auto_mapping.get(change.key, {}).get(guid) is None else ()
