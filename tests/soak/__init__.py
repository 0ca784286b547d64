"""Random weather, over and over: `python -m tests.soak --runs 1000 --seed 1`.

Each run tells one of a few stories in weathers drawn from its seed: an estate is planned and applied until the
weather clears and everything agrees, chapter after chapter. Held against the same story in fair weather: no
write that was not made there, the same tenant in the end, no drift blamed on anybody, and nothing raised that
is not one of our own errors. Then somebody meddles, again and again. `make test` runs a seeded handful.
"""

from __future__ import annotations

from tests.soak.meddling import meddled_run
from tests.soak.runs import Broken, fair_run, killed_run, stormy_run
from tests.soak.stories import STORIES

__all__ = ["STORIES", "Broken", "fair_run", "killed_run", "meddled_run", "stormy_run"]
