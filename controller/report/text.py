"""The plan as a person reads it in a terminal: by mailbox, the riskiest first, people by name, each line
with the place in the spec that asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from controller.model import Action, Change, Finding, Key, Kind, Origin, Plan, Risk, Severity
from controller.report.alike import Entry, sections
from controller.report.as_json import summary
from controller.report.people import crowd, sentences, timing, warnings

_SIGNS: Final = {
    Action.CREATE: "+",
    Action.GRANT: "+",
    Action.ADD: "+",
    Action.UPDATE: "~",
    Action.RENAME: "~",
    Action.CONVERT: "!",
    Action.REVOKE: "-",
    Action.REMOVE: "-",
    Action.DELETE: "!",
}
_SINGULAR: Final = {
    "aliases": "alias",
    "categories": "category",
    "claimCategories": "category",
    "searchFolders": "search folder",
}
_MEMBERS: Final = frozenset({Action.GRANT, Action.REVOKE, Action.ADD, Action.REMOVE})
_TINTS: Final = {"+": "32", "~": "33", "-": "31", "!": "1;31"}
_SHOWN_ALIKE: Final = 3
_SHOWN_COMING: Final = 10
_WIDTH: Final = 34  # of the column that names a person or a field
_LONG: Final = 90  # characters of a value; the JSON form has it whole


@dataclass(frozen=True, slots=True)
class Paint:
    """ANSI colours on a terminal, nothing elsewhere."""

    on: bool = False

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def as_text(plan: Plan, *, paint: Paint | None = None, details: bool = True) -> str:
    """The whole plan; `details` adds what each change needs to be understood."""
    paint = paint or Paint()
    lines = [_heading(plan, paint), ""]
    for section in _told(plan, paint, details=details):
        lines += [*section, ""]
    lines += _diagnostics(plan.findings, paint)
    lines += _upcoming(plan, paint)
    lines += timing(plan)
    lines.append(_closing(plan, paint))
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """A service's or a stranger's words, without what would steer a terminal: control characters and
    marks that turn the direction of writing show as `\\x1b`, `\\u202e`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def named(change: Change) -> str:
    """A change in a few words, without its mailbox."""
    subject, what = map(plain, words([change]))
    return f"{change.action} {subject} {what}" if change.action in _MEMBERS else f"{change.action} {subject}"


def described(change: Change) -> str:
    """What somebody did, seen from the tenant: the opposite of what the change will do."""
    return plain(_deed(change))


def _deed(change: Change) -> str:
    if change.action is Action.GRANT:
        return "{} lost {}".format(*_grant(change))
    if change.action is Action.REVOKE:
        return "{} was given {}".format(*_grant(change))
    if change.action in (Action.ADD, Action.REMOVE):
        verb = "was removed" if change.action is Action.ADD else "was added"
        return f"{_singular(change.path[0])} {change.path[-1]} {verb}"
    if change.action is Action.CREATE:
        return f"{_object(change)} was deleted"
    name = change.field or _object(change)
    return f"{name} was changed from {_value(change.after)} to {_value(change.before)}"


def _heading(plan: Plan, paint: Paint) -> str:
    commit = f", commit {short(plan.commit)}" if plan.commit else ""
    return paint(f"Tenant {plain(plan.tenant)}{plain(commit)}: {_documents(len(plan.documents))}", "1")


def short(commit: str) -> str:
    """A commit as people name it; that files differ from it is not lost."""
    head, dash, rest = commit.partition("-")
    return f"{head[:12]}{dash}{rest}"


def _documents(count: int) -> str:
    return f"{count} document" if count == 1 else f"{count} documents"


def _told(plan: Plan, paint: Paint, *, details: bool) -> Iterator[list[str]]:
    """The lines of each resource, or of many alike."""
    entries: dict[Key, list[Entry]] = {}
    for key, changes in groupby(plan.changes, key=lambda change: change.key):
        entries[key] = [_entry(same, paint, details=details) for same in in_lines(list(changes))]
    for section in sections(entries):
        lines = [line for entry in section.entries for line in entry.lines]
        kinds = ", ".join(sorted({key.kind for key in section.keys}))
        many = len(section.keys) > 1
        heading = f"{len(section.keys)} alike" if many else plain(section.keys[0].address)
        members = [f"      {plain(key.address)}" for key in section.keys] if many else []
        yield [f"{paint(heading, '1')}  {kinds}", *lines, *members]


def _entry(same: Sequence[Change], paint: Paint, *, details: bool) -> Entry:
    lines = [_line(same, paint)]
    if details:
        lines += (f"      {plain(told)}" for told in sentences(same))
        lines += (f"      {note}" for note in notes(same))
        lines += (f"      {paint(plain(told), '33')}" for told in warnings(same))
    lines += (f"      {paint('held back by', '31')} {plain(blocker)}" for blocker in same[0].blocked_by)
    return Entry(same[0].risk, tuple(lines))


def by_resource(plan: Plan) -> list[tuple[Key, list[Change]]]:
    groups = [(key, list(group)) for key, group in groupby(plan.changes, key=lambda change: change.key)]
    return sorted(groups, key=lambda group: (-max(change.risk.rank for change in group[1]), group[0]))


def in_lines(changes: Sequence[Change]) -> list[list[Change]]:
    """Rights of one person that share everything else stand in one line; the riskiest lines first."""
    groups: dict[tuple[Any, ...], list[Change]] = {}
    for change in changes:
        alike: Any = change.id
        if change.action in (Action.GRANT, Action.REVOKE):
            alike = (change.path[:2], change.origin, change.blocked_by)
        groups.setdefault((change.action, change.cause, change.risk, alike), []).append(change)
    return sorted(groups.values(), key=lambda same: (same[0].action is not Action.CREATE, -same[0].risk.rank))


def _line(same: Sequence[Change], paint: Paint) -> str:
    first = same[0]
    sign = _SIGNS[first.action]
    subject, what = map(plain, words(same))
    tail = [first.cause.value.replace("first-seen", "")]
    if first.risk is not Risk.LOW:
        tail.append(paint(f"risk {first.risk}", "1;31" if first.risk is Risk.HIGH else "33"))
    tail.append(place(first.origin))
    text = f"{first.action:<7} {subject:<{_WIDTH}} {what}"
    return f"  {paint(sign, _TINTS[sign])} {text}   {'  '.join(part for part in tail if part)}".rstrip()


def words(same: Sequence[Change]) -> tuple[str, str]:
    first = same[0]
    if first.action in (Action.GRANT, Action.REVOKE):
        return _grant(first)[0], ", ".join(_grant(change)[1] for change in same)
    if first.action in (Action.ADD, Action.REMOVE):
        return first.path[-1], _singular(first.path[0])
    if first.action is Action.CREATE:
        return _object(first), str((first.after or {}).get("displayName", ""))
    if first.action is Action.DELETE:
        return _object(first), ""
    if not first.path:
        return _object(first), _turn(first.before, first.after)
    return first.field, _turn(first.before, first.after)


def _grant(change: Change) -> tuple[str, str]:
    """Who, and what: of a mailbox `access/WHO/RIGHT`, of a list `RIGHT/WHO`."""
    first, *rest = change.path[-2:]
    return (first, rest[0]) if len(change.path) > 2 else (rest[0], first)


def _object(change: Change) -> str:
    return "the list" if change.key.kind is Kind.DISTRIBUTION_LIST else "the mailbox"


def _singular(collection: str) -> str:
    return _SINGULAR.get(collection, collection.rstrip("s"))


def _turn(before: Any, after: Any) -> str:
    """From what to what; of long texts the place where they part, of mappings what differs."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        both = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        before, after = ({name: one.get(name) for name in both} for one in (before, after))
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _LONG:
        pairs = enumerate(zip(before, after, strict=False))
        parted = next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))
        start = max(0, parted - _LONG // 4)
        lead = "…" if start else ""
        before, after = lead + before[start:], lead + after[start:]
    return f"{_value(before)} → {_value(after)}"


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"“{value if len(value) <= _LONG else f'{value[: _LONG - 1]}…'}”"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, Mapping):
        told = (f"{name} {_plainly(each)}" for name, each in value.items() if each not in ({}, [], None))
        return "; ".join(told) or "nothing"
    return str(value)


def _plainly(value: Any) -> str:
    """A value inside another: without quotes, mappings in braces."""
    if isinstance(value, Mapping):
        return "{" + _value(value) + "}"
    return value if isinstance(value, str) else _value(value)


def place(origin: Origin | None) -> str:
    return f"({plain(str(origin))})" if origin else ""


def notes(same: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys(plain(note) for change in same for note in change.notes))


def _diagnostics(findings: Sequence[Finding], paint: Paint) -> list[str]:
    """Errors whole; of anything else that comes by the dozen, a few and how many more."""
    if not findings:
        return []
    rank = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    tints = {Severity.ERROR: "1;31", Severity.WARNING: "33", Severity.INFO: "2"}
    lines = [paint("Findings", "1")]
    ordered = sorted(findings, key=lambda finding: (rank.index(finding.severity), finding.code))
    for (severity, code), group in groupby(ordered, key=lambda finding: (finding.severity, finding.code)):
        alike = list(group)
        shown = alike if severity is Severity.ERROR or len(alike) <= _SHOWN_ALIKE else alike[:2]
        label = paint(f"{severity:<7}", tints[severity])
        for finding in shown:
            lines.append(f"  {label} {plain(finding.id)}  {place(finding.origin)}".rstrip())
            lines.append(f"          {plain(finding.message)}")
        if more := len(alike) - len(shown):
            lines.append(f"  {label} {code}: {more} more of them; --format json names each")
    return [*lines, ""]


def _upcoming(plan: Plan, paint: Paint) -> list[str]:
    if not plan.upcoming:
        return []
    groups: dict[tuple[Any, ...], list[str]] = {}
    for one in plan.upcoming:
        _, address, *path = one.id.split("/")
        groups.setdefault((one.at, one.action, address, *(path[1:-1] or path[:-1])), []).append(path[-1])
    lines = [
        plain(f"  {at:%Y-%m-%d %H:%M}  {action:<7} {' '.join(who)}  {', '.join(what)}  on {address}")
        for (at, action, address, *who), what in sorted(groups.items())
    ]
    more = [f"  and {len(lines) - _SHOWN_COMING} more"] if len(lines) > _SHOWN_COMING else []
    return [paint("Coming", "1"), *lines[:_SHOWN_COMING], *more, ""]


def _closing(plan: Plan, paint: Paint) -> str:
    counts = summary(plan)
    parts = [
        f"{counts[name]} to {name}"
        for name in ("create", "update", "delete", "grant", "revoke")
        if counts[name]
    ]
    text = f"Plan: {', '.join(parts) if parts else 'nothing to do'}; {counts['unchanged']} unchanged"
    if people := crowd(plan):
        text += f"; {people}"
    if counts["blocked"]:
        text += f"; {counts['blocked']} held back"
    if counts["errors"]:
        text += f"; {counts['errors']} error{'s' if counts['errors'] > 1 else ''}"
    return paint(f"{text}.", "1")
