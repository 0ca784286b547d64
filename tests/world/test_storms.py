"""A seeded handful of what `make soak` runs by the thousand, and a kill at a sample of requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig import Rig
from tests.soak import ESTATES, fair_run, killed_run, stormy_run


@pytest.fixture(scope="session")
def fair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rig]:
    return {name: fair_run(tmp_path_factory.mktemp(name), name) for name in ESTATES}


@pytest.mark.parametrize("seed", range(1, 31))
def test_whatever_the_weather_the_tenant_ends_the_same(seed: int, tmp_path: Path, fair: dict[str, Rig]) -> None:
    estate = sorted(ESTATES)[seed % len(ESTATES)]
    stormy_run(tmp_path, estate, seed, fair[estate])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 40, 3))
def test_killed_at_a_request_the_next_run_ends_the_same(
    at: int, when: str, tmp_path: Path, fair: dict[str, Rig]
) -> None:
    for estate in ESTATES:
        killed_run(tmp_path / estate, estate, at, when, fair[estate])
