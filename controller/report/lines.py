"""Changes and findings in the words that stand on a line of a spec, the most dangerous first."""

from __future__ import annotations

from controller.model import Change, Finding, Plan, Severity
from controller.report.people import sentences, warnings
from controller.report.text import named, notes

_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def ranked_changes(plan: Plan) -> list[Change]:
    return sorted(plan.changes, key=lambda change: (-change.risk.rank, change.id))


def ranked_findings(plan: Plan) -> list[Finding]:
    return sorted(plan.findings, key=lambda one: (_SEVERITIES.index(one.severity), one.id, one.message))


def change_title(change: Change) -> str:
    risk = f" ({change.risk} risk)" if change.risk.rank else ""
    held = f", held back by {', '.join(change.blocked_by)}" if change.blocked_by else ""
    return f"{change.key.address}: {named(change)}{risk}{held}"


def change_words(change: Change) -> str:
    """What it means to people, and what a reviewer must know; one sentence a line."""
    return "\n".join((*sentences([change]), *notes([change]), *warnings([change])))
