"""How the mailbox appears to others: its name, and whether address lists show it."""

from __future__ import annotations

from controller import canon
from controller.aspect import MailboxFields, Resource
from controller.fields import Field
from controller.model import Present


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

    def fresh(self, resource: Resource) -> Present:
        """A mailbox is created with its name."""
        name = resource.spec.display_name or resource.spec.address.partition("@")[0]
        return self.from_row({"DisplayName": name})
