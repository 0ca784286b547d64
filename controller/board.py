"""How things stand, in memory: for each tenant the last turn, and the last that saw the tenant.

All that the page and the probes read, besides the journal. It keeps two turns a tenant and no more, however
long the loop runs; a reader in another thread sees one whole standing or the next.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.turn import Reason, Turn

_MOST: Final = 1000  # tenants; whoever was renamed a thousand times need not be remembered under each name


@dataclass(frozen=True, slots=True)
class Standing:
    """`last_good` is the last turn that saw the tenant, which `last` is, too, if it did."""

    last: Turn
    last_good: Turn | None = None


class Board:
    """A listener of the loop. `estate` is set while the source cannot be read and no tenant is known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standings: dict[str, Standing] = {}
        self.estate: Turn | None = None

    async def __call__(self, turn: Turn) -> None:
        self.add(turn)

    def add(self, turn: Turn) -> None:
        with self._lock:
            if not turn.tenant_id:
                self.estate = turn
                return
            self.estate = None
            before = self._standings.pop(turn.tenant_id, None)
            good = turn if turn.looked else before.last_good if before else None
            self._standings[turn.tenant_id] = Standing(turn, good)
            while len(self._standings) > _MOST:
                del self._standings[next(iter(self._standings))]

    def forget(self, tenant_id: str) -> None:
        """It is in the specs no more."""
        with self._lock:
            self._standings.pop(tenant_id, None)

    def standings(self) -> Mapping[str, Standing]:
        """By tenant id."""
        with self._lock:
            return dict(self._standings)

    @property
    def ready(self) -> bool:
        """Whether a first cycle was completed, or another replica has that in hand."""
        return any(
            standing.last_good is not None or standing.last.reason is Reason.NOT_LEADING
            for standing in self.standings().values()
        )
