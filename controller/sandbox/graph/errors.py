"""Graph's error shape and the refusals that more than one resource gives.

What lives here: codes, HTTP statuses and texts. What it leaves alone: when to refuse. The fact a reader
would not guess: Graph spells the object `innerError`, puts its date there without an offset, and sends a
`code` that is stable beside a `message` that is not [reference: Graph API, errors].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ADVANCED = (
    "Try adding $count=true query parameter and ConsistencyLevel:eventual header. "
    "Refer to https://aka.ms/graph-docs/advanced-queries for more information"
)


@dataclass(slots=True)
class GraphError(Exception):
    """A refusal, as it goes out. `details` and `inner` are merged into the error object."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    details: list[dict[str, str]] = field(default_factory=list)
    inner: Mapping[str, Any] = field(default_factory=dict)

    def body(self, date: str, request_id: str, client_request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {
            **self.inner,
            "date": date,
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": error}


def bad_request(message: str, code: str = "Request_BadRequest") -> GraphError:
    return GraphError(400, code, message)


def malformed(message: str) -> GraphError:
    """What the OData layer refuses before any service sees it: code BadRequest."""
    return GraphError(400, "BadRequest", message)


def not_offered(what: str) -> GraphError:
    """The real service has it and the sandbox does not play it: said plainly, in words of its own, so that
    nobody takes it for the service's answer; never a made-up success."""
    text = f"The sandbox does not offer {what}. What it offers: docs/reference/sandbox.md."
    return GraphError(501, "NotOfferedException", text)


def elsewhere() -> GraphError:
    """A property that another service keeps, asked for in a list or among others [github
    microsoftgraph/microsoft-graph-docs issue 7555]."""
    return GraphError(501, "NotImplemented", "This operation target is not yet supported.")


def wrong_method(*, outlook: bool) -> GraphError:
    """A verb that nothing takes here. Outlook has words of its own [seen in public reports; the code that
    goes with them is inferred]."""
    if outlook:
        return GraphError(405, "ErrorInvalidRequest", "The OData request is not supported.")
    text = "Specified HTTP method is not allowed for the request target."
    return GraphError(405, "Request_BadRequest", text)


def invalid_version() -> GraphError:
    """Neither v1.0 nor beta [github microsoftgraph/msgraph-sample-blazor-clientside issue 94]."""
    return malformed("Invalid version.")


def unsupported(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def needs_advanced(operator: str) -> GraphError:
    """An operator that only the index answers [doc: aad-advanced-queries]."""
    return unsupported(
        f"Operator '{operator}' is not supported because the required parameters might be missing. {ADVANCED}"
    )


def not_found(key: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


def page_token_expired() -> GraphError:
    return GraphError(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )


def denied() -> GraphError:
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def access_denied() -> GraphError:
    """Outlook's refusal of a caller without the permission [reference: Graph API, errors]."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def unauthenticated(message: str) -> GraphError:
    """401 with the challenge that names the sign-in service and Graph's own application id."""
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def no_such_property(name: str, type_name: str) -> str:
    return f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."


def empty_body() -> GraphError:
    """[seen: n8n's nodes for Entra]"""
    return malformed("Empty Payload. JSON content expected.")


def untyped_body() -> GraphError:
    """[seen in public reports, of every service behind Graph]"""
    return malformed("Write requests (excluding DELETE) must contain the Content-Type header declaration.")


def not_json() -> GraphError:
    """[seen in public reports, of Entra and OneDrive]"""
    return malformed("Entity only allows writes with a JSON Content-Type header.")


def unreadable_body() -> GraphError:
    return malformed(
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of "
        "valid JSON format."
    )


def on_premises() -> GraphError:
    return bad_request(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects or "
        "objects currently undergoing migration."
    )


def exchange_mastered() -> GraphError:
    """What Exchange owns of a cloud mailbox (custom attributes) [seen in public reports]."""
    return bad_request(
        "Unable to update the specified properties for objects that have originated within an external "
        "service."
    )


def conflict(prop: str) -> GraphError:
    text = f"Another object with the same value for property {prop} already exists."
    return GraphError(
        400,
        "Request_BadRequest",
        text,
        details=[{"code": "ObjectConflict", "message": text, "target": prop}],
    )
