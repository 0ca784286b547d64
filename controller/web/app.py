"""The application that `mbx run` serves. Routes stand in modules of their own; here they are put together."""

from __future__ import annotations

from starlette.applications import Starlette

from controller.web import hooks, probes
from controller.web.site import Site


def create_app(site: Site) -> Starlette:
    """Serves what the board and the journal say. Nothing that comes in over HTTP is ever written anywhere."""
    app = Starlette(routes=[*probes.ROUTES, *hooks.ROUTES])
    app.state.site = site
    return app
