"""The application that `mbx run` serves. Routes stand in modules of their own; here they are put together."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from controller.web import door, hooks, pages, probes
from controller.web.site import Site


def create_app(site: Site) -> Starlette:
    """Serves what the board and the journal say. Nothing that comes in over HTTP is ever written anywhere."""
    static = Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app = Starlette(
        routes=[*probes.ROUTES, *hooks.ROUTES, *door.ROUTES, *pages.ROUTES, static],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=door.pass_on)],
        exception_handlers={HTTPException: pages.wrong},
    )
    app.state.site = site
    return app
