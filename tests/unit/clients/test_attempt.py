from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.clients.attempt import Attempt, Attempts, Effect, Failed, Nature, Policy
from controller.errors import ServiceError, UnknownOutcomeError


class Clock:
    """Sleeping moves it, and tells."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def attempts(clock: Clock, policy: Policy | None = None) -> Attempts:
    rng = random.Random(1)
    return Attempts(sleep=clock.sleep, monotonic=lambda: clock.now, rng=rng, policy=policy)


def failing(*natures: Nature, after: float | None = None) -> Callable[[Attempt], Awaitable[int]]:
    """Fails so, in turn, then answers with the number of the attempt."""
    left = list(natures)

    async def once(attempt: Attempt) -> int:
        if left:
            error = ServiceError(api="x", call="c", message="m", retry_after=after)
            raise Failed(error, left.pop(0))
        return attempt.number

    return once


def test_the_wait_grows_with_jitter_and_has_a_cap() -> None:
    clock = Clock()
    policy = Policy(attempts=12, cap=10.0, deadline=1e9)
    asyncio.run(attempts(clock, policy).run(failing(*[Nature.LOST] * 11)))
    assert all(0 <= wait <= min(10.0, 2.0 * 2**n) for n, wait in enumerate(clock.slept))
    assert len(set(clock.slept)) == 11


def test_what_is_only_nice_to_know_is_given_up_within_seconds() -> None:
    clock = Clock()
    line = attempts(clock)
    for nature in (Nature.TURNED_AWAY, Nature.LOST, Nature.TRANSIENT, Nature.FAULT):
        with pytest.raises(ServiceError):
            asyncio.run(line.run(failing(*[nature] * 9), hurried=True))
    with pytest.raises(ServiceError):
        asyncio.run(line.run(failing(Nature.TURNED_AWAY, after=30.0), hurried=True))
    assert clock.now <= 4 * Policy().glance
    assert asyncio.run(line.run(failing(*[Nature.TURNED_AWAY] * 5))) == 6  # what is needed is asked on


def test_what_is_only_nice_to_know_waits_where_the_service_asks_to() -> None:
    clock = Clock()
    assert asyncio.run(attempts(clock).run(failing(Nature.THROTTLED, after=30.0), hurried=True)) == 2
    assert clock.slept == [30.0]


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    clock = Clock()
    with pytest.raises(ServiceError) as caught:
        asyncio.run(attempts(clock).run(failing(Nature.THROTTLED, after=3600.0)))
    assert clock.slept == []
    assert caught.value.retry_after == 3600.0


def test_being_told_to_come_back_at_once_too_often_is_not_obeyed() -> None:
    clock = Clock()
    asyncio.run(attempts(clock).run(failing(*[Nature.THROTTLED] * 8, after=0.0)))
    assert clock.now > 0


def test_a_lone_refusal_holds_nobody_else_back_and_two_in_a_row_do() -> None:
    async def go(refusals: int) -> list[float]:
        clock = Clock()
        policy = attempts(clock)
        waiting = [
            asyncio.ensure_future(policy.run(failing(Nature.THROTTLED, after=10.0), gate="a"))
            for _ in range(refusals)
        ]

        async def stuck(seconds: float) -> None:
            clock.slept.append(seconds)
            await asyncio.Event().wait()

        policy._sleep = stuck
        await asyncio.sleep(0)
        clock.slept.clear()
        others = [asyncio.ensure_future(policy.run(failing(), gate=gate)) for gate in "ab"]
        await asyncio.sleep(0)
        done = [other.done() for other in others]
        for task in (*waiting, *others):
            task.cancel()
        return [*map(float, done), *clock.slept]

    assert asyncio.run(go(1)) == [1.0, 1.0]
    assert asyncio.run(go(2)) == [0.0, 1.0, 10.0]


@given(
    st.lists(st.sampled_from([n for n in Nature if n is not Nature.FINAL]), max_size=8),
    st.sampled_from([Effect.REPEATABLE, Effect.ONCE]),
)
def test_a_write_of_unknown_outcome_is_never_sent_again(natures: list[Nature], effect: Effect) -> None:
    """Whatever happened before: after an answer was lost, nothing more goes out."""
    sent: list[Nature | None] = []
    left = list(natures)

    async def once(attempt: Attempt) -> int:
        nature = left.pop(0) if left else None
        sent.append(nature)
        if nature is not None:
            raise Failed(ServiceError(api="x", call="c", message="m"), nature)
        return 1

    unknown = {Nature.LOST} if effect is Effect.REPEATABLE else {Nature.LOST, Nature.TRANSIENT, Nature.FAULT}
    try:
        asyncio.run(attempts(Clock()).run(once, effect=effect))
    except UnknownOutcomeError:
        assert sent[-1] in unknown
    except ServiceError:
        assert sent[-1] not in unknown
    else:
        assert sent[-1] is None
    assert not unknown & set(sent[:-1])


def test_what_is_final_is_asked_once_and_a_new_token_is_tried_once() -> None:
    for natures in ([Nature.FINAL], [Nature.STALE, Nature.STALE]):
        with pytest.raises(ServiceError):
            asyncio.run(attempts(Clock()).run(failing(*natures)))
    assert asyncio.run(attempts(Clock()).run(failing(Nature.STALE))) == 2
    assert asyncio.run(attempts(Clock()).run(failing(Nature.ALONE))) == 2
