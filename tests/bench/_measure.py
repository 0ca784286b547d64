"""A command run as a process of its own: its wall time, its CPU time and its peak memory.

The fact one would not guess: a child's peak counts from before it became another program, so that it is at
least its parent's; whoever measures stays small, and leaves heavy work to children.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MBX = (sys.executable, "-m", "controller")
# What of the caller's environment would change what is measured.
_FOREIGN = ("MBX_", "TF_", "PYTHON")


@dataclass(frozen=True, slots=True)
class Used:
    """`cpu` is user and system time, `wall` and `cpu` in seconds, `memory` the peak in bytes."""

    wall: float
    cpu: float
    memory: int
    output: str


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)} | dict(more)


def run(
    command: Sequence[str], *, settings: Mapping[str, str], folder: Path | None = None, passes: int = 0
) -> Used:
    """Runs it to its end. Raises RuntimeError unless it ends with the status `passes`."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command,
        env=environment(settings),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != passes:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{output[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, output)


def options(description: str | None) -> argparse.Namespace:
    """The options that every file here understands, so that `make bench ARGS=…` can give them to all."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--sizes", type=_numbers, default=(1000, 10_000), help="how many mailboxes: 1000,10000"
    )
    parser.add_argument("--latency", type=_numbers, default=(0, 100), help="milliseconds: 0,100")
    parser.add_argument("--large", action="store_true", help="50,000 mailboxes too, for memory")
    parser.add_argument("--repeat", type=int, default=2, help="the best of so many runs is told")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("_", "").split(","))


def mebibytes(used: Used) -> str:
    return f"{used.memory / 2**20:,.0f} MiB"
