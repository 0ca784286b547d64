"""Rules come into order whether or not the service makes their numbers dense."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from controller.rules.order import Arrangement, arrange


def played(rules: list[tuple[str, int]], plan: Arrangement, *, dense: bool) -> list[str]:
    """The names in order after the plan was carried out. Of equal numbers the older rule comes first."""
    stored = [[name, number] for name, number in rules]

    def settle() -> None:
        if dense:
            for number, each in enumerate(sorted(stored, key=lambda each: each[1]), 1):
                each[1] = number

    for name, number in plan.new.items():
        stored.append([name, number])
        settle()
    for name, number in plan.moves.items():
        next(each for each in stored if each[0] == name)[1] = number
        settle()
    return [str(name) for name, _ in sorted(stored, key=lambda each: each[1])]


@given(
    st.permutations("abcdef"),
    st.permutations("abcdxy"),
    st.integers(0, 6),
    st.booleans(),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_they_end_as_wished(
    wished: list[str], there: list[str], count: int, gaps: bool, dense: bool, chance: random.Random
) -> None:
    there = there[:count]
    numbers = range(1, count + 1) if not gaps else sorted(chance.sample(range(1, 15), count))
    rules = list(zip(there, numbers, strict=True))
    held = {name: number for name, number in rules if name in wished}
    plan = arrange(wished, held, [number for name, number in rules if name not in wished])
    chance.shuffle(rules)
    assert [name for name in played(rules, plan, dense=dense) if name in wished] == wished
    assert all(number >= 1 for number in (*plan.new.values(), *plan.moves.values()))


def test_where_there_is_room_little_moves() -> None:
    held = {"b": 10, "a": 20, "c": 30}
    assert arrange("abc", held, []).moves == {"a": 1}
    assert arrange("axb", {"a": 1, "b": 5}, [2]) == Arrangement({"x": 3}, {})
    assert arrange("ab", {"a": 1, "b": 1}, []) == Arrangement()
