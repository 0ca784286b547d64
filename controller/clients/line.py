"""The line in front of a service: so many places at once, so many at one mailbox, neighbours together.

Every request waits here, batchable or not. Whatever is waiting when a place comes free and may share an
envelope leaves as one group; so a burst fills its batches without a timer, and a lone request leaves
alone. The fact one would not guess: without a line, requests queued inside httpx die of `PoolTimeout`;
and Outlook allows four requests at a time at one mailbox, those inside batches included
[doc: Graph throttling limits].
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from controller.clients.attempt import Failed
from controller.clients.wire import Answer

_PER_MAILBOX: Final = 4  # [doc: Graph throttling limits, Outlook]
_SETTLING_ROUNDS: Final = 4  # turns of the loop that a burst may take to arrive
_LOOK_PAST: Final = 200  # waiting requests looked at before a group leaves less than full


@dataclass(eq=False, slots=True)
class Job:
    """One request in line. `group`: what it may share an envelope with; `mailbox`: what it counts for."""

    item: Any
    attempt: Any
    group: Hashable
    mailbox: str
    future: asyncio.Future[Answer]


@dataclass(eq=False, slots=True)
class Line:
    """`serve` answers every job it is given, by its future, and never raises."""

    serve: Callable[[list[Job]], Awaitable[None]]
    places: int
    size: int
    _waiting: dict[Hashable, deque[Job]] = field(default_factory=dict)
    _at_mailbox: Counter[str] = field(default_factory=Counter)
    _taken: int = 0
    _arrived: int = 0
    _settling: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def wait(self, item: Any, attempt: Any, *, group: Hashable = None, mailbox: str = "") -> Answer:
        """The answer to `item`. `group` None: it leaves alone. Raises what `serve` set."""
        loop = asyncio.get_running_loop()
        job = Job(item, attempt, group, mailbox, loop.create_future())
        self._waiting.setdefault(job if group is None else group, deque()).append(job)
        self._arrived += 1
        if not self._settling:
            self._settling = True
            loop.call_soon(self._settle, loop, self._arrived, _SETTLING_ROUNDS)
        return await job.future

    async def close(self) -> None:
        """Waits for nobody: what is under way is cancelled, what waits is not sent."""
        for queue in self._waiting.values():
            for job in queue:
                job.future.cancel()
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _settle(self, loop: asyncio.AbstractEventLoop, seen: int, rounds: int) -> None:
        """Leaves once a turn of the loop has brought nobody new."""
        if self._arrived > seen and rounds > 0:
            loop.call_soon(self._settle, loop, self._arrived, rounds - 1)
            return
        self._settling = False
        self._pump()

    def _pump(self) -> None:
        while self._taken < self.places and self._waiting:
            jobs = self._take()
            if not jobs:
                return  # everybody waits for a mailbox; whoever leaves one pumps again
            self._taken += 1
            task = asyncio.create_task(self._serve(jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, jobs: list[Job]) -> None:
        try:
            await self.serve(jobs)
        except asyncio.CancelledError:
            for job in jobs:
                job.future.cancel()
            raise
        except BaseException as error:
            # A fault of ours, or an interrupt: it belongs to whoever asked, where it is not lost.
            for job in jobs:
                fail(job, error)
        finally:
            self._taken -= 1
            for job in jobs:
                if job.mailbox:
                    self._at_mailbox[job.mailbox] -= 1
                    if not self._at_mailbox[job.mailbox]:
                        del self._at_mailbox[job.mailbox]
            self._pump()

    def _take(self) -> list[Job]:
        while True:
            jobs: list[Job] = []
            for key in self._waiting:
                queue = self._waiting[key]
                jobs = self._from(queue)
                if jobs or not queue:
                    break
            else:
                return []
            del self._waiting[key]
            if queue:
                self._waiting[key] = queue  # to the end: no group starves another
            if jobs:
                return jobs

    def _from(self, queue: deque[Job]) -> list[Job]:
        taken: list[Job] = []
        passed: list[Job] = []
        while queue and len(taken) < self.size and len(passed) < _LOOK_PAST:
            job = queue.popleft()
            if job.future.done():  # whoever asked has gone
                continue
            if job.mailbox and self._at_mailbox[job.mailbox] >= _PER_MAILBOX:
                passed.append(job)
                continue
            if job.mailbox:
                self._at_mailbox[job.mailbox] += 1
            taken.append(job)
        queue.extendleft(reversed(passed))
        return taken


def answer(job: Job, result: Answer) -> None:
    if not job.future.done():
        job.future.set_result(result)


def fail(job: Job, error: BaseException) -> None:
    """Each gets an exception of its own: one raised in several places would collect their tracebacks."""
    if job.future.done():
        return
    if isinstance(error, Failed):
        error = Failed(error.error, error.nature, claims=error.claims, together=error.together)
    job.future.set_exception(error)
