"""A tenant, a folder of specs and a controller in one process, on one clock that moves only when waited on.

The sandbox is served through httpx's ASGI transport: no socket, no thread, no sleep. What is asserted is the
tenant's world, not the calls.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import random
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog

from controller.clients import connect
from controller.journal import Journal
from controller.model import Change, Cycle, Plan
from controller.reconciler import Setting, carry_out, may_start, prepare
from controller.sandbox import files
from controller.sandbox.app import create_app
from controller.sandbox.clock import StandingClock
from controller.sandbox.exchange import run as run_cmdlet
from controller.sandbox.state import ConnectionLostError, Sandbox
from controller.sandbox.tokens import mint
from controller.sandbox.world import Ace, Entry
from controller.settings import Settings, load_settings
from controller.spec import TenantSpecs, load

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
START = datetime(2026, 12, 1, 9, tzinfo=UTC)
ADMIN = "admin@entreprise.example"
TENANT = """\
kind: Tenant
name: entreprise
tenantId: 7f1b2c3d-0000-4000-8000-000000000001
timeZone: Europe/Paris
mode: apply
"""
BASE = "https://127.0.0.1:8443"


class KilledError(BaseException):
    """The process died here: nothing of it may run on."""


class Wire(httpx.AsyncBaseTransport):
    """The way to the sandbox. `strike` is asked before and after each request, and may raise; `rewrite` may
    change the text of an answer, for what a service may say otherwise."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(create_app(sandbox))
        self.requests = 0
        self.strike: Callable[[int, str], None] = lambda number, when: None
        self.rewrite: Callable[[httpx.Request, str], str] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        number = self.requests
        self.strike(number, "before")
        try:
            response = await self._inner.handle_async_request(request)
        except ConnectionLostError as error:
            raise httpx.ReadError("connection reset", request=request) from error
        self.strike(number, "after")
        if self.rewrite is None:
            return response
        text = self.rewrite(request, (await response.aread()).decode())
        kept = {k: v for k, v in response.headers.items() if k not in ("content-length", "content-encoding")}
        return httpx.Response(response.status_code, headers=kept, content=text.encode(), request=request)


@dataclass
class Tokens:
    """Signs in without a socket; msal's part is tested against the real server."""

    sandbox: Sandbox

    async def token(self, scope: str, *, claims: str | None = None) -> str:
        app = next(iter(self.sandbox.world.apps.values()))
        return mint(self.sandbox, app, scope.removesuffix("/.default"), lifetime=timedelta(days=1))


@dataclass
class Rig:
    """One estate against one tenant. `journal` survives what the controller does not."""

    folder: Path
    sandbox: Sandbox
    journal: Journal
    wire: Wire
    patience: timedelta = timedelta(seconds=60)
    seed: int = 1
    heard: list[Any] = field(default_factory=list)

    @property
    def clock(self) -> StandingClock:
        assert isinstance(self.sandbox.clock, StandingClock)
        return self.sandbox.clock

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def specs(self) -> TenantSpecs:
        (specs,) = load(self.folder, root=self.folder).tenants
        return specs

    async def sleep(self, seconds: float) -> None:
        # A clock of microseconds must not stand still for whoever waits for less than one.
        self.clock.advance(timedelta(seconds=seconds, microseconds=1 if seconds else 0))
        await asyncio.sleep(0)

    def setting(self, **rest: Any) -> Setting:
        return Setting(
            specs=self.specs(),
            commit="c0ffee",
            now=self.clock.now,
            journal=rest.pop("journal", self.journal),
            patience=self.patience,
            sleep=self.sleep,
            told=self.heard.append,
            **rest,
        )

    @asynccontextmanager
    async def connection(self) -> Any:
        async with connect(
            settings(),
            tenant_id=self.sandbox.world.tenant_id,
            transport=self.wire,
            tokens=Tokens(self.sandbox),
            sleep=self.sleep,
            monotonic=lambda: self.clock.now().timestamp(),
            clock=self.clock.now,
            rng=random.Random(self.seed),
        ) as connection:
            yield connection

    async def plan(self, **rest: Any) -> Plan:
        async with self.connection() as connection:
            return (await prepare(self.setting(**rest), connection.reader())).plan

    async def apply(self, **rest: Any) -> Cycle:
        setting = self.setting(**rest)
        with self.journal.lock(setting.tenant_id):
            async with self.connection() as connection:
                prepared = await prepare(setting, connection.reader())
                if not may_start(prepared.plan):
                    return Cycle(prepared.plan)
                return await carry_out(setting, connection, prepared)

    # --- the tenant, by hand ------------------------------------------------------------------------

    def poke(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        return run_cmdlet(self.sandbox, cmdlet, parameters, actor=ADMIN)

    def entry(self, address: str) -> Entry:
        found = self.sandbox.world.holder(address)
        assert found is not None, f"nobody has {address}"
        return found

    def full_access(self, address: str) -> set[str]:
        return {self._who(ace) for ace in self.entry(address).permissions if self._counts(ace, "FullAccess")}

    def send_as(self, address: str) -> set[str]:
        return {self._who(ace) for ace in self.entry(address).send_as if self._counts(ace, "SendAs")}

    def on_behalf(self, address: str) -> set[str]:
        entries = self.sandbox.world.entries
        return {entries[ident].primary.lower() for ident in self.entry(address).send_on_behalf}

    def _counts(self, ace: Ace, right: str) -> bool:
        own = ace.trustee.upper().startswith("NT AUTHORITY")
        return right in ace.rights and not (ace.deny or ace.inherited or own)

    def _who(self, ace: Ace) -> str:
        entry = self.sandbox.world.entries.get(ace.trustee)
        return (entry.primary or entry.upn or entry.name).lower() if entry else ace.trustee

    def aliases(self, address: str) -> set[str]:
        entry = self.entry(address)
        return {
            a.lower()
            for a in entry.smtp_addresses
            if a != entry.primary and not a.lower().endswith(".onmicrosoft.com")
        }

    def picture(self) -> dict[str, Any]:
        """The whole tenant but for its logs and replicas, to be held against another."""
        return {
            ident: picture_of(entry)
            for ident, entry in self.sandbox.world.entries.items()
        }


def picture_of(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in Entry.__slots__ if name != "history"}
    return copy.deepcopy(values)


def settings() -> Settings:
    return load_settings(
        {
            "MBX_CLIENT_ID": "11111111-0000-4000-8000-000000000001",
            "MBX_CLIENT_SECRET": "not-used-here",
            "MBX_AUTHORITY_URL": BASE,
            "MBX_GRAPH_URL": BASE,
            "MBX_EXCHANGE_URL": BASE,
            "MBX_DATAVERSE_URL": BASE,
        },
        env_file=None,
    )


def make_rig(folder: Path, scenario: str, specs: dict[str, str], *, seed: int = 1) -> Rig:
    """A rig over a scenario (YAML text) and spec files by name; the Tenant document is added."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = StandingClock(START)
    sandbox = files.open_sandbox(files.parse(scenario, "scenario"), clock=clock)
    sandbox.recording = True
    sandbox.base_url = BASE
    rig = Rig(folder, sandbox, Journal.open("sqlite://"), Wire(sandbox), seed=seed)
    sandbox.sleep = rig.sleep
    rig.write("tenant.yaml", TENANT)
    for name, text in specs.items():
        rig.write(name, text)
    return rig


def ids(changes: tuple[Change, ...]) -> list[str]:
    return [change.id for change in changes]

