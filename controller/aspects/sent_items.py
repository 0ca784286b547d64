"""Where mail sent from the shared mailbox leaves a copy.

The two flags are Set-Mailbox properties. Their documentation speaks of the "sender's mailbox"; the sender
there is the shared mailbox, so that the copy lands in its Sent Items [doc: Set-Mailbox; obs: admin guides].
"""

from __future__ import annotations

from controller import canon
from controller.aspect import MailboxFields
from controller.fields import Field, loses_when_off


class SentItems(MailboxFields):
    name = "sentItems"
    table = (
        Field(
            ("sentItems", "copySentAs"),
            "sent_items.copy_sent_as",
            "MessageCopyForSentAsEnabled",
            canon=canon.flag,
            risk=loses_when_off,
            default=False,
        ),
        Field(
            ("sentItems", "copySentOnBehalf"),
            "sent_items.copy_sent_on_behalf",
            "MessageCopyForSendOnBehalfEnabled",
            canon=canon.flag,
            risk=loses_when_off,
            default=False,
        ),
    )
