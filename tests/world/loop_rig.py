"""The loop against simulated tenants, on a clock that jumps from one alarm to the next: a week takes seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from controller.lead import Alone, Leadership
from controller.loop import Halt, Loop, Means, Timetable, untraced
from controller.source import FolderSource
from controller.turn import Turn
from tests.rig import Rig

PATIENCE = 60  # seconds of real time for one turn, on a machine that does other things too


class JumpingAlarms:
    """Rings when it is told that time has passed."""

    def __init__(self) -> None:
        self.at: dict[str, datetime] = {}
        self.ring: Callable[[str], None] = lambda name: None
        self.stopped = False

    def start(self, ring: Callable[[str], None]) -> None:
        self.ring = ring

    def set(self, name: str, at: datetime) -> None:
        self.at[name] = at

    def stop(self) -> None:
        self.stopped = True

    def pop(self) -> tuple[str, datetime]:
        name = min(self.at, key=lambda each: self.at[each])
        return name, self.at.pop(name)


class Follow:
    """A loop that runs. `rigs` are the tenants, by their id; the first one's clock is everybody's."""

    def __init__(self, folder: Path, *rigs: Rig, source: Any = None, lead: Leadership | None = None, **options: Any) -> None:
        self.rigs = {rig.sandbox.world.tenant_id: rig for rig in rigs}
        self.rig = rigs[0]
        self.alarms: Any = options.pop("alarms", None) or JumpingAlarms()
        self.halt = Halt()
        self.turns: list[Turn] = []
        self._told: asyncio.Queue[Turn] = asyncio.Queue()
        means = Means(
            connect=lambda specs: self.rigs[specs.tenant.spec.tenant_id].connection(),
            journal=options.pop("journal", lambda: self.rig.journal),
            leadership=lead or Alone(),
            now=options.pop("now", self.rig.clock.now),
            sleep=self.rig.sleep,
            told=options.pop("told", lambda outcome: None),
            traced=options.pop("traced", untraced),
        )
        listeners = [self._hear, *options.pop("listeners", ())]
        self.loop = Loop(
            source or FolderSource(folder), means, Timetable(Random(1)), self.alarms, self.halt, listeners=listeners, **options
        )

    async def _hear(self, turn: Turn) -> None:
        self.turns.append(turn)
        await self._told.put(turn)

    async def turn(self) -> Turn:
        return await asyncio.wait_for(self._told.get(), PATIENCE)

    async def next(self) -> Turn:
        """Lets time pass until the next alarm, and waits for the turn that it brings."""
        name, at = self.alarms.pop()
        self.pass_until(at)
        self.alarms.ring(name)
        return await self.turn()

    def pass_until(self, at: datetime) -> None:
        self.rig.clock.advance(max(at - self.rig.clock.now(), timedelta()))

    async def until(self, moment: datetime) -> None:
        while min(self.alarms.at.values()) <= moment:
            await self.next()
        self.pass_until(moment)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Turn]:
        """Yields the first turn; at the end the loop is stopped, and has ended."""
        task = asyncio.ensure_future(self.loop.run())
        try:
            yield await self.turn()
        finally:
            self.loop.stop()
            await asyncio.wait_for(task, PATIENCE)
