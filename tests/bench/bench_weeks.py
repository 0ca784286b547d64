"""What a loop holds after weeks: memory, open files, threads, the journal, the copy of the repository, series.

Eight weeks with a look each six hours, in one process: commits, drift, outages, messages, pages and traces. All
but the journal and the copy, which grow with what happens, should be level.
"""

from __future__ import annotations

import asyncio
import tempfile
import tracemalloc
from pathlib import Path

from tests.bench._measure import options
from tests.lasting import Lasting

WEEKS, A_WEEK = 8, 28  # turns


async def live(folder: Path) -> None:
    lasting = Lasting(folder)
    async with lasting.running():
        await lasting.turns(A_WEEK)
        tracemalloc.start()
        for week in range(2, WEEKS + 1):
            await lasting.turns(A_WEEK)
            print(f"week {week}: {lasting.held()}", flush=True)


def main() -> None:
    options(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder)))


if __name__ == "__main__":
    main()
