"""Annotations on the lines of the specs: GitHub's workflow commands, GitLab's Code Quality report.

GitHub shows the first ten errors, warnings and notices of a step, so that what stands on one line makes one
annotation, and the most dangerous comes first. Both forges show plain text.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from controller.model import Origin, Plan, Risk, Severity
from controller.report.escape import cut
from controller.report.lines import change_title, change_words, ranked_changes, ranked_findings
from controller.report.text import plain

_LONGEST: Final = 4_000  # characters; GitHub cuts an annotation at 64 KB, people much earlier
_NAMES: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_OF_RISK: Final = {Risk.HIGH: Severity.WARNING, Risk.MEDIUM: Severity.WARNING, Risk.LOW: Severity.INFO}
_GITLAB: Final = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}
_GITLAB_RISKS: Final = {Risk.HIGH: "critical", Risk.MEDIUM: "major", Risk.LOW: "info"}


@dataclass(frozen=True, slots=True)
class _Note:
    """One thing to be said at a place, or at none."""

    severity: Severity
    title: str
    text: str
    origin: Origin | None


def as_github(plan: Plan) -> str:
    """`::warning file=…,line=…,col=…,title=…::…`, one command a line
    [doc: GitHub Actions, workflow commands]."""
    at: dict[tuple[str, int], list[_Note]] = {}
    alone: list[_Note] = []
    for note in _notes(plan):
        if note.origin:
            at.setdefault((note.origin.path, note.origin.line), []).append(note)
        else:
            alone.append(note)
    merged = [*(_merged(notes) for notes in at.values()), *alone]
    merged.sort(key=lambda note: list(_NAMES).index(note.severity))  # stable: else as they came
    return "".join(f"{_command(note)}\n" for note in merged)


def _notes(plan: Plan) -> list[_Note]:
    findings = [_Note(f.severity, f.id, f.message, f.origin) for f in ranked_findings(plan)]
    changes = [
        _Note(_OF_RISK[c.risk], change_title(c), change_words(c), c.origin) for c in ranked_changes(plan)
    ]
    return [*findings, *changes]


def _merged(notes: list[_Note]) -> _Note:
    if len(notes) == 1:
        return notes[0]
    worst = min((note.severity for note in notes), key=list(_NAMES).index)
    text = "\n".join(f"{note.title}\n{note.text}".strip() for note in notes)
    return _Note(worst, f"Mailbox plan: {len(notes)} remarks", text, notes[0].origin)


def _command(note: _Note) -> str:
    where = note.origin
    place = {"file": plain(where.path), "line": str(where.line), "col": str(where.column)} if where else {}
    told = {**place, "title": cut(plain(note.title), 200)}
    properties = ",".join(f"{name}={_property(value)}" for name, value in told.items())
    lines = (plain(line) for line in (note.text or note.title).split("\n"))
    return f"::{_NAMES[note.severity]} {properties}::{_escaped(cut(chr(10).join(lines), _LONGEST))}"


def _escaped(text: str) -> str:
    """[source: actions/toolkit, packages/core/src/command.ts]"""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_gitlab(plan: Plan) -> str:
    """The report of a Code Quality artifact [doc: GitLab, Code Quality report format]. Every entry needs a
    place: what has none stands at the head of the first file that the plan speaks of."""
    first = next((o.path for o in _origins(plan)), "specs")
    entries: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()

    def add(ident: str, check: str, severity: str, text: str, origin: Origin | None) -> None:
        seen[ident] += 1
        mark = hashlib.sha256(f"{ident}#{seen[ident]}".encode()).hexdigest()
        where = {"path": origin.path if origin else first, "lines": {"begin": origin.line if origin else 1}}
        entries.append(
            {
                "description": cut(plain(text.replace("\n", "; ")), _LONGEST),
                "check_name": check,
                "fingerprint": mark,
                "severity": severity,
                "location": where,
            }
        )

    for finding in ranked_findings(plan):
        add(
            finding.id,
            finding.code,
            _GITLAB[finding.severity],
            f"{finding.id}: {finding.message}",
            finding.origin,
        )
    for change in ranked_changes(plan):
        text = "\n".join(filter(None, (change_title(change), change_words(change))))
        add(change.id, f"change/{change.action}", _GITLAB_RISKS[change.risk], text, change.origin)
    return json.dumps(entries, indent=2) + "\n"


def _origins(plan: Plan) -> list[Origin]:
    found = [finding.origin for finding in ranked_findings(plan)]
    found += [change.origin for change in ranked_changes(plan)]
    return [origin for origin in found if origin]
