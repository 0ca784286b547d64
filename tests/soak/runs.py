"""A story told once in fair weather, in storms, and with a controller that is killed at a request."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from controller.errors import ControllerError
from controller.model import Cause, Cycle, Plan
from controller.sandbox.forecast import FaultRule, Forecast, Latency
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from tests.rig import START, KilledError, Rig, make_rig
from tests.samples import SCENARIO
from tests.soak.pictures import picture, told_apart, writes
from tests.soak.stories import STORIES, Chapter

CYCLES = 12  # enough for any weather to clear; it is fair from the sixth on
TURN = timedelta(minutes=15)
_STRIKES = (
    FaultKind.THROTTLED,
    FaultKind.UNAVAILABLE,
    FaultKind.GATEWAY,
    FaultKind.TRANSIENT,
    FaultKind.DENIED,
    FaultKind.EXPIRED,
    FaultKind.LOST_BEFORE,
    FaultKind.LOST_AFTER,
    FaultKind.CUT_PAGE,
)


class Broken(AssertionError):  # noqa: N818 -- it is what an assertion raises
    """A law that did not hold, with the run that shows it."""


@dataclass
class Fair:
    """What fair weather makes of a story: the tenant after each chapter, what is held back by then, and all
    that was written."""

    pictures: list[dict[str, Any]] = field(default_factory=list)
    held: list[set[str]] = field(default_factory=list)
    writes: set[tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=set)


def weather(seed: int, rig: Rig) -> ForecastWeather:
    chance = random.Random(seed)
    rules = [
        FaultRule(kind=kind, rate=chance.uniform(0.02, 0.35), on=chance.choice(("any", "read", "write")))
        for kind in chance.sample(_STRIKES, chance.randint(1, 4))
    ]
    slow = {
        what: timedelta(seconds=chance.choice((0, 2, 20, 400)))
        for what in ("object", "type", "permission", "member", "graph/object")
    }
    forecast = Forecast(
        seed=seed,
        latency=Latency(seconds=chance.choice((0.0, 0.1, 3.0))),
        propagation=slow,
        pinned_reads=chance.random() < 0.5,
        faults=tuple(rules),
    )
    return ForecastWeather(forecast, rig.clock)


def begin(folder: Path, story: str, *, seed: int = 1) -> Rig:
    """The tenant before the first chapter, whose specs are there."""
    rig = make_rig(folder, SCENARIO, {}, seed=seed)
    turn_to(rig, STORIES[story][0])
    return rig


def turn_to(rig: Rig, chapter: Chapter) -> None:
    """Waits for its moment, and commits what it says."""
    ahead = START + chapter.after - rig.clock.now()
    if ahead > timedelta():
        rig.clock.advance(ahead)
    for name, text in chapter.files.items():
        rig.write(name, text)


def fair_run(folder: Path, story: str) -> Fair:
    told = Fair()
    rig = begin(folder, story)
    for chapter in STORIES[story]:
        turn_to(rig, chapter)
        asyncio.run(rig.apply())
        plan = asyncio.run(rig.plan())
        if plan.open_changes:
            raise Broken(f"{story} is not settled in fair weather: {[c.id for c in plan.open_changes]}")
        told.pictures.append(picture(rig.sandbox.world))
        told.held.append({change.id for change in plan.changes})
    told.writes = writes(rig.sandbox.world)
    return told


def stormy_run(folder: Path, story: str, seed: int, fair: Fair) -> None:
    """One weather for each chapter; raises Broken where a law does not hold."""
    rig = begin(folder, story, seed=seed)
    for number in range(len(STORIES[story])):
        _chapter(rig, story, number, fair, weather(seed + number * 1_000_003, rig))
    _compare_writes(rig, fair)


def killed_run(folder: Path, story: str, at: int, when: str, fair: Fair) -> bool:
    """Killed at one request boundary, then run again; False where there are fewer requests than that."""
    rig = begin(folder, story)
    death = _Death(at, when)
    rig.wire.strike = death.strike
    for number, chapter in enumerate(STORIES[story]):
        turn_to(rig, chapter)
        if not death.came:
            death.near = True
            _until_killed(rig.apply)
            death.near = False
        _chapter(rig, story, number, fair, FairWeather())
    _compare_writes(rig, fair)
    return death.came


@dataclass
class _Death:
    """Comes before or after the request of that number; only requests while it is `near` count."""

    at: int
    when: str
    near: bool = False
    came: bool = False
    count: int = 0

    def strike(self, number: int, moment: str) -> None:
        if not self.near or self.came:
            return
        self.count += moment == "before"
        if (self.count, moment) == (self.at, self.when):
            self.came = True
            raise KilledError


def _until_killed(go: Callable[[], Any]) -> None:
    try:
        asyncio.run(go())
    except BaseExceptionGroup as group:
        if group.split(KilledError)[1] is not None:
            raise
    except KilledError:
        pass


def _chapter(rig: Rig, story: str, number: int, fair: Fair, first: Any) -> None:
    turn_to(rig, STORIES[story][number])
    plan = asyncio.run(settle(rig, first, blameless))
    if {change.id for change in plan.changes} != fair.held[number]:
        raise Broken(f"held back are {sorted(c.id for c in plan.changes)}, not {sorted(fair.held[number])}")
    compare(rig, fair.pictures[number])


async def settle(rig: Rig, first: Any, look: Callable[[Plan], None]) -> Plan:
    """Turn after turn until nothing is left to do: in this weather, then in fair weather. `look` is shown
    every plan."""
    rig.sandbox.weather = first
    for number in range(CYCLES):
        if number == CYCLES // 2:
            rig.sandbox.weather = FairWeather()
        try:
            cycle: Cycle = await rig.apply()
        except ControllerError:
            rig.clock.advance(TURN)
            continue
        look(cycle.plan)
        rig.clock.advance(TURN)
        if number >= CYCLES // 2 and not cycle.plan.open_changes:
            return cycle.plan
    raise Broken("it never settled")


def blameless(plan: Plan) -> None:
    for change in plan.changes:
        if change.cause is Cause.DRIFT:
            raise Broken(f"drift that nobody made: {change.id}")


def compare(rig: Rig, wanted: dict[str, Any]) -> None:
    ours = picture(rig.sandbox.world)
    if ours != wanted:
        raise Broken("\n".join(told_apart(ours, wanted)))


def _compare_writes(rig: Rig, fair: Fair) -> None:
    extra = writes(rig.sandbox.world) - fair.writes
    if extra:
        raise Broken(f"writes that fair weather does not make: {sorted(extra)}")
