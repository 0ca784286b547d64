"""A journal that several open at once, before it is there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.journal import Journal

TOGETHER = 6


@pytest.mark.parametrize("number", range(12))
def test_whoever_comes_second_waits_for_the_first(tmp_path: Path, number: int) -> None:
    start = threading.Barrier(TOGETHER)

    def opened(_: int) -> bool:
        start.wait(timeout=30)
        with Journal.open(f"sqlite:///{tmp_path / 'journal.db'}") as journal:
            return journal.managed("tenant") == {}

    with ThreadPoolExecutor(TOGETHER) as pool:
        assert all(pool.map(opened, range(TOGETHER)))
