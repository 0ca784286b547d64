"""The exit statuses, one meaning each; where several hold, the first of 4, 5, 1, 3, 2 counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from controller.guard import refused
from controller.model import Cycle, Plan, Severity, Status
from controller.turn import Reason, Turn

GOOD: Final = 0  # all is as it should be
ERROR: Final = 1  # a spec is wrong, or something could not be read or reached
CHANGES: Final = 2  # only where asked for, or for drift
PARTLY: Final = 3  # apply worked, but something is not as the specs say
STALE: Final = 4  # a saved plan that does not hold any more
REFUSED: Final = 5  # a safety limit or a policy refuses something
_PRECEDENCE: Final = (STALE, REFUSED, ERROR, PARTLY, CHANGES, GOOD)


def first(statuses: Iterable[int]) -> int:
    return min(statuses, key=_PRECEDENCE.index, default=GOOD)


def of_plan(plan: Plan, *, detailed: bool) -> int:
    if refused(plan):
        return REFUSED
    if any(finding.severity is Severity.ERROR for finding in plan.findings):
        return ERROR
    return CHANGES if detailed and plan.open_changes else GOOD


def of_cycle(cycle: Cycle) -> int:
    """Of an apply that could be attempted."""
    plan = cycle.plan
    if refused(plan):
        return REFUSED
    if cycle.powerless:
        return ERROR
    failed = any(o.status in (Status.FAILED, Status.SKIPPED) for o in cycle.outcomes)
    wrong = any(finding.severity is Severity.ERROR for finding in plan.findings)
    held = any(change.blocked_by for change in plan.changes)
    return PARTLY if failed or wrong or held or plan.unreadable else GOOD


def of_turn(turn: Turn) -> int:
    """Of one turn of the loop. What a document with `mode: report` keeps from being applied is pending."""
    if turn.cycle is None or turn.reason not in (None, Reason.NOT_LEADING, Reason.STOPPED):
        return GOOD if turn.reason is Reason.NOT_LEADING else ERROR
    plan = turn.cycle.plan
    pending = CHANGES if any(change.only_told for change in plan.changes) else GOOD
    if not turn.cycle.applied:
        return first([of_plan(plan, detailed=True), pending])
    others = tuple(change for change in plan.changes if not change.only_told)
    return first([of_cycle(replace(turn.cycle, plan=replace(plan, changes=others))), pending])
