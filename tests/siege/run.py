"""One siege from its beginning to the verdict."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx

from tests.postgres import served, server_programs
from tests.siege.judge import Tenant, judged
from tests.siege.stage import Replica, Stage, secrets_in, staged
from tests.siege.storm import Storm


@dataclass(frozen=True)
class Found:
    wrong: tuple[str, ...]
    story: tuple[str, ...]
    summary: str


def siege(folder: Path, seed: int, *, days: int, steps: int = 0, replicas: int = 1) -> Found:
    """`steps` come after the last whole day."""
    rng = Random(seed)
    with _journal(replicas) as journal, staged(folder, rng, replicas=replicas, journal=journal) as stage:
        before = Tenant(stage.tenant.ask("GET", "state"))
        storm = Storm(stage)
        storm.begin()
        storm.days(days)
        storm.steps(steps)
        wrong = [] if storm.calm() else ["it did not come to rest"]
        wrong += _last_words(stage, storm)
        after = Tenant(stage.tenant.ask("GET", "state"))
        wrong += judged(storm, before, after)
        writes = len(stage.tenant.audit())
        told = sum(len(message["news"]) for message in stage.receiver.taken)
        summary = f"{len(storm.versions)} commits, {stage.ended()} cycles, {writes} writes, {told} news: " + (
            f"{len(wrong)} wrong" if wrong else "as it should be"
        )
        return Found(tuple(wrong), tuple(storm.told), summary)


def _last_words(stage: Stage, storm: Storm) -> Iterator[str]:
    """Told to stop, it stops; then a plan by hand is empty, and the record holds."""
    stage.until(lambda: _is_told(stage, storm), 30)
    yield from (f"{name} died by itself" for name in storm.died)
    stage.until(lambda: all(_is_ready(each) for each in stage.replicas), 60)  # one may have just come up
    for each in stage.replicas:
        yield from _doors(each)
    for each in stage.replicas:
        code = each.end(signal.SIGTERM)
        if code:
            yield f"{each.name} ended with {code}"
    specs = str(stage.forge.desk / "specs")
    plan = stage.mbx("plan", specs, "--detailed-exitcode")
    if plan.returncode:
        yield f"a plan by hand: exit {plan.returncode}\n{plan.stdout[-1500:]}{plan.stderr[-500:]}"
    record = stage.mbx("history", "--specs", specs, "--verify")
    if record.returncode:
        yield f"the record does not hold: {record.stdout[-500:]}{record.stderr[-500:]}"


def _is_ready(replica: Replica) -> bool:
    address = replica.address()
    if address is None:
        return False
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        return http.get("/readyz").is_success


def _doors(replica: Replica) -> Iterator[str]:
    """What it answers to those who watch it."""
    with httpx.Client(base_url=str(replica.address()), trust_env=False, timeout=30) as http:
        answers = {name: http.get(name) for name in ("/healthz", "/readyz", "/metrics", "/")}
    for name, answer in answers.items():
        if answer.status_code != 200:
            yield f"{replica.name}: {name} answers {answer.status_code}: {answer.text[:300]}"
        if secrets_in(answer.text):
            yield f"{replica.name}: a secret at {name}"
    metrics = answers["/metrics"].text
    leads = re.search(r"^mbx_leading\{.*\} 1(\.0)?$", metrics, re.MULTILINE) is not None
    wanted = ["mbx_leading", *(["mbx_cycles_total", "mbx_last_good_cycle_age_seconds"] if leads else [])]
    for metric in wanted:  # who stands by saw no tenant
        if f"\n{metric}{{" not in metrics:
            yield f"{replica.name}: no {metric} among its metrics"


def _is_told(stage: Stage, storm: Storm) -> bool:
    """Whether the receiver heard that each drift is over: what it refused comes again a minute later."""
    heard = {news["id"] for message in list(stage.receiver.taken) for news in message["news"]}
    open_ = [
        i for i in heard if i.startswith("drift/") and not i.endswith("/over") and f"{i}/over" not in heard
    ]
    if (
        len({box for _, box, _ in storm.drifts if any(box in i for i in heard)}) == len(storm.drifts)
        and not open_
    ):
        return True
    stage.wall.jump(timedelta(minutes=10))  # what was refused is tried again later
    return False


@contextmanager
def _journal(replicas: int) -> Iterator[str | None]:
    programs = server_programs()
    if replicas == 1:
        yield None
        return
    if programs is None:
        raise SystemExit("PostgreSQL's server programs are needed for several replicas (Debian: postgresql)")
    with served(programs) as server, server.database() as url:
        yield url
