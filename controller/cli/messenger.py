"""The task that tells people, beside the loop: started before it, and given a moment to finish after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

import structlog

from controller.errors import ControllerError
from controller.journal import Journal
from controller.notify import Notifier, open_notifier
from controller.settings import Settings

_LAST_WORD: Final = 10.0  # seconds; what is not sent by then waits in the journal for the next start
_log = structlog.get_logger()


@asynccontextmanager
async def messenger(
    settings: Settings, journal: Callable[[], Journal], repository: str | None, now: Callable[[], datetime]
) -> AsyncIterator[Notifier]:
    """`repository` is where git fetches the specs from; None: messages name file and line only."""
    ended = asyncio.Event()
    async with open_notifier(journal, settings, now=now, repository=repository) as notifier:
        task = asyncio.ensure_future(notifier.run(ended.wait))
        try:
            yield notifier
        finally:
            ended.set()
            try:
                async with asyncio.timeout(_LAST_WORD):
                    await task
                    await notifier.deliver()
            except (TimeoutError, ControllerError) as error:
                _log.warning("notifications.left", error=str(error) or "no time left: sent at the next start")
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
