"""Saying how a turn ended: one line in the log, and everybody who listens, each for a bounded time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import structlog

from controller.errors import StateError
from controller.log import redact
from controller.model import Cause, Condition, Outcome, Plan, Severity, Status
from controller.turn import Listener, Reason, Turn

_log = structlog.get_logger()
_PATIENCE: Final = 10.0  # seconds for one listener; whoever needs longer keeps a queue of its own
_NAMED: Final = 5  # of what holds changes back: one line stays one that can be read


async def tell(turn: Turn, listeners: Sequence[Listener]) -> None:
    """Never raises, and takes no longer than one listener may."""
    _write_down(turn)
    await asyncio.gather(*(_tell_one(listener, turn) for listener in listeners))


async def _tell_one(listener: Listener, turn: Turn) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await listener(turn)
    except StateError as error:
        if turn.reason is not Reason.JOURNAL_UNREACHABLE:  # that is said already
            _log.warning("listener.failed", listener=_name(listener), cycle=turn.id, error=str(error))
    except TimeoutError:
        slow = f"took longer than {_PATIENCE:g} s"
        _log.error("listener.failed", listener=_name(listener), cycle=turn.id, error=slow)
    except Exception as error:
        _log.error("listener.failed", listener=_name(listener), cycle=turn.id, error=redact(repr(error)))


def _name(listener: Listener) -> str:
    return str(getattr(listener, "__qualname__", type(listener).__name__))


def _write_down(turn: Turn) -> None:
    getattr(_log, _level(turn))("cycle.ended", **canonical(turn))


def _level(turn: Turn) -> str:
    """error: nothing is done until somebody acts or the trouble passes; warning: a part of it."""
    match turn.condition:
        case None:
            return "debug"
        case Condition.STALLED:
            return "error"
        case Condition.DEGRADED:
            return "warning"
        case _:
            return "info"


def canonical(turn: Turn) -> dict[str, Any]:
    """All of a turn on one line: what a person greps for, and what a log store counts."""
    fields: dict[str, Any] = {
        "cycle": turn.id,
        "tenant": turn.tenant or None,
        "commit": turn.commit,
        "mode": turn.mode.value if turn.specs else None,  # who has not read the specs does not know
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
        "observed": plan.observed_digest or None,
        "documents": len(plan.documents),
        "changes": len(plan.changes),
        "drift": sum(1 for change in plan.changes if change.cause is Cause.DRIFT),
        "blocked": sum(1 for change in plan.changes if change.blocked_by),
        "blocked_by": _blocked_by(plan),
        "unreadable": len(plan.unreadable),
        "errors": sum(1 for finding in plan.findings if finding.severity is Severity.ERROR),
        **{status.value: outcomes[status] for status in Status if outcomes[status]},
    }


def _blocked_by(plan: Plan) -> list[str] | None:
    """The ids of what holds changes back; an Approval names one of a limit."""
    ids = list(dict.fromkeys(ident for change in plan.changes for ident in change.blocked_by))
    ids += [f.id for f in plan.findings if f.stops_run and f.id not in ids]
    more = [f"and {len(ids) - _NAMED} more"] if len(ids) > _NAMED else []
    return [*ids[:_NAMED], *more] or None


def outcome_ended(outcome: Outcome) -> None:
    """One line for each change, with the ids that plan, journal and the services know it by."""
    level = "warning" if outcome.status in (Status.FAILED, Status.SKIPPED) else "info"
    fields = {
        "change": outcome.change.id,
        "action": outcome.change.action.value,
        "cause": outcome.change.cause.value,
        "status": outcome.status.value,
        "error": outcome.error,
        "request_ids": list(outcome.request_ids) or None,
    }
    told = {name: value for name, value in fields.items() if value is not None}
    getattr(_log, level)("change.ended", **told)
