"""What a page of `mbx run` costs over many mailboxes, beside a probe of the same server that says `ok`.

The tenant is simulated, the controller a process of its own that looked at it once. Each page is asked for
first (what a turn brings is arranged then), and again and again: the median. A search goes over all mailboxes.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.bench._measure import MBX, environment, options, run
from tests.bench._tenant import Tenant, tenant

_PATIENCE = 900  # seconds until the first look at a big company is over
_ASKED = 15  # times, each page


def main() -> None:
    chosen = options(__doc__)
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory() as name, tenant(Path(name), size, chosen.seed, 0) as where:
            specs = str(Path(name) / "specs")
            more = ("--mailboxes", str(size), "--seed", str(chosen.seed), "--out", specs)
            run((*MBX, "sandbox", "specs", *more), settings={})
            with running(where, specs, Path(name)) as address:
                _measure(address, size, specs)


@contextmanager
def running(where: Tenant, specs: str, folder: Path) -> Iterator[str]:
    """`mbx run` over the specs, once it has looked."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = (*MBX, "run", "--specs", specs, "--listen", address.removeprefix("http://"))
    with (folder / "run.log").open("w") as log:
        child = subprocess.Popen(command, env=environment(where.settings), stdout=log, stderr=log)
    try:
        began = time.monotonic()
        while not _is_ready(address):
            if child.poll() is not None or time.monotonic() - began > _PATIENCE:
                raise RuntimeError(f"it does not come up:\n{(folder / 'run.log').read_text()[-2000:]}")
            time.sleep(0.5)
        yield address
    finally:
        os.kill(child.pid, signal.SIGTERM)
        child.wait(60)


def _is_ready(address: str) -> bool:
    try:
        return bool(_asked(f"{address}/readyz"))
    except (URLError, OSError):
        return False


def _asked(address: str) -> bytes:
    with urlopen(address, timeout=_PATIENCE) as answer:
        body: bytes = answer.read()
        return body


def _measure(address: str, size: int, specs: str) -> None:
    texts = (path.read_text("utf-8") for path in sorted(Path(specs).rglob("*.yaml")))
    lines = [line for text in texts for line in text.splitlines()]
    boxes = [line.split()[1] for line in lines if line.startswith("address: ")]
    box = boxes[len(boxes) // 2]
    who = next(
        line.strip().split(":")[0] for line in lines if line.startswith("  ") and "@" in line.split(":")[0]
    )
    tenant_name = next(line.split()[1] for line in lines if line.startswith("name: "))
    bare = _median(f"{address}/healthz")
    print(f"{size:,} mailboxes; a probe takes {bare * 1000:.1f} ms")
    print(f"  {'':<40} {'first':>9} {'then':>9}  times a probe")
    at = f"{address}/t/{tenant_name}"
    for name, page in (
        ("the estate", address + "/"),
        ("the list", f"{at}/mailboxes"),
        ("search: one mailbox", f"{at}/mailboxes?q={box}"),
        ("search: in every one", f"{at}/mailboxes?q=a+e"),
        ("search: in none", f"{at}/mailboxes?q=zzzz+yyyy"),
        ("one mailbox", f"{at}/mailboxes/{box}"),
        ("one person", f"{at}/people?q={who}"),
        ("people by a part of the address", f"{at}/people?q=an"),
        ("findings", f"{at}/findings"),
        ("history", f"{at}/history"),
        ("the last plan", f"{at}/plan"),
        ("one person's access, as CSV", f"{at}/people/{who}/access.csv"),
    ):
        began = time.perf_counter()
        _asked(page)
        first = time.perf_counter() - began
        then = _median(page)
        print(f"  {name:<40} {first * 1000:6.0f} ms {then * 1000:6.0f} ms  {then / bare:8.0f}", flush=True)


def _median(address: str) -> float:
    taken = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        _asked(address)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
