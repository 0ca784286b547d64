"""`mbx` as its users have it: a process, a folder, an environment, a tenant behind TLS.

One sandbox for each worker, put back to what it was before each test. What is asserted is what a user sees:
exit status, stdout, stderr, and the tenant itself.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "tests" / "scenarios" / "e2e.yaml"
ADMIN = "admin@entreprise.example"
TENANT_ID = "7f1b2c3d-0000-4000-8000-000000000001"
TENANT = f"""\
kind: Tenant
name: entreprise
tenantId: {TENANT_ID}
timeZone: Europe/Paris
mode: apply
"""
_PATIENCE = 120  # seconds for a command, on a machine that does other things too


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class Running:
    """A sandbox that runs, and the way to its tenant behind the services' backs."""

    process: subprocess.Popen[bytes]
    settings: dict[str, str]
    http: httpx.Client
    born: str = ""

    def reset(self) -> None:
        self.ask("POST", "weather", {"name": "fair"})
        self.ask("PUT", "state", self.born)
        self.ask("DELETE", "requests")

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        content = body if isinstance(body, str) else None if body is None else json.dumps(body)
        answer = self.http.request(verb, f"/_sandbox/{path}".rstrip("/"), content=content)
        assert answer.is_success, answer.text
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else answer.text

    def poke(self, cmdlet: str, **parameters: Any) -> Any:
        return self.ask("POST", "poke", {"actor": ADMIN, "cmdlet": cmdlet, "parameters": parameters})["value"]

    def weather(self, *faults: Mapping[str, Any], **forecast: Any) -> None:
        self.ask("POST", "weather", {"forecast": {"seed": 1, "faults": list(faults), **forecast}})

    def show(self, address: str) -> Any:
        (found,) = self.ask("GET", f"show?identity={address}")["value"]
        return found

    def holders(self, address: str, column: str = "permissions") -> set[str]:
        """Who was given a right: not the mailbox itself, nothing inherited, nothing denied."""
        return {
            ace["trustee"].lower()
            for ace in self.show(address).get(column, ())
            if not (ace.get("inherited") or ace.get("deny") or ace["trustee"].startswith("NT AUTHORITY"))
        }

    def audit(self) -> list[Any]:
        return list(self.ask("GET", "audit")["value"])

    def writes(self) -> list[str]:
        return [call["operation"] for call in self.ask("GET", "requests?writes=true")["value"]]


def start(folder: Path, scenario: Path | None, *options: str, **env: str) -> Running:
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "sandbox.env"
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "controller", "sandbox", "run", "--port", "0",
             *(("--scenario", str(scenario)) if scenario else ()), "--env-file", str(settings), "--tls-folder", str(folder / "tls"), *options],
            cwd=folder, env=environment(**env), stdout=log, stderr=log,
        )  # fmt: skip
    give_up = time.monotonic() + _PATIENCE
    while not settings.exists():
        assert process.poll() is None, (folder / "sandbox.log").read_text()
        assert time.monotonic() < give_up, "the sandbox did not come up"
        time.sleep(0.05)
    given = dict(line.split("=", 1) for line in settings.read_text().splitlines() if "=" in line)
    trusted = ssl.create_default_context(cafile=given["MBX_CA_BUNDLE"])
    http = httpx.Client(base_url=given["MBX_SANDBOX_URL"], verify=trusted, timeout=_PATIENCE, trust_env=False)
    running = Running(process, given, http)
    running.born = running.ask("GET", "state")
    return running


def environment(**more: str) -> dict[str, str]:
    """What a process needs to run at all, and nothing of who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("sandbox"), SCENARIO)
    yield running
    running.http.close()
    running.process.terminate()
    running.process.wait(timeout=30)


@dataclass
class Desk:
    """Somebody's working folder: specs, settings, a journal of its own."""

    folder: Path
    tenant: Running
    env: dict[str, str] = field(default_factory=dict)

    def spec(self, text: str, name: str = "box.yaml") -> Path:
        path = self.folder / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def limits(self, text: str) -> None:
        self.spec(TENANT + text, "tenant.yaml")

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "controller", *words], cwd=self.folder, text=True, encoding="utf-8",
            env={**self.env, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a background job ignores it
        )  # fmt: skip

    def mbx(self, *words: str, code: int | None = None, **env: str) -> Done:
        """Runs it; whatever happens, no traceback is shown, and no secret."""
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=_PATIENCE)
        done = Done(process.returncode, out, err)
        assert "Traceback" not in out + err, done
        secret = {**self.env, **env}.get("MBX_CLIENT_SECRET")
        assert not secret or secret not in out + err, done
        assert code is None or done.code == code, done
        return done

    def plan(self, *words: str, code: int | None = 0, **env: str) -> Any:
        return self.mbx("plan", "--format", "json", *words, code=code, **env).json


@pytest.fixture
def desk(tmp_path: Path, sandbox: Running) -> Desk:
    sandbox.reset()
    settings = {k: v for k, v in sandbox.settings.items() if k not in ("MBX_TENANT_ID", "MBX_SANDBOX_URL")}
    journal = f"sqlite:///{tmp_path / 'journal.db'}"
    env = environment(MBX_STATE_URL=journal, MBX_PROPAGATION_WAIT="2", HOME=str(tmp_path), **settings)
    made = Desk(tmp_path, sandbox, env)
    made.spec(TENANT, "tenant.yaml")
    return made


def ids(plan: Any) -> list[str]:
    return [change["id"] for change in plan["changes"]]


def findings(plan: Any) -> set[str]:
    return {found["id"] for found in plan["diagnostics"] if found["code"] != "unmanaged-mailbox"}
