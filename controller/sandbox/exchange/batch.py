"""`$batch`: several InvokeCommand calls in one request, each with its own status.

The outer answer is 200 even where every inner one failed, and the answers come in any order: only the id
tells which is which [obs: CIPP]. All share the outer request's anchor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from controller.sandbox.exchange import answers
from controller.sandbox.exchange.service import Asked, Service, selected, tenant_known
from controller.sandbox.exchange.storms import Answer
from controller.sandbox.state import Call, ConnectionLostError, FaultKind

if TYPE_CHECKING:
    from controller.sandbox.state import Caller

MOST = 10  # known good; more is not known to work [obs: CIPP; inf: refused]


def run(service: Service, payload: Any, caller: Caller, root: str, headers: Mapping[str, str]) -> Answer:
    """The outer answer. ConnectionLostError where the weather cuts the whole batch."""
    members = payload.get("requests") if isinstance(payload, dict) else None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        text = "The batch needs a list of requests."
        return Answer(400, answers.envelope_error("BadRequest", text))
    ids = [str(member.get("id", "")) for member in members]
    if len(members) > MOST or len(set(ids)) < len(ids):
        text = f"A batch takes at most {MOST} requests, each with an id of its own."
        return Answer(400, answers.envelope_error("BadRequest", text))
    fault = service.sandbox.admit(Call("exchange", "$batch"))
    stormy = service.storms.answer(fault)
    if stormy is not None:
        return stormy
    if fault.kind is FaultKind.LOST_BEFORE:
        raise ConnectionLostError
    goes_on = "odata.continue-on-error" in headers.get("prefer", "").lower()
    responses: list[dict[str, Any]] = []
    for member in members:
        answer = _member(service, member, caller, root, headers)
        responses.append(_shape(str(member.get("id", "")), answer))
        if answer.status >= 400 and not goes_on:  # the rest is not run [doc: OData; here inf]
            break
    if fault.kind is FaultKind.LOST_AFTER:
        raise ConnectionLostError
    return Answer(200, {"responses": responses[::-1]})


def _member(
    service: Service, member: dict[str, Any], caller: Caller, root: str, outer: Mapping[str, str]
) -> Answer:
    url = urlsplit(str(member.get("url", "")))
    parts = url.path.strip("/").split("/")
    whole = len(parts) == 4 and parts[0] == "adminapi" and parts[1] in ("beta", "v1.0")
    known = parts == ["InvokeCommand"] or (
        whole and parts[3] == "InvokeCommand" and tenant_known(service.sandbox, parts[2])
    )
    if not known or str(member.get("method", "POST")).upper() != "POST":
        return Answer(404, answers.envelope_error("NotFound", f"There is no such resource: {url.path}"))
    given = member.get("headers")
    named = given.items() if isinstance(given, dict) else ()
    inner = {str(name).lower(): str(value) for name, value in named}
    query = dict(parse_qsl(url.query))
    asked = Asked(
        payload=member.get("body"),
        caller=caller,
        root=root,
        anchor=outer.get("x-anchormailbox") or inner.get("x-anchormailbox", ""),
        prefer=inner.get("prefer") or outer.get("prefer", ""),
        select=selected(query),
        token=query.get("$skiptoken", ""),
        format=inner.get("x-responseformat", ""),
        inner=True,
    )
    return service.invoke(asked)


def _shape(id: str, answer: Answer) -> dict[str, Any]:
    headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
    body: Any = answer.body
    if isinstance(body, bytes):
        body = None if body == answers.NUL_BODY else body.decode()
    return {"id": id, "status": answer.status, "headers": headers, "body": body}
