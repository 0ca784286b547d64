"""The fifteen free attributes of the mailbox, each on its own; what is not written is left alone.

One that is not set comes back as an empty text, and null empties it [obs: graph2otel].
"""

from __future__ import annotations

from typing import Any

from controller.aspect import MailboxFields
from controller.fields import Field
from controller.model import Risk


def _text(value: Any) -> str:
    return str(value or "")


def _or_null(written: Any) -> Any:
    return written or None


def _overwrites(before: Any, after: Any) -> Risk:
    """Something else may read what stood there."""
    return Risk.MEDIUM if before else Risk.LOW


class CustomAttributes(MailboxFields):
    name = "customAttributes"
    table = tuple(
        Field(
            ("customAttributes", str(number)),
            f"custom_attributes.{number}",
            f"CustomAttribute{number}",
            canon=_text,
            risk=_overwrites,
            default="",
            encode=_or_null,
        )
        for number in range(1, 16)
    )
