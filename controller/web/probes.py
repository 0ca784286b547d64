"""`/healthz` and `/readyz`, for whatever keeps the controller running."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def healthz(request: Request) -> PlainTextResponse:
    """Answers as long as the event loop turns; what is wrong with a tenant is no reason for a restart."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> PlainTextResponse:
    """200 once a cycle was completed."""
    if request.app.state.site.board.ready:
        return PlainTextResponse("ready\n")
    return PlainTextResponse("no cycle was completed yet\n", status_code=503)


ROUTES = (Route("/healthz", healthz), Route("/readyz", readyz))
