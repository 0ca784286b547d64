"""`/healthz`, `/readyz` and `/metrics`, for whatever keeps the controller running and watches it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from controller.web.site import Site


async def healthz(request: Request) -> PlainTextResponse:
    """Answers as long as the event loop turns; what is wrong with a tenant is no reason for a restart."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> PlainTextResponse:
    """200 once a cycle was completed."""
    if request.app.state.site.board.ready:
        return PlainTextResponse("ready\n")
    return PlainTextResponse("no cycle was completed yet\n", status_code=503)


async def metrics(request: Request) -> Response:
    """It names mailboxes that drifted, so the door keeps it as it keeps the pages."""
    site: Site = request.app.state.site
    if site.metrics is None:
        return PlainTextResponse("nothing is counted here\n", status_code=404)
    text, media_type = site.metrics.exposition()
    return Response(text, media_type=media_type)


ROUTES = (Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics))
