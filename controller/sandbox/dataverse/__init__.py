"""The simulated Dataverse Web API: cloud flows (`workflows`) and connection references of an environment.

Which environment is meant is what the token was issued for, as all of them are served at one address here. It
shares no code with the product's client.
"""

from __future__ import annotations

from typing import Any

from starlette.routing import Route as HttpRoute

from controller.sandbox.dataverse.http import ROOT, endpoint
from controller.sandbox.dataverse.service import Dataverse, Request
from controller.sandbox.state import Sandbox

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def routes(sandbox: Sandbox) -> list[HttpRoute]:
    """Everything below /api/data/v9.2."""
    return [HttpRoute(f"{ROOT}/{{path:path}}", endpoint(sandbox), methods=_METHODS)]


def call(
    sandbox: Sandbox, environment: str, method: str, path: str, body: Any, *, actor: str
) -> tuple[int, Any]:
    """One call as somebody who may do everything, with no weather: what a person does in the portal. Returns
    status and JSON (None where there is no body)."""
    found = sandbox.world.environments[environment.lower()]
    where, _, query = path.lstrip("/").partition("?")
    answer = Dataverse(sandbox, environment, found).work(Request(method, where, query, {}, body, actor))
    return answer.status, answer.body
