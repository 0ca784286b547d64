"""`python -m tests.soak`: as many weathers as asked for, a kill at every request, and people who meddle."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from tests import soak
from tests.soak.runs import Fair
from tests.soak.stories import STORIES

_TITLES = sorted(STORIES)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=soak.__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--story", choices=_TITLES, help="Only this one.")
    arguments = parser.parse_args()
    titles = [arguments.story] if arguments.story else _TITLES
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fair = {title: soak.fair_run(folder / f"fair-{title}", title) for title in titles}
        for number in range(arguments.runs):
            broken += _run(folder, arguments.seed + number, titles, fair)
            if (number + 1) % 100 == 0:
                print(f"{number + 1} weathers, {broken} broken", flush=True)
        for title in titles:
            killed, failed = _killed(folder, title, fair[title])
            broken += failed
            print(f"{title}: killed before and after each of {killed} requests", flush=True)
    print(f"{arguments.runs} weathers and every kill: {broken} broken")
    return 1 if broken else 0


def _run(folder: Path, seed: int, titles: list[str], fair: dict[str, Fair]) -> int:
    """One weather; in every third somebody meddles."""
    title = titles[seed % len(titles)]
    run = soak.meddled_run if seed % 3 == 0 else soak.stormy_run
    return _failed(f"seed {seed} ({title}, {run.__name__})", folder / str(seed),
                   lambda place: run(place, title, seed, fair[title]))  # fmt: skip


def _killed(folder: Path, title: str, fair: Fair) -> tuple[int, int]:
    """Of how many requests it was killed before and after each, and how many of these runs broke."""
    broken = 0
    for at in count(1):
        for when in ("before", "after"):
            struck: list[bool] = []
            run = partial(_one_kill, struck, title, at, when, fair)
            broken += _failed(f"{title} killed {when} {at}", folder / f"{title}-{at}-{when}", run)
            if struck == [False]:
                return at - 1, broken
    raise AssertionError("unreachable: a story has an end")


def _one_kill(struck: list[bool], title: str, at: int, when: str, fair: Fair, place: Path) -> None:
    struck.append(soak.killed_run(place, title, at, when, fair))


def _failed(what: str, place: Path, run: Callable[[Path], object]) -> int:
    try:
        run(place)
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
