"""The one attempt policy: what is asked again, after how long, and when it is given up.

What went wrong is told apart elsewhere (`exchange_errors`, `graph_errors`, `wire`); here it is only a
`Nature`. The fact one would not guess: an answer that was lost says nothing about the write it answered,
so a lost write is never repeated here; whoever wants it must look first [reference: Exchange, retries].
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Final, TypeVar, cast

import structlog

from controller.errors import ServiceError, UnknownOutcomeError

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_LONG: Final = 5.0  # seconds of one wait that are worth a line
_OFTEN: Final = 30.0  # seconds between two such lines about one service
_EXHAUSTED_IN_A_ROW: Final = 3  # after so many given up with no success between, nothing is asked twice


class Nature(Enum):
    """What is known about a failed attempt."""

    THROTTLED = "throttled"  # refused before any work: anybody may ask again
    TURNED_AWAY = "turned-away"  # never arrived, or too busy to begin: likewise
    ALONE = "alone"  # the batch around it was refused: ask at once, singly
    STALE = "stale"  # 401: a new token, once
    TRANSIENT = "transient"  # the service says that it failed and may not the next time
    FLAKY = "flaky"  # refused before anything was done, for no lasting reason: anybody, a few times
    FAULT = "fault"  # 500 without a reason: a few times
    LOST = "lost"  # no answer: done or not, nobody knows
    FINAL = "final"  # the same answer would come again


class Effect(Enum):
    """What asking twice would do."""

    READ = "read"
    REPEATABLE = "repeatable"  # a write that ends in the same world when the service asks for it twice
    ONCE = "once"  # creates something: twice makes two


class Failed(Exception):  # noqa: N818 - it travels, it is not raised to anybody outside
    """One attempt that failed. `together`: so did the batch it was in, which is asked again as a batch."""

    def __init__(
        self, error: ServiceError, nature: Nature, *, claims: str | None = None, together: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.nature = nature
        self.claims = claims
        self.together = together


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which try this is. `alone`: not to be gathered into a batch."""

    number: int = 1
    alone: bool = False
    renewed: bool = False
    claims: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds and counts. Five repeats from 2 s doubling are what the official module does; the cap and
    full jitter are what other clients add; Graph allows 10 attempts and 1,800 s [reference: Exchange,
    throttling; Graph, throttling]. Throttling has a budget of its own: it is no fault of the request.
    `glances` and `glance` bound what a hurried request spends on a service that does not work: nobody waits
    half a minute for what is only nice to know."""

    attempts: int = 6
    glances: int = 2
    glance: float = 5.0  # seconds of one wait
    faults: int = 3
    throttles: int = 20
    first: float = 2.0
    cap: float = 60.0
    deadline: float = 900.0


@dataclass(slots=True)
class _Run:
    """The tally of one request over its attempts."""

    started: float
    effect: Effect
    gate: Hashable
    hurried: bool = False
    seen: Counter[Nature] = field(default_factory=Counter)


class Attempts:
    """The policy at work for one service. Time and chance come from outside."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]],
        monotonic: Callable[[], float],
        rng: random.Random,
        policy: Policy | None = None,
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._rng = rng
        self._policy = policy or Policy()
        self._closed_until: dict[Hashable, float] = {}
        self._refused: Counter[Hashable] = Counter()
        self._given_up: Counter[bool] = Counter()  # in a row; what was hurried counts for itself
        self._said = float("-inf")
        self.retries = 0
        self.throttled = 0

    async def run(
        self,
        once: Callable[[Attempt], Awaitable[T]],
        *,
        effect: Effect = Effect.READ,
        gate: Hashable = None,
        hurried: bool = False,
    ) -> T:
        """Calls `once` until it answers or nothing more can be hoped for; raises the last ServiceError.

        `gate` names what a 429 speaks for (the tenant, one mailbox): once it refuses twice in a row, all
        its requests wait together. `hurried`: a read that nothing rests on, not worth a long wait.
        """
        run = _Run(self._monotonic(), effect, gate, hurried)
        attempt = Attempt()
        while True:
            await self._wait_for_gate(gate)
            try:
                answer = await once(attempt)
            except Failed as failed:
                wait = self._decide(failed, attempt, run)
                attempt = _next(attempt, failed)
                if wait > 0:
                    await self._sleep(wait)
            else:
                self._given_up.clear()
                if self._refused:
                    self._refused.pop(gate, None)
                return answer

    def backoff(self, number: int) -> float:
        """Full jitter: anything up to the doubled wait, so that a herd does not return as one."""
        return self._rng.uniform(0, min(self._policy.cap, self._policy.first * 2 ** (number - 1)))

    def _decide(self, failed: Failed, attempt: Attempt, run: _Run) -> float:
        """The seconds to wait, or the error raised."""
        error, nature = failed.error, failed.nature
        run.seen[nature] += 1
        if nature is Nature.FINAL or (nature is Nature.STALE and attempt.renewed):
            raise error
        if _unknown(nature, run.effect):
            raise _with_unknown_outcome(error) from error
        if not self._may_repeat(nature, run):
            self._note_given_up(nature, run)
            raise error
        wait = self._wait(failed, run)
        too_long = run.hurried and nature is not Nature.THROTTLED and wait > self._policy.glance
        if too_long or self._monotonic() - run.started + wait > self._policy.deadline:
            self._note_given_up(nature, run)
            raise error
        self.retries += 1
        write = self._write(wait)
        write("request.retried", api=error.api, call=error.call, status=error.status, code=error.code,
              nature=nature.value, wait=round(wait, 2), attempt=attempt.number, error=str(error))  # fmt: skip
        return wait

    def _write(self, wait: float) -> Callable[..., None]:
        """Debug; but whoever waits long hears why now and then, or a slow turn would look dead."""
        now = self._monotonic()
        if wait < _LONG or now - self._said < _OFTEN:
            return cast("Callable[..., None]", _log.debug)
        self._said = now
        return cast("Callable[..., None]", _log.info)

    def _may_repeat(self, nature: Nature, run: _Run) -> bool:
        if nature in (Nature.STALE, Nature.ALONE):
            return run.seen[nature] <= 2
        if nature is Nature.THROTTLED:
            return run.seen[nature] <= self._policy.throttles
        if nature is Nature.FAULT and run.effect is not Effect.READ:
            return False
        if nature in (Nature.FAULT, Nature.FLAKY) and run.seen[nature] >= self._policy.faults:
            return False
        if any(self._given_up[hurried] >= _EXHAUSTED_IN_A_ROW for hurried in {False, run.hurried}):
            return False  # the service is down: ten thousand requests need not each find that out slowly
        most = self._policy.glances if run.hurried else self._policy.attempts
        return sum(run.seen[n] for n in _COUNTED) < most

    def _wait(self, failed: Failed, run: _Run) -> float:
        nature, told = failed.nature, failed.error.retry_after
        if nature in (Nature.STALE, Nature.ALONE):
            return 0.0
        times = run.seen[nature]
        if nature is not Nature.THROTTLED:
            return self.backoff(times) if told is None else told
        self.throttled += 1
        wait = self.backoff(times) if told is None else told
        if told is not None and times > 3:  # the service asks for too little: do not hammer
            wait = max(told, self.backoff(times - 3))
        self._refused[run.gate] += 1
        if self._refused[run.gate] > 1:  # a limit, not an accident: nothing gets through meanwhile
            closed = self._monotonic() + wait
            self._closed_until[run.gate] = max(closed, self._closed_until.get(run.gate, closed))
        return wait

    def _note_given_up(self, nature: Nature, run: _Run) -> None:
        if nature in (Nature.TURNED_AWAY, Nature.LOST, Nature.TRANSIENT):
            self._given_up[run.hurried] += 1

    async def _wait_for_gate(self, gate: Hashable) -> None:
        while (until := self._closed_until.get(gate)) is not None:
            left = until - self._monotonic()
            if left <= 0.001:  # a clock coarser than a float must not keep us here
                self._closed_until.pop(gate, None)
                return
            await self._sleep(left)


_COUNTED: Final = (Nature.TURNED_AWAY, Nature.TRANSIENT, Nature.FLAKY, Nature.FAULT, Nature.LOST)


def _next(attempt: Attempt, failed: Failed) -> Attempt:
    if failed.nature is Nature.STALE:
        return replace(attempt, number=attempt.number + 1, renewed=True, claims=failed.claims)
    alone = attempt.alone or not failed.together
    return replace(attempt, number=attempt.number + 1, alone=alone)


def _unknown(nature: Nature, effect: Effect) -> bool:
    if effect is Effect.READ:
        return False
    if nature is Nature.LOST:
        return True
    return effect is Effect.ONCE and nature in (Nature.TRANSIENT, Nature.FAULT)


def _with_unknown_outcome(error: ServiceError) -> UnknownOutcomeError:
    values = {f.name: getattr(error, f.name) for f in fields(error)}
    values["advice"] = "it may or may not have been done: look before repeating it"
    return UnknownOutcomeError(**values)
