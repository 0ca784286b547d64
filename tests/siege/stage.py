"""The stage: a tenant, a repository, a receiver, and as many replicas of `mbx run` as are asked for."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO, Any

import httpx

from tests.e2e.conftest import SCENARIO, TENANT_ID, Running, environment, start
from tests.siege.receiver import SECRET, Receiver, served
from tests.siege.wall import Wall
from tests.unit.source.conftest import Forge

PATIENCE = 120  # seconds of real time for what takes a few
FORGE_SECRET = "what-the-forge-signs-with"
_STEP = 0.05
TENANT = f"""\
kind: Tenant
name: entreprise
tenantId: {TENANT_ID}
timeZone: Europe/Paris
mode: apply
interval: 10m
safety: {{maxPeopleLosingAccess: 100, maxShareLosingAccess: 1.0}}
source: {{verify: ssh, allowedSigners: .allowed_signers}}
notify: [{{webhook: {{urlFrom: MBX_HOOK_URL, secretFrom: MBX_HOOK_SECRET}}}}]
"""


@dataclass
class Replica:
    """One `mbx run`, started again and again; its log is one file."""

    name: str
    folder: Path
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    served: int = 0
    _log: IO[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        self.served = len(self._addresses())
        self._log = self.log.open("ab")
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def send(self, number: int) -> None:
        if self.runs:
            assert self.process is not None
            self.process.send_signal(number)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def listens(self) -> bool:
        """It has come up: until then, no signal is expected of anybody."""
        return self.runs and len(self._addresses()) > self.served

    def end(self, number: int) -> int:
        assert self.process is not None
        self.send(number)
        self.send(signal.SIGCONT)
        code = self.process.wait(timeout=PATIENCE)
        assert self._log is not None
        self._log.close()
        return code

    def lines(self) -> list[dict[str, Any]]:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        found = []
        for line in text.splitlines():
            if line.startswith("{") and line.endswith("}"):  # a kill may cut the last one
                found.append(json.loads(line))
        return found

    def address(self) -> str | None:
        return self._addresses()[-1] if self.listens else None

    def _addresses(self) -> list[str]:
        return [line["address"] for line in self.lines() if line["event"] == "page.served"]


@dataclass
class Stage:
    folder: Path
    rng: Random
    wall: Wall
    tenant: Running
    forge: Forge
    receiver: Receiver
    settings: dict[str, str]
    replicas: list[Replica] = field(default_factory=list)

    def mbx(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "controller", *words], cwd=self.folder, env=self.settings, text=True,
            capture_output=True, timeout=PATIENCE * 2, check=False,
        )  # fmt: skip

    def ended(self) -> int:
        """How many cycles have ended, by all the logs."""
        return sum(line["event"] == "cycle.ended" for each in self.replicas for line in each.lines())

    def let_go(self) -> None:
        """Lets the loops go on: for some requests, or until a cycle ends."""
        goal, cycles = (
            len(self.tenant.ask("GET", "requests")["value"]) + self.rng.randrange(1, 90),
            self.ended(),
        )
        self.until(
            lambda: self.ended() > cycles or len(self.tenant.ask("GET", "requests")["value"]) >= goal, 15
        )

    def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> bool:
        give_up = time.monotonic() + seconds
        while not true():
            if time.monotonic() > give_up:
                return False
            time.sleep(_STEP)
        return True

    def nudge(self) -> None:
        """Asks for a turn at once, as `systemctl reload` does."""
        for each in self.replicas:
            if each.listens:
                each.send(signal.SIGHUP)

    def hook(self, secret: str) -> int | None:
        """A push event at the door of a replica; the status that it answers with."""
        where = self.rng.choice(self.replicas).address()
        body = b'{"ref":"refs/heads/main"}'
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        try:
            with httpx.Client(trust_env=False, timeout=5) as http:
                answer = http.post(
                    f"{where}/hooks/github", content=body, headers={"X-Hub-Signature-256": signature}
                )
                return answer.status_code
        except httpx.HTTPError:
            return None  # it is down, or stopped


def _signer(folder: Path, name: str) -> str:
    """Makes a key of that name; tells its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    return (folder / f"{name}.pub").read_text()


def _forge(folder: Path) -> Forge:
    top = folder / "forge"
    top.mkdir()
    forge = Forge(top)
    public = _signer(top, "ada")
    _signer(top, "mallory")
    forge.write(".allowed_signers", f"ada@entreprise.example {public}")
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingKey", str(top / "ada")),
        ("commit.gpgSign", "true"),
    ):
        forge.git("config", name, value)
    return forge


@contextmanager
def staged(folder: Path, rng: Random, *, replicas: int = 1, journal: str | None = None) -> Iterator[Stage]:
    """`journal` is the URL of one that the replicas share; without it, a SQLite file."""
    wall = Wall(folder / "wall")
    with ExitStack() as stack:
        tenant = start(folder / "tenant", SCENARIO, **wall.environment())
        stack.callback(_stop_tenant, tenant)
        receiver = stack.enter_context(served(Random(rng.random())))
        forge = _forge(folder)
        given = {k: v for k, v in tenant.settings.items() if k not in ("MBX_TENANT_ID", "MBX_SANDBOX_URL")}
        settings = environment(
            MBX_STATE_URL=journal or f"sqlite:///{folder / 'journal.db'}", MBX_PROPAGATION_WAIT="5",
            MBX_HOOK_URL=receiver.url, MBX_HOOK_SECRET=SECRET, MBX_WEBHOOK_SECRET=FORGE_SECRET,
            HOME=str(folder), **wall.environment(), **given,
        )  # fmt: skip
        stage = Stage(folder, rng, wall, tenant, forge, receiver, settings)
        for number in range(replicas):
            home = folder / f"replica-{number}"
            home.mkdir()
            follow = (
                "--repo",
                str(forge.bare),
                "--branch",
                "main",
                "--path",
                "specs",
                "--listen",
                "127.0.0.1:0",
            )
            command = [sys.executable, "-m", "controller", "run", *follow, "--log-format", "json"]
            stage.replicas.append(
                Replica(f"replica-{number}", folder, command, {**settings, "HOME": str(home)})
            )
        stack.callback(_stop_replicas, stage)
        yield stage


def _stop_replicas(stage: Stage) -> None:
    for each in stage.replicas:
        if each.process is not None and each.process.poll() is None:
            each.end(signal.SIGKILL)


def _stop_tenant(tenant: Running) -> None:
    tenant.http.close()
    tenant.process.terminate()
    tenant.process.wait(timeout=PATIENCE)


def secrets_in(text: str) -> list[str]:
    """What no log may hold."""
    return re.findall(rf"a-secret-of-ours|{SECRET}|{FORGE_SECRET}|eyJ[A-Za-z0-9_-]{{20}}", text)
