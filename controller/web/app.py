"""The application that `mbx run` serves. Routes stand in modules of their own; here they are put together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from controller.report.alone import FOLDER as PLAN
from controller.web import door, hooks, pages, probes, records, wrong
from controller.web.site import Site

_SHARED: Final = ("palette.css", "plan.css", "plan.js")


def create_app(site: Site) -> Starlette:
    """Serves what the board and the journal say. Nothing that comes in over HTTP is ever written anywhere."""
    static = StaticFiles(directory=Path(__file__).parent / "static")
    # The plan stands on a page of its own elsewhere, with the same style and script.
    shared = [Route(f"/static/{name}", partial(_file, PLAN / name)) for name in _SHARED]
    app = Starlette(
        routes=[
            *probes.ROUTES, *hooks.ROUTES, *door.ROUTES, *pages.ROUTES, *records.ROUTES, *shared,
            Mount("/static", static),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=door.pass_on)],
        exception_handlers={HTTPException: wrong.answer},
    )  # fmt: skip
    app.state.site = site
    return app


def _file(path: Path, request: Request) -> FileResponse:
    return FileResponse(path)
