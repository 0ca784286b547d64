"""Signing in: every token comes from msal, whichever of the four ways is configured.

msal is synchronous, so it works in a thread, one call at a time. Three facts one would not guess: it
answers an identical request that got a 400 from memory for a minute, so its memory of failures is wiped
and ours decides; it hands a signed assertion over as bytes, which httpx would send as `b'…'`; and asked
about a host it does not know it goes to Microsoft first, unless told not to [measured: msal 1.39].
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx
import msal  # type: ignore[import-untyped]
import structlog
from msal.exceptions import MsalError  # type: ignore[import-untyped]

from controller.clients.sign_in_errors import is_transient, sign_in_error
from controller.clients.wire import parse
from controller.errors import SettingsError, SignInError
from controller.log import redact
from controller.settings import Settings

_log = structlog.get_logger(__name__)
_KEEP: Final = 60.0  # seconds a token is handed out before msal is asked again, which renews in time
_REMEMBER: Final = 60.0  # seconds a refusal holds: ten thousand requests must not each try the password
_ATTEMPTS: Final = 5
_LONGEST: Final = 60.0  # seconds
_BACKOFF: Final = 1.0  # seconds, doubling, full jitter
_KNOWN_FAILURES: Final = (httpx.HTTPError, MsalError, ValueError, OSError, RuntimeError)


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str = field(repr=False)
    until: float
    claims: str | None


class MsalTokens:
    """A TokenSource. One lock, so that a burst of requests asks for one token."""

    def __init__(
        self,
        settings: Settings,
        authority: str,
        http: httpx.Client,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random,
    ) -> None:
        self._settings = settings.require_sign_in()
        self._authority = authority
        self._http = _MsalHttp(http)
        self._sleep = sleep
        self._monotonic = monotonic
        self._rng = rng
        self._lock = asyncio.Lock()
        self._tokens: dict[str, _Kept] = {}
        self._refusals: dict[str, tuple[SignInError, float]] = {}
        self._memory: dict[str, Any] = {}  # msal's of what went over the wire, ours to wipe
        self._cache = msal.TokenCache()
        self._app: Any = None

    async def token(self, scope: str, *, claims: str | None = None) -> str:
        """A bearer token for `scope`; with `claims` a new one that carries them. Raises SignInError, or
        SettingsError where a certificate or token file cannot be read."""
        if token := self._kept(scope, claims):
            return token
        async with self._lock:
            if token := self._kept(scope, claims):  # somebody else asked meanwhile
                return token
            return await self._acquire(scope, claims)

    def forget(self, scope: str, token: str) -> None:
        """The service refused it: the next one is asked for anew. Another's newer token stays."""
        kept = self._tokens.get(scope)
        if kept is not None and kept.token == token:
            del self._tokens[scope]
        for entry in list(self._cache.search(msal.TokenCache.CredentialType.ACCESS_TOKEN)):
            if entry.get("secret") == token:
                self._cache.remove_at(entry)

    def _kept(self, scope: str, claims: str | None) -> str | None:
        kept = self._tokens.get(scope)
        if kept is None or self._monotonic() >= kept.until or (claims is not None and claims != kept.claims):
            return None
        return kept.token

    async def _acquire(self, scope: str, claims: str | None) -> str:
        refusal, until = self._refusals.get(scope, (None, 0.0))
        if refusal is not None and self._monotonic() < until:
            raise replace(refusal)  # one of its own for everybody who asks
        for number in range(1, _ATTEMPTS + 1):
            try:
                result = await asyncio.to_thread(self._ask, scope, claims)
                break
            except SignInError as error:
                self._memory.clear()
                if not (is_transient(error) or self._http.busy) or number == _ATTEMPTS:
                    self._refusals[scope] = (error, self._monotonic() + _REMEMBER)
                    raise
                told = self._http.retry_after
                wait = self._rng.uniform(0, _BACKOFF * 2 ** (number - 1)) if told is None else told
                await self._sleep(min(wait, _LONGEST))
        token = str(result["access_token"])
        lifetime = float(result.get("expires_in") or 0)
        self._tokens[scope] = _Kept(token, self._monotonic() + min(_KEEP, lifetime / 2), claims)
        self._refusals.pop(scope, None)
        _log.debug("token.acquired", scope=scope, source=result.get("token_source"), lifetime=lifetime)
        return token

    def _ask(self, scope: str, claims: str | None) -> dict[str, Any]:
        """In a thread. msal tells refusals in a dict and everything else by raising."""
        try:
            app = self._application()
            if self._settings.managed_identity:
                resource = scope.removesuffix("/.default")
                result = app.acquire_token_for_client(resource=resource, claims_challenge=claims)
            else:
                result = app.acquire_token_for_client([scope], claims_challenge=claims)
        except _KNOWN_FAILURES as error:
            if self._http.refusal:  # msal tells a refused discovery without its reason
                raise sign_in_error(self._http.refusal, scope) from error
            raise self._unreachable(scope, error) from error
        if not isinstance(result, dict) or "access_token" not in result:
            raise sign_in_error(result or {}, scope)
        return result

    def _unreachable(self, scope: str, error: Exception) -> SignInError:
        text, code, advice = redact(str(error)), "temporarily_unavailable", ""
        if isinstance(error, ValueError):  # discovery was refused, or the authority is malformed
            code = "authority"
            advice = "check tenantId, the cloud and MBX_AUTHORITY_URL (https, with or without the tenant id)"
        elif "CERTIFICATE_VERIFY_FAILED" in text:
            code, advice = "certificate", "set MBX_CA_BUNDLE to the authority that signed its certificate"
        elif isinstance(error, OSError):
            code = "unreadable"
        elif not self._settings.managed_identity:
            text = f"{self._authority} cannot be reached: {text}"
            advice = "check the network, a proxy on the way, and MBX_AUTHORITY_URL"
        return SignInError(
            api="sign-in", call="token", message=text or type(error).__name__, code=code, target=scope,
            advice=advice,
        )  # fmt: skip

    def _application(self) -> Any:
        """Made once; making it asks the authority where its endpoints are."""
        if self._app is not None:
            return self._app
        settings = self._settings
        if settings.managed_identity:
            who = (
                msal.UserAssignedManagedIdentity(client_id=settings.client_id)
                if settings.client_id
                else msal.SystemAssignedManagedIdentity()
            )
            self._app = msal.ManagedIdentityClient(
                who, http_client=self._http, token_cache=self._cache, http_cache=self._memory
            )
            return self._app
        self._app = msal.ConfidentialClientApplication(
            settings.client_id,
            client_credential=_credential(settings),
            authority=self._authority,
            instance_discovery=False,
            azure_region=False,  # MSAL_FORCE_REGION would send us elsewhere in silence
            http_client=self._http,
            token_cache=self._cache,
            http_cache=self._memory,
        )
        return self._app


class _MsalHttp:
    """httpx in the shape that msal asks for. Of the last answer: `retry_after` what it asked for, in
    seconds, `refusal` its body where it was Entra's refusal, `busy` whether it was 429 or a fault."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.retry_after: float | None = None
        self.refusal: dict[str, Any] = {}
        self.busy = False

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Any:
        return self._heard(self._client.post(url, params=params, data=_decoded(data), headers=headers))

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Any:
        return self._heard(self._client.get(url, params=params, headers=headers))

    def close(self) -> None:
        self._client.close()

    def _heard(self, response: httpx.Response) -> httpx.Response:
        self.busy = response.status_code == 429 or response.status_code >= 500
        told = response.headers.get("retry-after", "")
        self.retry_after = float(told) if told.replace(".", "", 1).isdigit() else None
        body = parse(response.content) if 400 <= response.status_code < 500 else None
        self.refusal = body if isinstance(body, dict) and "error_description" in body else {}
        return response


def _decoded(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    return {key: value.decode() if isinstance(value, bytes) else value for key, value in data.items()}


def _credential(settings: Settings) -> Any:
    if settings.client_secret is not None:
        return settings.client_secret.get_secret_value()
    if settings.federated_token_file is not None:
        path = settings.federated_token_file
        return {"client_assertion": lambda: _federated(path)}
    if settings.client_certificate is None:
        raise SettingsError("no way to sign in is set")
    # Of the four ways only this one needs cryptography, which takes its time to load.
    from controller.clients.certificate import read_certificate  # noqa: PLC0415

    password = settings.client_certificate_password
    return read_certificate(settings.client_certificate, password.get_secret_value() if password else None)


def _federated(path: Path) -> str:
    """Read at every use: Kubernetes replaces the file within the hour."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"MBX_FEDERATED_TOKEN_FILE: {path} cannot be read: {error}") from None
