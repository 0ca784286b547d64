"""Cannot send as the mailbox; replies leave from one's own address; sent mail is not in the shared folder.

That Outlook completes From out of its cache, with an identity that has no right, and that a grant takes an
hour to count: www.sentinelidentity.ca/posts/send-as-permission-not-working-microsoft-365.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from controller.doctor.case import Case, Cause, Likelihood, Right
from controller.people.grants import SEND_AS, SEND_ON_BEHALF

_SPREADS: Final = timedelta(hours=1)
_POWERLESS: Final = ("MailUniversalDistributionGroup", "GroupMailbox", "DynamicDistributionGroup")
_AS, _BEHALF = ("sentItems", "copySentAs"), ("sentItems", "copySentOnBehalf")


def cannot_send_as(case: Case) -> Iterator[Cause]:
    for who in case.people:
        if case.has(who, SEND_AS):
            continue
        if case.has(who, SEND_ON_BEHALF):
            yield Cause(
                Likelihood.LIKELY,
                f"{who} has only send-on-behalf: mail shows “{who} on behalf of”",
                f"Give {who} send-as instead.",
            )
        else:
            yield Cause(Likelihood.CERTAIN, f"{who} has no send-as", f"Give {who} send-as.")
    for right in case.of(SEND_AS):
        if right.since and case.now - right.since < _SPREADS:
            yield Cause(
                Likelihood.LIKELY,
                f"{right.who} was granted send-as at {right.since:%H:%M} UTC",
                "Wait up to an hour, then try in Outlook on the web first.",
            )
        if _opens(right, case) or any(r.who == right.who and _opens(r, case) for r in case.of(SEND_AS)):
            if len(right.through) > 1 and not any(
                r.who == right.who and not r.through for r in case.of(SEND_AS)
            ):
                yield Cause(
                    Likelihood.POSSIBLE,
                    f"{right.who} has it through groups in groups: {' › '.join(right.through)}",
                    f"Name {right.who}, or put them into {right.through[0]}.",
                )
        else:
            wrong = next(group for group in right.through if case.kinds.get(group) in _POWERLESS)
            yield Cause(
                Likelihood.CERTAIN,
                f"{right.who} has it only through {wrong}, which is no mail-enabled security group",
                f"Make {wrong} `type: security`, or name {right.who}.",
            )
    if case.value("hiddenFromAddressLists") and case.of(SEND_AS):
        yield Cause(
            Likelihood.POSSIBLE,
            "the mailbox is hidden from address lists: Outlook may refuse a sender "
            "that it picks from its cache",
            "Type the address into From anew, or write `hiddenFromAddressLists: false`.",
        )
    if case.send_from_alias is False and case.value("aliases"):
        yield Cause(
            Likelihood.POSSIBLE,
            "the organisation does not send from aliases: the primary address shows",
            "Write `organization: {sendFromAlias: true}` in the Tenant.",
        )


def _opens(right: Right, case: Case) -> bool:
    """Rights pass through mail-enabled security groups alone [Exchange reference, trustees of
    Add-MailboxPermission; unifiedpeople.ru/exch2010help.en, Add-RecipientPermission: "Security groups"]."""
    return not any(case.kinds.get(group) in _POWERLESS for group in right.through)


def own_address(case: Case) -> Iterator[Cause]:
    for who in case.people:
        if not (case.has(who, SEND_AS) or case.has(who, SEND_ON_BEHALF)):
            yield Cause(
                Likelihood.CERTAIN,
                f"{who} can read it and not send as it: replies leave from {who}",
                f"Give {who} send-as.",
            )


def sent_elsewhere(case: Case) -> Iterator[Cause]:
    for path, right in ((_AS, SEND_AS), (_BEHALF, SEND_ON_BEHALF)):
        if case.value(*path) is False:
            used = bool(case.of(right))
            yield Cause(
                Likelihood.CERTAIN if used else Likelihood.POSSIBLE,
                f"{'.'.join(path)} is off: mail sent with {right} stays in the sender's own Sent Items",
                f"Write `sentItems: {{{path[1]}: true}}`.",
            )
    for who in case.people:
        if not (case.has(who, SEND_AS) or case.has(who, SEND_ON_BEHALF)):
            yield Cause(
                Likelihood.LIKELY,
                f"{who} can only send from their own account: that is never copied",
                f"Give {who} send-as.",
            )
