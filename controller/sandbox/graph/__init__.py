"""The simulated Microsoft Graph: directory reads and writes, delta queries, batches, for v1.0 and beta.

One file for each resource, each with a table of routes; `service.py` says what happens to every request. It
shares no code with the product's client, so that a misreading cannot hide in both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from controller.sandbox.graph import (
    admin_folders,
    categories,
    deltas,
    directory,
    group_writes,
    groups,
    licence_writes,
    licences,
    mail_folders,
    mailbox_settings,
    memberships,
    message_rules,
    messages,
    organisation,
    send_mail,
    teams,
    user_writes,
    users,
)
from controller.sandbox.graph.http import endpoint, respond
from controller.sandbox.graph.http import stray as http_stray
from controller.sandbox.graph.service import Graph
from controller.sandbox.graph.wire import Missing, Request
from controller.sandbox.state import Caller, Sandbox
from controller.sandbox.weather import FairWeather
from controller.sandbox.world import App

_RESOURCES = (
    deltas.ROUTES,
    users.ROUTES,
    user_writes.ROUTES,
    groups.ROUTES,
    group_writes.ROUTES,
    directory.ROUTES,
    memberships.ROUTES,
    organisation.ROUTES,
    licences.ROUTES,
    categories.ROUTES,
    mail_folders.ROUTES,
    messages.ROUTES,
    message_rules.ROUTES,
    mailbox_settings.ROUTES,
    licence_writes.ROUTES,
    admin_folders.ROUTES,
    send_mail.ROUTES,
    teams.ROUTES,
)
VERSIONS = ("v1.0", "beta")
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def _service(sandbox: Sandbox) -> Graph:
    return Graph(sandbox, (route for table in _RESOURCES for route in table))


def routes(sandbox: Sandbox) -> list[HttpRoute]:
    """Everything below /v1.0 and /beta, in capitals too: the gateway does not mind."""
    graph = _service(sandbox)
    return [
        HttpRoute(f"/{spelt}{rest}", endpoint(graph, version), methods=_METHODS)
        for version in VERSIONS
        for spelt in (version, version.upper(), version.title())
        for rest in ("", "/{path:path}")
    ]


def stray(sandbox: Sandbox, http: HttpRequest, *, found: bool) -> Response:
    """Graph's refusal of a path that is under no version; `found` where only its verb is wrong."""
    return http_stray(_service(sandbox), http, found=found)


def call(sandbox: Sandbox, method: str, path: str, body: Any, *, actor: str) -> tuple[int, dict[str, Any]]:
    """One call as somebody who may do everything, with no weather: how a person's hand drifts a tenant.

    `path` is `/users/…` with or without the version, `body` parsed JSON or None, `actor` whom the audit log
    names. Returns status and JSON (empty where there is no body).
    """
    version, _, rest = path.strip("/").partition("/")
    if version not in VERSIONS:
        version, rest = "v1.0", path.strip("/")
    rest, _, query = rest.partition("?")
    app = App(client_id="", name=actor, object_id="")
    calm = replace(sandbox, weather=FairWeather(), recording=False)
    request_id = sandbox.new_request_id()
    request = Request(
        method=method.upper(),
        version=version,
        path=rest,
        caller=Caller(app, frozenset({"*"}), request_id),
        root=sandbox.base_url.rstrip("/"),
        query=parse_qsl(query, keep_blank_values=True),
        headers={"consistencylevel": "eventual"},
        body=Missing if body is None else body,
        request_id=request_id,
        client_request_id=request_id,
    )
    answer = respond(_service(calm), request)
    return answer.status, answer.body if isinstance(answer.body, dict) else {}
