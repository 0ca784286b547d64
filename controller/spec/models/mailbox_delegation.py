"""MailboxDelegation: rights on a mailbox that belongs to somebody, and is nobody's to create or delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import ClassVar, Literal

from pydantic import Field

from controller.spec.collections import DelegationCollection
from controller.spec.models.access import Access, access_troubles
from controller.spec.models.document import KIND, Path, ResourceModel, Trouble, both_ways
from controller.spec.models.folder_permissions import FolderPermissions, folder_troubles
from controller.spec.models.scalars import Address, Maybe


class MailboxDelegation(ResourceModel):
    """Who may act in somebody's mailbox. The mailbox itself is never created, converted or deleted."""

    refused: ClassVar[Mapping[str, str]] = {"address": "the mailbox it is about is named by 'mailbox'"}

    kind: Literal["MailboxDelegation"] = Field(default="MailboxDelegation", description=KIND)
    mailbox: Address = Field(
        description="The mailbox, by any of its addresses.", examples=["direction@entreprise.example"]
    )
    access: Maybe[Access] = Field(
        default=None,
        description="Who may open all of it (private items, too) or send as its owner: person or group to "
        "rights. Whole truth by default ({} means nobody but the owner). Left out: unmanaged.",
        examples=[{"assistante@entreprise.example": ["send-on-behalf"]}],
    )
    folder_permissions: Maybe[FolderPermissions] = Field(
        default=None,
        description="Who may do what in single folders: folder to person or group to role; for the Calendar "
        "the delegate's flags, too. Whole truth for each folder that is listed; default and anonymous are "
        "left alone unless written.",
        examples=[{"Calendar": {"assistante@entreprise.example": {"role": "editor", "delegate": True}}}],
    )
    exclusive: tuple[DelegationCollection, ...] = Field(
        default=(),
        description="Collections of this document that are the whole truth: what is not listed is removed.",
    )
    additive: tuple[DelegationCollection, ...] = Field(
        default=(),
        description="Collections of this document that are a minimum: what is not listed is left alone.",
    )

    def identity(self) -> str:
        return self.mailbox

    @property
    def trustees(self) -> Iterable[str]:
        yield from self.access or ()
        for holders in (self.folder_permissions or {}).values():
            yield from holders

    def claims(self) -> Iterator[tuple[Path, str]]:
        yield ("mailbox",), self.mailbox

    def troubles(self, zone: tzinfo) -> Iterator[Trouble]:
        yield from both_ways(self.exclusive, self.additive)
        if self.folder_permissions:
            yield from folder_troubles(self.folder_permissions)
        if self.access:
            yield from access_troubles(self.access, zone)
