"""A tenant of a few lines, on httpx.MockTransport, written from the reference: what it answers is up to
each test; what it was asked is kept."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from controller.clients import Connection, connect
from controller.settings import load_settings

T = TypeVar("T")
TENANT = "7f1b2c3d-0000-4000-8000-000000000001"
EXCHANGE = "https://outlook.office365.com"
GRAPH = "https://graph.microsoft.com"
APP_ANCHOR = f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}"


@dataclass
class Asked:
    """One request, or one part of a batch, as the services would see it."""

    request: httpx.Request
    body: Any
    call: str  # the cmdlet, or verb and path
    parameters: dict[str, Any]
    headers: dict[str, str]
    batched: bool
    url: str


Answerer = Callable[[Asked], "httpx.Response | Awaitable[httpx.Response]"]


class Tokens:
    """Hands out t1, t2, … and remembers what it was asked."""

    def __init__(self) -> None:
        self.number = 1
        self.claims: list[str | None] = []

    async def token(self, scope: str, *, claims: str | None = None) -> str:
        if claims is not None:
            self.number += 1
        self.claims.append(claims)
        return f"t{self.number}"

    def forget(self, scope: str, token: str) -> None:
        if token == f"t{self.number}":
            self.number += 1


@dataclass
class Tenant:
    """`answer` is called for every request that is no batch, and for every part of one."""

    answer: Answerer
    batch: Callable[[httpx.Request, list[Any]], httpx.Response | None] | None = None
    requests: list[httpx.Request] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    tokens: Tokens = field(default_factory=Tokens)
    settings: dict[str, str] = field(default_factory=dict)
    now: float = 1000.0

    async def receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        body = json.loads(request.content) if request.content else None
        if request.url.path.endswith("/$batch"):
            return await self._batch(request, body)
        call, parameters = _call(request.method, request.url.path, body)
        asked = Asked(request, body, call, parameters, dict(request.headers), False, str(request.url))
        return await self._answer(asked)

    async def _answer(self, asked: Asked) -> httpx.Response:
        self.asked.append(asked)
        got = self.answer(asked)
        return got if isinstance(got, httpx.Response) else await got

    async def _batch(self, request: httpx.Request, body: Any) -> httpx.Response:
        if self.batch is not None and (whole := self.batch(request, body["requests"])) is not None:
            return whole
        parts = []
        for part in body["requests"]:
            url, headers = part["url"], {k.lower(): v for k, v in part.get("headers", {}).items()}
            path = httpx.URL(url).path if "://" in url else "/v1.0" + url.partition("?")[0]
            call, parameters = _call(part["method"], path, part.get("body"))
            got = await self._answer(Asked(request, part.get("body"), call, parameters, headers, True, url))
            if got.status_code != 0:
                content = got.content
                inner = json.loads(content) if content[:1] in (b"{", b"[") else content.decode("latin-1")
                parts.append({"id": part["id"], "status": got.status_code, "headers": dict(got.headers),
                              "body": inner})  # fmt: skip
        return httpx.Response(200, json={"responses": list(reversed(parts))}, headers={"request-id": "outer"})

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def run(self, use: Callable[[Connection], Awaitable[T]], **more: Any) -> T:
        """`use` with a connection to this tenant; time passes only by sleeping."""

        async def go() -> T:
            settings = load_settings({"MBX_CLIENT_ID": "app", **self.settings}, env_file=None)
            async with connect(
                settings,
                tenant_id=TENANT,
                transport=httpx.MockTransport(self.receive),
                tokens=self.tokens,
                sleep=self.sleep,
                monotonic=lambda: self.now,
                rng=random.Random(7),
                clock=lambda: datetime(2026, 2, 1, tzinfo=UTC),
                **more,
            ) as connection:
                return await use(connection)

        return asyncio.run(go())

    def read(
        self, cmdlet: str, parameters: dict[str, Any] | None = None, **more: Any
    ) -> list[dict[str, Any]]:
        return self.run(lambda c: c.reader().exchange(cmdlet, parameters, **more))


def rows(*found: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"@odata.context": "c", "@adminapi.warnings": [], "value": list(found), **more}
    return httpx.Response(200, json=body, headers={"request-id": "rid-ok"})


def shape_a(type_name: str, text: str, *, status: int = 400, code: str = "BadRequest") -> httpx.Response:
    """The common error body: both `details` and `innererror`."""
    error = {
        "code": code,
        "message": "Error executing cmdlet",
        "details": [{"code": "Context", "target": "", "message": f"Ex6F9304|{type_name}|{text}"}],
        "innererror": {
            "message": "Error executing cmdlet",
            "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
            "internalexception": {"message": text, "type": type_name, "stacktrace": ""},
        },
    }
    return httpx.Response(status, json={"error": error}, headers={"request-id": "rid-a"})


def graph_error(status: int, code: str, text: str = "m", **headers: str) -> httpx.Response:
    error = {"code": code, "message": text, "innerError": {"request-id": "rid-g"}}
    return httpx.Response(status, json={"error": error}, headers={"request-id": "rid-g", **headers})


def _call(method: str, path: str, body: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(body, dict) and "CmdletInput" in body:
        return body["CmdletInput"]["CmdletName"], body["CmdletInput"]["Parameters"]
    return f"{method} {path.removeprefix('/v1.0')}", body if isinstance(body, dict) else {}
