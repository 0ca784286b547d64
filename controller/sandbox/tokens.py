"""Access tokens: what sign-in mints and the services check.

Audience, expiry, signature and the roles *inside the token* decide; a permission granted later is not in a
token minted earlier [common knowledge of Entra]. A real token's `aud` is the resource as it was asked for,
so every spelling of a service's resource is accepted for it.
"""

from __future__ import annotations

import functools
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from controller.sandbox import jws
from controller.sandbox.state import Caller

if TYPE_CHECKING:
    from controller.sandbox.state import Sandbox
    from controller.sandbox.world import App

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"

# Per cloud [doc: graph/deployments; exchange admin API get-started]; the GUIDs are the services' app ids.
_GRAPH_RESOURCES = frozenset(
    {
        GRAPH,
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
        "00000003-0000-0000-c000-000000000000",
    }
)
_EXCHANGE_RESOURCES = frozenset(
    {
        EXCHANGE,
        "https://outlook.office.com",
        "https://outlook.office365.us",
        "https://outlook-dod.office365.us",
        "https://webmail.apps.mil",
        "https://outlook.office365.cn",
        "https://partner.outlook.cn",
        "00000002-0000-0ff1-ce00-000000000000",
    }
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Reason = Literal["missing", "malformed", "expired", "audience", "signature", "revoked"]


class TokenRefusedError(Exception):
    """Why a bearer token was not taken; the service renders it as its own 401."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@functools.cache
def _fallback_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signing_key(sandbox: Sandbox) -> RSAPrivateKey:
    """The tenant's key; made on first use, one for all sandboxes of this Python process."""
    if sandbox.signing_key is None:
        sandbox.signing_key = _fallback_key()
    key: RSAPrivateKey = sandbox.signing_key
    return key


def key_id(key: RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return jws.encode(hashlib.sha256(public).digest())[:27]


def services(sandbox: Sandbox, resource: str) -> frozenset[str]:
    """Which services (`graph`, `exchange`, an environment's address) a resource names: none if it is
    unknown. The sandbox's own address names Graph and Exchange, for clients that derive the scope from the
    URL they were given."""
    bare = resource.rstrip("/").lower()
    if bare in _GRAPH_RESOURCES:
        return frozenset({"graph"})
    if bare in _EXCHANGE_RESOURCES:
        return frozenset({"exchange"})
    if bare in sandbox.world.environments:
        return frozenset({bare})
    own, asked = urlsplit(sandbox.base_url), urlsplit(bare)
    same_host = asked.hostname == own.hostname or {asked.hostname, own.hostname} <= _LOOPBACK
    try:
        is_own = asked.scheme == "https" and same_host and (asked.port or 443) == (own.port or 443)
    except ValueError:  # a port that is not one
        return frozenset()
    return frozenset({"graph", "exchange"}) if is_own else frozenset()


def mint(sandbox: Sandbox, app: App, audience: str, *, lifetime: timedelta = timedelta(seconds=3599)) -> str:
    """An app-only access token for a resource, as `{tenant}/oauth2/v2.0/token` issues it."""
    named = services(sandbox, audience)
    roles = [*app.graph_roles] if "graph" in named else []
    if "exchange" in named and app.exchange_app:
        roles.append("Exchange.ManageAsApp")
    world, issued = sandbox.world, int(sandbox.clock.now().timestamp())
    key = signing_key(sandbox)
    claims = {
        "aud": audience.rstrip("/"),
        "iss": f"https://sts.windows.net/{world.tenant_id}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "app_displayname": app.name,
        "appid": app.client_id,
        "idtyp": "app",
        "oid": app.object_id,
        "roles": roles,
        "sub": app.object_id,
        "tid": world.tenant_id,
        "uti": sandbox.new_request_id(),
        "ver": "1.0",
    }
    return jws.sign(key, {"typ": "JWT", "alg": "RS256", "kid": key_id(key)}, claims)


def verify(sandbox: Sandbox, authorization: str | None, audience: str) -> Caller:
    """Who an `Authorization` header stands for, at the service that `audience` names."""
    if not authorization:
        raise TokenRefusedError("missing")
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefusedError("missing")
    try:
        parsed = jws.parse(token.strip())
    except jws.MalformedTokenError as error:
        raise TokenRefusedError("malformed") from error
    claims = parsed.claims
    if not jws.verifies(parsed, signing_key(sandbox).public_key()):
        raise TokenRefusedError("signature")
    if not services(sandbox, str(claims.get("aud", ""))) & services(sandbox, audience):
        raise TokenRefusedError("audience")
    if sandbox.clock.now() >= datetime.fromtimestamp(claims["exp"], UTC):
        raise TokenRefusedError("expired")
    app = sandbox.world.apps.get(claims["appid"])
    if (
        app is None
        or claims["tid"] != sandbox.world.tenant_id
        or _revoked(sandbox, claims["uti"], claims["iat"])
    ):
        raise TokenRefusedError("revoked")
    return Caller(app, frozenset(claims["roles"]), claims["uti"])


def _revoked(sandbox: Sandbox, token_id: str, issued: int) -> bool:
    floor = sandbox.revoked_before
    return token_id in sandbox.revoked or (floor is not None and issued < floor.timestamp())
