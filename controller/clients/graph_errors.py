"""What an answer of Microsoft Graph means when it is a refusal.

The code decides, the status where there is none; `innerError` may nest more specific codes, and messages
are not stable, with two exceptions where nothing else tells [reference: Graph, errors].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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

_THROTTLED: Final = frozenset({"toomanyrequests", "applicationthrottled", "activitylimitreached"})
_ABSENT: Final = frozenset(
    {"request_resourcenotfound", "errorinvaliduser", "erroritemnotfound", "itemnotfound", "notfound"}
)
_TRANSIENT: Final = frozenset(
    {"servicenotavailable", "serviceunavailable", "errormailboxstoreunavailable", "errortimeoutexpired",
     "errorinternalservertransienterror", "errorservertoobusy", "errorserverbusy",
     "errormailboxmoveinprogress", "temporarilyunavailable"}
)  # fmt: skip
_EXPIRED: Final = frozenset({"directory_expiredpagetoken", "syncstatenotfound", "resyncrequired"})
_CONFLICTS: Final = {
    "errorfolderexists": codes.FOLDER_EXISTS,
    "request_multipleobjectswithsamekeyvalue": "Request_MultipleObjectsWithSameKeyValue",
    "conflict": "Conflict",
    "namealreadyexists": "nameAlreadyExists",
}
_PERMISSION: Final = "grant the app the Graph application permission this call needs, with admin consent"
_ADVICE: Final = {
    "erroraccessdenied": _PERMISSION + ", and check that an application access policy or an RBAC scope does "
    "not leave this mailbox out",
    "authorization_requestdenied": _PERMISSION,
    "errornotsupportedmessagerule": "the service cannot express this rule: change it in Outlook",
    "errorquotaexceeded": "the mailbox is full",
    "quotalimitreached": "the mailbox is full",
}  # fmt: skip
_NOT_READY: Final = "the account has no usable mailbox: none, still being made, soft-deleted, or on premises"
_EXISTING_REFERENCE: Final = re.compile(r"added object references already exist", re.IGNORECASE)
_EXCHANGE_GROUP: Final = re.compile(
    r"cannot (update|create|delete) a mail-enabled security group", re.IGNORECASE
)
_LIMIT: Final = 1000


def failed(answer: Answer, call: str, target: str, clock: Callable[[], datetime]) -> Failed:
    """The refusal in `answer`, told apart. `target` is what the call was about, for people."""
    found = list(_codes(answer.body))
    text = _text(answer)
    waits = retry_after(answer.headers, clock)
    nature, kind, code, advice = _classify(answer.status, found, text, waits)
    error = kind(
        api="graph",
        call=call,
        message=redact(text or f"HTTP {answer.status} without a readable body")[:_LIMIT],
        status=answer.status,
        code=code or (found[0] if found else ""),
        request_id=answer.headers.get("request-id") or _inner_id(answer.body) or answer.request_id,
        target=target,
        advice=advice,
        retry_after=waits,
    )
    claims = claims_challenge(answer.headers) if answer.status == 401 else None
    return Failed(error, nature, claims=claims)


Verdict = tuple[Nature, type[ServiceError], str, str]


def _classify(status: int, found: list[str], text: str, waits: float | None) -> Verdict:
    """Nature, class, code (where another than the service's), advice."""
    lowered = {code.lower() for code in found}
    if status == 401:
        return Nature.STALE, DeniedError, "", _PERMISSION
    if status in (424, 429) or lowered & _THROTTLED:
        return (
            Nature.THROTTLED,
            ThrottledError,
            "",
            "the service asked us to slow down: lower MBX_HTTP_CONCURRENCY",
        )
    if codes.MAILBOX_NOT_READY.lower() in lowered:
        return Nature.FINAL, TransientError, codes.MAILBOX_NOT_READY, _NOT_READY
    if status in (502, 504, 408):
        return Nature.LOST, TransientError, "", ""
    if status == 503:
        return (Nature.TRANSIENT if waits is None else Nature.TURNED_AWAY), TransientError, "", ""
    if lowered & _EXPIRED or (status == 400 and "expired or invalid pagination" in text.lower()):
        return Nature.FINAL, TransientError, codes.PAGE_EXPIRED, ""
    if lowered & _TRANSIENT:
        return Nature.TRANSIENT, TransientError, "", ""
    if _EXISTING_REFERENCE.search(text):
        return Nature.FINAL, ConflictError, codes.REFERENCE_EXISTS, ""
    if _EXCHANGE_GROUP.search(text):
        return Nature.FINAL, InvalidError, codes.EXCHANGE_OWNED_GROUP, "only Exchange can change this group"
    if conflict := next((_CONFLICTS[code] for code in lowered if code in _CONFLICTS), None):
        return Nature.FINAL, ConflictError, conflict, ""
    if absent := next((code for code in found if code.lower() in _ABSENT), None):
        return Nature.FINAL, NotFoundError, absent, ""
    return _by_status(status, lowered)


def _by_status(status: int, lowered: set[str]) -> Verdict:
    advice = next((_ADVICE[code] for code in sorted(lowered) if code in _ADVICE), "")
    if status == 403:
        return Nature.FINAL, DeniedError, "", advice or _PERMISSION
    if status == 404 and lowered <= {"unknownerror"}:  # no reason given: never proof of absence
        return Nature.FLAKY, TransientError, "", ""
    if status in (409, 412):
        return Nature.FINAL, ConflictError, "", advice
    if status in (500, 501, 505) or (status > 504 and status != 507):
        return Nature.FAULT, TransientError, "", advice
    if status < 400:
        return Nature.LOST, TransientError, "", ""
    return Nature.FINAL, InvalidError, "", advice


def _error(body: Any) -> dict[str, Any]:
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return {"code": error, "message": str(body.get("error_description") or error)}
    return error if isinstance(error, dict) else {}


def _codes(body: Any) -> Iterator[str]:
    """Every code, the outermost first."""
    level: Any = _error(body)
    for _ in range(8):
        if not isinstance(level, dict):
            return
        if isinstance(code := level.get("code"), str) and code:
            yield code
        level = level.get("innerError") or level.get("innererror")


def _text(answer: Answer) -> str:
    message = _error(answer.body).get("message")
    if isinstance(message, dict):  # OData's older form
        message = message.get("value")
    return str(message) if message else ("" if answer.body is not None else readable(answer.content))


def _inner_id(body: Any) -> str:
    inner = _error(body).get("innerError") or _error(body).get("innererror")
    return str(inner.get("request-id") or "") if isinstance(inner, dict) else ""
