"""Mail is not arriving; the automatic reply is not sent.

Of a mailbox that is full: MicrosoftDocs/microsoft-365-docs,
microsoft-365/admin/email/about-shared-mailboxes.md ("you'll be able to receive email for a while … after
that, it will stop").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from controller import canon
from controller.doctor.case import Case, Cause, Likelihood, Rule
from controller.tenant_facts import UNLICENSED_ROOM

_TAKING: Final = ("moveToFolder", "delete", "permanentDelete", "redirectTo")
_NEARLY: Final = 0.98


def not_arriving(case: Case) -> Iterator[Cause]:
    if case.accepted is False:
        yield Cause(
            Likelihood.CERTAIN,
            f"the tenant takes no mail for the domain of {case.address}",
            "Add it as an accepted domain, and point its MX record here.",
        )
    to = case.value("forwarding", "to")
    if to not in (None, "none") and not case.value("forwarding", "keepCopy"):
        yield Cause(
            Likelihood.CERTAIN,
            f"all mail is forwarded to {to}, and no copy is kept",
            "Write `forwarding: {keepCopy: true}`, or `forwarding: none`.",
        )
    yield from _full(case)
    yield from _refused(case)
    for rule in case.running:
        if taken := [action for action in _TAKING if rule.actions.get(action)]:
            everything = not rule.conditions
            yield Cause(
                Likelihood.CERTAIN if everything else Likelihood.LIKELY,
                f"the rule “{rule.name}” takes {'all mail' if everything else 'what it fits'} away: "
                f"{', '.join(_told(rule, action) for action in taken)}",
                "Look there; change the rule, or take it out of `rules`.",
            )
    for told in case.hidden:
        yield Cause(Likelihood.LIKELY, told, "Find out who made it, and when.")


def _told(rule: Rule, action: str) -> str:
    value = rule.actions[action]
    if value is True:
        return action
    return f"{action} {', '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _full(case: Case) -> Iterator[Cause]:
    written = canon.in_bytes(case.value("limits", "prohibitSendReceiveAt"))
    room = written or UNLICENSED_ROOM
    if case.used is not None and case.used >= _NEARLY * room:
        yield Cause(
            Likelihood.CERTAIN if case.used >= room else Likelihood.LIKELY,
            f"it holds {case.used / 1024**3:.1f} of {room / 1024**3:.1f} GB: a full mailbox sends nothing "
            "and, a while later, takes nothing",
            "Archive old mail, raise `limits`, or give it a licence.",
        )


def _refused(case: Case) -> Iterator[Cause]:
    if case.value("delivery", "requireAuthenticatedSenders"):
        yield Cause(
            Likelihood.CERTAIN,
            "mail from outside is refused: requireAuthenticatedSenders is on",
            "Write `delivery: {requireAuthenticatedSenders: false}`.",
        )
    if only := case.value("delivery", "acceptOnlyFrom"):
        yield Cause(
            Likelihood.CERTAIN,
            f"only {_names(only)} may write to it",
            "Write `delivery: {acceptOnlyFrom: []}`, or add who is missing.",
        )
    if refused := case.value("delivery", "rejectFrom"):
        yield Cause(
            Likelihood.POSSIBLE, f"mail of {_names(refused)} is refused", "Change `delivery.rejectFrom`."
        )
    if case.value("delivery", "moderation"):
        yield Cause(
            Likelihood.LIKELY,
            f"mail waits for a moderator: {_names(case.value('delivery', 'moderatedBy'))}",
            "Let them approve it, or write `delivery: {moderatedBy: []}`.",
        )


def _names(value: Any) -> str:
    return ", ".join(map(str, value or ())) or "nobody"


def no_reply(case: Case) -> Iterator[Cause]:
    state, audience = (
        case.value("automaticReplies", "state"),
        case.value("automaticReplies", "externalAudience"),
    )
    if state == "disabled":
        yield Cause(
            Likelihood.CERTAIN,
            "automatic replies are switched off",
            "Write `automaticReplies: {state: enabled}`.",
        )
        return
    if state == "scheduled":
        yield Cause(
            Likelihood.LIKELY,
            "Exchange has a schedule of its own: outside of it nothing is answered",
            "Write `automaticReplies` with `periods`; that ends the schedule.",
        )
    if state is None:
        return
    if audience == "none":
        yield Cause(
            Likelihood.CERTAIN,
            "nobody outside is answered: externalAudience is none",
            "Write `externalAudience: all`.",
        )
    elif audience == "known":
        yield Cause(
            Likelihood.LIKELY,
            "outside, only contacts of the mailbox itself are answered: known",
            "Write `externalAudience: all`.",
        )
    for side in ("internal", "external"):
        if not case.value("automaticReplies", side) and not (side == "external" and audience == "none"):
            yield Cause(Likelihood.CERTAIN, f"the {side} text is empty", f"Write `automaticReplies.{side}`.")
    if case.replies_outside is False:
        yield Cause(
            Likelihood.CERTAIN,
            "the remote domain * lets no external automatic reply out",
            "Set-RemoteDomain Default -AutoReplyEnabled $true -AllowedOOFType External",
        )
