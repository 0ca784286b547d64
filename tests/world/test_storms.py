"""A seeded handful of what `make soak` runs by the thousand, and a kill at a sample of requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.aspect import all_aspects
from tests.rig import Rig, make_rig
from tests.samples import SCENARIO
from tests.soak import ESTATES, fair_run, killed_run, stormy_run

# Other boundaries in each estate, before and after the request in turn; `make soak` takes every one.
KILLS = [
    (estate, at, "before" if at % 2 else "after")
    for index, estate in enumerate(sorted(ESTATES))
    for at in range(1 + index % 5, 60, 6 + index % 2)
]


@pytest.fixture(scope="session")
def fair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rig]:
    return {name: fair_run(tmp_path_factory.mktemp(name), name) for name in ESTATES}


@pytest.mark.parametrize("seed", range(1, 31))
def test_whatever_the_weather_the_tenant_ends_the_same(seed: int, tmp_path: Path, fair: dict[str, Rig]) -> None:
    estate = sorted(ESTATES)[seed % len(ESTATES)]
    stormy_run(tmp_path, estate, seed, fair[estate])


@pytest.mark.parametrize(("estate", "at", "when"), KILLS)
def test_killed_at_a_request_the_next_run_ends_the_same(
    estate: str, at: int, when: str, tmp_path: Path, fair: dict[str, Rig]
) -> None:
    killed_run(tmp_path, estate, at, when, fair[estate])


def test_every_aspect_that_writes_is_soaked(tmp_path: Path) -> None:
    """A new aspect needs a place in one of the estates."""
    soaked = set()
    for name, specs in ESTATES.items():
        plan = asyncio.run(make_rig(tmp_path / name, SCENARIO, specs).plan())
        soaked |= {change.aspect for change in plan.changes}
    assert {aspect.name for aspect in all_aspects() if aspect.permissions.write} - soaked == set()
