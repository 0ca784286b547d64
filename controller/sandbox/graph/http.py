"""Graph over HTTP: from a Starlette request to an answer and back.

What lives here: the token, the headers of every answer, the batch's outer call. The facts a reader would not
guess: `request-id` is on every answer, refusals included, `client-request-id` comes back as it was sent, and
an error's content type lacks the OData parameters [reference: Graph API, headers].
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from controller.sandbox import tokens
from controller.sandbox.graph import batch
from controller.sandbox.graph.errors import (
    GraphError,
    invalid_version,
    not_json,
    not_offered,
    unauthenticated,
    untyped_body,
    wrong_method,
)
from controller.sandbox.graph.service import Graph
from controller.sandbox.graph.wire import Answer, Missing, Request, Unreadable
from controller.sandbox.state import Caller

_JSON = "application/json;odata.metadata={};odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_REFUSALS = {
    "missing": "Access token is empty.",
    "malformed": "IDX14100: JWT is not well formed, there are no dots (.).",
    "expired": "Lifetime validation failed, the token is expired.",
    "audience": "Access token validation failure. Invalid audience.",
    "signature": "Access token validation failure. Invalid signature.",
    "revoked": "Continuous access evaluation resulted in challenge with result: InteractionRequired and "
    "code: TokenIssuedBeforeRevocationTimestamp",
}

Endpoint = Callable[[HttpRequest], Awaitable[Response]]


def endpoint(graph: Graph, version: str) -> Endpoint:
    """The handler for everything below one version."""

    async def respond(http: HttpRequest) -> Response:
        request = _request(graph, http, version, await http.body())
        return _response(graph, request, _answer(graph, request, http.headers.get("authorization")))

    return respond


def stray(graph: Graph, http: HttpRequest, *, found: bool) -> Response:
    """What a call gets that leads to no version; `found` where it does, but by a verb that none takes."""
    request = _request(graph, http, "", b"")
    error = wrong_method(outlook=False) if found else invalid_version()
    return _response(graph, request, graph.refuse(error, request))


def _request(graph: Graph, http: HttpRequest, version: str, body: bytes) -> Request:
    request_id = graph.sandbox.new_request_id()
    return Request(
        method=http.method,
        version=version,
        path=_path(http),
        caller=_NOBODY,
        root=_root(graph, http),
        query=parse_qsl(http.scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={key.lower(): value for key, value in http.headers.items()},
        body=_body(body),
        request_id=request_id,
        client_request_id=http.headers.get("client-request-id", request_id),
    )


_NOBODY: Any = None  # until the token has been read


def _answer(graph: Graph, request: Request, authorization: str | None) -> Answer:
    try:
        request.caller = _caller(graph, authorization)
        _refuse_media(request)
    except GraphError as error:
        return graph.refuse(error, request)
    return respond(graph, request)


def _refuse_media(request: Request) -> None:
    """A body is JSON, and says so; a mail may be MIME, which is not played."""
    if request.body is Missing or request.method not in ("POST", "PATCH", "PUT"):
        return
    media = request.headers.get("content-type", "").lower()
    if not media:
        raise untyped_body()
    if media.startswith("text/plain") and request.path.lower().endswith("sendmail"):
        raise not_offered("sending a message in MIME format")
    if "json" not in media:
        raise not_json()


def respond(graph: Graph, request: Request) -> Answer:
    """The answer to an authenticated request, a batch or another."""
    if request.path.strip("/").lower() != "$batch":
        return graph.answer(request)
    if request.method != "POST":
        return graph.refuse(wrong_method(outlook=False), request)
    return graph.batch(
        request, lambda: batch.run(request, lambda inner, serial: graph.answer(inner, serial=serial))
    )


def _caller(graph: Graph, authorization: str | None) -> Caller:
    try:
        return tokens.verify(graph.sandbox, authorization, tokens.GRAPH)
    except tokens.TokenRefusedError as error:
        raise unauthenticated(_REFUSALS[error.reason]) from error


def _path(http: HttpRequest) -> str:
    """The path below the version, still percent-encoded (an encoded slash is part of its segment)."""
    raw: bytes = http.scope.get("raw_path") or http.scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0].lstrip("/").partition("/")[2].lstrip("/")


def _root(graph: Graph, http: HttpRequest) -> str:
    """Links lead back to where the caller came in: Microsoft's names where they are simulated."""
    if graph.sandbox.real_hosts:
        return f"https://{http.headers.get('host', 'graph.microsoft.com')}"
    return graph.sandbox.base_url.rstrip("/")


def _body(raw: bytes) -> Any:
    if not raw.strip():
        return Missing
    try:
        return json.loads(raw)
    except ValueError:
        return Unreadable


def _response(graph: Graph, request: Request, answer: Answer) -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
        "request-id": request.request_id,
        "client-request-id": request.client_request_id,
        "x-ms-ags-diagnostic": json.dumps(_DIAGNOSTIC, separators=(",", ":")),
        "Date": format_datetime(graph.sandbox.clock.now(), usegmt=True),
    }
    content = b""
    if answer.body is None:
        pass
    elif isinstance(answer.body, str):
        content = answer.body.encode()
        headers["OData-Version"] = "4.0"
    else:
        content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
        level = "minimal" if request.annotated else "none"
        headers["Content-Type"] = "application/json" if "error" in answer.body else _JSON.format(level)
        if "error" not in answer.body:
            headers["OData-Version"] = "4.0"
    headers.update(answer.headers)
    return Response(content, answer.status, headers)


_DIAGNOSTIC = {
    "ServerInfo": {
        "DataCenter": "West Europe",
        "Slice": "E",
        "Ring": "5",
        "ScaleUnit": "001",
        "RoleInstance": "AM1PEPF00027FA1",
    }
}
