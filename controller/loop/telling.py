"""Saying how a turn ended: one line in the log, and everybody who listens, each for a bounded time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import structlog

from controller.log import redact
from controller.model import Cause, Outcome, Severity, Status
from controller.turn import Listener, Reason, Turn

_log = structlog.get_logger()
_PATIENCE: Final = 10.0  # seconds for one listener; whoever needs longer keeps a queue of its own


async def tell(turn: Turn, listeners: Sequence[Listener]) -> None:
    """Never raises, and takes no longer than one listener may."""
    _write_down(turn)
    await asyncio.gather(*(_tell_one(listener, turn) for listener in listeners))


async def _tell_one(listener: Listener, turn: Turn) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await listener(turn)
    except Exception as error:
        name = getattr(listener, "__qualname__", type(listener).__name__)
        _log.error("listener.failed", listener=name, cycle=turn.id, error=redact(repr(error)))


def _write_down(turn: Turn) -> None:
    quiet = turn.reason in (Reason.NOT_LEADING, Reason.STOPPED)
    level = "debug" if quiet else "error" if turn.reason else "info"
    getattr(_log, level)("cycle.ended", **canonical(turn))


def canonical(turn: Turn) -> dict[str, Any]:
    """All of a turn on one line: what a person greps for, and what a log store counts."""
    fields: dict[str, Any] = {
        "cycle": turn.id,
        "tenant": turn.tenant,
        "commit": turn.commit,
        "mode": turn.mode.value,
        "restraint": turn.restraint,
        "condition": turn.condition,
        "reason": turn.reason,
        "error": turn.error,
        "seconds": round(turn.duration.total_seconds(), 3),
        "next_at": turn.next_at.isoformat(timespec="seconds") if turn.next_at else None,
        "requests": sum(stats.requests for stats in turn.stats.values()),
        "throttled": sum(stats.throttled for stats in turn.stats.values()),
        **_counts(turn),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _counts(turn: Turn) -> dict[str, Any]:
    if turn.prepared is None or turn.cycle is None:
        return {}
    plan = turn.cycle.plan
    outcomes = Counter(outcome.status for outcome in turn.cycle.outcomes)
    return {
        "run_id": turn.cycle.run_id,
        "documents": len(plan.documents),
        "changes": len(plan.changes),
        "drift": sum(1 for change in plan.changes if change.cause is Cause.DRIFT),
        "blocked": sum(1 for change in plan.changes if change.blocked_by),
        "unreadable": len(plan.unreadable),
        "errors": sum(1 for finding in plan.findings if finding.severity is Severity.ERROR),
        **{status.value: outcomes[status] for status in Status if outcomes[status]},
    }


def outcome_ended(outcome: Outcome) -> None:
    """One line for each change, with the ids that plan, journal and the services know it by."""
    level = "warning" if outcome.status in (Status.FAILED, Status.SKIPPED) else "info"
    getattr(_log, level)(
        "change.ended",
        change=outcome.change.id,
        action=outcome.change.action.value,
        cause=outcome.change.cause.value,
        status=outcome.status.value,
        error=outcome.error,
        request_ids=list(outcome.request_ids),
    )
