"""What the sandbox says that it does not play is what Microsoft's client could call besides."""

from __future__ import annotations

import pytest

from . import beyond_table
from .conftest import SDK_PYTHON


def test_the_table_is_that_of_the_clients_release() -> None:
    """If not: `.venv/bin/python -m tests.foreign.beyond_table`."""
    if not SDK_PYTHON.exists():
        pytest.skip("Microsoft's Graph client is not installed: tests/foreign/run.sh")
    assert beyond_table.TABLE.read_text("utf-8") == beyond_table.table()
