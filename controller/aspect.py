"""The contract that one side of a resource fulfils: access, identity, sent items…

An aspect is one file in `controller/aspects/`, found by walking the package; aspects are strangers to each
other. It says in a table what it compares, and talks to the service by hand. What it reads and what is
desired are both flat mappings from paths to canonical values; `controller.drift` compares them, and the
aspect turns each delta into a change with the very requests that settle it.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any, ClassVar

from controller import canon
from controller.clients import Reader, Receipt, Writer
from controller.directory import Directory, Principal
from controller.fields import Field
from controller.memory import Memory
from controller.model import (
    Absent,
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Mode,
    Observation,
    Origin,
    Path,
    Present,
    Request,
    Want,
)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What an aspect needs in the tenant: cmdlets for Exchange, application permissions for Graph, privileges
    (`prv…`) for Dataverse."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A document and the object of the tenant that it is about, as far as there is one.

    `spec` is the document's model. `principal` and `row` (of Get-Mailbox, of a list Get-DistributionGroup)
    are None where the tenant has no such object yet; `holder` is whoever else has its address then.
    `identity` is what cmdlets are given to name it: its GUID, which no rename changes, or its address before
    it is created.
    """

    key: Key
    spec: Any
    document: Any
    principal: Principal | None = None
    row: Mapping[str, Any] | None = None
    holder: Principal | None = None

    @property
    def identity(self) -> str:
        return self.principal.guid if self.principal else self.key.address

    @property
    def unwanted(self) -> bool:
        """Whether the document wishes it away."""
        return bool(self.spec.is_unwanted)

    @property
    def only_reported(self) -> bool:
        """Whether the document lowers the mode for itself. A Tenant's mode is the loop's, and no wish about
        its own settings."""
        return self.key.kind is not Kind.TENANT and self.spec.mode is Mode.REPORT

    @property
    def is_synced(self) -> bool:
        """Whether an on-premises directory owns it: nothing of it can be changed here."""
        row = self.row or {}
        return bool(canon.flag(row.get("IsDirSynced")) and not canon.flag(row.get("IsExchangeCloudManaged")))

    @property
    def object_path(self) -> str:
        """How Graph names it; in braces while its id is known only after its creation."""
        return f"/users/{self.principal.object_id if self.principal else f'{{{self.key.address}}}'}"

    def at(self, *path: str) -> Origin:
        origin: Origin = self.document.at(*path)
        return origin


@dataclass(frozen=True, slots=True)
class Context:
    """What deciding needs besides the resource: the moment, who is who, what we remember. `coming` is the
    directory as the plan leaves it, where it differs; `founding` has the ids of the changes that create
    somebody in it, by their GUID there; `leaving` tells, by the GUID of a list, whom a date in its document
    took off it, and when."""

    now: datetime
    zone: tzinfo
    tenant: Any  # the Tenant document's model
    directory: Directory
    memory: Memory = field(default_factory=Memory)
    released: Mapping[str, str] = field(default_factory=dict)  # addresses given up, by the change's id
    coming: Directory | None = None
    founding: Mapping[str, str] = field(default_factory=dict)
    leaving: Mapping[str, Mapping[str, tuple[datetime, Origin]]] = field(default_factory=dict)
    deadline: timedelta = timedelta(hours=1)  # how long what is new may stay unseen

    def is_young(self, key: Key) -> bool:
        """Whether a service may still have to learn of the object."""
        born = self.memory.born.get(key)
        awaited = self.memory.awaited.get(str(key))
        since = awaited.since if awaited and awaited.accepted else born
        return since is not None and self.now - since < self.deadline

    @property
    def ahead(self) -> Directory:
        """Who will be who once the plan is applied: whom a document may name."""
        return self.directory if self.coming is None else self.coming

    def needs(self, principal: Principal) -> tuple[str, ...]:
        """What has to happen before somebody can be named to the service."""
        return (self.founding[principal.guid],) if principal.guid in self.founding else ()


class Aspect(ABC):
    """One side of a resource, read, compared and written as a unit."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[Kind]]
    permissions: ClassVar[Permissions]
    mailbox_properties: ClassVar[tuple[str, ...]] = ()  # what it needs of the Get-Mailbox row
    list_properties: ClassVar[tuple[str, ...]] = ()  # the same of the Get-DistributionGroup row
    founds: ClassVar[bool] = False  # whether it is the one that creates and deletes the object

    def concerns(self, resource: Resource) -> bool:
        """Whether the document says anything about this aspect; if not, it is not even read."""
        return True

    @abstractmethod
    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """What the tenant has, for all resources at once; every key is answered."""

    def fresh(self, resource: Resource) -> Present:
        """What a mailbox has right after its creation."""
        return Present({})

    @abstractmethod
    def desired(self, resource: Resource, context: Context) -> Desired:
        """What the document asks for at `context.now`."""

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """What a document says that asks for exactly what was read: paths of the spec to plain YAML values,
        as they are compared unless `spelt` has better words. What no document can say is left out."""
        return {
            path: present.spelt.get(path, value)
            for path, value in present.fields.items()
            if value is not None
        }

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """What is compared: what was read, and what only our own record can tell."""
        return present.fields

    @abstractmethod
    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        """The change that settles a delta, with its requests; or why it is deliberately not planned."""

    def own_record(self, change: Change, request: Request) -> Mapping[str, bool | None]:
        """What to keep in our own record when the request goes out, as no service can tell it later."""
        return {}

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """Sends one of the change's requests. An aspect whose requests name things that did not exist when
        the plan was made (`{…}` in the plan) looks up their ids here, and changes nothing else of them."""
        return await writer.send(request)


class MailboxFields(Aspect):
    """An aspect that is nothing but a table of properties of the mailbox object (Get-/Set-Mailbox).
    One change, one Set-Mailbox, one property. `besides` are properties that deciding needs, too."""

    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(read=("Get-Mailbox",), write=("Set-Mailbox",))
    table: ClassVar[tuple[Field, ...]]
    besides: ClassVar[tuple[str, ...]] = ()
    _heads: ClassVar[frozenset[str]] = frozenset()  # the fields of a document that the table is about
    setter: ClassVar[str] = "Set-Mailbox"  # others have a row of their own, and read it themselves

    def __init_subclass__(cls) -> None:
        if "table" in vars(cls) and cls.setter == "Set-Mailbox":
            cls.mailbox_properties = (*(entry.property for entry in cls.table), *cls.besides)
        if "table" in vars(cls):
            cls._heads = frozenset(entry.attribute.partition(".")[0] for entry in cls.table)

    def concerns(self, resource: Resource) -> bool:
        spec = resource.spec
        return any(getattr(spec, head, None) is not None for head in self._heads) and any(
            entry.written(spec) is not None for entry in self.table
        )

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        return {r.key: Absent() if r.row is None else self.from_row(r.row) for r in resources}

    def from_row(self, row: Mapping[str, Any]) -> Present:
        return Present({entry.path: entry.seen(row) for entry in self.table})

    def fresh(self, resource: Resource) -> Present:
        return self.from_row({})

    def desired(self, resource: Resource, context: Context) -> Desired:
        wants = {}
        for entry in self.table:
            if (value := entry.written(resource.spec)) is not None:
                wants[entry.path] = Want(entry.canon(value), value, resource.at(*entry.path))
        return Desired(wants)

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        return self.update(delta, resource)

    def update(self, delta: Delta, resource: Resource, **rest: Any) -> Change:
        """The change of one property. `rest` says more about it: notes, what it depends on."""
        entry = next(entry for entry in self.table if entry.path == delta.path)
        assert delta.want is not None  # a table of single values has no members that could go
        parameters = {"Identity": resource.identity, entry.property: entry.encode(delta.want.verbatim)}
        made: dict[str, Any] = {
            "risk": entry.risk(delta.before, delta.after),
            "requests": (Request("exchange", self.setter, parameters),),
            **rest,
        }
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=delta.path,
            before=delta.before,
            after=delta.want.verbatim,
            origin=delta.origin,
            **made,
        )


def set_mailbox(resource: Resource, parameters: Mapping[str, Any]) -> Request:
    return Request("exchange", "Set-Mailbox", {"Identity": resource.identity, **parameters})


def on_list(cmdlet: str, resource: Resource, parameters: Mapping[str, Any]) -> Request:
    """A write to a list. An application never owns one, and says so each time
    [doc: Set-DistributionGroup BypassSecurityGroupManagerCheck]."""
    bypass = {"BypassSecurityGroupManagerCheck": True}
    return Request("exchange", cmdlet, {"Identity": resource.identity, **parameters, **bypass})


def set_recipient(resource: Resource, parameters: Mapping[str, Any]) -> Request:
    """Of a mailbox or a list, what both have."""
    if resource.key.kind is Kind.DISTRIBUTION_LIST:
        return on_list("Set-DistributionGroup", resource, parameters)
    return set_mailbox(resource, parameters)


def add_or_remove(action: Action, value: str) -> dict[str, Any]:
    """The delta form of a multi-valued property; a plain list would replace all of it."""
    key = "Add" if action in (Action.ADD, Action.GRANT) else "Remove"
    return {"@odata.type": "#Exchange.GenericHashTable", key: [value]}


@cache
def all_aspects() -> tuple[Aspect, ...]:
    """Every aspect there is, in the order of their names."""
    package = importlib.import_module("controller.aspects")
    found: list[Aspect] = []
    for module in pkgutil.iter_modules(package.__path__):
        members = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
        found += [member() for member in members if _is_aspect(member, f"{package.__name__}.{module.name}")]
    return tuple(sorted(found, key=lambda aspect: aspect.name))


def _is_aspect(member: object, module: str) -> bool:
    return isinstance(member, type) and issubclass(member, Aspect) and member.__module__ == module
