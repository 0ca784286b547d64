"""What people complain of, each with the function that names its causes and what only they can look at.

The steps in Outlook, by what help desks write of it:
utk.teamdynamix.com/TDClient/2277/OIT-Portal/KB/PrintArticle?ID=118075 (classic, new),
services.usi.edu/TDClient/315/Portal/KB/ArticleDet?ID=10882 (web, new, Mac),
wisechecker.com/outlook-mobile-shared-mailbox-add-manage (phones),
helpdesk.judsonu.edu/support/solutions/articles/47524-accessing-another-mailbox (From),
outlookpower.com/article/why-your-outlook-rules-might-be-client-only-and-how-to-fix-them (client-only
rules), learn.microsoft.com/exchange/troubleshoot/client-connectivity/one-reply-sent-sender (one reply).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from controller.doctor.case import Case, Cause, Likelihood
from controller.doctor.symptoms import arriving, outlook, sending, team
from controller.doctor.verdicts import Line, Mark

__all__ = ["SYMPTOMS", "Symptom", "findings"]
_MARKS: Final = {
    Likelihood.CERTAIN: Mark.BAD,
    Likelihood.LIKELY: Mark.WARNING,
    Likelihood.POSSIBLE: Mark.WARNING,
}


@dataclass(frozen=True, slots=True)
class Symptom:
    """`rests_on` are the aspects without which its causes cannot be told; `by_hand` is for the person."""

    words: str
    causes: Callable[[Case], Iterator[Cause]]
    rests_on: tuple[str, ...]
    by_hand: tuple[str, ...] = ()
    chosen: bool = False  # a state that may well be meant: told, and broken only when it is asked about


_FROM: Final = (
    "Outlook on the web, new Outlook: new message, Options, From (it may stand behind …); type the address.",
    "Classic Outlook: new message, Options, From; type the address.",
    "Outlook for phones: add the mailbox (Settings, Add shared mailbox), then choose it in From.",
)
_OPEN: Final = (
    "Outlook on the web: right-click Folders, Add shared folder or mailbox.",
    "New Outlook: right-click the account, Add shared folder or mailbox.",
    "Classic Outlook: File, Account Settings twice, the account, Change, More Settings, Advanced, Add.",
    "Outlook for Mac: Settings, Accounts, +, Open Shared Mailbox.",
    "Outlook for phones: Settings, the account, Add shared mailbox.",
)
_RULES: Final = (
    "Outlook on the web: open the mailbox itself, Settings, Mail, Rules.",
    "Classic Outlook: Manage Rules & Alerts; rules marked (client-only) run only while it is open there.",
)
_JUNK: Final = (
    "Outlook on the web and new Outlook: look into Junk Email, Deleted Items, and Other beside Focused.",
    "Classic Outlook: the same; a filter of the view may hide mail, too.",
    "Junk Email and quarantine are not looked at from here. Exchange admin centre, Mail flow, Message trace: "
    "it tells what was quarantined, filtered as spam, or is still under way.",
    "Ask a sender for the bounce message: its code (5.x.x) says who refused it.",
)
_REPLY: Final = (
    "Write to it from an address outside that has not written since replies were switched on: each sender is "
    "answered once. Switching off and on begins anew.",
)
_OWN: Final = (
    "Outlook picks the sender by the folder one stands in: reply from within the mailbox's own Inbox.",
    *_FROM,
)
_CLAIM: Final = (
    "Outlook on the web and new Outlook: right-click a message, Categorize, before answering it.",
    "Classic Outlook: select the message, Home, Categorize, before answering it.",
)

SYMPTOMS: Final[dict[str, Symptom]] = {
    "not-in-outlook": Symptom("It does not appear in Outlook", outlook.not_in_outlook, ("access",), _OPEN),
    "cannot-send-as": Symptom("Cannot send as it", sending.cannot_send_as, ("access",), _FROM, chosen=True),
    "sent-elsewhere": Symptom(
        "Sent mail is not in its Sent Items", sending.sent_elsewhere, ("sentItems", "access"), _FROM
    ),
    "two-answer": Symptom(
        "Two people answer the same mail", team.two_answer, ("categories", "access"), _CLAIM
    ),
    "no-from-field": Symptom(
        "The From field is missing", outlook.no_from_field, ("access", "appearance"), _FROM
    ),
    "own-address": Symptom("Replies leave from one's own address", sending.own_address, ("access",), _OWN),
    "not-arriving": Symptom(
        "Mail is not arriving", arriving.not_arriving, ("forwarding", "delivery", "rules"), _JUNK
    ),
    "no-reply": Symptom(
        "The automatic reply is not sent", arriving.no_reply, ("automaticReplies",), _REPLY, chosen=True
    ),
    "rule-does-not-run": Symptom(
        "A rule does not run", team.rule_does_not_run, ("rules",), _RULES, chosen=True
    ),
}


def findings(case: Case, only: str | None = None) -> list[Line]:
    """Of each symptom its causes, the surest first, and what the person can look at."""
    lines: list[Line] = []
    for name, symptom in SYMPTOMS.items():
        if only not in (None, name):
            continue
        group = f"{symptom.words} ({name})"
        for aspect in symptom.rests_on:
            if aspect in case.unread:
                todo = "mbx doctor without an address tells which permission is missing."
                lines.append(
                    Line(group, Mark.BAD, f"{aspect} could not be read: {case.unread[aspect]}", todo)
                )
        causes = sorted(symptom.causes(case), key=lambda cause: -cause.likelihood)
        lenient = symptom.chosen and only is None
        for cause in dict.fromkeys(causes):
            mark = Mark.WARNING if lenient else _MARKS[cause.likelihood]
            lines.append(Line(group, mark, cause.evidence, cause.todo))
        if not causes and not any(aspect in case.unread for aspect in symptom.rests_on):
            lines.append(Line(group, Mark.GOOD, "nothing in the tenant explains it"))
        if only is not None:
            lines += [
                Line(f"{group}: what only the person can look at", Mark.GOOD, step)
                for step in symptom.by_hand
            ]
    return lines
