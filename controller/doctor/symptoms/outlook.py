"""The mailbox does not appear in Outlook; the From field is missing.

What is known of shared mailboxes: MicrosoftDocs/microsoft-365-docs,
microsoft-365/admin/email/about-shared-mailboxes.md ("Only people inside your organization", more than 25 at
once). That members of a group get no AutoMapping, that it takes up to an hour and that nothing tells of it:
the Exchange reference, on Add-MailboxPermission. That a hidden mailbox may not open:
summalai.com/index.php?rest_route=/wp/v2/posts/4231.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from controller.doctor.case import Case, Cause, Likelihood
from controller.people.grants import FULL_ACCESS, SEND_AS, SEND_ON_BEHALF

_AT_ONCE: Final = 25  # people in one mailbox at the same time
_SPREADS: Final = timedelta(hours=1)


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
                f"{right.who} is a guest: a shared mailbox is for people of this tenant alone",
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
    if case.value("hiddenFromAddressLists"):
        yield Cause(
            Likelihood.LIKELY,
            "the mailbox is hidden from address lists: Outlook may not find or open it",
            "Write `hiddenFromAddressLists: false`; where it has to be hidden, add it by its address.",
        )
    if (many := len({right.who for right in case.rights if right.right == FULL_ACCESS})) > _AT_ONCE:
        yield Cause(
            Likelihood.POSSIBLE,
            f"{many} people can open it: with more than {_AT_ONCE} at once, some fail to connect",
            "Give fewer people full-access, or use a Microsoft 365 group.",
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
