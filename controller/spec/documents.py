"""What loading a specs folder gives: documents, and the tenants they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controller.model import Key, Kind, Origin

if TYPE_CHECKING:
    from pydantic import BaseModel

    from controller.spec.written import Written


@dataclass(frozen=True, slots=True)
class Document:
    """One document that is right by itself. `origin` is where it starts; `key` names what it describes,
    and is None for those that describe nothing: Tenant, Approval, Policy, Profile."""

    kind: Kind
    spec: BaseModel
    origin: Origin
    key: Key | None = None
    written: Written | None = field(default=None, repr=False, compare=False)

    def at(self, *path: str) -> Origin:
        """Where the value at a path was written: `at("access", "alice@…")`, `at("aliases", "0")` or
        `at("aliases", "info@…")`. What is absent is answered with the nearest that is there around it."""
        if self.written is None or not path:
            return self.origin
        return _Place(self.written, path)


class _Place(Origin):
    """Where a value was written, worked out when somebody looks: few places ever are looked at, as what
    is as it should be has one, too, and working them out parses the document once more."""

    __slots__ = ("_at", "_written")
    _at: tuple[str, ...]
    _written: Written

    def __init__(self, written: Written, at: tuple[str, ...]) -> None:
        object.__setattr__(self, "_written", written)
        object.__setattr__(self, "_at", at)

    def __getattr__(self, name: str) -> Any:
        """`path`, `line` and `column`, which nobody has set so far."""
        if name not in ("path", "line", "column"):
            raise AttributeError(name)
        found = self._written.at(self._at)
        for each in ("path", "line", "column"):
            object.__setattr__(self, each, getattr(found, each))
        return getattr(found, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Origin):
            return NotImplemented
        return (self.path, self.line, self.column) == (other.path, other.line, other.column)

    def __hash__(self) -> int:
        return hash((self.path, self.line, self.column))


@dataclass(frozen=True, slots=True)
class TenantSpecs:
    """A Tenant document and what belongs to it: resources in the order of their files and lines.

    `digest` is over the contents of this tenant's files and their paths inside the specs folder; `files`
    are those paths and contents, so that a saved plan can carry what it was made from."""

    tenant: Document
    documents: tuple[Document, ...]
    approvals: tuple[Document, ...]
    digest: str
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    policies: tuple[Document, ...] = ()
    profiles: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Estate:
    """All tenants of a specs folder, in the order of their files."""

    tenants: tuple[TenantSpecs, ...]
