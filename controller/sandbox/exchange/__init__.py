"""Simulated Exchange Online: the admin REST API that its PowerShell module speaks, and cmdlets behind it.

`routes` is the wire; `run` runs one cmdlet without it, as somebody in the tenant would. Every oddity cites
what it rests on: [doc: page], [obs: client], or [inf] where nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from controller.sandbox.exchange import answers, engine
from controller.sandbox.exchange.endpoints import Endpoints
from controller.sandbox.exchange.invocation import Actor
from controller.sandbox.exchange.refusals import CmdletError

if TYPE_CHECKING:
    from starlette.routing import Route

    from controller.sandbox.state import Sandbox

__all__ = ["CmdletError", "routes", "run"]


def routes(sandbox: Sandbox) -> list[Route]:
    """All paths under /adminapi."""
    return Endpoints(sandbox).routes()


def run(
    sandbox: Sandbox, cmdlet: str, parameters: Mapping[str, Any], *, actor: str, anchor: str = ""
) -> list[dict[str, Any]]:
    """Runs one cmdlet as `actor` (an app's name or a person's UPN), whatever the weather and the roles.

    All rows, as plain JSON values. A cmdlet that would ask for confirmation takes it as given.
    CmdletError: what the service would have refused.
    """
    given = dict(parameters)
    spec = engine.permitted(cmdlet, None)
    if "confirm" in spec.parameters and not any(name.lower() == "confirm" for name in given):
        given["Confirm"] = False
    order = engine.Order(cmdlet, given, Actor(actor), anchor, request_id=sandbox.new_request_id())
    listing = engine.execute(sandbox, order, engine.prepare(order)).listing
    return [answers.plain(row) for row in listing.rows(0, len(listing))]
