"""What an answer of Dataverse means when it is a refusal.

Codes are hexadecimal numbers; what the flow service behind it said is quoted inside the message and has the
better code [doc: Compose HTTP requests and handle errors; obs: coe-starter-kit issue 3535].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from controller.clients import codes
from controller.clients.attempt import Failed, Nature
from controller.clients.wire import Answer, claims_challenge, readable, retry_after
from controller.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    TransientError,
)
from controller.log import redact

_INNER: Final = re.compile(r'\\?"code\\?":\\?"(\w+)\\?"')
_CONFLICTS: Final = {"0x80060892": codes.ROW_EXISTS, "0x80040237": codes.ROW_EXISTS}
_USER: Final = (
    "make the app an application user of this environment (Power Platform admin centre, Settings, Users), "
    "with a security role that may read, write and create Process and Connection Reference"
)
_SIGN_IN: Final = "check that the environment's address is right, and that it belongs to this tenant"
_ADVICE: Final = {
    codes.NO_CONNECTION: "somebody must sign in to the connection once, in the environment's solution",
    "ConnectionAuthorizationFailed": "share the connection with the app, or let its owner switch the flow on",
}
_LIMIT: Final = 1000

Verdict = tuple[Nature, type[ServiceError], str]  # nature, class, advice


def failed(answer: Answer, call: str, target: str, clock: Callable[[], datetime]) -> Failed:
    """The refusal in `answer`, told apart."""
    code, text = _said(answer)
    waits = retry_after(answer.headers, clock)
    nature, kind, advice = _classify(answer.status, code, waits)
    error = kind(
        api="dataverse",
        call=call,
        message=redact(text or f"HTTP {answer.status} without a readable body")[:_LIMIT],
        status=answer.status,
        code=_CONFLICTS.get(code, code),
        request_id=answer.headers.get("x-ms-service-request-id") or answer.request_id,
        target=target,
        advice=advice,
        retry_after=waits,
    )
    return Failed(error, nature, claims=claims_challenge(answer.headers) if answer.status == 401 else None)


def _said(answer: Answer) -> tuple[str, str]:
    error: Any = answer.body.get("error") if isinstance(answer.body, dict) else None
    if not isinstance(error, dict):
        return "", readable(answer.content)
    text = str(error.get("message") or "")
    inner = _INNER.search(text)
    return inner[1] if inner else str(error.get("code") or ""), text


def _classify(status: int, code: str, waits: float | None) -> Verdict:
    if status == 401:
        return Nature.STALE, DeniedError, _SIGN_IN
    if status == 429:
        return Nature.THROTTLED, ThrottledError, "the service asked us to slow down"
    if status in (502, 504, 408):
        return Nature.LOST, TransientError, ""
    if status == 503:
        return (Nature.TRANSIENT if waits is None else Nature.TURNED_AWAY), TransientError, ""
    if status == 403:
        return Nature.FINAL, DeniedError, _USER
    if status == 404 and code == codes.NO_ROW:
        return Nature.FINAL, NotFoundError, ""
    if status in (409, 412):
        return Nature.FINAL, ConflictError, ""
    if status >= 500:
        return Nature.FAULT, TransientError, ""
    if status < 400:
        return Nature.LOST, TransientError, ""
    return Nature.FINAL, InvalidError, _ADVICE.get(code, "")
