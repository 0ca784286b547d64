"""A small tenant behind the simulated Graph, and a client that speaks HTTP to it without a socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from controller.sandbox import graph as sandbox_graph
from controller.sandbox import tokens
from controller.sandbox.clock import StandingClock
from controller.sandbox.state import Call, Fault, Sandbox
from controller.sandbox.world import App, Entry, World

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
ROOT = "https://127.0.0.1:8443"
DOMAIN = "contoso.example"
DEFAULT_ROLES = (
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Application.Read.All",
    "Organization.Read.All",
)


@dataclass
class Weather:
    """Does what a test tells it: faults by operation, one lag for everything."""

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    late: timedelta = timedelta()
    calls: list[Call] = field(default_factory=list)
    pinned_reads: bool = True

    def fault(self, call: Call) -> Fault:
        self.calls.append(call)
        waiting = self.faults.get(call.operation, [])
        return waiting.pop(0) if waiting else Fault()

    def latency(self, call: Call) -> float:
        return 0.0

    def lag(self, api: str, what: str) -> timedelta:
        return self.late


class Client:
    """Requests as one application; `roles` are what its token says."""

    def __init__(self, sandbox: Sandbox, app: App) -> None:
        self.sandbox = sandbox
        self.app = app
        self._asgi = Starlette(routes=sandbox_graph.routes(sandbox))
        self.headers = {"Authorization": f"Bearer {tokens.mint(sandbox, app, tokens.GRAPH)}"}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._asgi)
            async with httpx.AsyncClient(transport=transport, base_url=ROOT) as client:
                headers = {**self.headers, **options.pop("headers", {})}
                url = path if path.startswith("https://") else f"/v1.0{path}"
                return await client.request(method, url, headers=headers, **options)

        return asyncio.run(send())

    def get(self, path: str, *, eventual: bool = False, **params: Any) -> httpx.Response:
        headers = {"ConsistencyLevel": "eventual"} if eventual else {}
        query = {f"${name}": str(value) for name, value in params.items()}
        return self.request("GET", path, headers=headers, params=query or None)

    def value(self, path: str, *, eventual: bool = False, **params: Any) -> list[dict[str, Any]]:
        response = self.get(path, eventual=eventual, **params)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["value"]
        return found

    def pages(self, path: str, **params: Any) -> list[httpx.Response]:
        """Every page, following nextLink as it is."""
        responses = [self.get(path, **params)]
        while "@odata.nextLink" in responses[-1].json():
            responses.append(self.request("GET", responses[-1].json()["@odata.nextLink"]))
        return responses

    def batch(self, *members: dict[str, Any]) -> httpx.Response:
        return self.request("POST", "/$batch", json={"requests": list(members)})


class Tenant:
    """The world's makings, by short name."""

    def __init__(self) -> None:
        self.world = World("11111111-1111-4111-8111-111111111111", "Contoso", "contoso.onmicrosoft.com")
        self.world.domains.append(DOMAIN)
        self.world.default_domain = DOMAIN

    def add(self, type_name: str, alias: str, **more: Any) -> Entry:
        world = self.world
        mailless = type_name in ("User", "SecurityGroup")
        entry = Entry(
            object_id=world.new_id(),
            guid=world.new_id(),
            exchange_guid="" if mailless else world.new_id(),
            sid=world.new_sid(),
            type=type_name,
            name=alias,
            alias=alias,
            display_name=alias.title(),
            created=START - timedelta(days=100),
        )
        if not mailless:
            entry.addresses = [f"SMTP:{alias}@{DOMAIN}", f"smtp:{alias}@contoso.onmicrosoft.com"]
        if "Group" not in type_name and type_name != "MailContact":
            entry.upn = f"{alias}@{DOMAIN}"
        for name, value in more.items():
            setattr(entry, name, value)
        return world.add(entry)


@pytest.fixture
def tenant() -> Tenant:
    """Alice and Bruno with mailboxes, Carol without, Dirk from a local directory; two shared mailboxes;
    one group of each kind."""
    made = Tenant()
    alice = made.add("UserMailbox", "alice", graph={"givenName": "Alice", "surname": "Martin"})
    bruno = made.add("UserMailbox", "bruno", graph={"manager": alice.object_id})
    made.add("User", "carol")
    made.add("UserMailbox", "dirk", dir_synced=True)
    made.add("SharedMailbox", "support", display_name="Support Clients")
    made.add("SharedMailbox", "sales", account_enabled=False)
    made.add(
        "GuestMailUser",
        "eve",
        upn="eve_partner.example#EXT#@contoso.onmicrosoft.com",
        addresses=["SMTP:eve@partner.example"],
    )
    made.add("MailContact", "fred", addresses=["SMTP:fred@partner.example"])
    made.add("MailUniversalDistributionGroup", "everyone", members=[alice.object_id, bruno.object_id])
    team = made.add("MailUniversalSecurityGroup", "team", members=[alice.object_id])
    made.add("SecurityGroup", "admins", members=[bruno.object_id, team.object_id], owners=[alice.object_id])
    made.add("GroupMailbox", "project", members=[alice.object_id])
    return made


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(START)


@pytest.fixture
def sandbox(tenant: Tenant, weather: Weather, clock: StandingClock) -> Sandbox:
    return Sandbox(world=tenant.world, clock=clock, weather=weather, base_url=ROOT, recording=True)


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return as_app(sandbox, *DEFAULT_ROLES)


def as_app(sandbox: Sandbox, *roles: str) -> Client:
    """Another application, with these permissions."""
    number = len(sandbox.world.apps) + 1
    app = App(
        client_id=f"aaaaaaaa-0000-4000-8000-00000000000{number}",
        name=f"app-{number}",
        object_id=f"bbbbbbbb-0000-4000-8000-00000000000{number}",
        graph_roles=list(roles),
    )
    sandbox.world.apps[app.client_id] = app
    return Client(sandbox, app)


@pytest.fixture
def another(sandbox: Sandbox) -> Any:
    """`another("User.Read.All")` is a client with just that."""
    return lambda *roles: as_app(sandbox, *roles)


@pytest.fixture
def who(tenant: Tenant) -> Any:
    """`who("alice")` is Alice's entry."""
    return lambda alias: next(e for e in tenant.world.entries.values() if e.alias == alias)
