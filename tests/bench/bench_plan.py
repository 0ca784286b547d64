"""What a plan over many mailboxes costs, beside the same reads one at a time and beside terraform.

The tenant is simulated, in a process of its own on the same machine, and takes its share of the processor:
wall time is that of both together. Nothing differs, so that all of it is the price of finding that out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import _terraform
from tests.bench._measure import MBX, Used, environment, mebibytes, options, run
from tests.bench._tenant import Tenant, tenant

_LARGE = 50_000
_SAMPLE = 100  # reads made one at a time
_ANSWERED = '"request.answered"'  # the log's word for each request over the wire; a batch is one


@dataclass(frozen=True, slots=True)
class Case:
    """One size of tenant, its specs and how it is measured."""

    folder: Path
    mailboxes: int
    seed: int
    repeat: int

    @property
    def specs(self) -> str:
        return str(self.folder / f"specs-{self.mailboxes}")

    def write_specs(self) -> None:
        more = ("--mailboxes", str(self.mailboxes), "--seed", str(self.seed), "--out", self.specs)
        run((*MBX, "sandbox", "specs", *more), settings={})


def _best(repeat: int, work: Callable[[], Used]) -> Used:
    return min((work() for _ in range(repeat)), key=lambda used: used.cpu)


def _row(what: str, used: Used | None, requests: str = "", note: str = "") -> None:
    if used is None:
        print(f"  {what:<46} {note}")
        return
    cells = f"{requests:>9} {used.wall:8.1f} s {used.cpu:7.1f} s {mebibytes(used):>10}"
    print(f"  {what:<46} {cells}  {note}".rstrip(), flush=True)


def _mbx(where: Tenant, case: Case, *command: str) -> Used:
    used = run((*MBX, *command, "--specs", case.specs), settings=where.settings)
    if "nothing to do" not in used.output:
        raise RuntimeError(f"the tenant was to be in sync:\n{used.output[-2000:]}")
    return used


def _one_at_a_time(where: Tenant, calls: list[dict[str, str]]) -> tuple[float, int]:
    """Seconds that all these calls would take one after the other, and how many of them were tried."""
    single = [
        (call["operation"], call["target"]) for call in calls if call["api"] == "exchange" and call["target"]
    ]
    chosen = single[:: max(1, len(single) // _SAMPLE)][:_SAMPLE]
    tenant_id = where.settings["MBX_TENANT_ID"]
    done = subprocess.run(
        (sys.executable, "-m", "tests.bench._singly", tenant_id),
        env=environment(where.settings), input=json.dumps(chosen), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout) * len(calls), len(chosen)


def _plans(case: Case, latency: int, *, compare: bool) -> Used:
    with tenant(case.folder, case.mailboxes, case.seed, latency) as where:
        where.forget()
        telling = _mbx(where, case, "plan", "--log-level", "debug", "--log-format", "json")
        calls = where.calls()
        used = _best(case.repeat, lambda: _mbx(where, case, "plan"))
        _row(f"mbx plan, answers after {latency} ms", used, f"{telling.output.count(_ANSWERED):,}")
        if compare:
            wall, tried = _one_at_a_time(where, calls)
            print(
                f"    the same {len(calls):,} reads one at a time: {wall:,.0f} s, reckoned from {tried} of them"
                f" → {wall / used.wall:.0f} times as long"
            )
        if latency == 0:
            _row("mbx apply, which only records that all is so", _mbx(where, case, "apply", "--yes"))
            _row("mbx plan, with that record", _best(case.repeat, lambda: _mbx(where, case, "plan")))
    return used


def _size(case: Case, latencies: tuple[int, ...]) -> None:
    print(f"\n{case.mailboxes:,} mailboxes, nothing to do")
    print(f"  {'':<46} {'requests':>9} {'wall':>10} {'CPU':>9} {'peak':>10}")
    case.write_specs()
    ours = [_plans(case, latency, compare=True) for latency in latencies]
    theirs = _terraform.plan(case.folder / f"terraform-{case.mailboxes}", case.mailboxes)
    note = f"mbx plan: {ours[0].cpu / theirs.cpu:.2f} of its CPU" if theirs else "not installed here"
    _row(f"terraform plan, {case.mailboxes:,} unchanged terraform_data", theirs, "0", note)


def _start(repeat: int) -> None:
    bare = min(run((sys.executable, "-c", "pass"), settings={}).wall for _ in range(repeat + 2))
    shown = min(run((*MBX, "--help"), settings={}).wall for _ in range(repeat + 2))
    print(f"mbx --help: {shown:.2f} s, of which Python itself needs {bare:.2f} s")


def main() -> None:
    chosen = options(__doc__)
    began = time.monotonic()
    _start(chosen.repeat)
    with tempfile.TemporaryDirectory() as name:
        for size in chosen.sizes:
            _size(Case(Path(name), size, chosen.seed, chosen.repeat), chosen.latency)
        if chosen.large:
            print(f"\n{_LARGE:,} mailboxes, nothing to do")
            case = Case(Path(name), _LARGE, chosen.seed, 1)
            case.write_specs()
            _plans(case, 0, compare=False)
    print(f"\n(measured in {time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
