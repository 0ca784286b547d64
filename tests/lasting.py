"""A loop that has been running for long, in one process: git, journal on disk, page, metrics, messages and traces;
with commits, drift, failures and restarts of what it depends on. What it holds is measured between turns.

The tenant forgets what it kept of itself, so that what grows is the controller's.
"""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from typing import Any

import httpx
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from controller.board import Board
from controller.errors import ServiceError
from controller.journal import Journal
from controller.loop import Noticing, Pruning
from controller.loop.telling import outcome_ended
from controller.metrics import Metrics
from controller.notify import open_notifier
from controller.settings import load_settings
from controller.tracing import Traces
from controller.web import Site, create_app
from tests.pages import NAMES
from tests.rig import TENANT, Rig, make_rig
from tests.unit.source.conftest import Forge
from tests.world.loop_rig import Follow

SMALL = (Path(__file__).parent / "scenarios" / "small.yaml").read_text(encoding="utf-8")
BOX = "contact@entreprise.example"
SPEC = f"""\
kind: SharedMailbox
address: {BOX}
displayName: "{{name}}"
access:
  equipe@entreprise.example: [full-access, send-as]
  emma@entreprise.example: {{{{rights: [full-access], until: 2037-01-31, reason: TICKET-1234}}}}
"""
_KEPT = 50  # of the tenant's own audit log


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds, in bytes or numbers."""

    memory: int
    files: int
    threads: int
    journal: int
    mirror: int
    series: int

    def __str__(self) -> str:
        return "  ".join(f"{one.name} {getattr(self, one.name):,}" for one in fields(self))


class Lasting:
    """`folder` is its own. To be used inside `running`."""

    def __init__(self, folder: Path, *, interval: str = "6h") -> None:
        self.folder = folder
        self.rng = Random(3)
        self.forge = self._pushed(folder / "forge", interval)
        self.rig = self._rig(folder / "none")
        self.count = 0
        self.metrics = Metrics(self.rig.clock.now)
        self._away = False
        self.exported = InMemorySpanExporter()

    def _pushed(self, top: Path, interval: str) -> Forge:
        top.mkdir(parents=True)
        forge = Forge(top)
        forge.write("specs/tenant.yaml", f"{TENANT}interval: {interval}\nnotify: [{{webhook: {{urlFrom: MBX_HOOK_URL}}}}]\n")
        forge.write("specs/contact.yaml", SPEC.format(name="Un"))
        forge.commit()
        return forge

    def _rig(self, folder: Path) -> Rig:
        rig = make_rig(folder, SMALL, {})
        rig.sandbox.recording = False
        rig.journal = Journal.open(f"sqlite:///{self.folder / 'journal.db'}")
        rig.wire.strike = self._strike
        return rig

    def _strike(self, number: int, when: str) -> None:
        if self._away:
            raise ServiceError("exchange", "Get-Recipient", "nobody answers")

    @asynccontextmanager
    async def running(self) -> Any:
        board, noticing, clock = Board(), Noticing(), self.rig.clock.now
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(self.exported))
        traces = Traces(provider.get_tracer("lasting"))
        settings = load_settings({"MBX_HOOK_URL": "https://hooks.example/told"}, env_file=None)
        keep = settings.keep_history, settings.keep_messages
        pruning = Pruning(lambda: self.rig.journal, clock, *keep)
        hooks: Any = _Hooks()
        async with open_notifier(lambda: self.rig.journal, settings, now=clock, sleep=self.rig.sleep, hooks=hooks) as notifier:
            heard = (noticing, board, self.metrics, traces, notifier, pruning)
            follow = Follow(self.forge.top, self.rig, source=self.forge.follow(), listeners=heard, told=outcome_ended, traced=traces.turn)
            self._site = Site(board, settings, clock, follow.loop.look, lambda: self.rig.journal, exposed=False, metrics=self.metrics)
            async with follow.running():
                self._follow, self._deliver = follow, notifier.deliver
                yield self
        provider.shutdown()
        self.rig.journal.close()

    async def turns(self, count: int) -> None:
        """Each with something of what happens in months."""
        for _ in range(count):
            self.count += 1
            if self.count % 5 == 1:
                self.forge.write("specs/contact.yaml", SPEC.format(name=f"Nom {self.count}"))
                self.forge.commit(f"Nom {self.count}")
            if self.count % 5 == 2:
                self.rig.poke("Set-Mailbox", Identity=BOX, DisplayName=f"Autre {self.count}")
            self._away = self.count % 7 == 3
            await self._follow.next()
            self._follow.turns.clear()
            await self._deliver()
            if self.count % 4 == 0:
                await self._look_at_pages()
            self._forget()

    async def _look_at_pages(self) -> None:
        transport = httpx.ASGITransport(create_app(self._site))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for path in ("/", "/metrics", *(f"/t/entreprise/{name}" for name in NAMES)):
                answer = await client.get(path)
                assert answer.status_code in (200, 404), answer.text

    def _forget(self) -> None:
        """What the tenant keeps of itself."""
        del self.rig.sandbox.world.audit[:-_KEPT]
        self.rig.heard.clear()
        self.exported.clear()

    def held(self) -> Held:
        gc.collect()
        memory = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
        exposed = self.metrics.exposition()[0].decode()
        return Held(
            memory,
            len(list(Path("/proc/self/fd").glob("*"))),
            threading.active_count(),
            _size([path for path in self.folder.glob("journal.db*") if path.is_file()]),
            _size([path for path in (self.forge.top / "state").rglob("*") if path.is_file()]),
            sum(1 for line in exposed.splitlines() if line.startswith("mbx_")),
        )


class _Hooks:
    """Somebody who is told, and keeps nothing."""

    async def post(self, *_: Any, **__: Any) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        return self.post


def _size(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
