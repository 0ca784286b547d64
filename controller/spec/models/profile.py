"""Profile: what many mailboxes have in common, merged underneath each that names it.

Its fields are a mailbox's own, but for those that say which mailbox it is: a profile is about none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, create_model

from controller.spec.models.document import KIND, DocumentModel, Path
from controller.spec.models.scalars import Name
from controller.spec.models.shared_mailbox import SharedMailbox
from controller.spec.models.wording import Wording

# What only the mailbox's own document may say, and why. Aliases may stand here: should two mailboxes get one
# from the same profile, both documents are told.
OWN: Final = {
    "address": "a profile is about no mailbox of its own",
    "previousAddresses": "an address belongs to one mailbox",
    "state": "a deletion is wished for one mailbox at a time",
    "convert": "a conversion is wished for one mailbox at a time",
    "profile": "a profile stands on no other profile",
}


class _Profile(DocumentModel):
    """Values that many mailboxes share. A SharedMailbox names it with 'profile'."""

    refused: ClassVar[Mapping[str, str]] = OWN

    kind: Literal["Profile"] = Field(default="Profile", description=KIND)
    name: Name = Field(
        description="What mailboxes call it by, exactly as written. Unique within a tenant.",
        examples=["team-inbox"],
    )

    def wordings(self) -> Iterator[tuple[Path, Wording]]:
        mailbox: Any = self
        yield from SharedMailbox.wordings(mailbox)


def _fields() -> dict[str, Any]:
    inherited = DocumentModel.model_fields.keys() | {"kind"}
    return {
        name: (field.annotation, field)
        for name, field in SharedMailbox.model_fields.items()
        if field.alias not in OWN and name not in inherited
    }


Profile = create_model("Profile", __base__=_Profile, __doc__=_Profile.__doc__, **_fields())
