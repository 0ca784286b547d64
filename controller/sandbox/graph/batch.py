"""JSON batches: up to twenty requests in one, answered in any order.

The facts a reader would not guess: a throttled member is a 429 inside a 200 and has a Retry-After of its own;
`dependsOn` is taken in three shapes only (none, a chain, all on one); a member with a body needs a
Content-Type; and answers do not come in the order asked [doc: graph/json-batching, known-issues].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from controller.sandbox.graph.bodies import json_object
from controller.sandbox.graph.errors import GraphError, malformed
from controller.sandbox.graph.wire import Answer, Missing, Request

MOST = 20
_VERBS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_BODIED = ("POST", "PATCH", "PUT")
_JSON = "application/json"

Run = Callable[[Request, bool], Answer]


@dataclass(slots=True)
class Member:
    id: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = Missing
    depends_on: list[str] = field(default_factory=list)


def run(outer: Request, respond: Run) -> Answer:
    """Answers a batch; `respond` answers one request, told whether it waits for another.

    Raises:
        GraphError: 400 where the batch as such is not one.
    """
    members = _members(json_object(outer))
    _check_shape(members)
    answers: dict[str, Answer] = {}
    for member in members:
        failed = [name for name in member.depends_on if answers[name].status >= 400]
        answers[member.id] = (
            _dependency_failed(failed[0])
            if failed
            else respond(_inner(outer, member), bool(member.depends_on))
        )
    chained = any(member.depends_on for member in members)
    order = members if chained else [*reversed(members)]
    return Answer(200, {"responses": [_rendered(member.id, answers[member.id]) for member in order]})


def _dependency_failed(name: str) -> Answer:
    error = {
        "code": "FailedDependency",
        "message": f"The request failed because request '{name}' it depends on failed.",
    }
    return Answer(424, {"error": error})


def _members(body: Mapping[str, Any]) -> list[Member]:
    requests = body.get("requests")
    if not isinstance(requests, list) or not requests:
        raise malformed("Invalid batch payload format.")
    if len(requests) > MOST:
        raise GraphError(
            400,
            "MaximumValueExceeded",
            f"Number of batch request steps exceeds the maximum value of {MOST}.",
        )
    members = [_member(item) for item in requests]
    seen: set[str] = set()
    for member in members:
        if member.id in seen:
            raise malformed(
                f"Batch request identifiers must be unique: '{member.id}' is used more than once."
            )
        seen.add(member.id)
    return members


def _name(given: Any) -> str:
    """Ids are strings; numbers are taken all the same, as CLI for Microsoft 365 sends them."""
    return str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""


def _member(item: Any) -> Member:
    if not isinstance(item, dict):
        raise malformed("Invalid batch payload format.")
    name, method, url = _name(item.get("id")), item.get("method"), item.get("url")
    if not name or not isinstance(method, str) or not isinstance(url, str) or not url:
        raise malformed("Invalid batch payload format.")
    if method.upper() not in _VERBS:
        raise malformed(f"Invalid method '{method}' in batch request '{name}'.")
    if "://" in url:
        raise malformed(f"Batch request '{name}' has an absolute URL; URLs must be relative to the version.")
    if url.strip("/").split("?")[0].lower() == "$batch":
        raise malformed("Batch requests cannot be nested.")
    headers = {str(key).lower(): str(value) for key, value in (item.get("headers") or {}).items()}
    member = Member(
        name, method.upper(), url, headers, item.get("body", Missing), _names(item.get("dependsOn"))
    )
    bodied = member.method in _BODIED and member.method != "POST"
    if (bodied and member.body is Missing) or (member.body is not Missing and "content-type" not in headers):
        raise malformed(f"Write request id : {name} does not contain Content-Type header or body.")
    return member


def _names(given: Any) -> list[str]:
    if not isinstance(given or [], list):
        raise malformed("Invalid batch payload format.")
    return [_name(name) for name in given or []]


def _check_shape(members: list[Member]) -> None:
    """None; each on the one before; or all on the same one."""
    names = [member.id for member in members]
    waits = [member.depends_on for member in members]
    if any(name not in names for wait in waits for name in wait):
        raise malformed("Invalid batch payload format: 'dependsOn' names a request that is not in the batch.")
    serial = not waits[0] and all(wait == [names[at]] for at, wait in enumerate(waits[1:]))
    first = next((wait for wait in waits if wait), [])
    on_one = len(first) == 1 and not waits[0] and first == [names[0]] and all(w == first for w in waits[1:])
    if first and not serial and not on_one:
        raise malformed(
            "Unsupported 'dependsOn' pattern: requests must be independent, strictly serial, or all "
            "depend on the same request."
        )


def _inner(outer: Request, member: Member) -> Request:
    path, _, text = member.url.partition("?")
    headers = {**member.headers}
    client_request_id = headers.get("client-request-id", outer.client_request_id)
    return Request(
        method=member.method,
        version=outer.version,
        path=path,
        caller=outer.caller,
        root=outer.root,
        query=parse_qsl(text, keep_blank_values=True),
        headers=headers,
        body=member.body,
        request_id=outer.request_id,
        client_request_id=client_request_id,
        inner=True,
    )


def _rendered(name: str, answer: Answer) -> dict[str, Any]:
    """A member's answer. The bare number of a `$count` is a JSON number here [github pnp/cli-microsoft365,
    `entra group member set`, which compares it with 1]."""
    headers = {"Cache-Control": "no-cache", **answer.headers}
    rendered: dict[str, Any] = {"id": name, "status": answer.status, "headers": headers}
    if answer.body is not None:
        headers.setdefault("Content-Type", _JSON)
        text = isinstance(answer.body, str)
        rendered["body"] = int(answer.body) if text and answer.body.isdigit() else answer.body
    return rendered
