"""Following a source and its tenants: who is looked at when, side by side, until told to stop.

Each tenant has a task of its own, which takes one turn after another; an alarm, a hook or a signal only
wakes it. However often it is woken during a turn, one more follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from controller.errors import UsageError
from controller.loop.alarms import Alarms
from controller.loop.halt import Halt
from controller.loop.looks import Looks
from controller.loop.telling import tell
from controller.loop.timetable import Timetable, coming
from controller.loop.turning import LeftError, Means, Turning, told_of
from controller.source import Revision, Source
from controller.spec import TenantSpecs
from controller.turn import Listener, Reason, Turn

_log = structlog.get_logger()
_SIDE_BY_SIDE: Final = 8  # tenants at work at once: what each observes is held in memory meanwhile
_SLACK: Final = timedelta(seconds=5)  # a look at the source that is no older will do, unless one is asked for
_ESTATE: Final = ""  # the alarm for the source itself, while no tenant is known
_ASKED: Final = "asked"  # the alarm for a look that was asked for too soon after another
_CALM: Final = timedelta(seconds=5)  # between looks that somebody asks for: a hundred pushes are one look
_RECOVERY: Final = 60.0  # seconds after what should not have happened
_LAST_WORD: Final = 5.0  # seconds for what was cancelled to let go
_FINE: Final = (None, Reason.NOT_LEADING, Reason.STOPPED)


class Loop:
    """`left` hears the id of a tenant that is in the specs no more. `only` is the name of the one tenant to
    follow. `stop_within` is how long a stop waits for what is being written; what is cut off then is looked
    at by the next run before anything is repeated."""

    def __init__(
        self,
        source: Source,
        means: Means,
        timetable: Timetable,
        alarms: Alarms,
        halt: Halt,
        *,
        listeners: Sequence[Listener] = (),
        left: Callable[[str], None] = lambda tenant_id: None,
        only: str | None = None,
        stop_within: timedelta = timedelta(seconds=30),
    ) -> None:
        self._looks = Looks(source, means.now, self._found)
        self._means = means
        self._timetable = timetable
        self._alarms = alarms
        self._halt = halt
        self._listeners = listeners
        self._left = left
        self._only = only
        self._stop_within = stop_within
        self._places = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._followers: dict[str, _Follower] = {}
        self._hard = asyncio.Event()
        self._estate_failures = 0
        self._asked_at: datetime | None = None
        self._asked_for: datetime | None = None  # when the look that was put off comes
        self._staying = False
        self._estate: asyncio.Task[None] | None = None

    # --- from outside -------------------------------------------------------------------------------

    def look(self, why: str) -> None:
        """A look at every tenant, now. Asked again before it began, it is the same look."""
        now = self._means.now()
        if self._asked_at and timedelta() <= now - self._asked_at < _CALM:
            at = self._asked_at + _CALM
            write = _log.debug if self._asked_for == at else _log.info
            write("look.asked", why=why, at=at.isoformat(timespec="seconds"))
            self._asked_for = at
            self._alarms.set(_ASKED, at)
        else:
            _log.info("look.asked", why=why)
            self._look_at_all(now)

    def _look_at_all(self, now: datetime) -> None:
        self._asked_at = now
        for follower in self._followers.values():
            follower.wake(now, timedelta())
        if not self._followers:
            self._ring(_ESTATE)

    def stop(self) -> None:
        """Finishes what is being written, within the deadline; asked again, at once."""
        if self._halt.asked():
            self._hard.set()
        else:
            writing = [each.turning.tenant for each in self._followers.values() if each.turning.writing]
            _log.info("loop.stopping", writing=writing, within=self._stop_within.total_seconds())
        self._halt.ask()
        for follower in self._followers.values():
            follower.stop()

    async def run(self) -> None:
        """Until it is stopped."""
        self._staying = True
        self._alarms.start(self._ring)
        try:
            self._ring(_ESTATE)
            await self._halt.wait()
        finally:
            self._alarms.stop()
            await self._wind_up()
            self._looks.source.close()

    async def once(self) -> list[Turn]:
        """One turn of each tenant, one after another. Raises what is wrong with the source or the specs."""
        turns: list[Turn] = []
        stop = asyncio.ensure_future(self._halt.wait())
        try:
            await self._looks.newest(self._means.now())
            self._expect_only()
            for follower in list(self._followers.values()):
                follower.task = asyncio.ensure_future(follower.turn())
                await _first(follower.task, stop)
                if self._halt.asked():
                    await self._wind_up()
                    break
                turns += [turn] if (turn := follower.task.result()) is not None else []
            return turns
        finally:
            stop.cancel()
            self._looks.source.close()

    # --- tenants come and go ------------------------------------------------------------------------

    def _found(self, revision: Revision) -> None:
        """A revision was read: whoever is new in it is followed from now on."""
        for specs in revision.estate.tenants:
            tenant: Any = specs.tenant.spec
            if tenant.tenant_id in self._followers or self._only not in (None, tenant.name):
                continue
            turning = Turning(tenant.name, tenant.tenant_id, self._looks.source, self._means, self._halt)
            self._followers[tenant.tenant_id] = _Follower(turning, self._turned, self._looks, self._places)
            _log.info("tenant.found", tenant=tenant.name, commit=revision.commit)

    def _expect_only(self) -> None:
        if self._only is not None and not self._followers:
            raise UsageError(f"--tenant {self._only}: no such tenant in {self._looks.source.shown}")

    def _ring(self, name: str) -> None:
        if self._halt.asked():
            return
        if name == _ASKED:
            self._look_at_all(self._means.now())
        elif follower := self._followers.get(name):
            follower.wake(self._means.now(), _SLACK)
        elif self._estate is None or self._estate.done():
            self._estate = asyncio.ensure_future(self._discover())

    async def _discover(self) -> None:
        """A first look, until one shows tenants; each then has a task of its own."""
        began = self._means.now()
        try:
            await self._looks.newest(began, _SLACK)
            self._expect_only()
        except Exception as error:
            self._estate_failures += 1
            reason, said = told_of(error)
            turn = Turn(self._means.new_id(), "", "", began, self._means.now(), reason=reason, error=said)
            at = self._timetable.next_look(turn, self._estate_failures, None)
            self._alarms.set(_ESTATE, at)
            await tell(replace(turn, next_at=at), self._listeners)
            return
        self._estate_failures = 0
        self._start_all()

    def _start_all(self) -> None:
        for follower in self._followers.values():
            if follower.task is None and not self._halt.asked():
                follower.task = asyncio.ensure_future(follower.run())
                follower.wake(self._means.now(), _SLACK)

    async def _turned(self, follower: _Follower, turn: Turn | None) -> Turn | None:
        """After each turn: the next one is set, everybody is told, and new tenants are begun with."""
        tenant_id = follower.turning.tenant_id
        if turn is None:
            _log.info("tenant.left", tenant=follower.turning.tenant)
            self._followers.pop(tenant_id, None)
            self._left(tenant_id)
        else:
            at = self._timetable.next_look(turn, follower.failures, follower.known)
            turn = replace(turn, next_at=at, next_dates=coming(turn))
            if self._staying:
                self._alarms.set(tenant_id, at)
            await tell(turn, self._listeners)
        if self._staying:
            self._start_all()
        return turn

    # --- the end ------------------------------------------------------------------------------------

    async def _wind_up(self) -> None:
        if self._estate is not None:
            self._estate.cancel()
        tasks = {each.task for each in self._followers.values() if each.task and not each.task.done()}
        if not tasks:
            return
        hard = asyncio.ensure_future(self._hard.wait())
        ended = asyncio.gather(*tasks, return_exceptions=True)
        seconds = self._stop_within.total_seconds()
        await _first(hard, ended, seconds=seconds)
        hard.cancel()
        if cut_off := [task for task in tasks if not task.done()]:
            _log.warning("stop.forced", tenants=len(cut_off))
            for task in cut_off:
                task.cancel()
            await asyncio.wait(cut_off, timeout=_LAST_WORD)


async def _first(*waited: asyncio.Future[Any], seconds: float | None = None) -> None:
    await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


class _Follower:
    """One tenant: woken, it takes a turn."""

    def __init__(
        self, turning: Turning, turned: Callable[..., Any], looks: Looks, places: asyncio.Semaphore
    ) -> None:
        self.turning = turning
        self.task: asyncio.Task[Any] | None = None
        self.failures = 0
        self.known: TenantSpecs | None = None
        self._turned = turned
        self._looks = looks
        self._places = places
        self._awake = asyncio.Event()
        self._since: datetime | None = None
        self._slack = timedelta()

    def wake(self, since: datetime, slack: timedelta) -> None:
        """A turn that looks at the source no earlier than `since`, less `slack`."""
        if self._since is None or since - slack > self._since - self._slack:
            self._since, self._slack = since, slack
        self._awake.set()

    def stop(self) -> None:
        """At once, unless something is being written: that is finished first."""
        if self.task is not None and not self.turning.writing:
            self.task.cancel()

    async def run(self) -> None:
        while not self.turning.halt.asked():
            await self._awake.wait()
            self._awake.clear()
            try:
                if await self.turn() is None:
                    return
            except Exception:  # whatever it was, the tenant is looked at again
                _log.exception("follower.failed", tenant=self.turning.tenant)
                await self.turning.means.sleep(_RECOVERY)
                self._awake.set()

    async def turn(self) -> Turn | None:
        """None where the tenant is in the specs no more."""
        since, slack = self._since or self.turning.means.now(), self._slack if self._since else _SLACK
        self._since = None
        try:
            async with self._places:
                turn = await self.turning.take(lambda: self._looks.newest(since, slack))
        except LeftError:
            await self._turned(self, None)
            return None
        self.known = turn.specs or self.known
        self.failures = 0 if turn.reason in _FINE else self.failures + 1
        told: Turn = await self._turned(self, turn)
        return told
