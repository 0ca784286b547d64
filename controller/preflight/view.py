"""What the checks look at: each resource as it will be once the plan is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from controller.aspect import Context, Resource
from controller.directory import Principal
from controller.model import Finding, Key, Kind, Path, Present, Severity
from controller.observe import Observed
from controller.people.grants import ACCESS, AUTO_MAPPING
from controller.spec import Document

_OPENED: Final = frozenset({Kind.SHARED_MAILBOX, Kind.MAILBOX_DELEGATION})
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """`desired` holds, for each resource, every value that its document wishes for; `tenant` is the
    Tenant document."""

    tenant: Document
    observed: Observed
    desired: Mapping[Key, Mapping[Path, Any]]
    context: Context
    _held: dict[Key, Mapping[str, frozenset[str]]] = field(default_factory=dict, repr=False)
    _known: dict[str, Principal | None] = field(default_factory=dict, repr=False)

    @property
    def resources(self) -> Iterator[Resource]:
        """The shared mailboxes that will exist."""
        return (r for r in self.opened if r.key.kind is Kind.SHARED_MAILBOX)

    @property
    def opened(self) -> Iterator[Resource]:
        """Every mailbox that people are given access to, their own ones included."""
        return (r for r in self.observed.resources if r.key.kind in _OPENED and not r.unwanted)

    def value(self, resource: Resource, aspect: str, path: Path) -> Any:
        """What it will have: as wished, else as observed; None where neither says."""
        wished = self.desired.get(resource.key, {})
        if path in wished:
            return wished[path]
        seen = self.observed.seen.get(aspect, {}).get(resource.key)
        return seen.fields.get(path) if isinstance(seen, Present) else None

    def rights(self, resource: Resource) -> Mapping[str, frozenset[str]]:
        """Who will hold which rights, by address."""
        if resource.key not in self._held:
            self._held[resource.key] = self._rights(resource)
        return self._held[resource.key]

    def _rights(self, resource: Resource) -> Mapping[str, frozenset[str]]:
        wished = self.desired.get(resource.key, {})
        paths: list[Path] = [path for path in wished if path[:1] == ACCESS and len(path) == 3]
        seen = self.observed.seen.get(ACCESS[0], {}).get(resource.key)
        if isinstance(seen, Present) and ACCESS not in wished:  # unmanaged, or only a minimum
            paths += seen.fields
        held: dict[str, frozenset[str]] = {}
        for _, who, right in paths:
            if right != AUTO_MAPPING:
                held[who] = _with(held.get(who, _NONE), right)
        return held

    def principal(self, who: str) -> Principal | None:
        if who not in self._known:
            found = self.context.ahead.by_address(who)
            self._known[who] = found[0] if len(found) == 1 else None
        return self._known[who]

    def people(self, resource: Resource, right: str) -> dict[str, Principal]:
        """The persons who will hold a right, groups expanded, by address."""
        directory = self.context.ahead
        found: dict[str, Principal] = {}
        for who, rights in self.rights(resource).items():
            trustee = self.principal(who) if right in rights else None
            for guid in directory.people(trustee) if trustee else ():
                person = directory.principals[guid]
                found[person.address.lower()] = person
        return found


@cache
def _with(rights: frozenset[str], right: str) -> frozenset[str]:
    """One more right. There are few combinations, and one set for each will do."""
    return rights | {right}


def finding(
    code: str,
    resource: Resource,
    message: str,
    *,
    about: str = "",
    severity: Severity = Severity.WARNING,
    at: tuple[str, ...] = (),
) -> Finding:
    """A finding about one resource, or about something (`about`) of it, at its line."""
    subject = f"{resource.key.address}/{about}" if about else resource.key.address
    return Finding(code, subject, severity, message, resource.key, resource.at(*at))
