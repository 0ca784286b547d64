"""Dataverse over HTTP: the token, the weather, and what every answer bears.

The facts a reader would not guess: an application must be a user of the environment, or it is refused with
403 although its token is good; and a 429 is told by one of three codes, here the one of too many requests
[doc: Use OAuth with Dataverse; Service protection API limits].
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from controller.sandbox import tokens
from controller.sandbox.dataverse.errors import DataverseError, malformed, not_a_member
from controller.sandbox.dataverse.service import Answer, Dataverse, Request
from controller.sandbox.environment import Environment
from controller.sandbox.state import Call, Caller, ConnectionLostError, Fault, FaultKind, Sandbox

ROOT = "/api/data/v9.2"
_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def endpoint(sandbox: Sandbox) -> Callable[[HttpRequest], Awaitable[Response]]:
    """The handler for everything below /api/data/v9.2."""

    async def respond(http: HttpRequest) -> Response:
        raw = await http.body()
        try:
            caller, root = _caller(sandbox, http)
            answer = _answer(sandbox, http, raw, caller, root)
        except DataverseError as error:
            answer = Answer(error.status, error.body, dict(error.headers))
        return _response(sandbox, answer)

    return respond


def _caller(sandbox: Sandbox, http: HttpRequest) -> tuple[Caller, str]:
    """Who asks, and of which environment."""
    for root in sandbox.world.environments:
        try:
            return tokens.verify(sandbox, http.headers.get("authorization"), root), root
        except tokens.TokenRefusedError as error:
            if error.reason != "audience":
                break
    challenge = f'Bearer authorization_uri="https://login.microsoftonline.com/{sandbox.world.tenant_id}/oauth2/authorize"'
    text = "The request is not authenticated, or its token is for another resource."
    raise DataverseError(401, "0x80040220", text, {"WWW-Authenticate": challenge})


def _answer(sandbox: Sandbox, http: HttpRequest, raw: bytes, caller: Caller, root: str) -> Answer:
    environment = sandbox.world.environments[root]
    path = http.scope["path"].removeprefix(ROOT).strip("/")
    write = http.method != "GET"
    call = Call("dataverse", f"{http.method} /{path.partition('(')[0]}", "", write)
    fault = sandbox.admit(call)
    _strike(fault)
    if fault.kind is FaultKind.GATEWAY:
        return Answer(502, _GATEWAY, {"Content-Type": "text/html"})
    if fault.kind is FaultKind.LOST_BEFORE:
        raise ConnectionLostError(fault.kind.value)
    _member(environment, caller)
    try:
        body = json.loads(raw) if raw.strip() else None
    except ValueError:
        raise malformed("the body is not JSON.") from None
    headers = {name.lower(): value for name, value in http.headers.items()}
    query = http.scope["query_string"].decode("latin-1")
    request = Request(http.method, path, query, headers, body, caller.app.name)
    answer = Dataverse(sandbox, root, environment).work(request)
    if fault.kind is FaultKind.LOST_AFTER:
        raise ConnectionLostError(fault.kind.value)
    return answer


def _member(environment: Environment, caller: Caller) -> None:
    users = environment.users
    if users is not None and caller.app.client_id not in users:
        raise not_a_member(caller.app.object_id)


def _strike(fault: Fault) -> None:
    wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    refusals: dict[FaultKind, DataverseError] = {
        FaultKind.THROTTLED: DataverseError(
            429,
            "0x80072322",
            "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
            wait,
        ),
        FaultKind.UNAVAILABLE: DataverseError(503, "0x80060888", "Service Unavailable", wait),
        FaultKind.TRANSIENT: DataverseError(500, "0x80040216", "An unexpected error occurred."),
        FaultKind.DENIED: DataverseError(
            403, "0x80040220", "Principal user is missing prvReadWorkflow privilege."
        ),
        FaultKind.EXPIRED: DataverseError(401, "0x80040220", "The token is expired."),
    }
    if fault.kind in refusals:
        raise refusals[fault.kind]


def _response(sandbox: Sandbox, answer: Answer) -> Response:
    headers: dict[str, str] = {"OData-Version": "4.0", "x-ms-service-request-id": sandbox.new_request_id()}
    content: Any = b""
    if isinstance(answer.body, str):
        content = answer.body.encode()
    elif answer.body is not None:
        content = json.dumps(answer.body, ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json; odata.metadata=minimal"
    return Response(content, answer.status, {**headers, **answer.headers})
