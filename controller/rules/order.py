"""In which order rules run: numbers for those that need one, and as few new numbers as possible.

Rules run by `sequence`, which starts at 1. Nobody says whether the service keeps the numbers as written or
makes them dense after each write [reference: Graph API, open points], so that only the order is compared.
A rule goes where there is room, if it ends there although the numbers close up behind each write: gaps may be
Outlook's, and the first write through Graph may end them. Where there is no room, or a number in the middle
might end on either side of its neighbour, whatever does not stand right goes to the end, one after the other,
which holds either way. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Arrangement:
    """`new` are numbers for rules that are to be made, in the order in which they must be; `moves` those for
    rules that are there by then, to be written one after the other."""

    new: Mapping[str, int] = field(default_factory=dict)
    moves: Mapping[str, int] = field(default_factory=dict)


def arrange(wished: Sequence[str], held: Mapping[str, int], taken: Collection[int]) -> Arrangement:
    """How the wished rules come into their order. `held` are the numbers of those that are there, as the
    service lists them; `taken` numbers of rules that stay where they are, or go later."""
    there = [name for name in wished if name in held]
    listed = sorted((name for name in held if name in there), key=lambda name: held[name])
    if there == listed and len(there) == len(wished):
        return Arrangement()
    everything = sorted((*held.values(), *taken))
    if everything != list(range(1, len(everything) + 1)):
        between = _where_room_is(wished, held, taken)
        if _holds(between, wished, held, taken):
            return between
    return _to_the_end(wished, held, everything)


def _holds(plan: Arrangement, wished: Sequence[str], held: Mapping[str, int], taken: Collection[int]) -> bool:
    """Whether the rules end as wished on a service that closes the gaps behind each write. Two of one number
    may end either way."""
    numbers = dict[str | int, int]([*((-number, number) for number in taken), *held.items()])
    for name, number in (*plan.new.items(), *plan.moves.items()):
        numbers.pop(name, None)
        if number in numbers.values():
            return False
        numbers[name] = number
        numbers = {each: place for place, each in enumerate(sorted(numbers, key=numbers.__getitem__), 1)}
    return [name for name in numbers if isinstance(name, str)] == list(wished)


def _to_the_end(wished: Sequence[str], held: Mapping[str, int], everything: Sequence[int]) -> Arrangement:
    """Those that stand right from the front stay; all others follow behind everything."""
    staying = 0
    last = 0
    for name in wished:
        if held.get(name, 0) <= last:
            break
        staying, last = staying + 1, held[name]
    rest = wished[staying:]
    end = max(everything, default=0)
    new = [name for name in rest if name not in held]
    first = next((place for place, name in enumerate(rest) if name in held), len(rest))
    return Arrangement(
        {name: end + place for place, name in enumerate(new, 1)},
        {name: end + len(new) + place for place, name in enumerate(rest[first:], 1)},
    )


def _where_room_is(wished: Sequence[str], held: Mapping[str, int], taken: Collection[int]) -> Arrangement:
    """As many as possible keep their numbers, and the others get one between them."""
    kept = _kept(wished, held)
    found: dict[str, int] = {}
    last = 0
    for index, name in enumerate(wished):
        if name in kept:
            last = held[name]
            continue
        limit = _limit(wished, index, held, kept)
        number = last + 1
        while number in taken and (limit is None or number < limit):
            number += 1
        found[name] = last = number
    return Arrangement(
        {name: number for name, number in found.items() if name not in held},
        {name: number for name, number in found.items() if name in held and held[name] != number},
    )


def _limit(wished: Sequence[str], index: int, held: Mapping[str, int], kept: Collection[str]) -> int | None:
    """The highest number that leaves room for those up to the next one that keeps its number."""
    for distance, name in enumerate(wished[index:]):
        if name in kept:
            return held[name] - distance
    return None


def _kept(wished: Sequence[str], held: Mapping[str, int]) -> set[str]:
    """The most rules that can keep their numbers, with room for those between them: the longest run in
    which number minus place does not fall (and is not negative)."""
    ends: list[int] = []  # of runs by length: the smallest surplus one ends with
    tails: list[str] = []
    before: dict[str, str | None] = {}
    for place, name in enumerate(wished, 1):
        if name not in held or (surplus := held[name] - place) < 0:
            continue
        at = bisect_right(ends, surplus)
        before[name] = tails[at - 1] if at else None
        ends[at : at + 1] = [surplus]
        tails[at : at + 1] = [name]
    kept: set[str] = set()
    link: str | None = tails[-1] if tails else None
    while link is not None:
        kept.add(link)
        link = before[link]
    return kept
