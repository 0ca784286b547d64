"""The plan as SARIF 2.1.0, for code scanning: changes and findings as results on the lines of the specs.

What no line asks for stands among the notifications of the run: a result without a place is refused by
GitHub [doc: SARIF support for code scanning]. Results come in the order of their danger, because readers
show only the first thousands.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote

from controller import __version__
from controller.model import Change, Finding, Origin, Plan, Risk, Severity
from controller.report.lines import change_title, change_words, ranked_changes, ranked_findings
from controller.report.text import plain

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_RISKS: Final = {Risk.HIGH: "warning", Risk.MEDIUM: "warning", Risk.LOW: "note"}
# What a message would take for a link or a placeholder (3.11.5, 3.11.6) is parted by what shows nothing.
_MEANT: Final = re.compile(r"\](?=\()|\{(?=\d)")


def as_sarif(plan: Plan) -> str:
    changes = [_of_change(change) for change in ranked_changes(plan) if change.origin]
    findings = [_of_finding(finding) for finding in ranked_findings(plan) if finding.origin]
    results = [*findings, *changes]
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    run = {
        "tool": {
            "driver": {
                "name": "mailbox-controller",
                "version": __version__,
                "rules": [{"id": rule, "shortDescription": {"text": _rule(rule)}} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {
                        "level": _LEVELS[finding.severity],
                        "message": _message(f"{finding.id}: {finding.message}"),
                        "associatedRule": {"id": finding.code},
                    }
                    for finding in ranked_findings(plan)
                    if not finding.origin
                ],
            }
        ],
        "results": results,
    }
    whole = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=2) + "\n"


def _of_change(change: Change) -> dict[str, Any]:
    assert change.origin is not None
    return {
        "ruleId": f"change/{change.action}",
        "level": _RISKS[change.risk],
        "message": _message(f"{change_title(change)}\n{change_words(change)}".strip()),
        "locations": [_location(change.origin)],
        "partialFingerprints": {"id/v1": change.id},
        "properties": {"risk": str(change.risk), "cause": str(change.cause)},
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    assert finding.origin is not None
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": _message(finding.message),
        "locations": [_location(finding.origin)],
        "partialFingerprints": {"id/v1": finding.id},
    }


def _rule(rule: str) -> str:
    kind, _, action = rule.partition("/")
    return f"A change that the plan would make: {action}" if kind == "change" else f"Finding {rule}"


def _message(text: str) -> dict[str, str]:
    shown = "\n".join(plain(line) for line in text.split("\n"))
    return {"text": _MEANT.sub(lambda hit: hit[0] + "\u2060", shown)}


def _location(origin: Origin) -> dict[str, Any]:
    place = {"uri": quote(origin.path), "uriBaseId": "SRCROOT"}
    region = {"startLine": origin.line, "startColumn": origin.column}
    return {"physicalLocation": {"artifactLocation": place, "region": region}}
