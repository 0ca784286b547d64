"""The plan as a comment on a pull request: the most dangerous first, details folded, never longer than a
forge takes, and honest about what was left out.

There are no tables: a `|` in a name cannot break out of what is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from controller.impact import NAMED, Turn
from controller.model import Action, Change, Finding, Key, Plan, Risk, Severity
from controller.report.as_json import summary
from controller.report.escape import NAME, code, cut, prose
from controller.report.people import concerned, crowd, sentences, timing, warnings
from controller.report.text import by_resource, in_lines, notes, place, plain, short, words

GITHUB: Final = 65_536  # characters of a comment; the API answers 422 beyond it
GITLAB: Final = 1_000_000  # [doc: GitLab instance limits, size of comments]
AZURE: Final = 150_000  # [doc: Azure DevOps, pull request threads]
_MANY: Final = 20  # mailboxes; from here on one line each, but for those of high risk
_CLOSING: Final = 900  # bytes kept for the last lines
_MARKS: Final = {Risk.HIGH: "🔴", Risk.MEDIUM: "🟠", Risk.LOW: "🟢"}
_FROM_SNAPSHOT: Final = "from-snapshot"  # tells that, and how old: whoever reads a comment reads that first
_SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def as_markdown(plan: Plan) -> str:
    """For the forge with the smallest comments."""
    return render(plan, GITHUB)


def render(plan: Plan, limit: int) -> str:
    """At most `limit` characters, and as many bytes of UTF-8."""
    page = _Page(limit - _CLOSING)
    page.need(_head(plan))
    errors = [_finding(finding) for finding in plan.findings if finding.severity is Severity.ERROR]
    page.section("Must be settled", errors, "error")
    groups = by_resource(plan)
    many = len(groups) > _MANY
    for key, changes in groups:
        worst = max((change.risk for change in changes), key=lambda risk: risk.rank)
        line = _line(key, changes, worst)
        folded = None if many and worst is not Risk.HIGH else _folded(key, changes, worst)
        page.resource(folded, line, changes)
    page.section("Findings", _findings(plan.findings), "finding", folded=True)
    page.section("Coming", _upcoming(plan), "date", folded=True)
    return _fit("\n".join((*page.parts, *_closing(plan, page))) + "\n", plan, limit)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8")) + 1  # the end of its line


@dataclass(slots=True)
class _Page:
    """What fits, and what did not."""

    room: int
    parts: list[str] = field(default_factory=list)
    lines_only: int = 0  # mailboxes told in one line for want of room
    cut: Counter[str] = field(default_factory=Counter)
    cut_risks: Counter[Risk] = field(default_factory=Counter)

    def need(self, text: str) -> None:
        self.parts.append(text)
        self.room -= _bytes(text)

    def add(self, text: str) -> bool:
        if _bytes(text) > self.room:
            return False
        self.need(text)
        return True

    def section(self, title: str, items: Sequence[str], what: str, *, folded: bool = False) -> None:
        """A list under a heading, of which the first ones are shown if not all fit; at most half of what
        is left is spent on it."""
        if not items:
            return
        start, end = (
            (f"\n<details><summary>{title} ({len(items)})</summary>\n", "\n</details>")
            if folded
            else (f"\n### {title}\n", "")
        )
        spare = self.room // 2 - _bytes(start) - _bytes(end)
        shown: list[str] = []
        for item in items:
            spare -= _bytes(item)
            if spare < 0:
                break
            shown.append(item)
        self.cut[what] += len(items) - len(shown)
        if shown:
            self.need("\n".join((start, *shown, end)) if end else "\n".join((start, *shown, "")))

    def resource(self, folded: str | None, line: str, changes: Sequence[Change]) -> None:
        if folded is not None and self.add(folded):
            return
        if self.add(line):
            self.lines_only += folded is not None
            return
        self.cut["mailbox"] += 1
        self.cut["change"] += len(changes)
        self.cut_risks.update(change.risk for change in changes)


def _head(plan: Plan) -> str:
    counts = summary(plan)
    names = ("delete", "create", "update", "revoke", "grant")
    parts = [f"{counts[name]:,} to {name}" for name in names if counts[name]]
    lines = [f"## Mailbox plan of {code(plan.tenant)}: {', '.join(parts) or 'nothing to do'}", ""]
    told = [crowd(plan)] if crowd(plan) else []
    risks = Counter(change.risk for change in plan.changes)
    if risks[Risk.HIGH]:
        told.append(f"{_MARKS[Risk.HIGH]} {_count(risks[Risk.HIGH], 'change')} of high risk")
    told += [f"**{counts['blocked']} held back**"] if counts["blocked"] else []
    told += [f"**{_count(counts['errors'], 'error')}**"] if counts["errors"] else []
    told.append(f"{_count(counts['unchanged'], 'document')} unchanged")
    lines.append(" · ".join(told))
    if plan.commit:
        lines.append(f"\nCommit {code(short(plan.commit))}")
    lines += [f"\n> {prose(one.message)}" for one in plan.findings if one.code == _FROM_SNAPSHOT]
    return "\n".join(lines) + "\n"


def _line(key: Key, changes: Sequence[Change], worst: Risk) -> str:
    held = sum(1 for change in changes if change.blocked_by)
    back = f", {held} held back" if held else ""
    return f"- {_MARKS[worst]} {code(key.address)}: {_tally(changes)}{back}{_gist(changes)}"


def _tally(changes: Sequence[Change]) -> str:
    counts = Counter(change.action for change in changes)
    order = sorted(counts, key=lambda action: list(_DANGER).index(action))
    return ", ".join(f"{counts[action]} {action}" for action in order)


_DANGER: Final = (
    Action.DELETE, Action.CONVERT, Action.REVOKE, Action.REMOVE, Action.GRANT, Action.ADD, Action.RENAME,
    Action.UPDATE, Action.CREATE,
)  # fmt: skip


def _gist(changes: Sequence[Change]) -> str:
    """Who gains and loses, in numbers: exact where all of them are named, else the most that one effect
    counts."""
    told = []
    for turn, verb in ((Turn.LOSES, "lose"), (Turn.GAINS, "gain")):
        effects = [effect for effect in concerned(changes) if effect.turn is turn]
        names = {person.who for effect in effects for person in effect.people}
        count = max([len(names), *(effect.count or 0 for effect in effects)])
        several = len(effects) > 1 and any((effect.count or 0) > NAMED for effect in effects)
        if count and several:
            told.append(f"{count:,} people or more {verb}")
        elif count:
            told.append(f"{_count(count, 'person', 'people')} {verb}{'s' if count == 1 else ''}")
    return f" · {', '.join(told)}" if told else ""


def _folded(key: Key, changes: Sequence[Change], worst: Risk) -> str:
    """Inside of `<summary>` is HTML; behind the blank line Markdown begins again."""
    held = sum(1 for change in changes if change.blocked_by)
    name = f"<code>{escape(cut(plain(key.address), NAME))}</code>"
    title = f"{_MARKS[worst]} {name} {key.kind}: {_tally(changes)}{_gist(changes)}"
    title += f" · {held} held back" if held else ""
    body = [text for same in in_lines(changes) for text in _change(same)]
    return "\n".join((f"<details><summary>{title}</summary>", "", *body, "", "</details>", ""))


def _change(same: Sequence[Change]) -> Iterator[str]:
    first = same[0]
    subject, what = words(same)
    parts = [f"**{first.action}** {code(subject)}"]
    parts += [code(what, 2 * NAME)] if what else []
    tail = [str(first.cause)] if first.cause.value != "first-seen" else []
    tail += [f"**{first.risk} risk**"] if first.risk is not Risk.LOW else []
    tail += [code(str(first.origin))] if first.origin else []
    yield f"- {' '.join(parts)}" + (f" — {', '.join(tail)}" if tail else "")
    for told in (*sentences(same), *notes(same)):
        yield f"  - {prose(told)}"
    for told in warnings(same):
        yield f"  - ⚠️ {prose(told)}"
    for blocker in first.blocked_by:
        yield f"  - **held back** by {code(blocker)}"


def _finding(finding: Finding) -> str:
    where = f" {code(place(finding.origin).strip('()'))}" if finding.origin else ""
    return f"- **{finding.severity}** {code(finding.id)}: {prose(finding.message)}{where}"


def _findings(findings: Sequence[Finding]) -> list[str]:
    """What the head of the comment and the errors do not tell already."""
    rest = [one for one in findings if one.severity is not Severity.ERROR and one.code != _FROM_SNAPSHOT]
    ordered = sorted(rest, key=lambda one: (_SEVERITIES.index(one.severity), one.code, one.id))
    return [_finding(finding) for finding in ordered]


def _upcoming(plan: Plan) -> list[str]:
    return [f"- {one.at:%Y-%m-%d %H:%M} **{one.action}** {code(one.id, 2 * NAME)}" for one in plan.upcoming]


def _closing(plan: Plan, page: _Page) -> Iterator[str]:
    if plan.changes:
        yield from ("", *timing(plan))
    if page.lines_only:
        yield f"\n{_count(page.lines_only, 'mailbox', 'mailboxes')} in one line each, for want of room."
    told = []
    if page.cut["mailbox"]:
        risks = [f"{page.cut_risks[r]} of {r} risk" for r in (Risk.HIGH, Risk.MEDIUM) if page.cut_risks[r]]
        dangerous = f" ({', '.join(risks)})" if risks else ""
        changes = _count(page.cut["change"], "change") + dangerous
        told.append(f"{_count(page.cut['mailbox'], 'mailbox', 'mailboxes')} with {changes}")
    told += [_count(page.cut[what], what) for what in ("error", "finding", "date") if page.cut[what]]
    if told:
        yield (
            f"\n**Not shown here: {', '.join(told)}.** The whole plan: `mbx plan --format html > plan.html`, "
            "or what this run saved with `--out`."
        )


def _fit(text: str, plan: Plan, limit: int) -> str:
    """A last resort for limits that hold next to nothing."""
    if _bytes(text) - 1 <= limit:
        return text
    return f"Mailbox plan: {len(plan.changes)} changes, too long to be shown here."[: max(0, limit)]


def _count(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"
