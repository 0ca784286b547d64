"""`mbx run` as it is left running: a bare repository, signals, kills, hooks; judged by the tenant's world."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import TENANT, Desk
from tests.unit.source.conftest import Forge

PATIENCE = 90  # seconds for what takes one
BOX = "libre@entreprise.example"
TEAM = ("alice", "chloe", "david", "emma")
LIBRE = f"""\
kind: SharedMailbox
address: {BOX}
displayName: Libérée
access:
""" + "".join(f"  {who}@entreprise.example: [full-access, send-as]\n" for who in TEAM)
SECRET = "a-secret-of-the-forge"


@dataclass
class Loop:
    """A loop that runs; its log is read as it comes."""

    process: subprocess.Popen[str]
    lines: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if line.startswith("{"):
                self.lines.put(json.loads(line))

    def event(self, name: str, fits: Callable[[dict[str, Any]], bool] = lambda line: True) -> dict[str, Any]:
        """The next line of that name."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(give_up - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"no {name} in:\n{''.join(self.log)}") from None
            if line["event"] == name and fits(line):
                return line

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE)
        assert "Traceback" not in "".join(self.log)
        return code


@dataclass
class Team:
    """A desk, a repository, and whoever follows it."""

    desk: Desk
    forge: Forge
    loops: list[Loop] = field(default_factory=list)

    def push(self, text: str, name: str = "box.yaml") -> str:
        self.forge.write(f"specs/{name}", text)
        return self.forge.commit()

    def run(self, *words: str, **env: str) -> Loop:
        follow = ("--repo", str(self.forge.bare), "--branch", "main", "--path", "specs", "--log-format", "json")
        loop = Loop(self.desk.start("run", *follow, *(words or ("--listen", "off")), **env))
        self.loops.append(loop)
        return loop

    def settled(self, *words: str) -> None:
        """One more turn finds everything as it should be, and everybody has what they were given, once."""
        follow = ("--repo", str(self.forge.bare), "--branch", "main", "--path", "specs")
        self.desk.mbx("run", "--once", *follow, *words, code=0)
        assert "nothing to do" in self.desk.mbx("run", "--once", *follow, *words, code=0).out
        everybody = {f"{who}@entreprise.example" for who in TEAM}
        assert self.desk.tenant.holders(BOX) == everybody
        granted = [record for record in self.desk.tenant.audit() if record["operation"] == "Add-MailboxPermission"]
        assert len(granted) == len(TEAM)


@pytest.fixture
def team(desk: Desk) -> Iterator[Team]:
    top = desk.folder / "forge"
    top.mkdir()
    forge = Forge(top)
    forge.write("specs/tenant.yaml", TENANT + "interval: 10m\n")
    made = Team(desk, forge)
    made.push(LIBRE)
    yield made
    for loop in made.loops:
        if loop.process.poll() is None:
            loop.process.kill()
            loop.process.wait(timeout=30)
        for pipe in (loop.process.stdout, loop.process.stderr):
            assert pipe is not None
            pipe.close()


def until(true: Callable[[], Any]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.02)


def test_pushed_applied_and_stopped(team: Team) -> None:
    loop = team.run()
    first = loop.event("cycle.ended")
    assert first["condition"] == "converged"
    assert first["commit"] == team.forge.git("rev-parse", "HEAD")
    commit = team.push(LIBRE + "mailTip: Bonjour\n")
    loop.process.send_signal(signal.SIGHUP)
    second = loop.event("cycle.ended")
    assert (second["commit"], second["applied"]) == (commit, 1)
    history = team.desk.mbx("history", "--specs", str(team.forge.desk / "specs"), "--format", "json").json
    assert history[0]["commit"] == commit
    assert loop.end() == 0
    team.settled()


def test_a_hook_makes_it_look_and_a_forged_one_does_not(team: Team) -> None:
    loop = team.run("--listen", "127.0.0.1:0", MBX_WEBHOOK_SECRET=SECRET)
    address = loop.event("page.served")["address"]
    with httpx.Client(base_url=address, trust_env=False) as http:
        assert http.get("/healthz").status_code == 200
        loop.event("cycle.ended")
        until(lambda: http.get("/readyz").status_code == 200)
        commit = team.push(LIBRE + "mailTip: Bonjour\n")
        body = b'{"ref":"refs/heads/main"}'
        forged = hmac.new(b"guess", body, hashlib.sha256).hexdigest()
        assert http.post("/hooks/github", content=body, headers={"X-Hub-Signature-256": f"sha256={forged}"}).status_code == 401
        assert "look.asked" not in "".join(loop.log)
        right = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        for _ in range(20):  # repeated, it is harmless
            answer = http.post("/hooks/github", content=body, headers={"X-Hub-Signature-256": f"sha256={right}"})
            assert answer.status_code == 202
        assert loop.event("cycle.ended")["commit"] == commit
    assert SECRET not in "".join(loop.log)
    assert loop.end() == 0
    team.settled()


def test_told_to_stop_in_the_middle_it_ends_well_and_the_next_goes_on(team: Team) -> None:
    team.desk.tenant.weather(latency={"seconds": 0.3})
    loop = team.run()
    until(team.desk.tenant.writes)
    assert loop.end() == 0
    assert loop.event("loop.stopping")["writing"] == ["entreprise"]
    team.desk.tenant.weather()
    rows = team.desk.mbx("history", "--specs", str(team.forge.desk / "specs"), "--format", "json").json
    assert rows
    assert all(row["status"] for row in rows), "a write was cut off that had time to end"
    team.settled()


def test_killed_at_any_moment_it_loses_and_repeats_nothing(team: Team) -> None:
    chance = random.Random(5)
    team.desk.tenant.weather(latency={"seconds": 0.1})
    for _ in range(5):
        asked = len(team.desk.tenant.ask("GET", "requests")["value"])
        loop = team.run()
        after = asked + chance.randrange(1, 45)
        until(lambda loop=loop, after=after: len(team.desk.tenant.ask("GET", "requests")["value"]) >= after
              or "cycle.ended" in "".join(loop.log))  # fmt: skip
        assert loop.end(signal.SIGKILL) == -signal.SIGKILL
    team.desk.tenant.weather()
    team.settled()


def test_of_two_one_leads_and_the_other_says_so_and_takes_over(team: Team) -> None:
    """On one journal in SQLite. What is done by hand goes on beside them."""
    first = team.run()
    assert first.event("cycle.ended")["condition"] == "converged"
    second = team.run()
    told = second.event("lead.elsewhere")["told"]
    assert f"process {first.process.pid} on " in told
    assert "stands by" in told
    by_hand = ("--specs", str(team.forge.desk / "specs"))
    team.desk.mbx("plan", *by_hand, code=0)
    team.desk.tenant.poke("Set-Mailbox", Identity=BOX, DisplayName="Autre")
    assert "1 applied" in team.desk.mbx("apply", "--yes", *by_hand, code=0).out
    done = team.desk.mbx("run", "--once", "--repo", str(team.forge.bare), "--path", "specs", code=0)
    assert f"process {first.process.pid} on " in done.err
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second.process.send_signal(signal.SIGHUP)  # or in 15 s by itself
    assert second.event("lead.taken")["tenant"] == "entreprise"
    assert "cycle.ended" in "".join(second.log)
    assert second.end(signal.SIGINT) == 0
    team.settled()


def test_commits_that_nobody_should_trust_are_refused(team: Team) -> None:
    key = team.forge.top / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    team.forge.write(".allowed_signers", f"ada@entreprise.example {public}")
    tenant = TENANT + "interval: 10m\nsource: {verify: ssh, allowedSigners: .allowed_signers}\n"
    team.forge.write("specs/tenant.yaml", tenant)
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", str(key)), ("commit.gpgSign", "true")):
        team.forge.git("config", name, value)
    good = team.forge.commit("Signed")
    loop = team.run()
    assert loop.event("cycle.ended")["condition"] == "converged"
    refused: list[tuple[str, str]] = []
    for text, options, reason in (
        (LIBRE.replace("full-access, ", ""), ("--no-gpg-sign",), "untrusted-commit"),
        ("kind: Nonsense\n", (), "bad-specs"),
    ):
        team.forge.git("reset", "--quiet", "--hard", good)
        team.forge.write("specs/box.yaml", text)
        team.forge.commit("Change", *options)
        loop.process.send_signal(signal.SIGHUP)
        ended = loop.event("cycle.ended")
        refused.append((ended["reason"], reason))
    older = team.forge.git("rev-parse", f"{good}^")
    team.forge.git("push", "--quiet", "--force", str(team.forge.bare), f"{older}:refs/heads/main")
    loop.process.send_signal(signal.SIGHUP)
    refused.append((loop.event("cycle.ended")["reason"], "not-fast-forward"))
    assert [got for got, _ in refused] == [wanted for _, wanted in refused]
    team.forge.git("push", "--quiet", "--force", str(team.forge.bare), f"{good}:refs/heads/main")
    assert loop.end() == 0
    team.settled()


def test_once_tells_what_is_pending_and_ends_with_its_status(team: Team, tmp_path: Path) -> None:
    follow = ("run", "--once", "--repo", str(team.forge.bare), "--path", "specs")
    team.forge.write("specs/tenant.yaml", TENANT.replace("mode: apply\n", "mode: report\n"))
    team.forge.commit()
    assert "grant   alice@entreprise.example" in team.desk.mbx(*follow, code=2).out
    team.forge.write("specs/tenant.yaml", TENANT + "applyWindows: []\n")
    team.forge.commit()
    team.desk.mbx(*follow, code=2)
    assert team.desk.tenant.writes() == []
    team.forge.write("specs/tenant.yaml", TENANT)
    team.push(LIBRE + "mode: report\n")
    team.desk.mbx(*follow, code=2)
    assert team.desk.tenant.writes() == []
    team.push("kind: Nonsense\n")
    assert "Nonsense" in team.desk.mbx(*follow, code=1).err
    team.desk.mbx("run", "--once", "--repo", str(tmp_path / "nowhere"), code=1)
    team.push(LIBRE)
    assert "applied" in team.desk.mbx(*follow, code=0).out
    team.settled()


def test_several_commands_that_cannot_be_meant(desk: Desk) -> None:
    assert "--repo" in desk.mbx("run", "--branch", "main", code=1).err
    assert "keep one" in desk.mbx("run", "specs", "--repo", "x", code=1).err
    assert "HOST:PORT" in desk.mbx("run", "--listen", "here", code=1).err
    assert "no such tenant" in desk.mbx("run", "--once", "--tenant", "autre", code=1).err
    assert "whole id" in desk.mbx("accept", "9f3c", "--reason", "x", code=1).err
    assert "not suspended" in desk.mbx("resume", code=1).err
    desk.spec(LIBRE)
    desk.mbx("suspend", BOX, "--reason", "Ticket 4711", code=0)
    assert "Ticket 4711" in desk.mbx("run", "--once", code=2).out
    desk.mbx("resume", BOX, code=0)
    desk.mbx("run", "--once", code=0)
    assert desk.tenant.holders(BOX) == {f"{who}@entreprise.example" for who in TEAM}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 7)])
def test_signals_that_come_before_the_loop_is_there(desk: Desk, number: int, code: int) -> None:
    """Told to stop, it ends well; a hang-up is passed over, so that it comes to what stands behind it here."""
    early = f"""
import os, sys
from controller.cli import main, run
run.load_settings = lambda: (os.kill(os.getpid(), {int(number)}), sys.exit(7))
sys.exit(main(["run", "--listen", "off"]))
"""
    done = subprocess.run([sys.executable, "-c", early], cwd=desk.folder, env=desk.env, timeout=PATIENCE, check=False)
    assert done.returncode == code
