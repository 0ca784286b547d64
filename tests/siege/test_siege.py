"""The beginning of one siege; `make siege` goes through days of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.siege.run import siege
from tests.siege.wall import library


@pytest.mark.skipif(library() is None, reason="its dates come by libfaketime (Debian: faketime)")
def test_a_short_siege_leaves_what_the_specs_say_and_touches_nothing_else(tmp_path: Path) -> None:
    found = siege(tmp_path, 3, days=0, steps=3)
    assert not found.wrong, "\n".join((found.summary, *found.wrong, *found.story))
