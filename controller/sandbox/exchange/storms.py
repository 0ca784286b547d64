"""Faults of the weather in the shapes that this service gives them: JSON, plain text, HTML, NUL bytes.

Throttling is told in a sentence or in JSON, with or without Retry-After; a back-end's bad moment may come
as 400 [obs: ExoHelper, M365Permissions].
"""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field
from typing import Any

from controller.sandbox.exchange import answers
from controller.sandbox.exchange.refusals import CmdletError, Shape
from controller.sandbox.state import Fault, FaultKind

BUSY = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
_CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"0"}}}').decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back for one call: a JSON value, or text that is none."""

    status: int
    body: dict[str, Any] | str | bytes
    headers: dict[str, str] = field(default_factory=dict)


class Storms:
    """Renders faults. The forms that one kind of fault may take come in turn."""

    def __init__(self) -> None:
        self._turns = itertools.count()

    def answer(self, fault: Fault) -> Answer | None:
        """None for what does not show in the answer: a connection lost, a page cut, no fault."""
        turn = next(self._turns) if fault.kind is not FaultKind.NONE else 0
        match fault.kind:
            case FaultKind.THROTTLED:
                return _throttled(fault, turn)
            case FaultKind.UNAVAILABLE:
                return Answer(503, "The service is unavailable.", _retry_after(fault))
            case FaultKind.GATEWAY:
                return gateway_timeout(502 if turn % 2 else 504)
            case FaultKind.TRANSIENT:
                return refused(answers.transient(turn))
            case FaultKind.DENIED:
                return denied("The caller's role doesn't allow this operation.")
            case FaultKind.EXPIRED:
                return unauthorized("expired")
        return None


def _retry_after(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}


def _throttled(fault: Fault, turn: int) -> Answer:
    text = fault.text or BUSY
    if turn % 2:  # plain text, no JSON at all
        return Answer(429, text, _retry_after(fault))
    return Answer(429, answers.envelope_error("TooManyRequests", text), _retry_after(fault))


def gateway_timeout(status: int) -> Answer:
    page = f"<html><head><title>{status}</title></head><body><h1>{status} Gateway error</h1></body></html>"
    return Answer(status, page, {"Content-Type": "text/html"})


def denied(reason: str) -> Answer:
    """403 with a run of NUL bytes; the reason stands in a header [obs: graph2otel]."""
    return Answer(403, answers.NUL_BODY, {"x-ms-diagnostics": _diagnostics(reason)})


def _diagnostics(reason: str) -> str:
    """A header's text: ASCII, on one line."""
    plain = reason.encode("ascii", "replace").decode()
    return f'2000012;reason="{" ".join(plain.split())}"'


def unauthorized(reason: str) -> Answer:
    """401; an expired token comes with a claims challenge [obs: module constants, go-exoscc]."""
    challenge = 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"'
    if reason in ("expired", "revoked"):
        challenge += f', error_description="The token is not accepted any more", claims="{_CLAIMS}"'
    return Answer(401, "", {"WWW-Authenticate": challenge, "x-ms-diagnostics": f'2000003;reason="{reason}"'})


def refused(error: CmdletError) -> Answer:
    """A cmdlet's own failure."""
    if error.shape is Shape.NUL:
        return denied(error.message)
    headers = {"X-ExceptionType": error.type.rsplit(".", 1)[-1]}
    if error.status == 403:
        headers["x-ms-diagnostics"] = _diagnostics(error.message)
    return Answer(error.status, answers.failure(error), headers)
