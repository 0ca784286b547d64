"""What people see while they write to the mailbox.

Exchange wraps the text in HTML and mirrors it as the default of MailTipTranslations, whose other languages
are left alone; null clears it [doc: Set-Mailbox MailTip].
"""

from __future__ import annotations

from typing import Any

from controller import canon
from controller.aspect import MailboxFields
from controller.fields import Field


def _or_null(written: Any) -> Any:
    return written or None


class MailTip(MailboxFields):
    name = "mailTip"
    table = (Field(("mailTip",), "mail_tip", "MailTip", canon=canon.displayed, default="", encode=_or_null),)
