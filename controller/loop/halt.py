"""Stopping: asked for once, heard everywhere. What waits stops waiting; what is being written is finished."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


class Halt:
    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.thread = threading.Event()  # the same, for whoever waits in a thread

    def ask(self) -> None:
        self.thread.set()
        self._asked.set()

    def asked(self) -> bool:
        return self._asked.is_set()

    async def wait(self) -> None:
        await self._asked.wait()

    async def sleep(self, seconds: float) -> None:
        """Ends early when a stop is asked for."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)
