"""The plan as JSON: stable, versioned, the same bytes for the same plan but for `createdAt`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from controller.impact import Effect
from controller.model import FORMAT, Action, Change, Finding, Origin, Plan, Severity

_COUNTED = {  # what the summary counts, and the actions behind it
    "create": (Action.CREATE,),
    "update": (Action.UPDATE, Action.RENAME, Action.CONVERT, Action.ADD, Action.REMOVE),
    "delete": (Action.DELETE,),
    "grant": (Action.GRANT,),
    "revoke": (Action.REVOKE,),
}


def as_json(plan: Plan) -> str:
    return json.dumps(document(plan), ensure_ascii=False, indent=2) + "\n"


def document(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, as `mbx schema --plan` describes it."""
    return {
        "format": FORMAT,
        "tenant": plan.tenant,
        "tenantId": plan.tenant_id,
        "commit": plan.commit,
        "specsDigest": plan.specs_digest,
        "observedDigest": plan.observed_digest,
        "createdAt": _moment(plan.created_at.astimezone(UTC)),
        "summary": summary(plan),
        "changes": [change_document(change) for change in plan.changes],
        "diagnostics": [_finding(finding) for finding in plan.findings],
        "upcoming": [
            {"at": one.at.isoformat(), "id": one.id, "action": str(one.action)} for one in plan.upcoming
        ],
    }


def summary(plan: Plan) -> dict[str, int]:
    actions = Counter(change.action for change in plan.changes)
    changing = {change.key for change in plan.changes}
    troubled = {finding.key for finding in plan.findings if finding.severity is Severity.ERROR}
    still = [key for key in plan.documents if key not in changing | plan.unreadable | troubled]
    return {
        **{name: sum(actions[action] for action in members) for name, members in _COUNTED.items()},
        "peopleGaining": plan.crowd.gaining,
        "peopleLosing": plan.crowd.losing,
        "unchanged": len(still),
        "blocked": sum(1 for change in plan.changes if change.blocked_by),
        "errors": sum(1 for finding in plan.findings if finding.severity is Severity.ERROR),
    }


def change_document(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "resource": {"kind": str(change.key.kind), "address": change.key.address},
        "action": str(change.action),
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "risk": str(change.risk),
        "cause": str(change.cause),
        "source": _source(change.origin),
        "blockedBy": list(change.blocked_by),
        "dependsOn": list(change.depends_on),
        "effects": [_effect(effect) for effect in change.impact.effects],
        "takesEffect": change.impact.when,
        "cannotBeUndone": list(change.impact.lasting),
        "notes": list(change.notes),
        "requests": [
            {"api": request.api, "call": request.call, "parameters": dict(request.parameters)}
            for request in change.requests
        ],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "effect": str(effect.turn),
        "can": str(effect.can),
        "mailbox": effect.mailbox,
        "folder": effect.folder,
        "count": effect.count,
        "people": [{"who": person.who, "via": list(person.via)} for person in effect.people],
        "unreadGroups": list(effect.untold),
        "mailboxes": effect.mailboxes,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "source": _source(finding.origin),
    }


def _source(origin: Origin | None) -> dict[str, Any] | None:
    return {"file": origin.path, "line": origin.line} if origin else None


def _moment(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
