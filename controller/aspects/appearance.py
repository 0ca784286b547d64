"""How the mailbox appears to others: its name, and whether address lists show it."""

from __future__ import annotations

from controller import canon
from controller.aspect import MailboxFields
from controller.fields import Field


class Appearance(MailboxFields):
    name = "appearance"
    table = (
        Field(("displayName",), "display_name", "DisplayName", canon=canon.text, default=""),
        Field(
            ("hiddenFromAddressLists",),
            "hidden_from_address_lists",
            "HiddenFromAddressListsEnabled",
            canon=canon.flag,
            default=False,
        ),
    )
