"""Which collections there are, and whether one that is written is the whole truth or a minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from controller.spec.documents import Document

# What a document of a mailbox, and what a tenant, may name under `exclusive`. `folders` is not among
# them: a folder holds mail and is never deleted.
MailboxExclusive = Literal["access", "folderPermissions", "aliases", "rules", "categories"]
MailboxAdditive = Literal[MailboxExclusive, "folders"]
ListCollection = Literal["members", "owners", "aliases"]
DelegationCollection = Literal["access", "folderPermissions"]
TenantExclusive = Literal[MailboxExclusive, "members", "owners"]
TenantAdditive = Literal[TenantExclusive, "folders"]

# The rest decides who can read, and where mail goes; people make their own categories and folders.
_EXCLUSIVE_BY_DEFAULT: Final = {
    "access": True,
    "folderPermissions": True,
    "members": True,
    "owners": True,
    "aliases": True,
    "rules": True,
    "categories": False,
    "folders": False,
}


def is_exclusive(document: Document | BaseModel, tenant: Document | BaseModel, collection: str) -> bool:
    """Whether what `collection` does not list is removed. The document decides, then the tenant, then
    the collection's own default. Raises KeyError for a collection that there is not."""
    default = _EXCLUSIVE_BY_DEFAULT[collection]
    for written in (document, tenant):
        spec: Any = getattr(written, "spec", written)
        if collection in spec.exclusive:
            return True
        if collection in spec.additive:
            return False
    return default
