"""Carrying out a plan: ordered, bounded, each change on its own, every one looked at afterwards.

A change is intended in the journal before its request goes out, and concluded after. What a service
accepted is read back: seen, it is APPLIED; not seen yet, PROPAGATING. A write whose answer was lost is
never repeated before a look. Only requests that stand in the plan are sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from controller.aspect import Aspect
from controller.clients import Reader, Writer, codes
from controller.errors import (
    ConflictError,
    DeniedError,
    LeadLostError,
    NotFoundError,
    ServiceError,
    StateError,
    TransientError,
    UnknownOutcomeError,
)
from controller.journal import Journal
from controller.lead import Always, Lead
from controller.model import Action, Change, Key, Outcome, Plan, Request, Status
from controller.waits import circles, needs_of

_AT_ONCE: Final = 4  # resources in work at the same time [inf: 4 to 8 concurrent requests a tenant]
_NEW_ACCOUNT: Final = re.compile(r"(?<=/users/)\{([^{}/]+)\}")
_NOT_READY: Final = (codes.MAILBOX_NOT_READY, codes.NOT_SHARED_YET)
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between looks at what is not visible yet
_LOST: Final = "not sent: another replica leads this tenant now, and it plans anew"
_STOPPING: Final = "not attempted: the controller is being stopped; the next run goes on"


class Look(Protocol):
    """Reads the named resources again and tells what of them still differs from the specs, and
    the object ids of what exists now, by address. Raises ServiceError where it could not be read."""

    async def __call__(self, keys: frozenset[Key]) -> Sight: ...


@dataclass(frozen=True, slots=True)
class Sight:
    missing: frozenset[str]  # ids of what still differs
    unreadable: frozenset[Key] = frozenset()
    object_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tools:
    """What applying needs from outside. `unconcluded` are changes whose request went out in an earlier
    run that was cut off, by when: the service may know them. Once `lead` is lost no further request goes
    out; once `stopping`, no further change is begun, and nothing is waited for."""

    reader: Reader
    writer: Writer
    journal: Journal
    run_id: str
    tenant_id: str
    aspects: Mapping[str, Aspect]
    look: Look
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    patience: timedelta
    unconcluded: Mapping[str, datetime] = field(default_factory=dict)
    told: Callable[[Outcome], None] = lambda outcome: None
    deadline: timedelta = timedelta(hours=1)  # how long what was accepted may stay unseen
    overdue: frozenset[str] = frozenset()  # changes that an earlier run waited for in vain
    lead: Lead = field(default_factory=Always)
    stopping: Callable[[], bool] = lambda: False


async def apply(plan: Plan, tools: Tools) -> tuple[Outcome, ...]:
    """Carries out what is open in a judged plan; the outcomes in the order of the plan.

    Raises StateError where the journal cannot be written any more: nothing goes out without a record."""
    work = _Work(plan.open_changes, tools)
    try:
        async with asyncio.TaskGroup() as group:
            for change in work.changes:
                group.create_task(work.attempt(change))
    except ExceptionGroup as errors:
        lost = errors.subgroup(StateError)
        if lost is None:
            raise
        raise _first(lost) from None  # without the journal nothing goes on, and one reason is enough
    await work.settle()
    return tuple(work.outcomes[change.id] for change in work.changes)


@dataclass(slots=True)
class _Attempt:
    """One change on its way: the journal's intents, and what the service said."""

    change: Change
    began: datetime
    intents: list[str] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    remark: str = ""  # why it is not more than propagating
    denied: bool = False
    refused: bool = False  # the service has not accepted it yet: its object is not visible to it


class _Work:
    def __init__(self, changes: Sequence[Change], tools: Tools) -> None:
        self.changes = changes
        self.outcomes: dict[str, Outcome] = {}
        self._tools = tools
        self._accepted: dict[str, _Attempt] = {}
        self._done = {change.id: asyncio.Event() for change in changes}
        self._needs = needs_of(changes)
        self._circles = circles(self._needs)
        self._locks = {change.key: asyncio.Lock() for change in changes}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._object_ids: dict[str, str] = {}
        self._converted = {change.key for change in changes if change.action is Action.CONVERT}
        creating = [change for change in changes if change.action is Action.CREATE]
        self._created = {change.key for change in creating}
        self._creations = {change.id for change in creating}

    # --- one change ---------------------------------------------------------------------------------

    async def attempt(self, change: Change) -> None:
        """Waits for what it needs, then sends its requests. Never raises a service's error."""
        try:
            if circle := self._circles.get(change.id):
                self._conclude(_Attempt(change, self._tools.now()), Status.FAILED, _in_circle(circle))
                return
            for need in self._needs[change.id]:
                await self._done[need].wait()
            async with self._locks[change.key], self._places:
                if obstacle := self._obstacle(change):
                    self._conclude(_Attempt(change, self._tools.now()), Status.SKIPPED, obstacle)
                    return
                await self._send(_Attempt(change, self._tools.now()))
        finally:
            self._done[change.id].set()

    @property
    def _patience(self) -> float:
        """In seconds."""
        return 0.0 if self._tools.stopping() else self._tools.patience.total_seconds()

    def _obstacle(self, change: Change) -> str | None:
        if self._tools.stopping():
            return _STOPPING
        for need in self._needs[change.id]:
            outcome = self.outcomes.get(need)
            if outcome and outcome.status in (Status.FAILED, Status.SKIPPED):
                return f"not attempted: {need} did not succeed"
        return None

    async def _send(self, attempt: _Attempt) -> None:
        change = attempt.change
        aspect = self._tools.aspects[change.aspect]
        done = await self._was_done(change)
        if not done and self._tools.stopping():
            self._conclude(attempt, Status.SKIPPED, _STOPPING)
            return
        for step, request in enumerate(change.requests):
            try:
                intent = await self._intend(change, step)
            except LeadLostError:
                self._conclude(attempt, Status.SKIPPED, _LOST)
                return
            attempt.intents.append(intent)
            if done:
                continue
            record = aspect.own_record(change, request)
            noted = {name: value for name, value in record.items() if value is not None}
            former = await self._remembered(noted, change)
            await self._remember(noted, change)
            try:
                receipt = await self._one(aspect, change, request)
            except LeadLostError:
                self._conclude(attempt, Status.SKIPPED, _LOST)
                return
            except _NotThereYetError as error:
                attempt.remark, attempt.refused = str(error), True
                break
            except ConflictError as error:
                if change.action is Action.CREATE and change.id in self._tools.unconcluded:
                    attempt.remark = "an earlier, interrupted run seems to have made it"
                    break
                self._conclude(attempt, Status.FAILED, str(error), error.request_id)
                return
            except ServiceError as error:
                if not isinstance(error, UnknownOutcomeError):
                    await self._remember(former, change)
                attempt.denied = isinstance(error, DeniedError)
                self._conclude(attempt, Status.FAILED, str(error), error.request_id)
                return
            await self._remember({name: None for name in record if name not in noted}, change)
            attempt.request_ids += receipt
        self._accepted[change.id] = attempt

    async def _one(self, aspect: Aspect, change: Change, request: Request) -> Sequence[str]:
        """Sends one request; looks before repeating one whose outcome is unknown, and waits for an object
        that was created a moment ago."""
        spent = 0.0
        asked_twice = False
        for pause in (*_PAUSES, *[_PAUSES[-1]] * 1000):
            try:
                named = await self._addressed(request)
                if not self._tools.lead.held():
                    raise LeadLostError(_LOST)
                receipt = await aspect.write(self._tools.reader, self._tools.writer, change, named)
            except UnknownOutcomeError as error:
                if await self._is_so(change, error):
                    return (error.request_id,) if error.request_id else ()
                if asked_twice:
                    raise
                asked_twice = True
            except (NotFoundError, TransientError) as error:
                if not self._is_young(change):
                    raise
                if isinstance(error, TransientError) and error.code not in _NOT_READY:
                    raise
                if spent + pause > self._patience:
                    raise _NotThereYetError(f"what is new is not visible yet ({error})") from error
            else:
                self._learn(change, receipt.rows)
                return receipt.request_ids
            spent += pause
            await self._tools.sleep(pause)
        raise AssertionError("unreachable: patience ends first")

    def _is_young(self, change: Change) -> bool:
        """Whether it is about something that this plan creates or converts: its object, or somebody whom it
        names."""
        if change.action in (Action.CREATE, Action.CONVERT):
            return False
        renewed = change.key in self._created or change.key in self._converted
        return renewed or not self._creations.isdisjoint(change.depends_on)

    def _learn(self, change: Change, rows: Sequence[Mapping[str, object]]) -> None:
        if change.action is Action.CREATE:
            for row in rows:
                if ident := row.get("ExternalDirectoryObjectId"):
                    self._object_ids[change.key.address] = str(ident)

    async def _addressed(self, request: Request) -> Request:
        """Graph names a new mailbox by an id that nobody knew when the plan was made."""
        found = _NEW_ACCOUNT.search(request.call)
        if found is None:
            return request
        address = found[1]
        if address not in self._object_ids:
            keys = frozenset(key for key in self._created if key.address == address)
            self._object_ids.update((await self._tools.look(keys)).object_ids)
        if address not in self._object_ids:
            raise NotFoundError("graph", request.call, "its object id is not known yet", target=address)
        before, after = request.call[: found.start()], request.call[found.end() :]
        return replace(request, call=f"{before}{self._object_ids[address]}{after}")

    async def _is_so(self, change: Change, lost: UnknownOutcomeError) -> bool:
        """Whether what was sent has been done although the answer was lost. A look that does not show it
        proves nothing while it may be on its way: only past our patience is it taken for not done. Raises
        `lost` where nobody can look, or waits any more: then nothing is repeated, and the next run plans from
        what it finds."""
        if _is_put_back(change):
            return False
        seen = await self._appears(change, self._tools.patience)
        if not seen and (seen is None or self._tools.stopping()):
            raise lost
        return bool(seen)

    async def _was_done(self, change: Change) -> bool:
        """Whether a run that was cut off before it heard the answer has done it. It is looked for as long as
        if that run had gone on; then it is sent again."""
        sent = self._tools.unconcluded.get(change.id)
        if sent is None or change.action is Action.CREATE or _is_put_back(change):
            return False  # what is made twice is refused
        return bool(await self._appears(change, sent + self._tools.patience - self._tools.now()))

    async def _appears(self, change: Change, patience: timedelta) -> bool | None:
        """Looks for what was sent until it is seen, or patience ends. None: nobody could tell."""
        spent = 0.0
        for pause in (*_PAUSES, *[_PAUSES[-1]] * 1000):
            seen = await self._glance(change)
            if seen or self._tools.stopping() or spent + pause > patience.total_seconds():
                return seen
            spent += pause
            await self._tools.sleep(pause)
        return None

    async def _glance(self, change: Change) -> bool | None:
        """Whether it is so; None where that could not be read, or not even its object is seen yet."""
        try:
            sight = await self._tools.look(frozenset({change.key}))
        except ServiceError:
            return None
        unseen = bool(change.path) and str(change.key) in sight.missing
        return None if unseen or change.key in sight.unreadable else not change.proof & sight.missing

    # --- the journal --------------------------------------------------------------------------------

    async def _intend(self, change: Change, step: int) -> str:
        tools = self._tools
        return await asyncio.to_thread(tools.journal.intend, tools.run_id, change, at=tools.now(), step=step)

    async def _remembered(self, names: Collection[str], change: Change) -> dict[str, bool | None]:
        if not names:
            return {}
        known = await asyncio.to_thread(self._tools.journal.auto_mapping, self._tools.tenant_id, change.key)
        return {name: known.get(name) for name in names}

    async def _remember(self, record: Mapping[str, bool | None], change: Change) -> None:
        """Our own record is written with the intent: once the request is out, nobody could tell it. What ends
        is struck off only when it has: until then it may still be there, and ours."""
        tools = self._tools
        for trustee, value in record.items():
            await asyncio.to_thread(
                tools.journal.record_auto_mapping, tools.tenant_id, change.key, trustee, value, at=tools.now()
            )

    def _conclude(self, attempt: _Attempt, status: Status, error: str | None, request_id: str = "") -> None:
        tools = self._tools
        ids = tuple(dict.fromkeys((*attempt.request_ids, *([request_id] if request_id else []))))
        outcome = Outcome(attempt.change, status, error, ids, attempt.denied)
        recorded = Status.SKIPPED if attempt.refused and status is Status.PROPAGATING else status
        for intent in attempt.intents:
            tools.journal.conclude(intent, recorded, at=tools.now(), error=error, request_ids=ids)
        self.outcomes[attempt.change.id] = outcome
        tools.told(outcome)

    # --- reading back -------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Looks until everything accepted is seen, or patience ends."""
        spent = 0.0
        for pause in (*_PAUSES, *[_PAUSES[-1]] * 1000):
            waiting = {ident: a for ident, a in self._accepted.items() if ident not in self.outcomes}
            if not waiting:
                return
            seen = await self._seen(waiting)
            for ident in seen:
                self._conclude(self._accepted[ident], Status.APPLIED, None)
            if all(ident in self.outcomes or a.refused for ident, a in waiting.items()):
                break
            wait = min(pause, self._patience - spent)
            if wait <= 0:
                break
            spent += wait
            await self._tools.sleep(wait)
        for ident, attempt in self._accepted.items():
            if ident not in self.outcomes:
                self._give_up(attempt)

    def _give_up(self, attempt: _Attempt) -> None:
        """Not seen within our patience: the next run looks again, until the deadline."""
        tools = self._tools
        late = attempt.change.id in tools.overdue or tools.now() - attempt.began >= tools.deadline
        if late and not attempt.refused:
            self._conclude(attempt, Status.FAILED, f"accepted, and still not so after {tools.deadline}")
        else:
            self._conclude(attempt, Status.PROPAGATING, attempt.remark or None)

    async def _seen(self, waiting: Mapping[str, _Attempt]) -> list[str]:
        keys = frozenset(attempt.change.key for attempt in waiting.values())
        try:
            sight = await self._tools.look(keys)
        except ServiceError:
            return []
        return [
            ident
            for ident, attempt in waiting.items()
            if not attempt.change.proof & sight.missing and attempt.change.key not in sight.unreadable
        ]


def _in_circle(circle: Sequence[str]) -> str:
    if len(circle) == 1:
        return "not attempted: it would wait for itself"
    return (
        f"not attempted: it waits for {circle[1]}, and that, in the end, for it ({len(circle)} changes in a "
        "circle): take one of them out of the specs, apply, and put it back"
    )


def _is_put_back(change: Change) -> bool:
    """Taken away and put back: to see it proves nothing, and to repeat it does no harm."""
    return bool(change.rests_on) and len(change.requests) > 1


def _first(errors: BaseException) -> BaseException:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors


class _NotThereYetError(Exception):
    """A new object did not become visible within our patience: the next run goes on."""
