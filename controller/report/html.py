"""The plan as one HTML file that asks no network for anything: to be read in a browser, printed, filtered.

All words are escaped by Jinja2. Without the script everything is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from controller.model import Action, Change, Finding, Key, Origin, Plan, Request, Severity
from controller.report.alone import FOLDER, policy, style
from controller.report.as_json import summary
from controller.report.coming import in_words
from controller.report.marked import marked
from controller.report.people import crowd, sentences, timing, warnings
from controller.report.text import by_resource, in_lines, notes, plain, short, words

if TYPE_CHECKING:
    from jinja2 import Environment

Link = Callable[[Origin | None], str | None]
_ALL: Final = slice(None)
_TAKING: Final = frozenset({Action.REVOKE, Action.REMOVE, Action.DELETE, Action.CONVERT})
_GIVING: Final = frozenset({Action.CREATE, Action.GRANT, Action.ADD})
_SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class _Row:
    """Changes that stand in one line. `tone` says whether it gives, takes or turns something."""

    tone: str
    action: str
    subject: str
    what: str
    risk: str
    cause: str
    place: str
    url: str | None
    effects: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    held: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Box:
    """One document's changes."""

    address: str
    kind: str
    risk: str
    rows: tuple[_Row, ...]


def as_html(plan: Plan) -> str:
    sheet = style((FOLDER / "plan.css").read_text("utf-8"))
    script = (FOLDER / "plan.js").read_text("utf-8")
    return (
        _environment()
        .get_template("plan_alone.html.j2")
        .render(style=sheet, script=script, policy=policy(sheet, script), **parts(plan, lambda origin: None))
    )


def parts(plan: Plan, link: Link, only: slice = _ALL, most: int | None = None) -> dict[str, Any]:
    """What `plan_parts.html.j2` shows. `link` gives the page of a place, or None; `only` some of the
    documents, and at `most` so many findings and dates."""
    findings, coming = _ordered(plan.findings), in_words(plan.upcoming)
    return {
        "tenant": plain(plan.tenant),
        "commit": plain(short(plan.commit)) if plan.commit else "",
        "made": f"{plan.created_at:%Y-%m-%d %H:%M} UTC",
        "counts": summary(plan),
        "crowd": crowd(plan),
        "timing": timing(plan),
        "boxes": [_box(key, changes, link) for key, changes in by_resource(plan)[only]],
        "findings": [_finding(finding, link) for finding in findings[:most]],
        "coming": coming[:most],
        "more_findings": len(findings[most:]) if most else 0,
        "more_coming": len(coming[most:]) if most else 0,
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - few plans need it

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["marked"] = marked
    return made


def _box(key: Key, changes: Sequence[Change], link: Link) -> _Box:
    worst = max((change.risk for change in changes), key=lambda risk: risk.rank)
    rows = tuple(_row(same, link) for same in in_lines(changes))
    return _Box(plain(key.address), str(key.kind), str(worst), rows)


def _row(same: Sequence[Change], link: Link) -> _Row:
    first = same[0]
    subject, what = map(plain, words(same))
    tone = "takes" if first.action in _TAKING else "gives" if first.action in _GIVING else "turns"
    return _Row(
        tone=tone,
        action=str(first.action),
        subject=subject,
        what=what,
        risk=str(first.risk),
        cause="" if first.cause.value == "first-seen" else str(first.cause),
        place=plain(str(first.origin)) if first.origin else "",
        url=link(first.origin),
        effects=tuple(map(plain, sentences(same))),
        notes=tuple(notes(same)),
        warnings=tuple(map(plain, warnings(same))),
        held=tuple(map(plain, first.blocked_by)),
        requests=tuple(_request(request) for change in same for request in change.requests),
    )


def _request(request: Request) -> str:
    told = "  ".join(f"{name}: {_value(value)}" for name, value in request.parameters.items())
    return plain(f"{request.call}  {told}")


def _value(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 300 else f"{text[:299]}…"


def _finding(finding: Finding, link: Link) -> tuple[str, str, str, str, str | None]:
    place = plain(str(finding.origin)) if finding.origin else ""
    return str(finding.severity), plain(finding.id), finding.message, place, link(finding.origin)


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (_SEVERITIES.index(one.severity), one.code, one.id))
