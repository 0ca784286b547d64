"""One turn of one tenant, arranged for looking things up: made once a turn, read by every page.

Pure: from the board's turn alone, never from the tenant. What a document does not speak of is not shown.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, Final

from controller.aspect import Resource
from controller.blame import Deed
from controller.entitlements import Answers, Notes, as_lists
from controller.model import (
    Cause,
    Change,
    Finding,
    Key,
    Kind,
    Origin,
    Outcome,
    Path,
    Plan,
    Present,
    Severity,
    Status,
    Upcoming,
    ident,
)
from controller.report.text import plain
from controller.turn import Turn
from controller.web.wording import folded, name_of, searched, shown

STATES: Final = ("failed", "unreadable", "held", "drift", "pending", "propagating", "in-sync")
_ENDS: Final = {Status.APPLIED: "in-sync", Status.PROPAGATING: "propagating"}
_DONE: Final = _ENDS.keys()
_COMING: Final = "propagating"  # the finding of what an earlier cycle wrote and is not visible yet


@dataclass(frozen=True, slots=True)
class Row:
    """One resource in a list. `state` is the worst of what is true of it; `words` is what is searched,
    folded."""

    key: Key
    name: str
    state: str
    changes: int
    findings: int
    words: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One value of a resource: as its document wants it, as it was seen, and what is to be done."""

    field: str
    desired: str
    observed: str
    state: str
    cause: str
    origin: Origin | None
    who: str
    when: datetime | None
    notes: tuple[str, ...]
    held_by: tuple[str, ...]


class View:
    """`turn` saw the tenant."""

    def __init__(self, turn: Turn) -> None:
        assert turn.prepared is not None
        self.turn = turn
        self.plan: Plan = turn.cycle.plan if turn.cycle else turn.prepared.plan
        self.changes = _by_key(self.plan.changes)
        self.findings = _by_key(self.plan.findings)
        outcomes = turn.cycle.outcomes if turn.cycle else ()
        self.outcomes: Mapping[str, Outcome] = {outcome.change.id: outcome for outcome in outcomes}
        self.resources = {resource.key: resource for resource in turn.prepared.observed.resources}

    @property
    def zone(self) -> tzinfo | None:
        """In which its people live, as far as that is known."""
        zone: tzinfo | None = self.turn.specs.tenant.spec.zone if self.turn.specs else None  # type: ignore[attr-defined]
        return zone

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every resource, by its address."""
        return tuple(self.row_of(key) for key in sorted(self.plan.resources, key=lambda key: key.address))

    @cached_property
    def total(self) -> int:
        """How many mailboxes and lists there are."""
        return sum(self.counts.values())

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many mailboxes and lists are in each state."""
        found = dict.fromkeys(STATES, 0)
        for row in self.rows:
            found[row.state] += row.key.kind is not Kind.TENANT
        return found

    @cached_property
    def organisation(self) -> Row | None:
        """What the Tenant says of the organisation, where it says anything: neither a mailbox nor a list."""
        return next((row for row in self.rows if row.key.kind is Kind.TENANT), None)

    @cached_property
    def answers(self) -> Answers:
        """Who can open what, after what this turn did."""
        assert self.turn.prepared is not None
        done = [outcome.change for outcome in self.outcomes.values() if outcome.status in _DONE]
        return Answers(Notes.of_now(as_lists(self.turn.prepared.observed, done), self.turn.ended_at))

    @cached_property
    def failed(self) -> tuple[Outcome, ...]:
        bad = (Status.FAILED, Status.SKIPPED)
        return tuple(outcome for outcome in self.outcomes.values() if outcome.status in bad)

    @cached_property
    def errors(self) -> tuple[Finding, ...]:
        """What waits for a person."""
        return tuple(finding for finding in self.plan.findings if finding.severity is Severity.ERROR)

    def search(self, words: str, state: str = "", kind: str = "") -> list[Row]:
        """The mailboxes and lists in whose addresses, name, labels or file every word stands, accents
        aside."""
        wanted = folded(words).split()
        return [
            row
            for row in self.rows
            if row.key.kind is not Kind.TENANT
            and (not state or row.state == state)
            and (not kind or row.key.kind == kind)
            and all(word in row.words for word in wanted)
        ]

    def people(self, words: str) -> list[str]:
        """Whoever is named on an access list or in a group and is meant: by an address, or a part of one."""
        if primary := self.answers.primary(words):
            return [primary]
        return self.answers.alike(words)

    def key_of(self, address: str) -> Key | None:
        return self._keys.get(address.casefold())

    def resource_of(self, address: str) -> Resource | None:
        key = self.key_of(address)
        return self.resources.get(key) if key else None

    @cached_property
    def _keys(self) -> Mapping[str, Key]:
        return {key.address.casefold(): key for key in self.plan.resources}

    def upcoming(self, key: Key | None = None) -> list[Upcoming]:
        """What dates bring after this turn's plan, the next one first."""
        begin = f"{key}/" if key else ""
        return [
            each
            for each in self.plan.upcoming
            if each.at > self.plan.created_at and (each.id + "/").startswith(begin)
        ]

    def fields(self, key: Key) -> list[FieldRow]:
        """Every value that its document speaks of, and what else differs: what differs comes first."""
        assert self.turn.prepared is not None
        prepared = self.turn.prepared
        desired = prepared.draft.desired.get(key, {})
        seen = self._seen(key)
        changes = {change.path: change for change in self.changes.get(key, ())}
        collections = {path[:1] for path in (*desired, *seen) if len(path) > 1}
        shown = {path for path in desired if path not in collections} | changes.keys()
        made = [self._field(key, path, desired, seen, changes.get(path)) for path in sorted(shown)]
        return sorted(made, key=lambda row: row.state == "in-sync")

    def row_of(self, key: Key) -> Row:
        resource, changes = self.resources.get(key), self.changes.get(key, ())
        name = name_of(resource)
        told = "\n".join((key.address, name, *(searched(resource) if resource else ())))
        waiting = sum(1 for change in changes if not self._is_done(change))
        findings = len(self.findings.get(key, ()))
        return Row(key, name, self._state(key, changes), waiting, findings, folded(told))

    def _state(self, key: Key, changes: Sequence[Change]) -> str:
        if key in self.plan.unreadable:
            return "unreadable"
        states = {self._state_of(change) for change in changes}
        for finding in self.findings.get(key, ()):
            states |= {"held"} if finding.severity is Severity.ERROR else set()
            states |= {"propagating"} if finding.code == _COMING else set()
        return next((state for state in STATES if state in states), "in-sync")

    def _state_of(self, change: Change) -> str:
        outcome = self.outcomes.get(change.id)
        if outcome is not None:
            return _ENDS.get(outcome.status, "failed")
        if change.blocked_by:
            return "held"
        return "drift" if change.cause is Cause.DRIFT else "pending"

    def _unchanged(self, key: Key, path: Path) -> str:
        subject = ident(key, path).removeprefix(f"{key.kind}/")
        coming = (one.subject for one in self.findings.get(key, ()) if one.code == _COMING)
        return "propagating" if subject in coming else "in-sync"

    def _is_done(self, change: Change) -> bool:
        outcome = self.outcomes.get(change.id)
        return outcome is not None and outcome.status in _DONE

    def _seen(self, key: Key) -> dict[Path, Any]:
        assert self.turn.prepared is not None
        found: dict[Path, Any] = {}
        for by_key in self.turn.prepared.observed.seen.values():
            if isinstance(seen := by_key.get(key), Present):
                found |= seen.fields
        return found

    def _field(
        self,
        key: Key,
        path: Path,
        desired: Mapping[Path, Any],
        seen: Mapping[Path, Any],
        change: Change | None,
    ) -> FieldRow:
        resource = self.resources.get(key)
        origin = change.origin if change else resource.at(*path) if resource else None
        before = change.before if change else seen.get(path, "as recorded" if path in desired else None)
        outcome = self.outcomes.get(change.id) if change else None
        if change and outcome and outcome.status is Status.APPLIED:
            before = change.after
        deed: Deed | None = self.turn.deeds.get(ident(key, path))
        notes = change.notes if change else ()
        if outcome:
            notes = (*notes, f"{outcome.status} in this cycle", *([outcome.error] if outcome.error else []))
        return FieldRow(
            field=" › ".join(map(plain, path)) or "the object itself",
            desired=shown(desired.get(path, change.after if change else None)),
            observed=shown(before),
            state=self._state_of(change) if change else self._unchanged(key, path),
            cause=str(change.cause) if change else "",
            origin=origin,
            who=plain(deed.who) if deed else "",
            when=deed.at if deed else None,
            notes=tuple(map(plain, notes)),
            held_by=change.blocked_by if change else (),
        )


class Views:
    """The view of each tenant's last turn that saw it; one a tenant is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, View] = {}

    def of(self, turn: Turn) -> View:
        with self._lock:
            view = self._made.get(turn.tenant_id)
            if view is None or view.turn is not turn:
                view = self._made[turn.tenant_id] = View(turn)
            return view

    def keep(self, tenant_ids: Iterable[str]) -> None:
        """Those of other tenants are given up."""
        with self._lock:
            for gone in self._made.keys() - set(tenant_ids):
                del self._made[gone]


def _by_key(found: Iterable[Any]) -> Mapping[Key, list[Any]]:
    by_key: dict[Key, list[Any]] = defaultdict(list)
    for each in found:
        if each.key is not None:
            by_key[each.key].append(each)
    return dict(by_key)
