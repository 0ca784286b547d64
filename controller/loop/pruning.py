"""What the journal need not keep any longer is taken away, once a day for each tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from controller.errors import StateError
from controller.journal import Journal
from controller.turn import Reason, Turn

_log = structlog.get_logger()
_EVERY: Final = timedelta(days=1)
_NOT_NOW: Final = (Reason.NOT_LEADING, Reason.JOURNAL_UNREACHABLE, Reason.STOPPED)


@dataclass(slots=True)
class Pruning:
    """Listens to turns. `history` and `messages` are how long each is kept."""

    journal: Callable[[], Journal]
    now: Callable[[], datetime]
    history: timedelta
    messages: timedelta
    _done: dict[str, datetime] = field(default_factory=dict)

    async def __call__(self, turn: Turn) -> None:
        now = self.now()
        last = self._done.get(turn.tenant_id)
        if not turn.tenant_id or turn.reason in _NOT_NOW or (last and timedelta() <= now - last < _EVERY):
            return
        try:
            taken = await asyncio.to_thread(self._prune, turn.tenant_id, now)
        except StateError as error:
            _log.warning("journal.not-pruned", tenant=turn.tenant, error=str(error))
            return
        self._done[turn.tenant_id] = now
        if taken:
            _log.info("journal.pruned", tenant=turn.tenant, rows=taken)

    def _prune(self, tenant_id: str, now: datetime) -> int:
        journal = self.journal()
        return journal.prune(tenant_id, now - self.history) + journal.outbox.prune(now - self.messages)
