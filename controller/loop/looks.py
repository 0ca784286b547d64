"""One look at the source for all who ask at about the same time: many tenants live in one repository."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from controller.errors import ControllerError, UsageError
from controller.source import Revision, Source
from controller.source.revision import tenant_id_of
from controller.spec import TenantSpecs


class Looks:
    """`found` is called with every revision that was read anew."""

    def __init__(
        self, source: Source, now: Callable[[], datetime], found: Callable[[Revision], None]
    ) -> None:
        self.source = source
        self._now = now
        self._found = found
        self._turn = asyncio.Lock()
        self._began: datetime | None = None
        self._seen: Revision | ControllerError | None = None

    async def newest(self, since: datetime, slack: timedelta = timedelta()) -> Revision:
        """As the source is, seen not before `since` (less `slack`). Raises what was wrong with it."""
        async with self._turn:
            began = self._now()
            # Seen later than now: the clock was set back since, and does not tell how old that is.
            if self._seen is None or self._began is None or not since - slack <= self._began <= began:
                seen: Revision | ControllerError
                try:
                    seen = await self.source.newest()
                    _each_tenant_once(seen)
                except ControllerError as error:
                    seen = error
                self._began, self._seen = began, seen
                if isinstance(seen, Revision):
                    self._found(seen)
            if isinstance(self._seen, ControllerError):
                raise self._seen.with_traceback(None)
            return self._seen


def _each_tenant_once(revision: Revision) -> None:
    """Two Tenant documents about one tenant would each be ignorant of the other's documents."""
    seen: dict[str, TenantSpecs] = {}
    for specs in revision.estate.tenants:
        other = seen.setdefault(tenant_id_of(specs).lower(), specs)
        if other is not specs:
            raise UsageError(
                f"{specs.tenant.origin} and {other.tenant.origin} are about one tenant "
                f"({tenant_id_of(specs)}): keep one of them, with all its documents beside or below it"
            )
