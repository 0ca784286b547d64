"""Talking to Microsoft Graph, the Exchange admin API and Dataverse, behind a Reader and a Writer.

What lives here is how to ask; what to ask is the aspects' business. Nothing outside this package sends a
request or sees a token.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from controller.clients import codes
from controller.clients import transport as transports
from controller.clients.attempt import Attempts, Policy
from controller.clients.crowd import ask_all
from controller.clients.dataverse import Dataverse
from controller.clients.download import download
from controller.clients.endpoints import Endpoints
from controller.clients.exchange import Exchange, Reply
from controller.clients.graph import Graph, segment
from controller.clients.post import Post
from controller.clients.reader import Reader, Receipt, Writer
from controller.clients.secret import RANDOM_PASSWORD, Generate, generate
from controller.clients.sign_in import MsalTokens
from controller.clients.wire import TokenSource, Wire
from controller.log import hide
from controller.settings import Settings

__all__ = [
    "RANDOM_PASSWORD",
    "Connection",
    "Endpoints",
    "Post",
    "Reader",
    "Receipt",
    "Reply",
    "ServiceStats",
    "TokenSource",
    "Writer",
    "ask_all",
    "codes",
    "connect",
    "download",
    "segment",
]


@dataclass(frozen=True, slots=True)
class ServiceStats:
    """What one service was asked so far. A batch is one request; `batched` counts what it carried.
    `ahead` is how far the service's clock is before ours, `left` what it said of its rate limit."""

    requests: int
    retries: int
    throttled: int
    batches: int
    batched: int
    ahead: timedelta | None = None
    left: str = ""


class Connection:
    """One tenant's services. Readers and writers share its line, its tokens and its cookies."""

    def __init__(
        self,
        endpoints: Endpoints,
        exchange: Exchange,
        graph: Graph,
        dataverse: Dataverse,
        tokens: TokenSource,
        password: Generate,
    ) -> None:
        self.endpoints = endpoints
        self._exchange = exchange
        self._graph = graph
        self._dataverse = dataverse
        self._tokens = tokens
        self._password = password

    def reader(self) -> Reader:
        return Reader(self._exchange, self._graph, self._dataverse)

    def writer(self) -> Writer:
        return Writer(self._exchange, self._graph, self._dataverse, self._password)

    def post(self) -> Post:
        return Post(self._graph)

    async def sign_in(self) -> None:
        """A token for each service, before anything is asked. Raises SignInError."""
        await self._tokens.token(self.endpoints.graph_scope)
        await self._tokens.token(self.endpoints.exchange_scope)

    async def token(self, api: str) -> str:
        """The token itself, for a look at the permissions it carries (`doctor`): never to be logged."""
        scope = self.endpoints.graph_scope if api == "graph" else self.endpoints.exchange_scope
        return await self._tokens.token(scope)

    async def close(self) -> None:
        """What waits is not sent any more, what is under way is dropped."""
        await self._exchange.asker.line.close()
        await self._graph.asker.line.close()
        for environment in self._dataverse.opened:
            await environment.asker.line.close()

    @property
    def stats(self) -> Mapping[str, ServiceStats]:
        return {
            service.wire.api: ServiceStats(
                requests=service.wire.stats.requests,
                retries=service.attempts.retries,
                throttled=service.attempts.throttled,
                batches=service.wire.stats.batches,
                batched=service.wire.stats.batched,
                ahead=service.wire.stats.ahead,
                left=service.wire.stats.left,
            )
            for service in (self._exchange, self._graph)
        }


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def connect(
    settings: Settings,
    *,
    tenant_id: str,
    cloud: str = "global",
    transport: httpx.AsyncBaseTransport | None = None,
    tokens: TokenSource | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    rng: random.Random | None = None,
    clock: Callable[[], datetime] = _now,
    policy: Policy | None = None,
    password: Generate = generate,
) -> AsyncIterator[Connection]:
    """Opens the way to one tenant; nothing is sent before the first question.

    `settings` are those of this tenant's credentials (`settings.for_credentials`). `transport` and
    `tokens` stand in for the network and the sign-in service in tests, `password` for chance.
    Raises SettingsError.
    """
    endpoints = _endpoints(settings, cloud, tenant_id)
    hide(value.get_secret_value() for _, value in settings if isinstance(value, SecretStr))
    chance = rng or random.Random()  # noqa: S311 - spreads retries, keeps no secret
    bundle, timeout, places = settings.ca_bundle, settings.http_timeout, settings.http_concurrency
    sign_in = None
    if tokens is None:
        sign_in = transports.sign_in(bundle, timeout, transport)
        tokens = MsalTokens(
            settings, endpoints.authority, sign_in, sleep=sleep, monotonic=monotonic, rng=chance
        )
    door = transports.Door(bundle, timeout, places, http2=settings.http2, transport=transport)

    def service(api: str, origin: str, scope: str) -> tuple[Wire, Attempts]:
        attempts = Attempts(sleep=sleep, monotonic=monotonic, rng=chance, policy=policy)
        return Wire(api, origin, scope, door, tokens, clock, monotonic), attempts

    exchange = Exchange(*service("exchange", endpoints.exchange, endpoints.exchange_scope), tenant_id, places)
    graph = Graph(*service("graph", endpoints.graph, endpoints.graph_scope), places)

    def environment(address: str) -> tuple[Wire, Attempts]:
        return service("dataverse", settings.dataverse_url or address, f"{address}/.default")

    dataverse = Dataverse(environment, places)
    connection = Connection(endpoints, exchange, graph, dataverse, tokens, password)
    try:
        yield connection
    finally:
        await connection.close()
        await door.close()
        if sign_in is not None:
            sign_in.close()


def _endpoints(settings: Settings, cloud: str, tenant_id: str) -> Endpoints:
    return Endpoints.of(
        cloud,
        tenant_id,
        authority_url=settings.authority_url,
        graph_url=settings.graph_url,
        exchange_url=settings.exchange_url,
    )
