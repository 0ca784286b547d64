"""What an operator asked to leave alone: it is planned, told, and not applied. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from controller.model import Change, Finding, Plan, Severity


def leave_alone(plan: Plan, suspended: Mapping[str, str]) -> Plan:
    """`suspended` tells why, by address; the empty one stands for the whole tenant."""
    if not suspended:
        return plan
    findings = [
        Finding(
            "suspended",
            key.address,
            Severity.WARNING,
            f"{key.address} is suspended ({suspended[key.address]}): nothing of it is applied. To go on: "
            f"mbx resume {key.address}",
            key,
        )
        for key in plan.resources
        if key.address in suspended
    ]
    if "" in suspended:
        message = f"the tenant is suspended ({suspended['']}): nothing is applied. To go on: mbx resume"
        findings.append(Finding("suspended", plan.tenant, Severity.WARNING, message))
    told = sorted((*plan.findings, *findings), key=lambda found: (found.id, found.message))
    changes = tuple(_held(change, findings) for change in plan.changes)
    return replace(plan, changes=changes, findings=tuple(told))


def _held(change: Change, findings: list[Finding]) -> Change:
    hits = tuple(finding.id for finding in findings if finding.key in (None, change.key))
    return replace(change, blocked_by=(*change.blocked_by, *hits)) if hits else change
