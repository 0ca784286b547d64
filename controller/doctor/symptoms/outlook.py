"""The mailbox does not appear in Outlook; the From field is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from controller.doctor.case import Case, Cause, Likelihood
from controller.people.grants import FULL_ACCESS, SEND_AS, SEND_ON_BEHALF

_MAPPED: Final = 10  # mailboxes that Outlook opens for one person before it gets slow [U]
_SPREADS: Final = timedelta(
    hours=1
)  # rights and AutoMapping reach Outlook within it [doc: add-mailboxpermission]


def not_in_outlook(case: Case) -> Iterator[Cause]:
    if case.who and not case.of(FULL_ACCESS):
        yield Cause(
            Likelihood.CERTAIN,
            f"{case.who} does not have full-access",
            f"Give it: access: {{{case.who}: [full-access, send-as]}}",
        )
    for right in case.of(FULL_ACCESS):
        named = any(other.who == right.who and not other.through for other in case.of(FULL_ACCESS))
        if case.kinds.get(right.who) == "GuestMailUser":
            yield Cause(
                Likelihood.CERTAIN,
                f"{right.who} is a guest: Outlook does not open it for guests",
                "Give them an account of this tenant.",
            )
        elif right.since and case.now - right.since < _SPREADS:
            yield Cause(
                Likelihood.LIKELY,
                f"{right.who} was granted it at {right.since:%H:%M} UTC",
                "Wait up to an hour, then close Outlook and open it again.",
            )
        elif right.through and not named:
            yield Cause(
                Likelihood.CERTAIN,
                f"{right.who} has it through {' › '.join(right.through)}: members of groups never automap",
                "Write `expand: true` for the group, or add the mailbox by hand in Outlook.",
            )
        elif right.mapped is False:
            yield Cause(
                Likelihood.CERTAIN,
                f"AutoMapping is off for {right.who}, by our own record",
                "Write `autoMapping: true`, or add the mailbox by hand in Outlook.",
            )
        elif right.mapped is None and not right.through:
            yield Cause(
                Likelihood.POSSIBLE,
                f"whether {right.who} has AutoMapping nobody can tell: the grant was there before us",
                "Write `autoMapping: true`: it is then granted anew once.",
            )
        if case.mapped.get(right.who, 0) > _MAPPED:
            yield Cause(
                Likelihood.POSSIBLE,
                f"{case.mapped[right.who]} mailboxes map themselves for {right.who}",
                "Write `autoMapping: false` where they are rarely needed.",
            )
    if case.value("hiddenFromAddressLists"):
        yield Cause(
            Likelihood.LIKELY,
            "the mailbox is hidden from address lists: it cannot be added by name",
            "Write `hiddenFromAddressLists: false`, or add it by its address.",
        )
    for protocol in ("mapi", "owa"):
        if case.value("protocols", protocol) is False:
            yield Cause(
                Likelihood.POSSIBLE,
                f"{protocol} is switched off for the mailbox",
                f"Write `protocols: {{{protocol}: true}}`.",
            )


def no_from_field(case: Case) -> Iterator[Cause]:
    if case.value("hiddenFromAddressLists"):
        yield Cause(
            Likelihood.LIKELY,
            "the mailbox is hidden from address lists: From does not offer it",
            "Type its address into From, or write `hiddenFromAddressLists: false`.",
        )
    for who in case.people:
        if not (case.has(who, SEND_AS) or case.has(who, SEND_ON_BEHALF)):
            yield Cause(
                Likelihood.LIKELY,
                f"{who} has neither send-as nor send-on-behalf: choosing it fails",
                f"Give {who} send-as.",
            )
