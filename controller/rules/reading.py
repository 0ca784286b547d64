"""Reading the rules of a mailbox: Graph's list, with the folders that it names by id, and Exchange's, which
shows what Graph hides.

Exchange's list is for findings only; where the app may not ask for it, or there is no such cmdlet, rules are
judged by Graph's alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from controller import canon
from controller.aspect import Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.folders.paths import Folders, climb, read_folders, wanted_paths
from controller.handoff import HANDOFF, part_of, rules_of
from controller.model import Absent, Finding, Observation, Path, Present, Unreadable
from controller.rules import findings as telling
from controller.rules.forms import folder_ids, seen, spelt, wished
from controller.spec.collections import is_exclusive
from controller.spec.models.handoff import RULE_NAMES

RULES: Final = ("rules",)
NUMBER: Final = "ruleNumber"  # beside the rules: where each stands
READ_ONLY: Final = "readOnly"
ERROR: Final = "inError"
_ORDER_TOO: Final = "order (rule)"  # a rule of that name
_GONE: Final = "(a folder that is gone)"
_COLUMNS: Final = ("Name", "Enabled", "ForwardTo", "ForwardAsAttachmentTo", "RedirectTo")


def rule_path(name: str, spec: Any) -> Path:
    """`("rules", "order")` is the order itself; a hand-off that `spec` speaks of is called so."""
    if part := part_of(name, spec):
        return (*HANDOFF, part)
    return (*RULES, _ORDER_TOO if name == "order" else name)


def rule_name(path: Path) -> str:
    if path[:1] == HANDOFF:
        return RULE_NAMES[path[1]]
    return "order" if path[1] == _ORDER_TOO else path[1]


async def observe(
    reader: Reader, resource: Resource, directory: Directory, *, hidden_too: bool
) -> Observation:
    """`hidden_too`: Exchange is asked as well. What no document asks for is not worth a long wait."""
    if resource.principal is None:
        return Absent()
    if resource.spec.rules is None:
        reader = reader.hurried
    path = f"{resource.object_path}/mailFolders/inbox/messageRules"
    try:
        if hidden_too:
            rows, hidden = await asyncio.gather(reader.graph_list(path), _exchange_rows(reader, resource))
        else:
            rows, hidden = await reader.graph_list(path), None
        folders = await _folders(reader, resource, rows)
    except ServiceError as error:
        return Unreadable(error)
    rows = sorted(rows, key=_number)
    findings = list(_leaks(resource, rows, hidden, directory))
    if rules_of(resource.spec) is None:
        return Present({}, findings=tuple(findings))
    return _Reading(resource, directory, folders, rows, findings).present()


async def _exchange_rows(reader: Reader, resource: Resource) -> Sequence[Mapping[str, Any]] | None:
    parameters = {"Mailbox": resource.identity, "IncludeHidden": True}
    try:
        return await reader.hurried.exchange(
            "Get-InboxRule", parameters, select=_COLUMNS, anchor=f"SMTP:{resource.key.address}"
        )
    except ServiceError:
        return None


async def _folders(reader: Reader, resource: Resource, rows: Iterable[Mapping[str, Any]]) -> Folders:
    """Only a document that speaks of rules needs to know what their folders are called."""
    if rules_of(resource.spec) is None:
        return Folders()
    folders = await read_folders(reader, resource)
    idents = {ident for row in rows for ident in folder_ids(row)}
    await climb(reader, resource.object_path, folders, idents)
    return folders


def _number(row: Mapping[str, Any]) -> int:
    return int(row.get("sequence") or 0)


def _leaks(
    resource: Resource,
    rows: Sequence[Mapping[str, Any]],
    hidden: Sequence[Mapping[str, Any]] | None,
    directory: Directory,
) -> Iterator[Finding]:
    """Mail that leaves by rules that the document does not ask for, each told once."""
    meant = {
        rule.name: set(telling.risky(wished(rule, directory), directory))
        for rule in rules_of(resource.spec) or ()
    }
    told: set[str] = set()
    for row in rows:
        name = str(row.get("displayName") or "")
        away = telling.risky(seen(row, directory, str), directory)
        if set(away) - meant.get(name, set()):
            on = canon.flag(row.get("isEnabled")) is not False
            leak = telling.leak(resource, name, away, enabled=on)
            told.add(leak.id)
            yield leak
    names = [str(row.get("displayName") or "") for row in rows]
    for finding in telling.of_exchange(resource, hidden or (), names, directory):
        name = finding.subject.partition("/")[2]
        if finding.code == "rule-hidden" or (finding.id not in told and not meant.get(name)):
            yield finding


class _Reading:
    """The rules of one mailbox, while they are put together."""

    def __init__(
        self,
        resource: Resource,
        directory: Directory,
        folders: Folders,
        rows: Sequence[Mapping[str, Any]],
        findings: list[Finding],
    ) -> None:
        self._resource = resource
        self._directory = directory
        self._folders = folders
        self._rows = rows
        self._wanted = list(wanted_paths(resource.spec))
        self._wishes = {rule.name: wished(rule, directory) for rule in rules_of(resource.spec) or ()}
        self._fields: dict[Path, Any] = {}
        self._spelt: dict[Path, Any] = {}
        self._ids = folders.ids(self._wanted)
        self._findings = findings

    def present(self) -> Present:
        by_name: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._rows:
            by_name.setdefault(str(row.get("displayName") or ""), []).append(row)
        for name, rows in by_name.items():
            if len(rows) > 1:
                self._findings.append(telling.twin(self._resource, name, len(rows)))
            for index, row in enumerate(sorted(rows, key=lambda row: self._likeness(name, row))):
                self._note(self._free(f"{name} #{index + 1}") if index else name, name, row)
        stays = [row for row in self._rows if self._stays(row)]
        if full := telling.quota(self._resource, stays):
            self._findings.append(full)
        self._findings += telling.before_handoffs(self._resource, self._rows)
        return Present(self._fields, self._ids, tuple(self._findings), self._spelt)

    def _value(self, row: Mapping[str, Any]) -> dict[str, Any]:
        value = seen(row, self._directory, lambda id_: self._folders.named(id_, self._wanted) or _GONE)
        if canon.flag(row.get("isReadOnly")):
            value[READ_ONLY] = True
        elif canon.flag(row.get("hasError")):
            value[ERROR] = True
        return value

    def _likeness(self, name: str, row: Mapping[str, Any]) -> int:
        """0 for the very rule of the document, more for others; the first of equals comes first."""
        value = self._value(row)
        if value == self._wishes.get(name):
            return 0
        return 2 if {READ_ONLY, ERROR} & value.keys() else 1

    def _note(self, called: str, name: str, row: Mapping[str, Any]) -> None:
        value = self._value(row)
        path = rule_path(called, self._resource.spec)
        self._fields[path] = value
        self._spelt[path] = spelt(row, called, lambda id_: self._folders.written(id_) or _GONE)
        self._fields[(NUMBER, called)] = _number(row)
        self._ids[f"rule:{called}"] = str(row.get("id") or "")
        if READ_ONLY in value:
            self._findings.append(telling.read_only(self._resource, name))
        elif ERROR in value and called not in self._wishes:
            self._findings.append(telling.in_error(self._resource, name))

    def _free(self, called: str) -> str:
        """A name for a twin that no rule bears."""
        while any(called == str(row.get("displayName")) for row in self._rows):
            called += "'"
        return called

    def _stays(self, row: Mapping[str, Any]) -> bool:
        """Whether a rule that the document does not list stays: in a minimum, or out of our reach."""
        if str(row.get("displayName") or "") in self._wishes:
            return False
        untouched = bool({READ_ONLY, ERROR} & self._value(row).keys())
        # The tenant's word on it is not known here: counting too much warns a little early.
        return untouched or not is_exclusive(self._resource.spec, self._resource.spec, "rules")
