"""What is new since the turn before, one line each: drift with its author, findings that came or went.

The canonical line of a turn counts; these lines name. Each is written once, when it begins, and once when it
is over: a trouble that stays for a month does not fill the log. After a start everything is new once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog

from controller.model import Cause, Change, Plan, Severity
from controller.turn import Reason, Turn

T = TypeVar("T")
_log = structlog.get_logger()
_MOST: Final = 20  # lines of one turn and kind; `mbx plan` and `mbx drift` have them all
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}


@dataclass(slots=True)
class _Known:
    """What the log said last of one tenant: ids of findings and of drifted changes."""

    findings: frozenset[str] = frozenset()
    drifted: frozenset[str] = frozenset()
    stands_by: str | None = None


@dataclass(slots=True)
class Noticing:
    """A `Listener`. Findings of severity info are not worth a line."""

    _known: dict[str, _Known] = field(default_factory=dict)

    async def __call__(self, turn: Turn) -> None:
        if not turn.tenant_id:
            return
        known = self._known.setdefault(turn.tenant_id, _Known())
        self._lead(known, turn)
        if turn.looked and turn.prepared is not None and turn.condition is not None:
            plan = turn.cycle.plan if turn.cycle else turn.prepared.plan
            known.findings = _findings(known.findings, plan, turn)
            known.drifted = _drift(known.drifted, plan, turn)

    def forget(self, tenant_id: str) -> None:
        """It is in the specs no more."""
        self._known.pop(tenant_id, None)

    def _lead(self, known: _Known, turn: Turn) -> None:
        by = (turn.error or "another replica leads") if turn.reason is Reason.NOT_LEADING else None
        if by is not None and by != known.stands_by:
            _log.warning("lead.elsewhere", tenant=turn.tenant, cycle=turn.id, told=by)
        elif by is None and known.stands_by is not None and turn.reason is not Reason.STOPPED:
            _log.info("lead.taken", tenant=turn.tenant, cycle=turn.id)
        known.stands_by = by if turn.reason is not Reason.STOPPED else known.stands_by


def _findings(before: frozenset[str], plan: Plan, turn: Turn) -> frozenset[str]:
    found = {f.id: f for f in plan.findings if f.severity in _LEVELS}
    fresh = [one for ident, one in found.items() if ident not in before]
    fresh.sort(key=lambda one: one.severity is not Severity.ERROR)
    for one in _some(fresh, turn, "finding.found"):
        place = str(one.origin) if one.origin else None
        write = getattr(_log, _LEVELS[one.severity])
        write("finding.found", **_ids(turn), finding=one.id, message=one.message, **_if(source=place))
    for ident in _some(sorted(before - found.keys()), turn, "finding.gone"):
        _log.info("finding.gone", **_ids(turn), finding=ident)
    return frozenset(found)


def _drift(before: frozenset[str], plan: Plan, turn: Turn) -> frozenset[str]:
    """`change.ended` tells whether it was put back; what stays away without that was put back by hand."""
    drifted = {change.id: change for change in plan.changes if change.cause is Cause.DRIFT}
    tried = {outcome.change.id for outcome in (turn.cycle.outcomes if turn.cycle else ())}
    fresh = [one for ident, one in drifted.items() if ident not in before]
    for one in _some(fresh, turn, "drift.found"):
        _log.warning("drift.found", **_ids(turn), **_deed(one, turn))
    for ident in _some(sorted(before - drifted.keys()), turn, "drift.gone"):
        _log.info("drift.gone", **_ids(turn), change=ident)
    return frozenset(drifted.keys() - tried)


def _deed(change: Change, turn: Turn) -> Mapping[str, Any]:
    """`action` is what puts it back. No values: a reply's text is nothing for a log."""
    deed = turn.deeds.get(change.id)
    who = {"who": deed.who, "since": deed.at.isoformat(timespec="seconds")} if deed else {}
    return {
        "change": change.id,
        "action": change.action.value,
        **who,
        **_if(source=str(change.origin) if change.origin else None),
        **_if(blocked_by=list(change.blocked_by) or None),
    }


def _ids(turn: Turn) -> Mapping[str, Any]:
    return {"tenant": turn.tenant, "cycle": turn.id}


def _if(**fields: Any) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _some(them: list[T], turn: Turn, event: str) -> list[T]:
    """As many as a log should get at once; how many more there are is a line of its own."""
    if len(them) > _MOST:
        left = len(them) - _MOST
        _log.warning("lines.left", **_ids(turn), of=event, left=left, advice="mbx plan has them all")
    return them[:_MOST]
