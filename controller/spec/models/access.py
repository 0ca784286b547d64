"""Who may open a mailbox and send as it: one entry per person or group.

Exchange keeps the three rights in three places (mailbox permission, recipient permission, a property of
the mailbox); a document names them side by side. AutoMapping can be set but never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, cast

from annotated_types import MinLen
from pydantic import Field, ModelWrapValidatorHandler, model_validator

from controller.spec.dates import ends_at, starts_at
from controller.spec.models.document import Path, Trouble
from controller.spec.models.scalars import Address, Flag, Maybe, Moment, Words
from controller.spec.models.two_forms import TwoForms


class Right(StrEnum):
    """full-access: open the mailbox and read its mail. send-as: mail goes out as the mailbox itself.
    send-on-behalf: mail goes out as the person on behalf of the mailbox."""

    FULL_ACCESS = "full-access"
    SEND_AS = "send-as"
    SEND_ON_BEHALF = "send-on-behalf"


Rights = Annotated[tuple[Right, ...], MinLen(1)]


class AccessEntry(TwoForms):
    """The rights of one person or group: a list of rights, or a mapping that says more about them."""

    alone: ClassVar[str] = "rights"

    rights: Rights = Field(
        description="What is granted: full-access, send-as, send-on-behalf. There is no read-only right on a "
        "mailbox; to let somebody read one folder, use folderPermissions.",
    )
    auto_mapping: Maybe[Flag] = Field(
        default=None,
        description="Whether Outlook opens the mailbox by itself for this person (with full-access; never "
        "for a group). Left out, a new grant maps it, and one that was there before is left alone. "
        "Exchange cannot tell us how it is set, so it is compared with what the controller last applied.",
    )
    from_: Maybe[Moment] = Field(
        default=None,
        alias="from",
        description="Granted from this date on (start of the day in the tenant's time zone), or from a "
        "timestamp. Left out: at once.",
    )
    until: Maybe[Moment] = Field(
        default=None,
        description="Revoked after this date (the day is included, in the tenant's time zone), or at a "
        "timestamp. Left out: for as long as it is written here.",
    )
    reason: Maybe[Words] = Field(
        default=None,
        description="Why this access is given: a sentence or a ticket, for whoever reviews it.",
    )
    expand: Flag = Field(
        default=False,
        description="For a group: grant to each member by name (so that Outlook can map the mailbox), and "
        "follow the group as people join and leave.",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _short_form(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        """A list of rights. The same list is the same entry: there are few, and they are written often."""
        if not isinstance(value, list):
            return validate(value)
        written = repr(value)
        if written not in _SHORT:
            _SHORT[written] = validate({"rights": value})
        return cast(Self, _SHORT[written])

    def troubles(self, path: Path, zone: tzinfo) -> Iterator[Trouble]:
        if len(set(self.rights)) < len(self.rights):
            yield (*path, "rights"), "the same right is listed twice"
        if self.from_ is None or self.until is None:
            return
        if starts_at(self.from_, zone) >= ends_at(self.until, zone):
            yield (
                (*path, "until"),
                f"'until' ({_shown(self.until)}) is before 'from' ({_shown(self.from_)}): nobody would "
                "ever have this access",
            )


_SHORT: dict[str, AccessEntry] = {}  # what was written as a list of rights, and was right

Access = dict[Address, AccessEntry]


def access_troubles(access: Mapping[str, AccessEntry], zone: tzinfo) -> Iterator[Trouble]:
    seen: dict[str, str] = {}
    for who, entry in access.items():
        first = seen.setdefault(who.lower(), who)
        if first != who:
            yield ("access", who), f"{who!r} is listed twice in 'access' (also as {first!r})"
        yield from entry.troubles(("access", who), zone)


def _shown(value: date | datetime) -> str:
    return value.isoformat()
