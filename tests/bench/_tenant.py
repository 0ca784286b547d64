"""A simulated tenant in a process of its own, and what it was asked."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench._measure import MBX, environment, run

_PATIENCE = 600  # seconds until a big company answers


@dataclass(frozen=True, slots=True)
class Tenant:
    """`settings` lead `mbx` to it."""

    settings: dict[str, str]
    env_file: Path

    def forget(self) -> None:
        """From here on, `calls` counts anew."""
        self._ask("--reset")

    def calls(self) -> list[dict[str, Any]]:
        """Every question it was asked, those inside batches each for itself: `operation` and `target`."""
        calls = json.loads(self._ask("--format", "json"))
        return [call for call in calls if call["operation"] != "$batch" and call["api"] != "entra"]

    def _ask(self, *more: str) -> str:
        return run((*MBX, "sandbox", "requests", "--env-file", str(self.env_file), *more), settings={}).output


@contextmanager
def tenant(folder: Path, mailboxes: int, seed: int, latency: int) -> Iterator[Tenant]:
    """A made-up company that answers after `latency` milliseconds, until the block ends."""
    env_file, log = folder / f"{mailboxes}-{latency}.env", folder / f"{mailboxes}-{latency}.log"
    command = [*MBX, "sandbox", "run", "--mailboxes", str(mailboxes), "--seed", str(seed)]
    command += ["--latency", str(latency / 1000), "--env-file", str(env_file)]
    command += ["--tls-folder", str(folder / "tls")]
    with log.open("w") as errors:
        child = subprocess.Popen(command, env=environment({}), stdout=subprocess.DEVNULL, stderr=errors)
    try:
        began = time.monotonic()
        while not env_file.exists():
            if child.poll() is not None or time.monotonic() - began > _PATIENCE:
                raise RuntimeError(f"the sandbox does not answer:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        pairs = (line.split("=", 1) for line in env_file.read_text().splitlines() if "=" in line)
        settings = {name: value for name, value in pairs if name.startswith("MBX_")}
        settings["MBX_STATE_URL"] = f"sqlite:///{folder}/{mailboxes}-{latency}.db"
        yield Tenant(settings, env_file)
    finally:
        child.terminate()
        child.wait(60)
