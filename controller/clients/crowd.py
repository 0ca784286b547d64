"""Asking the same of very many objects: a crowd enters step by step.

Each question that waits holds a chain of frames and its request, a few kilobytes together; ten thousand
that wait from the start hold more memory than all their answers. So no more of them exist at a time than
it takes to keep every batch full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")
_AT_ONCE: Final = 400  # eight places of twenty (Graph), and as many again waiting to take theirs


async def ask_all(ask: Callable[[T], Awaitable[R]], of: Sequence[T], *, at_once: int = _AT_ONCE) -> list[R]:
    """The answers, in the order of the objects. Raises what `ask` raised first."""
    answers: dict[int, R] = {}
    entrance = iter(enumerate(of))

    async def one_by_one() -> None:
        for number, each in entrance:
            answers[number] = await ask(each)

    await asyncio.gather(*(one_by_one() for _ in range(min(at_once, len(of)))))
    return [answers[number] for number in range(len(of))]
