"""The exit statuses, one meaning each; where several hold, the first of 4, 5, 1, 3, 2 counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.guard import refused
from controller.model import Cycle, Plan, Severity, Status

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
