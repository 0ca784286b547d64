"""What a refusal of the sign-in service means, and what to do about it.

The number after AADSTS is the key; the texts are for people [reference: Graph, token errors].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from controller.errors import SignInError
from controller.log import redact

_NUMBER: Final = re.compile(r"AADSTS(\d+)")
_NO_TENANT: Final = "this tenant is unknown: check tenantId in the Tenant document, and the cloud it is in"
_FEDERATION: Final = (
    "the federated credential of the app must match the token exactly: issuer, subject and audience "
    "(api://AzureADTokenExchange)"
)
_TRANSIENT: Final = frozenset(
    {"AADSTS90033", "temporarily_unavailable", "server_error", "too_many_requests", "slow_down"}
)
_ADVICE: Final[Mapping[str, str]] = {
    "7000215": "the secret is wrong; copy the secret's value, not its id, into MBX_CLIENT_SECRET",
    "7000222": "the secret or certificate has expired: make a new one for the app registration",
    "700027": "the certificate is not (or no longer) registered for the app: upload its public part",
    "700024": "the assertion is outside its validity: set this machine's clock right",
    "700023": "the assertion was made for somebody else: check MBX_AUTHORITY_URL",
    "700016": "no such application in this tenant: check MBX_CLIENT_ID and tenantId, and give admin consent",
    "7000112": "the application is disabled in this tenant: enable it in Entra",
    "7000229": "the application has no service principal in this tenant: give admin consent there",
    "90002": _NO_TENANT,
    "900023": _NO_TENANT,
    "1002012": "the scope is not one for this service: check MBX_GRAPH_URL, MBX_EXCHANGE_URL and the cloud",
    "70011": "the scope is not one for this service: check MBX_GRAPH_URL, MBX_EXCHANGE_URL and the cloud",
    "500011": "the service is not known in this tenant: is the Tenant's cloud right?",
    "70021": _FEDERATION,
    "700211": _FEDERATION,
    "700212": _FEDERATION,
    "700213": _FEDERATION,
    "53003": "conditional access for workload identities blocked the sign-in: exempt this app or its address",
    "90033": "the sign-in service is busy: try again later",
}


def sign_in_error(result: Mapping[str, Any], target: str) -> SignInError:
    """From msal's answer that holds no token. `target` is what the token was for."""
    description = str(result.get("error_description") or result.get("error") or "no token, no reason")
    number = _number(result, description)
    # The trailing lines (trace id, correlation id, timestamp) are kept as request id instead.
    text = re.split(r"\s*(?:Trace ID|\r?\n)", description, maxsplit=1)[0].strip()
    return SignInError(
        api="sign-in",
        call="token",
        message=redact(text)[:500],
        code=f"AADSTS{number}" if number else str(result.get("error") or ""),
        request_id=str(result.get("trace_id") or result.get("correlation_id") or ""),
        target=target,
        advice=_ADVICE.get(number, ""),
    )


def is_transient(error: SignInError) -> bool:
    return error.code in _TRANSIENT


def _number(result: Mapping[str, Any], description: str) -> str:
    if match := _NUMBER.search(description):
        return match[1]
    numbers = result.get("error_codes")
    return str(numbers[0]) if isinstance(numbers, list) and numbers else ""
