"""What sign-in refuses, in its own words: AADSTS codes, their HTTP status and OAuth error.

Codes and errors are the reference's; most statuses and all texts are as commonly seen, not checked against
a page of Microsoft's. A client must key on `error` and `error_codes` anyway; texts change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    error: str
    text: str  # with {placeholders}


_FEDERATED = (
    "No matching federated identity record found for presented assertion {what} '{value}'. Check your "
    "federated identity credential Subject, Audience and Issuer against the presented assertion. "
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)

REFUSALS: dict[int, Refusal] = {
    50027: Refusal(401, "invalid_client", "JWT token is invalid or malformed."),
    50059: Refusal(
        400,
        "invalid_request",
        "No tenant-identifying information found in either the request or implied by any provided "
        "credentials.",
    ),
    53003: Refusal(
        400,
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token "
        "issuance.",
    ),
    70003: Refusal(400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    70011: Refusal(
        400,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input "
        "parameter 'scope' is not valid. The scope {scope} is not valid.",
    ),
    90002: Refusal(
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud. Check with your subscription administrator, this may happen if there "
        "are no active subscriptions for the tenant.",
    ),
    90033: Refusal(503, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    # [inferred: how sign-in words a 429]
    90055: Refusal(
        429, "temporarily_unavailable", "The server is terminating too many requests. Try again later."
    ),
    500011: Refusal(
        400,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {name}. This can "
        "happen if the application has not been installed by the administrator of the tenant or "
        "consented to by any user in the tenant. You might have sent your authentication request to the "
        "wrong tenant.",
    ),
    700016: Refusal(
        400,
        "unauthorized_client",
        "Application with identifier '{client}' was not found in the directory '{name}'. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by "
        "any user in the tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700021: Refusal(
        401, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."
    ),
    700023: Refusal(401, "invalid_client", "Client assertion audience claim does not match Realm issuer."),
    700024: Refusal(
        401,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from "
        "{begins}, expiry time of assertion {ends}.",
    ),
    700027: Refusal(401, "invalid_client", "Client assertion failed signature validation. [Reason - {why}]"),
    700211: Refusal(401, "invalid_client", _FEDERATED.replace("{what}", "issuer")),
    700212: Refusal(401, "invalid_client", _FEDERATED.replace("{what}", "audience")),
    700213: Refusal(401, "invalid_client", _FEDERATED.replace("{what}", "subject")),
    900023: Refusal(
        400,
        "invalid_request",
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
    ),
    900144: Refusal(
        400, "invalid_request", "The request body must contain the following parameter: '{parameter}'."
    ),
    900561: Refusal(
        400, "invalid_request", "The endpoint only accepts POST requests. Received a {method} request."
    ),
    1002012: Refusal(
        400,
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope "
        "value with /.default suffixed to the resource identifier (application ID URI).",
    ),
    7000112: Refusal(400, "unauthorized_client", "Application '{client}'({app}) is disabled."),
    7000215: Refusal(
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client "
        "secret value, not the client secret ID, for a secret added to app '{client}'.",
    ),
    7000216: Refusal(
        401,
        "invalid_client",
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant "
        "type.",
    ),
    7000222: Refusal(
        401,
        "invalid_client",
        "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to "
        "create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate "
        "credentials for added security: https://aka.ms/certCreds.",
    ),
    7000229: Refusal(
        400,
        "unauthorized_client",
        "The client application {client} is missing service principal in the tenant {tenant}. See "
        "instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
    ),
}


class SignInRefusedError(Exception):
    """Raised while a token request is judged; `code` is a key of REFUSALS."""

    def __init__(self, code: int, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.refusal = REFUSALS[code]
        self.text = f"AADSTS{code}: {self.refusal.text.format(**values)}"

    def body(self, now: datetime, trace_id: str, correlation_id: str) -> dict[str, Any]:
        """The JSON body of the answer."""
        stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
        return {
            "error": self.refusal.error,
            "error_description": (
                f"{self.text}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: "
                f"{stamp}"
            ),
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }
