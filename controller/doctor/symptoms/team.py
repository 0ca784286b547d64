"""Two people answer the same mail; a rule does not run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.doctor.case import Case, Cause, Likelihood
from controller.rules.reading import ERROR, READ_ONLY

_NEARLY: Final = 0.8  # of the room: the size is an estimate


def two_answer(case: Case) -> Iterator[Cause]:
    categories = any(path[:1] == ("categories",) and len(path) == 2 for path in case.values)
    if len(case.people) < 2 and case.who is None:
        return
    if not case.value("claimCategories"):
        yield Cause(
            Likelihood.LIKELY,
            f"{len(case.people)} people work in it, and no document gives each a category to claim mail with",
            'Write `claimCategories: {name: "Pris par {givenName}", colour: blue}`.',
        )
    if not categories and "categories" not in case.unread:
        yield Cause(
            Likelihood.LIKELY,
            "the mailbox has no categories: nobody can mark what they work on",
            "Write `categories`, such as À traiter, En cours, Répondu.",
        )
    if case.rules and not any(rule.actions.get("assignCategories") for rule in case.running):
        yield Cause(
            Likelihood.POSSIBLE, "no rule marks what comes in", "Let a rule assign a category to new mail."
        )


def rule_does_not_run(case: Case) -> Iterator[Cause]:
    stopping = ""
    for rule in sorted(case.rules, key=lambda rule: rule.number):
        if rule.state == ERROR:
            yield Cause(
                Likelihood.CERTAIN,
                f"the rule “{rule.name}” is in error: what it names is gone",
                "Mend or delete it in Outlook, or list it under `rules`.",
            )
        elif not rule.enabled:
            yield Cause(
                Likelihood.CERTAIN,
                f"the rule “{rule.name}” is switched off",
                "Switch it on: `enabled: true`.",
            )
        elif stopping:
            yield Cause(
                Likelihood.LIKELY,
                f"“{stopping}” runs before “{rule.name}” and stops",
                f"Move “{rule.name}” up in `rules`, or take `stopProcessingRules` away.",
            )
        if rule.state == READ_ONLY:
            yield Cause(
                Likelihood.POSSIBLE,
                f"the rule “{rule.name}” says things that Graph cannot express: it "
                "may run only while Outlook is open",
                "Look at it in Outlook, where it was made.",
            )
        if rule.enabled and rule.state != ERROR and rule.actions.get("stopProcessingRules"):
            stopping = stopping or rule.name
    if case.rules_room is not None and case.rules_size > _NEARLY * case.rules_room:
        yield Cause(
            Likelihood.LIKELY,
            f"its rules take about {case.rules_size // 1024} of {case.rules_room // 1024} KB: what does not "
            "fit is refused",
            "Put several texts into one rule, or shorten the lists.",
        )
    if not case.rules and "rules" not in case.unread:
        yield Cause(Likelihood.CERTAIN, "the mailbox has no rules", "Write `rules`.")
