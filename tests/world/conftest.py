from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.rig import Rig, make_rig

SMALL = (Path(__file__).parent.parent / "scenarios" / "small.yaml").read_text(encoding="utf-8")


@pytest.fixture
def rig(tmp_path: Path) -> Callable[..., Rig]:
    """A rig over the small tenant, with these documents as its specs."""

    def make(*documents: str, scenario: str = SMALL, seed: int = 1) -> Rig:
        specs = {f"{index}.yaml": text for index, text in enumerate(documents)}
        return make_rig(tmp_path, scenario, specs, seed=seed)

    return make


@pytest.fixture
def go() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return asyncio.run
