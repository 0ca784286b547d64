"""What an answer of the Exchange admin API means when it is a refusal.

HTTP status is a weak signal here: almost every failure is a 400, some transient ones too, and what counts
is the .NET exception type inside the body. Three shapes: A (`innererror` and `details` with
`id|type|text`), B (a detail that is itself JSON), C (no JSON: text, HTML, NUL bytes, nothing)
[reference: Exchange, error bodies].
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
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

_LIMIT: Final = 1000  # characters of a message that are kept


@dataclass(frozen=True, slots=True)
class _Rule:
    """One row of the catalogue: by type, else by text; `code` is what the error is then called."""

    code: str
    kind: type[ServiceError]
    types: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None
    advice: str = ""
    nature: Nature = Nature.FINAL


def _rule(
    code: str, kind: type[ServiceError], types: str = "", text: str = "", advice: str = "",
    nature: Nature = Nature.FINAL,
) -> _Rule:  # fmt: skip
    pattern = re.compile(text, re.IGNORECASE) if text else None
    return _Rule(code, kind, frozenset(types.split()), pattern, advice, nature)


# [reference: Exchange, catalogue and classification], in this order: the specific before the general.
_CATALOGUE: Final = (
    _rule(codes.PAGE_EXPIRED, TransientError, text=r"expired or invalid pagination request"),
    _rule("ServerBusyException", ThrottledError, "ServerBusyException DCOverloadedException",
          r"maximum number of concurrent requests|server is busy|micro delay|too many requests",
          nature=Nature.TURNED_AWAY),
    _rule("CmdletProxyNotAvailableException", TransientError, "CmdletProxyNotAvailableException",
          nature=Nature.TURNED_AWAY),
    _rule("TransientException", TransientError,
          "TransientException BackendCommunicationException SuitabilityDirectoryException "
          "ServerInMMException ADServerSettingsChangedException StorageTransientException "
          "CmdletProxyException MapiNetworkErrorException ADTransientException", nature=Nature.TRANSIENT),
    _rule("UnableToWriteToAadException", TransientError, "UnableToWriteToAadException",
          advice="Entra refused Exchange's write; if it stays, the object may be managed elsewhere",
          nature=Nature.FLAKY),
    _rule(codes.MEMBER_EXISTS, ConflictError, codes.MEMBER_EXISTS, r"is already a member of the group"),
    _rule(codes.MEMBER_ABSENT, NotFoundError, codes.MEMBER_ABSENT, r"isn.t a member of the group"),
    _rule(codes.FOLDER_ENTRY_EXISTS, ConflictError, codes.FOLDER_ENTRY_EXISTS,
          r"an existing permission entry was found"),
    _rule(codes.FOLDER_ENTRY_ABSENT, NotFoundError, codes.FOLDER_ENTRY_ABSENT,
          r"no existing permission entry found"),
    _rule(codes.SOFT_DELETED_HOLDER, ConflictError, text=r"ExternalDirectoryObjectId.{0,80}not returned",
          advice="a deleted object still holds this address: restore it, or wait until it is purged"),
    _rule(codes.ADDRESS_IN_USE, ConflictError, "ProxyAddressExistsException",
          r"already being used by the proxy addresses",
          "another object holds this address: free it there, or write another one"),
    _rule(codes.AMBIGUOUS, ConflictError, "ManagementObjectAmbiguousException",
          r"matches multiple entries|multiple recipients matching",
          "several objects answer to this name: use one that is unique"),
    _rule(codes.OBJECT_EXISTS, ConflictError, codes.OBJECT_EXISTS,
          advice="adopt the object that is there, or choose another name"),
    _rule(codes.ACL_FULL, InvalidError, text=r"limit of maximum allowed access control entries",
          advice="grant to a security group instead of to each person"),
    _rule(codes.DIRECTORY_SYNCED, InvalidError,
          text=r"out of the current user.s write scope|synchronized from your on-premises",
          advice="this object is mastered on premises: change it there"),
    _rule(codes.NOT_GROUP_MANAGER, DeniedError, text=r"only be performed by a manager of the group",
          advice="give the app a role with BypassSecurityGroupManagerCheck "
                 "(Security Group Creation and Membership)"),
    _rule("DynamicGroupMembershipChangeDeniedException", InvalidError,
          "DynamicGroupMembershipChangeDeniedException", advice="a rule decides who is in this group"),
    _rule(codes.INVALID_TRUSTEE, InvalidError, codes.INVALID_TRUSTEE,
          r"isn.t a valid .{0,60}security principal",
          "only a mailbox, a mail user or a mail-enabled security group can hold this"),
    _rule("ParameterTransformationException", InvalidError, "ParameterTransformationException",
          r"cannot process argument transformation"),
    _rule("AmbiguousParameterSetException", DeniedError, "AmbiguousParameterSetException",
          r"parameter set cannot be resolved|cannot be found that matches parameter name",
          "the app's Exchange role may lack this parameter: give it a role that has it"),
    _rule(codes.NO_SUCH_CMDLET, DeniedError, codes.NO_SUCH_CMDLET,
          r"not present in the role definition|is not recognized as the name of a cmdlet",
          "the app's Exchange role does not include this cmdlet: add a role that does"),
    _rule(codes.OBJECT_NOT_FOUND, NotFoundError,
          "ManagementObjectNotFoundException ADObjectNotFoundException ObjectNotFoundException",
          r"couldn.t be found on|specified mailbox .{0,200}doesn.t exist"),
    _rule("ValidationException", InvalidError,
          "ValidationException DataValidationException PropertyValidationException RecipientTaskException"),
)  # fmt: skip
_BY_TYPE: Final = {name: rule for rule in _CATALOGUE for name in rule.types}
_NO_ROLE: Final = (
    "give the app's service principal an Exchange role (Exchange Recipient Administrator, or a custom role "
    "group; Global Reader to read). After granting, a new token and some minutes are needed"
)
_NO_PERMISSION: Final = (
    "grant the app the application permission Exchange.ManageAsApp (Office 365 Exchange Online) with admin "
    "consent, and check that MBX_EXCHANGE_URL and the tenant's cloud belong together"
)


def failed(answer: Answer, call: str, target: str, clock: Callable[[], datetime]) -> Failed:
    """The refusal in `answer`, told apart. `target` is what the call was about, for people."""
    type_name, text = _type_and_text(answer)
    status = answer.status
    rule = _find(type_name, text, status)
    waits = retry_after(answer.headers, clock)
    nature, kind, advice = _by_status(status, rule, waits)
    code = _code(type_name, answer, rule)
    error = kind(
        api="exchange",
        call=call,
        message=redact(text or _silence(answer))[:_LIMIT],
        status=status,
        code=code,
        request_id=answer.request_id,
        target=target,
        advice=advice,
        retry_after=waits,
    )
    claims = claims_challenge(answer.headers) if status == 401 else None
    return Failed(error, nature, claims=claims)


def refused_in_success(answer: Answer) -> bool:
    """A 200 that is none: an `error` inside, errors beside the rows, or throttling in plain text."""
    body = answer.body
    if isinstance(body, dict):
        return bool(body.get("error") or body.get("@adminapi.errors"))
    return answer.content.strip() not in (b"", b"null")


def _by_status(
    status: int, rule: _Rule | None, waits: float | None
) -> tuple[Nature, type[ServiceError], str]:
    if status == 401:
        return Nature.STALE, DeniedError, _NO_PERMISSION
    if status == 429:
        return (
            Nature.THROTTLED,
            ThrottledError,
            "the service asked us to slow down: lower MBX_HTTP_CONCURRENCY",
        )
    if status in (502, 504, 408) and (rule is None or rule.kind is not ThrottledError):
        return Nature.LOST, TransientError, ""
    if rule is not None:
        throttled = rule.kind is ThrottledError
        return (Nature.THROTTLED if throttled else rule.nature), rule.kind, rule.advice
    if status == 403:
        return Nature.FINAL, DeniedError, _NO_ROLE
    if status == 404:  # without a not-found type it is routing or replication, never absence
        return Nature.FLAKY, TransientError, ""
    if status == 503:
        return (Nature.TRANSIENT if waits is None else Nature.TURNED_AWAY), TransientError, ""
    if status >= 500:
        return Nature.FAULT, TransientError, ""
    if status < 400:  # no refusal that we know, and no answer that we can read
        return Nature.LOST, TransientError, ""
    return Nature.FINAL, InvalidError, ""


def _find(type_name: str, text: str, status: int) -> _Rule | None:
    if rule := _BY_TYPE.get(type_name):
        specific = rule.code not in ("ValidationException", codes.OBJECT_NOT_FOUND)
        return rule if specific else (_by_text(text) or rule)
    if "CmdletProxyNotAvailable" in type_name or type_name.endswith("TransientException"):
        return _BY_TYPE["TransientException"]
    found = _by_text(text)
    if found is None and type_name.startswith("PropertyValidation"):
        return _BY_TYPE["ValidationException"]
    absent = type_name == "NotFound" or (type_name.endswith("NotFoundException") and status == 404)
    if found is None and absent:
        return _BY_TYPE[codes.OBJECT_NOT_FOUND]
    return found


def _by_text(text: str) -> _Rule | None:
    return next((rule for rule in _CATALOGUE if rule.text is not None and rule.text.search(text)), None)


def _code(type_name: str, answer: Answer, rule: _Rule | None) -> str:
    if rule is not None and type_name not in rule.types:
        return type_name if type_name.endswith("TransientException") else rule.code
    if type_name:
        return type_name
    error = _error_of(answer.body)
    return str(error.get("code") or "") if error else ""


def _error_of(body: Any) -> dict[str, Any] | None:
    if not isinstance(body, dict):
        return None
    error = body.get("error", body.get("Error"))
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"code": error, "message": str(body.get("error_description") or body.get("message") or error)}
    errors = body.get("@adminapi.errors")
    if errors:
        first = errors[0] if isinstance(errors, list) else errors
        return first if isinstance(first, dict) else {"message": str(first)}
    if "message" in body or "Message" in body:
        return body
    return None


def _type_and_text(answer: Answer) -> tuple[str, str]:
    """Last segment of the exception type, and its words: the inner exception's before the details', before
    the constant that `error.message` is."""
    error = _error_of(answer.body)
    if error is None:
        if answer.body is not None and not isinstance(answer.body, str):
            return "", ""
        text = answer.body if isinstance(answer.body, str) else readable(answer.content)
        return _last(answer.headers.get("x-exceptiontype", "")), text
    inner = error.get("innererror") or error.get("innerError") or {}
    internal = inner.get("internalexception") or inner.get("internalException") or {}
    if internal.get("type") or internal.get("message"):
        type_name, text = str(internal.get("type") or ""), str(internal.get("message") or "")
    else:
        type_name, text = _from_details(error)
    text = text or str(error.get("message") or "")
    if not type_name and error.get("code") in ("NotFound", "ResourceNotFound"):
        type_name = "NotFound"
    return _last(type_name or answer.headers.get("x-exceptiontype", "")), text


def _from_details(error: dict[str, Any]) -> tuple[str, str]:
    for detail in error.get("details") or ():
        message = str(detail.get("message") or "") if isinstance(detail, dict) else str(detail)
        if message.lstrip().startswith("{"):
            try:
                inner = json.loads(message)
            except ValueError:
                return "", message
            return str(inner.get("TypeName") or ""), str(inner.get("Message") or "")
        parts = message.split("|", 2)
        if len(parts) == 3:
            return parts[1], parts[2]
        if message:
            return "", message
    return "", ""


def _last(type_name: str) -> str:
    return type_name.split(",", 1)[0].strip().rpartition(".")[2]


def _silence(answer: Answer) -> str:
    """An empty 403 has its reason in a header [obs: graph2otel]."""
    return answer.headers.get("x-ms-diagnostics") or f"HTTP {answer.status} without a readable body"
