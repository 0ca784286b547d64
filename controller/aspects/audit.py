"""Whether Exchange records what people do in the mailbox, and how long the records stay.

An age limit of zero would purge them all [doc: Set-Mailbox AuditLogAgeLimit]; no document can say it. The
lists of recorded actions are left to Microsoft's defaults.
"""

from __future__ import annotations

from typing import Any

from controller import canon
from controller.aspect import MailboxFields
from controller.fields import Field, loses_when_off
from controller.model import Risk


def _span(written: Any) -> str:
    """A TimeSpan: `180.00:00:00`."""
    return f"{str(canon.days(written)).removesuffix(' days')}.00:00:00"


def _shorter(before: Any, after: Any) -> Risk:
    """Records older than the new limit are purged."""
    was, will = (str(value).removesuffix(" days") for value in (before, after))
    longer = was.isdecimal() and will.isdecimal() and int(will) >= int(was)
    return Risk.LOW if longer else Risk.MEDIUM


class Audit(MailboxFields):
    name = "audit"
    table = (
        Field(
            ("audit", "enabled"),
            "audit.enabled",
            "AuditEnabled",
            canon=canon.flag,
            risk=loses_when_off,
            default=True,
        ),
        Field(
            ("audit", "ageLimit"),
            "audit.age_limit",
            "AuditLogAgeLimit",
            canon=canon.days,
            risk=_shorter,
            default="90.00:00:00",  # [doc: Set-Mailbox]
            encode=_span,
        ),
    )
