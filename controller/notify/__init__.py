"""Telling people, on a change of state and never otherwise: drift, failures, refusals, access that ends soon.

`Notifier` listens to the loop and notes what is new (`noting`); a task of its own sends it (`courier`), so
that no cycle waits for somebody's web hook. Nothing here decides what a cycle does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from controller.clients import Connection, connect
from controller.clients.hooks import Hooks, open_hooks
from controller.errors import ControllerError
from controller.journal import Journal
from controller.notify.channels import Means
from controller.notify.courier import Courier
from controller.notify.desk import Desk
from controller.notify.links import Pages, forge_at, pages_of
from controller.notify.noting import desks, note, note_drift
from controller.settings import Settings, for_credentials
from controller.turn import Turn

__all__ = ["Notifier", "open_notifier"]

_log = structlog.get_logger(__name__)
_PATIENCE: Final = 10.0  # seconds for the journal, before healing goes on
_PASS: Final = 30.0  # seconds between two looks at what waits, where no turn wakes the courier before

Connect = Callable[[Desk], AbstractAsyncContextManager[Connection]]


class Notifier:
    """A listener of the loop, and the task that sends. `pages` are those of the specs at their
    forge, if they are at one."""

    def __init__(self, journal: Callable[[], Journal], courier: Courier, pages: Pages | None) -> None:
        self._journal = journal
        self._courier = courier
        self.pages = pages
        self._desks: dict[str, Desk] = {}
        self._woken = asyncio.Event()

    async def __call__(self, turn: Turn) -> None:
        """Notes what is new. Raises StateError."""
        if not turn.tenant_id:  # the source cannot be read, and no tenant is known: all that ever were
            await asyncio.to_thread(self._note_everywhere, turn)
        else:
            desk = await asyncio.to_thread(self._note, turn)
            if desk is not None:
                self._desks[turn.tenant_id] = desk
        self._woken.set()

    async def foresee(self, turn: Turn) -> None:
        """Notes the drift that a turn is about to heal. Raises nothing, and takes its time from nobody for
        long: healing goes on."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.to_thread(lambda: note_drift(self._journal(), turn, self.pages))
        except (TimeoutError, ControllerError) as error:
            _log.warning("notifications.unforeseen", error=str(error) or "it took too long")

    def _note_everywhere(self, turn: Turn) -> None:
        for desk in desks(self._journal()):
            self._desks.setdefault(desk.tenant_id, desk)
            self._note(replace(turn, tenant=desk.tenant, tenant_id=desk.tenant_id))

    def _note(self, turn: Turn) -> Desk | None:
        return note(self._journal(), turn, self.pages)

    def _remembered(self) -> dict[str, Desk]:
        return {desk.tenant_id: desk for desk in desks(self._journal())}

    async def deliver(self) -> int:
        """Sends what is due, once; returns how many messages went. Raises StateError."""
        if not self._desks:
            self._desks = await asyncio.to_thread(self._remembered)
        return await self._courier.deliver(tuple(self._desks.values()))

    async def run(self, stopped: Callable[[], Awaitable[object]]) -> None:
        """Sends until `stopped` returns. What goes wrong is logged, and waits in the outbox meanwhile."""
        stop = asyncio.ensure_future(stopped())
        trouble = ""
        while not stop.done():
            self._woken.clear()
            try:
                await self.deliver()
                trouble = ""
            except ControllerError as error:
                if str(error) != trouble:  # the same every half minute tells nothing
                    _log.warning("notifications.waiting", error=str(error))
                trouble = str(error)
            except Exception:  # whatever it is, the next pass must come
                _log.exception("notifications.failed")
            await self._wait(stop)

    async def _wait(self, stop: asyncio.Future[object]) -> None:
        woken = asyncio.ensure_future(self._woken.wait())
        await asyncio.wait((woken, stop), timeout=_PASS, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()


@asynccontextmanager
async def open_notifier(
    journal: Callable[[], Journal],
    settings: Settings,
    *,
    now: Callable[[], datetime],
    repository: str | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    hooks: Hooks | None = None,
    reach: Connect | None = None,
) -> AsyncIterator[Notifier]:
    """`journal` opens it, or raises StateError. In tests, `hooks` stand in for the way to the hooks and
    `reach` for the tenant. `repository` is where git fetches the specs from."""
    async with nullcontext(hooks) if hooks else open_hooks(settings) as way:
        courier = Courier(journal, _means(settings, way, reach), now=now, sleep=sleep)
        forge = forge_at(repository, settings.forge_url)
        yield Notifier(journal, courier, pages_of(repository, forge))


def _means(settings: Settings, hooks: Hooks, reach: Connect | None) -> Callable[[Desk], Means]:
    def at(desk: Desk) -> AbstractAsyncContextManager[Connection]:
        own = for_credentials(settings, desk.variables)
        return connect(own, tenant_id=desk.tenant_id, cloud=desk.cloud)

    return lambda desk: Means(settings, hooks, lambda: (reach or at)(desk))
