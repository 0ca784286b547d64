"""How a list appears, and who may join, leave and write to it: properties of Get-/Set-DistributionGroup.

A new list refuses mail from outside, is closed to whoever wants to join, and is open to whoever wants to
leave unless it is a security list [doc: New-DistributionGroup].
"""

from __future__ import annotations

from typing import Any, Final

from controller import canon
from controller.aspect import Context, MailboxFields, Permissions, Resource, on_list
from controller.fields import Field, inverted
from controller.model import Change, Delta, Finding, Kind, Present, Risk

_JOIN: Final = {"open": "Open", "closed": "Closed", "approval": "ApprovalRequired"}
_WORDS: Final = {value.lower(): name for name, value in _JOIN.items()}


def _word(value: Any) -> Any:
    """The spec's word for Exchange's; a word that we do not know stays, and is then told as it is."""
    return _WORDS.get(str(value).lower(), value)


def _spelt(value: Any) -> str:
    return _JOIN[str(value)]


def _narrower(before: Any, after: Any) -> Risk:
    """Whether people can no longer do what they could."""
    width = ("closed", "approval", "open")
    loses = before in width and after in width and width.index(after) < width.index(before)
    return Risk.MEDIUM if loses else Risk.LOW


def _refuses(before: Any, after: Any) -> Risk:
    return Risk.LOW if after else Risk.MEDIUM


class ListSettings(MailboxFields):
    name = "listSettings"
    kinds = frozenset({Kind.DISTRIBUTION_LIST})
    permissions = Permissions(read=("Get-DistributionGroup",), write=("Set-DistributionGroup",))
    setter = "Set-DistributionGroup"
    table = (
        Field(("displayName",), "display_name", "DisplayName", canon=canon.text, default=""),
        Field(
            ("hiddenFromAddressLists",),
            "hidden_from_address_lists",
            "HiddenFromAddressListsEnabled",
            canon=canon.flag,
            default=False,
        ),
        Field(
            ("join",), "join", "MemberJoinRestriction", canon=_word, risk=_narrower, default="Closed",
            encode=_spelt,
        ),
        Field(
            ("leave",), "leave", "MemberDepartRestriction", canon=_word, risk=_narrower, default="Open",
            encode=_spelt,
        ),
        Field(
            ("acceptExternal",),
            "accept_external",
            "RequireSenderAuthenticationEnabled",
            canon=canon.flag,
            risk=_refuses,
            default=True,
            encode=inverted,
            decode=inverted,
        ),
    )  # fmt: skip
    list_properties = tuple(entry.property for entry in table)

    def fresh(self, resource: Resource) -> Present:
        """A list is created with its name."""
        name = resource.spec.display_name or resource.spec.address.partition("@")[0]
        leave = "Closed" if resource.spec.type == "security" else "Open"
        return self.from_row({"DisplayName": name, "MemberDepartRestriction": leave})

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        entry = next(entry for entry in self.table if entry.path == delta.path)
        assert delta.want is not None
        request = on_list(self.setter, resource, {entry.property: entry.encode(delta.want.verbatim)})
        risk = Risk.LOW if resource.principal is None else entry.risk(delta.before, delta.after)
        return self.update(delta, resource, requests=(request,), risk=risk)
