"""Get-MailboxFolderStatistics: every folder of a mailbox, with its type in English and its id.

Names are in the mailbox's language, `FolderType` never is [reference: section 15.5; obs: CIPP]. A slash in
a name shows as U+F8FF [obs: many public scripts replace `[char]63743`].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox import mailbox_store
from controller.sandbox.exchange import directory
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import print_size
from controller.sandbox.mailbox_store import Folder
from controller.sandbox.world import MAILBOX_TYPES, Entry

_SLASH = "\uf8ff"


@cmdlet("Get-MailboxFolderStatistics", honours={"FolderScope", "IncludeSoftDeletedRecipients"})
def get_mailbox_folder_statistics(call: Invocation) -> Result:
    """The scope answers with its subfolders, too [obs: CIPP]."""
    entry = directory.find_target(call, MAILBOX_TYPES)
    seen = call.view(entry) or entry
    found = mailbox_store.folders(seen, call.now)
    scope = str(call.arguments.get("FolderScope") or "All").lower()
    keys = set(found)
    if scope not in ("all", "nonipmroot"):
        tops = {folder.key for folder in found.values() if folder.kind.lower() == scope}
        keys = tops | {key for top in tops for key in mailbox_store.below(found, top)}
    return [selected(call, _row(seen, folder, found)) for folder in found.values() if folder.key in keys]


def path_of(found: dict[str, Folder], folder: Folder) -> str:
    """`/Inbox/Projects`; the root is `/Top of Information Store`, and below it its name is left out."""
    names = mailbox_store.path_of(found, folder) or [folder.name]
    return "/" + "/".join(name.replace("/", _SLASH) for name in names)


def _row(entry: Entry, folder: Folder, found: dict[str, Folder]) -> dict[str, Any]:
    path = path_of(found, folder)
    size = print_size(folder.items * 75_000)
    return {
        "Identity": entry.name + path.replace("/", "\\"),
        "Name": folder.name,
        "FolderPath": path,
        "FolderType": folder.kind,
        "ContainerClass": folder.folder_class,
        "FolderId": mailbox_store.folder_id(entry, folder.key),
        "ItemsInFolder": folder.items,
        "ItemsInFolderAndSubfolders": folder.items,
        "FolderSize": size,
        "FolderAndSubfolderSize": size,
        "CreationTime": folder.created,
        "LastModifiedTime": folder.created,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
