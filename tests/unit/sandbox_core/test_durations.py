"""A duration is written as it can be read again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.sandbox.forecast import duration, spell_duration


@pytest.mark.parametrize("seconds", [0, 1.7e-05, 0.25, 10, 100, 3600.5, 86400 * 400])
def test_it_comes_back(seconds: float) -> None:
    written = timedelta(seconds=seconds)
    assert duration(spell_duration(written)) == written
