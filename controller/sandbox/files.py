"""A running tenant out of a scenario file, and back into one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

from controller.sandbox import build, document, snapshot, weathers
from controller.sandbox.clock import Clock, RunningClock
from controller.sandbox.document import FileError
from controller.sandbox.scenario import Scenario
from controller.sandbox.state import Sandbox

SHIPPED = ("entreprise",)


def shipped(name: str) -> str:
    """The text of a scenario that comes with the package."""
    return resources.files(__package__).joinpath(f"scenarios/{name}.yaml").read_text(encoding="utf-8")


def parse(text: str, name: str) -> Scenario:
    """A scenario file's text, checked; FileError with all complaints."""
    scenario = document.read(text, name, Scenario)
    if isinstance(scenario.weather, str) and scenario.weather not in weathers.NAMED:
        known = ", ".join(weathers.NAMED)
        raise FileError([f"{name}: weather: no weather is called '{scenario.weather}' (there are {known})"])
    return scenario


def read(path: Path) -> Scenario:
    """A scenario file; FileError with all complaints, also where it cannot be read."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError([f"{path}: {error}"]) from error


def wall_clock() -> datetime:
    return datetime.now(UTC)


def open_sandbox(scenario: Scenario, name: str = "scenario", clock: Clock | None = None) -> Sandbox:
    """A tenant as the scenario says, in the scenario's weather. Its clock runs with the wall clock from
    where the scenario starts it, unless another is given."""
    if clock is None:
        clock = RunningClock(scenario.clock if isinstance(scenario.clock, datetime) else None)
        if isinstance(scenario.clock, timedelta):
            clock.advance(scenario.clock)
    return Sandbox(
        build.build(scenario, name, clock.now()),
        clock,
        weathers.make(scenario.weather, clock),
        outside=wall_clock if isinstance(clock, RunningClock) else None,
    )


def replace(sandbox: Sandbox, scenario: Scenario, name: str, clock: Callable[[], datetime]) -> None:
    """Puts another tenant in the place of a running one; its clock is moved, its weather changed, and
    tokens of the former tenant's apps go on only where the new one has the same apps."""
    start = scenario.clock
    target = start if isinstance(start, datetime) else clock() + (start or timedelta())
    world = build.build(scenario, name, target)
    sandbox.clock.advance(target - sandbox.clock.now())
    sandbox.world = world
    sandbox.weather = weathers.make(scenario.weather, sandbox.clock)


def save(sandbox: Sandbox) -> str:
    """The tenant as a scenario file's text. Saved and loaded, it is saved as the same bytes."""
    clock = sandbox.clock
    at = clock.shift if isinstance(clock, RunningClock) else clock.now()
    return document.write(snapshot.dump(sandbox.world, at, weathers.choice_of(sandbox.weather)))
