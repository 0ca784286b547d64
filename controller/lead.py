"""Who may write to a tenant, where several replicas share an estate: the port that apply and the loop ask.

Nothing here knows how a lead is taken: a journal in SQLite has locked files for it, one in PostgreSQL leases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Lead(Protocol):
    """The right to write to one tenant, for as long as it is held."""

    def held(self) -> bool:
        """Asked right before each request that changes something; once False, it stays so. Must not wait."""


class Leadership(Protocol):
    """Hands out the lead of one tenant at a time."""

    def lead(self, tenant_id: str) -> AbstractAsyncContextManager[Lead | None]:
        """The lead for one turn, or None where another replica has it. It is not waited for."""


class Always:
    """The lead of a controller that is alone."""

    def held(self) -> bool:
        return True


class Alone:
    """Leads every tenant: for a journal that no other process shares."""

    @asynccontextmanager
    async def lead(self, tenant_id: str) -> AsyncIterator[Lead | None]:
        yield Always()
