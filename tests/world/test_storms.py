"""A seeded handful of what `make soak` runs by the thousand, and a kill at a sample of requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.aspect import all_aspects
from tests.soak import STORIES, fair_run, killed_run, meddled_run, stormy_run
from tests.soak.meddling import DEEDS
from tests.soak.runs import Fair, begin, turn_to

# Other boundaries in each story, before and after the request in turn; `make soak` takes every one.
KILLS = [
    (story, at, "before" if at % 2 else "after")
    for index, story in enumerate(sorted(STORIES))
    for at in range(1 + index % 5, 60, 6 + index % 2)
]


@pytest.fixture(scope="session")
def fair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fair]:
    return {name: fair_run(tmp_path_factory.mktemp(name), name) for name in STORIES}


@pytest.mark.parametrize("seed", range(1, 31))
def test_whatever_the_weather_the_tenant_ends_the_same(seed: int, tmp_path: Path, fair: dict[str, Fair]) -> None:
    story = sorted(STORIES)[seed % len(STORIES)]
    stormy_run(tmp_path, story, seed, fair[story])


@pytest.mark.parametrize(("story", "at", "when"), KILLS)
def test_killed_at_a_request_the_next_run_ends_the_same(
    story: str, at: int, when: str, tmp_path: Path, fair: dict[str, Fair]
) -> None:
    killed_run(tmp_path, story, at, when, fair[story])


@pytest.mark.parametrize("seed", range(8))
def test_who_meddles_again_and_again_is_undone_and_in_the_end_left_to_people(
    seed: int, tmp_path: Path, fair: dict[str, Fair]
) -> None:
    story = sorted(DEEDS)[seed % len(DEEDS)]
    meddled_run(tmp_path, story, seed, fair[story])


def test_every_aspect_that_writes_is_soaked(tmp_path: Path) -> None:
    """A new aspect needs a place in one of the storys."""
    soaked = set()
    for name, chapters in STORIES.items():
        rig = begin(tmp_path / name, name)
        for chapter in chapters:
            turn_to(rig, chapter)
            soaked |= {change.aspect for change in asyncio.run(rig.plan()).changes}
    assert {aspect.name for aspect in all_aspects() if aspect.permissions.write} - soaked == set()
