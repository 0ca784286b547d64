"""The wire's shapes: rows with their type hints, success bodies, and the three shapes of an error body.

Type hints stand in side-car keys (`X@data.type`, `X@odata.type`); warnings are always there, empty on a
clean run; an error's own `message` is a useless constant [reference: sections 5 and 9].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.sandbox.exchange.refusals import CmdletError, Shape
from controller.sandbox.exchange.values import Guid, print_date, print_span

NUL_BODY = b"\0" * 4096  # [obs: graph2otel: a run of NUL bytes]
_CODES = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 500: "InternalServerError"}
_TRANSIENT = (
    "Microsoft.Exchange.Data.Storage.ServerBusyException",
    "Microsoft.Exchange.Data.Directory.ADTransientException",
    "Microsoft.Exchange.Configuration.CmdletProxyException",
    "Microsoft.Exchange.Data.Directory.SuitabilityDirectoryException",
    "Microsoft.Exchange.Data.Storage.StorageTransientException",
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.DCOverloadedException",
)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON values, without type hints."""
    return {name: _json(value) for name, value in row.items()}


def hinted(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it goes over the wire: each typed value after its hint."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list | tuple):
            out[f"{name}@odata.type"] = "#Collection(String)"
        elif isinstance(value, datetime):
            out[f"{name}@data.type"] = "System.DateTime"
        elif isinstance(value, Guid):
            out[f"{name}@data.type"] = "System.Guid"
        elif isinstance(value, int) and not isinstance(value, bool):
            out[f"{name}@data.type"] = "System.Int32" if abs(value) < 2**31 else "System.UInt64"
        out[name] = _json(value)
    return out


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return print_date(value)
    if isinstance(value, timedelta):
        return print_span(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return value


def success(
    context: str,
    rows: Iterable[Mapping[str, Any]],
    warnings: list[str],
    *,
    next_link: str | None = None,
    confirmation: str | None = None,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "@odata.context": context,
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": warnings,
    }
    if confirmation is not None:
        body["@adminapi.confirmationmessage"] = confirmation
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    body["value"] = [hinted(row) for row in rows]
    return body


def failure(error: CmdletError, warnings: Iterable[str] = ()) -> dict[str, Any]:
    """The body of a cmdlet's error."""
    if error.shape is Shape.NESTED:
        nested = {"Message": error.message, "TypeName": error.type, "StackTrace": None, "InnerError": None}
        told = json.dumps(nested)
    else:
        told = f"{error.code}|{error.type}|{error.message}"
    body: dict[str, Any] = {
        "code": _CODES.get(error.status, "BadRequest"),
        "message": "Error executing cmdlet",
        "details": [{"code": "Client" if error.client else "Context", "target": "", "message": told}],
    }
    if error.shape is Shape.FULL:
        body["innererror"] = {
            "message": "Error executing cmdlet",
            "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
            "stacktrace": "",
            "internalexception": {"message": error.message, "type": error.type, "stacktrace": ""},
        }
    body["adminapi.warnings@odata.type"] = "#Collection(String)"
    body["@adminapi.warnings"] = list(warnings)
    return {"error": body}


def envelope_error(code: str, message: str) -> dict[str, Any]:
    """What is wrong before any cmdlet is involved: the request's own shape, its address."""
    return {"error": {"code": code, "message": message}}


def transient(turn: int) -> CmdletError:
    """A back-end's bad moment, as 400 [obs: module constants, M365Permissions]; `turn` picks which."""
    kind = _TRANSIENT[turn % len(_TRANSIENT)]
    return CmdletError(400, kind, "The server is too busy to carry out this request. Please try again later.")
