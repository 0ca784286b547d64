"""Which process leads which tenant, where they share a journal in SQLite: whoever holds a file locked.

There is no lease to renew and nothing to clean up: the system takes the lock back when the process ends,
however it ends. It is not the lock of an apply (`lock`), which `mbx apply` takes beside a loop that leads.
The fact one would not guess: a lock belongs to the open file, not to its name; if somebody deletes the file,
another process could lock a new one of that name. So whoever holds it asks before each write whether it still
has the file that others would find.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from controller.journal.lock import FileLock
from controller.lead import Lead


class FileLead:
    """Held until `close`. Once lost, it stays lost."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock
        self._lost = False

    def held(self) -> bool:
        self._lost = self._lost or not self._lock.is_in_place()
        return not self._lost

    def close(self) -> None:
        self._lost = True
        self._lock.release()


class FileLeads:
    """What one process leads, kept from turn to turn until `close`. `lock_of` makes the lock of a tenant."""

    def __init__(self, lock_of: Callable[[str], FileLock]) -> None:
        self._lock_of = lock_of
        self._guard = threading.Lock()
        self._leads: dict[str, FileLead] = {}

    @asynccontextmanager
    async def lead(self, tenant_id: str) -> AsyncIterator[Lead | None]:
        """The lead for one turn, or None where another process has it. Raises StateError."""
        yield await asyncio.to_thread(self.take, tenant_id)

    def take(self, tenant_id: str) -> FileLead | None:
        with self._guard:
            had = self._leads.get(tenant_id)
            if had is not None and had.held():
                return had
            if had is not None:
                self._leads.pop(tenant_id).close()
            lock = self._lock_of(tenant_id)
            if not lock.take():
                return None
            self._leads[tenant_id] = FileLead(lock)
            return self._leads[tenant_id]

    def leader(self, tenant_id: str) -> str:
        """Who took it last, as that process wrote itself down; empty where nobody ever did."""
        return self._lock_of(tenant_id).holder()

    def close(self) -> None:
        """Gives everything back, so that others need not wait."""
        with self._guard:
            for lead in self._leads.values():
                lead.close()
            self._leads.clear()
