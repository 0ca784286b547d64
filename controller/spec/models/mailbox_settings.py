"""Settings of a mailbox that are a mapping of their own: protocols, limits, holds, audit, forwarding."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue

from controller import canon
from controller.spec.models.document import Path, Trouble
from controller.spec.models.scalars import (
    ATTRIBUTE_PATTERN,
    Address,
    Days,
    Flag,
    HoldSpan,
    Maybe,
    Size,
    SpecModel,
    Words,
)
from controller.spec.models.two_forms import TwoForms

AttributeNumber = Annotated[str, StringConstraints(pattern=ATTRIBUTE_PATTERN)]
AttributeText = Annotated[str, StringConstraints(max_length=1024)]  # [doc: Set-Mailbox]
CustomAttributes = dict[AttributeNumber, AttributeText]
Licence = Words

MAIL_TIP_LENGTH = 175  # characters as displayed [doc: Set-Mailbox]
NONE = "none"


class Protocols(SpecModel):
    """By which ways the mailbox can be opened. What is left out is unmanaged."""

    imap: Maybe[Flag] = Field(default=None, description="IMAP4 clients may open it.")
    pop: Maybe[Flag] = Field(default=None, description="POP3 clients may open it.")
    smtp_auth: Maybe[Flag] = Field(
        default=None,
        description="Programs may send as it with a password (SMTP AUTH). Left out: unmanaged, so that a "
        "mailbox which follows the organisation's setting goes on doing so.",
    )
    active_sync: Maybe[Flag] = Field(default=None, description="Exchange ActiveSync: phones.")
    mapi: Maybe[Flag] = Field(default=None, description="MAPI: Outlook for Windows.")
    owa: Maybe[Flag] = Field(default=None, description="Outlook on the web, and new Outlook for Windows.")


class Limits(SpecModel):
    """How large a message and the mailbox may be. What is left out is unmanaged."""

    max_send_size: Maybe[Size] = Field(
        default=None,
        description="The largest message that it sends; encoding adds a third to attachments.",
        examples=["35 MB"],
    )
    max_receive_size: Maybe[Size] = Field(
        default=None, description="The largest message that it accepts.", examples=["36 MB"]
    )
    warn_at: Maybe[Size] = Field(
        default=None, description="From this size on, people are warned.", examples=["45 GB"]
    )
    prohibit_send_at: Maybe[Size] = Field(
        default=None, description="From this size on, it sends nothing.", examples=["49 GB"]
    )
    prohibit_send_receive_at: Maybe[Size] = Field(
        default=None,
        description="From this size on, mail to it comes back. At most 50 GB without a licence.",
        examples=["50 GB"],
    )

    def troubles(self, path: Path) -> Iterator[Trouble]:
        written = [
            (name, value)
            for name, value in (
                ("warnAt", self.warn_at),
                ("prohibitSendAt", self.prohibit_send_at),
                ("prohibitSendReceiveAt", self.prohibit_send_receive_at),
            )
            if value is not None
        ]
        for (lower, least), (upper, most) in pairwise(written):
            if (canon.in_bytes(least) or 0) > (canon.in_bytes(most) or 0):
                yield (
                    (*path, lower),
                    f"{lower!r} ({least}) is more than {upper!r} ({most}): expected warnAt, then "
                    "prohibitSendAt, then prohibitSendReceiveAt, each at most the next",
                )


class LitigationHold(SpecModel):
    """Whether everything is kept, whatever people delete. It needs a licence on the mailbox."""

    enabled: Flag = Field(description="true: nothing is lost. false: what nothing else keeps may be.")
    duration: Maybe[HoldSpan] = Field(
        default=None,
        description="How long each item is kept from its arrival: '2555 days', or unlimited. Left out: "
        "unmanaged.",
        examples=["2555 days"],
    )

    def troubles(self, path: Path) -> Iterator[Trouble]:
        if self.duration is not None and not self.enabled:
            yield (*path, "duration"), "'duration' says nothing while 'enabled' is false: leave it out"


class Audit(SpecModel):
    """Whether Exchange records what people do in the mailbox. What is left out is unmanaged."""

    enabled: Maybe[Flag] = Field(default=None, description="Whether actions in it are recorded.")
    age_limit: Maybe[Days] = Field(
        default=None,
        description="How long records are kept: '180 days'. 0 is refused: it would purge them all.",
        examples=["180 days"],
    )


class OrNone(TwoForms):
    """A mapping in whose place the word `none` may stand, which is {}."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {} if value == NONE else value

    @classmethod
    def short_schema(cls, mapping: JsonSchemaValue) -> JsonSchemaValue:
        return {"const": NONE, "type": "string"}


class Forwarding(OrNone):
    """Where Exchange sends what arrives. `none` (or {}): nowhere."""

    to: Maybe[Address] = Field(
        default=None,
        description="A recipient of this tenant by any of its addresses, or an address outside: then mail "
        "leaves the organisation.",
    )
    keep_copy: Flag = Field(
        default=True, description="Whether the mailbox keeps what it forwards. Default true."
    )

    def troubles(self, path: Path) -> Iterator[Trouble]:
        if self.to is None and "keep_copy" in self.model_fields_set:
            yield (*path, "keepCopy"), "'keepCopy' says nothing without 'to': where does it forward?"


def mail_tip_troubles(path: Path, tip: str) -> Iterator[Trouble]:
    length = len(canon.displayed(tip))
    if length > MAIL_TIP_LENGTH:
        yield path, f"expected at most {MAIL_TIP_LENGTH} characters; got {length}"
