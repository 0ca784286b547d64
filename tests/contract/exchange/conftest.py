"""A small tenant behind the simulated Exchange, and a client that speaks HTTP to it without a socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from controller.sandbox import exchange, tokens
from controller.sandbox.clock import StandingClock
from controller.sandbox.state import Call, Fault, Sandbox
from controller.sandbox.world import Ace, App, Entry, World

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
ROOT = "https://127.0.0.1:8443"
TENANT = "7f1b2c3d-0000-4000-8000-000000000001"
DOMAIN = "contoso.example"
INITIAL = "contosoexample.onmicrosoft.com"
ANCHOR = f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}"
SELF = "NT AUTHORITY\\SELF"


@dataclass
class Weather:
    """Does what a test tells it: faults by cmdlet, lags by what was written."""

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    lags: dict[str, timedelta] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    pinned_reads: bool = True

    def fault(self, call: Call) -> Fault:
        self.calls.append(call)
        waiting = self.faults.get(call.operation, [])
        return waiting.pop(0) if waiting else Fault()

    def latency(self, call: Call) -> float:
        return 0.0

    def lag(self, api: str, what: str) -> timedelta:
        return self.lags.get(what, timedelta())


@dataclass
class Reply:
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.content)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.body["value"]

    @property
    def warnings(self) -> list[str]:
        return self.body["@adminapi.warnings"]

    @property
    def error_type(self) -> str:
        """The last segment of the error's .NET type, wherever the body tells it."""
        error = self.body["error"]
        inner = error.get("innererror", {}).get("internalexception")
        if inner:
            return inner["type"].rsplit(".", 1)[-1]
        told = error["details"][0]["message"]
        kind = json.loads(told)["TypeName"] if told.startswith("{") else told.split("|", 2)[1]
        return kind.rsplit(".", 1)[-1]

    @property
    def error_text(self) -> str:
        told = self.body["error"]["details"][0]["message"]
        return json.loads(told)["Message"] if told.startswith("{") else told.split("|", 2)[2]


class Client:
    """Requests as one application."""

    def __init__(self, sandbox: Sandbox, app: App) -> None:
        self.sandbox = sandbox
        self._asgi = Starlette(routes=exchange.routes(sandbox))
        self.headers = {
            "Authorization": f"Bearer {tokens.mint(sandbox, app, tokens.EXCHANGE)}",
            "X-AnchorMailbox": ANCHOR,
        }
        self.root = f"{ROOT}/adminapi/beta/{TENANT}"

    def request(self, method: str, url: str, payload: Any = None, **headers: str) -> Reply:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._asgi)
            async with httpx.AsyncClient(transport=transport) as client:
                sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
                kept = {name: value for name, value in sent.items() if value}
                return await client.request(method, url, json=payload, headers=kept)

        response = asyncio.run(call())
        return Reply(response.status_code, response.headers, response.content)

    def run(self, cmdlet: str, /, *, select: str = "", **parameters: Any) -> Reply:
        """One cmdlet; Confirm is false unless given."""
        if not cmdlet.startswith(("Get-", "Search-")):
            parameters.setdefault("Confirm", False)
        return self.send(cmdlet, parameters, select=select)

    def send(self, cmdlet: str, parameters: dict[str, Any], *, select: str = "", **headers: str) -> Reply:
        url = f"{self.root}/InvokeCommand" + (f"?$select={select}" if select else "")
        return self.request("POST", url, envelope(cmdlet, parameters), **headers)

    def batch(self, *requests: dict[str, Any], **headers: str) -> Reply:
        headers.setdefault("Prefer", "odata.maxpagesize=1000;odata.continue-on-error")
        return self.request("POST", f"{self.root}/$batch", {"requests": list(requests)}, **headers)


def envelope(cmdlet: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}


def add(*items: str) -> dict[str, Any]:
    return {"@odata.type": "#Exchange.GenericHashTable", "Add": list(items)}


def remove(*items: str) -> dict[str, Any]:
    return {"@odata.type": "#Exchange.GenericHashTable", "Remove": list(items)}


class Tenant:
    """The world, with short ways to put things into it."""

    def __init__(self) -> None:
        self.world = World(TENANT, "Contoso Example", INITIAL)
        self.world.domains.append(DOMAIN)
        self.world.default_domain = DOMAIN
        self.weather = Weather()
        self.clock = StandingClock(START)
        self.sandbox = Sandbox(self.world, self.clock, self.weather, base_url=ROOT, recording=True)
        self.app = App("11111111-0000-4000-8000-000000000001", "Mailbox Controller", self.world.new_id())
        self.world.apps[self.app.client_id] = self.app

    def client(self) -> Client:
        return Client(self.sandbox, self.app)

    def put(self, local: str, kind: str = "UserMailbox", **fields: Any) -> Entry:
        """An object whose address is `local@contoso.example` and that has been there for long."""
        world, object_id, guid = self.world, self.world.new_id(), self.world.new_id()
        mailbox = kind.endswith("Mailbox") and kind != "GroupMailbox"
        made: dict[str, Any] = {
            "name": object_id if mailbox else local,
            "alias": local,
            "display_name": local.title(),
            "created": START - timedelta(days=400),
            "upn": f"{local}@{DOMAIN}" if mailbox or kind in ("User", "MailUser") else None,
            "addresses": [f"SMTP:{local}@{DOMAIN}"] if kind not in ("User", "SecurityGroup") else [],
            "legacy_dn": f"/o=ExchangeLabs/cn=Recipients/cn={guid}-{local}",
            "permissions": [Ace(SELF, ["FullAccess", "ReadPermission"])] if mailbox else [],
        }
        made.update(fields)
        # Its last digit decides on the rows that Exchange adds to an access list: none for 8 and above.
        guid = guid[:-1] + "f"
        entry = Entry(object_id, guid, world.new_id(), world.new_sid(), kind, **made)
        return world.add(entry)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def client(tenant: Tenant) -> Client:
    return tenant.client()


@pytest.fixture
def support(tenant: Tenant) -> Entry:
    """A shared mailbox with every kind of address."""
    return tenant.put(
        "support",
        "SharedMailbox",
        display_name="Customer Support",
        account_enabled=False,
        addresses=[
            f"SMTP:support@{DOMAIN}",
            f"smtp:helpdesk@{DOMAIN}",
            f"smtp:support@{INITIAL}",
            "SPO:SPO_1b4e28ba@SPO_7d444840",
            "X500:/o=Old/cn=support",
        ],
    )


@pytest.fixture
def alex(tenant: Tenant) -> Entry:
    return tenant.put("alex", display_name="Alex Example")
