"""The one ASGI application: sign-in, Graph, Exchange, Dataverse and the control endpoint, side by side.

Their paths are disjoint (`/{tenant}/oauth2/…`, `/v1.0` and `/beta`, `/adminapi`, `/api/data`, `/_sandbox`),
so everything is served on every host name. What each answers is theirs; latency and cut connections are here.
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.sandbox.state import Call, ConnectionLostError
from controller.sandbox.weather import open_request

if TYPE_CHECKING:
    from controller.sandbox.state import Sandbox

_VERSION = re.compile(r"/(v\d|beta)", re.IGNORECASE)
CUT_CONNECTION = "mailbox_controller.cut_connection"  # ASGI extension: an async callable that cuts


class WeatherMiddleware:
    """Delays answers by the weather's latency and cuts connections that a service gives up.

    Served in process there is no connection to cut: the error reaches the client's transport as it is.
    """

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        with open_request() as request:
            try:
                await self._app(scope, receive, hold)
            except ConnectionLostError:
                cut = scope.get("extensions", {}).get(CUT_CONNECTION)
                if cut is None:
                    raise
                await cut()
                self._tell(request.calls, [])
                return
            finally:
                await self._wait(request.calls or [_call(scope)])
            for message in held:
                await send(self._dated(message))
            self._tell(request.calls or [_call(scope)], held)

    def _dated(self, message: Message) -> Message:
        """Every answer has a Date, by the tenant's clock."""
        if message["type"] != "http.response.start":
            return message
        headers = MutableHeaders(raw=[*message.get("headers", ())])
        headers.setdefault("date", format_datetime(self._sandbox.clock.now(), usegmt=True))
        return {**message, "headers": headers.raw}

    def _tell(self, calls: list[Call], held: list[Message]) -> None:
        watch = self._sandbox.watch
        if watch is not None:
            status = next((message["status"] for message in held if "status" in message), "-")
            for call in calls:
                watch(f"{call.api} {call.operation} {call.target}".rstrip() + f" -> {status}")

    async def _wait(self, calls: list[Call]) -> None:
        seconds = max(self._sandbox.weather.latency(call) for call in calls)
        if seconds:
            await self._sandbox.sleep(seconds)


def _call(scope: Scope) -> Call:
    """What can be told of a request that no service put on record (refused before it was understood)."""
    path = scope["path"]
    api = "exchange" if path.startswith("/adminapi") else "entra"
    if path.startswith(("/v1.0", "/beta")):
        api = "graph"
    if path.startswith("/api/data"):
        api = "dataverse"
    return Call(api, f"{scope['method']} {path}")


def create_app(sandbox: Sandbox) -> Starlette:
    """The tenant as an ASGI application, for a server or for httpx.ASGITransport."""
    from controller.sandbox import control, dataverse, entra, exchange, graph  # noqa: PLC0415 -- they are strangers

    routes = [
        *control.routes(sandbox),
        *exchange.routes(sandbox),
        *graph.routes(sandbox),
        *dataverse.routes(sandbox),
        *entra.routes(sandbox),
    ]

    def stray(request: Request, error: Exception) -> Response:
        found = isinstance(error, HTTPException) and error.status_code == 405
        if _is_graph(request):
            return graph.stray(sandbox, request, found=found)
        return _nothing_here(request, found=found)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(WeatherMiddleware, sandbox=sandbox)],
        exception_handlers={404: stray, 405: stray},
    )
    app.router.redirect_slashes = False  # none of the services does that
    return app


def _is_graph(request: Request) -> bool:
    """By the host's name, or by what looks like a version."""
    return request.url.hostname == "graph.microsoft.com" or bool(_VERSION.match(request.url.path))


def _nothing_here(request: Request, *, found: bool) -> Response:
    """Of the sandbox's own, for paths that are no service's: what there is instead."""
    code, status = ("MethodNotAllowed", 405) if found else ("NotFound", 404)
    message = (
        f"The sandbox has nothing for {request.method} {request.url.path}. Sign-in is under /TENANT/oauth2, "
        "Graph under /v1.0 and /beta, Exchange under /adminapi, Dataverse under /api/data/v9.2, and the "
        "sandbox's own control under /_sandbox."
    )
    return JSONResponse({"error": {"code": code, "message": message}}, status)
