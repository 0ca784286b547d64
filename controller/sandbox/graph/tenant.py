"""The directory as Graph's callers find it: who is there, as late as replicas are, and how it is changed.

The fact a reader would not guess: Graph has no way to pin a reader to the writer's replica, so even the
caller's own write is seen late [reference: Graph API, errors, directory writes].
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from controller.sandbox.graph import apps
from controller.sandbox.graph.errors import bad_request, not_found
from controller.sandbox.graph.permissions import sight
from controller.sandbox.graph.rows import Row, type_of
from controller.sandbox.graph.wire import Request
from controller.sandbox.state import Caller, Sandbox
from controller.sandbox.world import NEVER, AuditRecord, Entry, World

DELETED_KEPT = timedelta(days=30)  # a soft-deleted object can be restored so long [reference: users]


class Tenant:
    """Reads and writes of one sandbox's directory, at the sandbox's own time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    # --- reading -------------------------------------------------------------------------------------

    def seen(self, entry: Entry, what: str = "object") -> Entry | None:
        """The entry as this service's replica has it; `what` names the delay that counts."""
        return self.world.seen(entry, self.now, self.sandbox.weather.lag("graph", what))

    def row(self, object_id: str, caller: Caller, *, deleted: bool = False) -> Row | None:
        """The object of that id; None where the replica does not have it (or only among the deleted)."""
        entry = self.world.entries.get(object_id)
        if entry is None:
            return apps.row(self.world, object_id, caller)
        view = self.seen(entry)
        type_name = type_of(view) if view is not None else None
        if view is None or type_name is None or (view.deleted is not None) is not deleted:
            return None
        if view.deleted is not None and view.deleted + DELETED_KEPT <= self.now:
            return None
        return Row(type_name, view.object_id, self.world, view, sight=sight(caller, type_name))

    def ids(self, *types: str) -> list[str]:
        """Ids of every object whose type today is one of `types`, in the tenant's order."""
        return [entry.object_id for entry in self.world.entries.values() if type_of(entry) in types]

    def user(self, key: str, caller: Caller) -> Row:
        """A user by id or principal name.

        Raises:
            GraphError: 404 where there is none (that a replica knows of).
        """
        wanted = key.lower()
        for entry in self.world.candidates(key):
            row = self.row(entry.object_id, caller)
            if row is None or row.type != "user" or row.entry is None:
                continue
            if wanted in (row.id.lower(), (row.entry.upn or "").lower()):
                return row
        raise not_found(key)

    def object(self, key: str, caller: Caller, *types: str) -> Row:
        """An object by id, of one of `types` (any, where none are named).

        Raises:
            GraphError: 400 for what is no id, 404 where there is none.
        """
        if not is_guid(key):
            raise bad_request(f"Invalid object identifier '{key}'.")
        found = next(
            (e.object_id for e in self.world.candidates(key) if e.object_id.lower() == key.lower()), key
        )
        row = self.row(found, caller)
        if row is None or (types and row.type not in types):
            raise not_found(key)
        return row

    def members(self, group: Entry) -> list[str]:
        """Member ids as the replica has them; people in the bin are not shown but still members."""
        view = self.seen(self.world.entries.get(group.object_id, group), "member")
        return list(view.members) if view is not None else []

    def members_below(self, group: Entry) -> list[str]:
        """Members of the group and of the groups in it, each once, nearest first."""
        found: dict[str, None] = {}
        waiting = self.members(group)
        while waiting:
            member = waiting.pop(0)
            if member in found or member == group.object_id:
                continue
            found[member] = None
            inner = self.world.entries.get(member)
            if inner is not None and type_of(inner) == "group":
                waiting.extend(self.members(inner))
        return list(found)

    def groups_of(self, object_id: str) -> list[str]:
        return [group.object_id for group in self._groups() if object_id in self.members(group)]

    def groups_above(self, object_id: str) -> list[str]:
        """Groups the object is in, directly or through another group."""
        parents: dict[str, list[str]] = {}
        for group in self._groups():
            for member in self.members(group):
                parents.setdefault(member, []).append(group.object_id)
        found: dict[str, None] = {}
        waiting = list(parents.get(object_id, []))
        while waiting:
            group_id = waiting.pop(0)
            if group_id not in found:
                found[group_id] = None
                waiting.extend(parents.get(group_id, []))
        return list(found)

    def _groups(self) -> Iterator[Entry]:
        return (entry for entry in self.world.entries.values() if type_of(entry) == "group")

    # --- writing -------------------------------------------------------------------------------------

    def target(self, row: Row) -> Entry:
        """The entry itself, where a row shows a replica's view of it."""
        entry = self.world.entries.get(row.id)
        if entry is None:
            raise not_found(row.id)
        return entry

    def before(self, *entries: Entry) -> None:
        """To be called before entries are changed."""
        for entry in entries:
            self.world.before_write(entry, self.now, "")

    def record(
        self,
        request: Request,
        operation: str,
        subject: str,
        parameters: Iterable[tuple[str, Any]],
        workload: str = "AzureActiveDirectory",
        *,
        audited: bool = True,
    ) -> None:
        """One line of the audit log, as Entra tells it; `workload` Exchange where a mailbox does. What is
        not `audited` no search finds."""
        number = len(self.world.audit)
        digest = hashlib.sha256(f"{self.now.isoformat()}|{operation}|{number}".encode()).digest()
        self.world.audit.append(
            AuditRecord(
                id=str(uuid.UUID(bytes=digest[:16], version=4)),
                at=self.now,
                visible=self.now + self.sandbox.weather.lag("graph", "audit") if audited else NEVER,
                actor=request.caller.app.name,
                operation=operation,
                workload=workload,
                object_id=subject,
                parameters=[(name, _spelt(value)) for name, value in parameters],
                app_id=request.caller.app.client_id,
                request_id=request.request_id,
            )
        )


def is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _spelt(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return ";".join(_spelt(item) for item in value)
    return "" if value is None else str(value)
