"""One HTTP exchange: token, headers, redirects, and what went wrong on the way. No retries, no meaning.

It leaves alone what an answer says (`exchange_errors`, `graph_errors`) and whether to ask again
(`attempt`). The fact one would not guess: Exchange redirects a POST to a regional host and wants it
POSTed there again, body and Authorization included; libraries turn it into a GET or drop the header, so
redirects are followed by hand, and only within the service's own hosts [obs: go-exoscc transport.go].
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol
from urllib.parse import unquote

import httpx
import structlog

from controller.clients.attempt import Attempt, Failed, Nature
from controller.clients.endpoints import same_service
from controller.clients.transport import Door
from controller.errors import ServiceError, TransientError
from controller.log import redact

_log = structlog.get_logger(__name__)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOPS: Final = 5
# The request has not left, or not arrived: whoever was asked knows nothing of it.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError,
                      httpx.UnsupportedProtocol)  # fmt: skip
_BROKEN: Final = (httpx.NetworkError, httpx.ProtocolError)
_CLAIMS: Final = re.compile(r'claims="?([^",\s]+)"?', re.IGNORECASE)


class TokenSource(Protocol):
    """Where bearer tokens come from. A source that can renew one has `forget(scope, token)` as well."""

    async def token(self, scope: str, *, claims: str | None = None) -> str: ...


@dataclass(slots=True)
class Stats:
    """What one service was asked. `requests` counts what went over the wire, a batch as one."""

    requests: int = 0
    batches: int = 0
    batched: int = 0
    redirects: int = 0
    renewed: int = 0
    ahead: timedelta | None = None  # of the service's clock against ours, as its last answer told
    left: str = ""  # what its last answer told of the rate limit: "remaining of limit"

    def note(self, headers: Mapping[str, str], now: datetime) -> None:
        """What every answer tells besides. The rate headers do not stand in each [reference: Exchange]."""
        told = _http_date(headers.get("date", ""))
        if told is not None:
            self.ahead = told - now
        for prefix in ("rate-limit-", "ratelimit-"):
            if remaining := headers.get(f"{prefix}remaining"):
                self.left = f"{remaining} of {headers.get(f'{prefix}limit', '?')}"


@dataclass(slots=True)
class Answer:
    """What came back, from the wire or from inside a batch. `headers` in lower case; `body` is the parsed
    JSON, or None; `content` the bytes as they came (none inside a batch)."""

    status: int
    headers: Mapping[str, str]
    body: Any = None
    content: bytes = b""
    client_request_id: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        return self.headers.get("request-id") or self.headers.get("x-ms-request-id") or self.client_request_id


@dataclass(slots=True)
class Ask:
    """One request: everything but the token. `call` is for people: a cmdlet, or verb and path."""

    method: str
    url: str
    headers: Mapping[str, str]
    call: str
    content: bytes | None = None
    timeout: float | None = None  # seconds, where the usual ones do not do
    alone: bool = False  # a write: it must not share the fate of a connection with others
    may_leave: bool = False  # a redirect may lead elsewhere, without the token: a pre-authenticated link


@dataclass(slots=True)
class Wire:
    """A service's front door. `origin` decides where its token may go."""

    api: str
    origin: str
    scope: str
    door: Door
    tokens: TokenSource
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    stats: Stats = field(default_factory=Stats)
    _last_token: str = field(default="", repr=False)

    async def send(self, ask: Ask, attempt: Attempt) -> Answer:
        """The answer, whatever its status but 401. Raises Failed where none came; SignInError."""
        token = await self.tokens.token(self.scope, claims=attempt.claims)
        self._last_token = token
        ident = str(uuid.uuid4())
        headers = {**ask.headers, "authorization": f"Bearer {token}", "client-request-id": ident}
        began = self.monotonic()
        response = await self._follow(ask, headers)
        answer = Answer(response.status_code, response.headers, None, response.content, ident)
        answer.body = parse(answer.content)
        self.stats.note(answer.headers, self.clock())
        _log.debug("request.answered", api=self.api, call=ask.call, status=answer.status,
                   request_id=answer.request_id, attempt=attempt.number,
                   duration=round(self.monotonic() - began, 3))  # fmt: skip
        if answer.status == 401:
            self.forget(token)
        return answer

    async def _follow(self, ask: Ask, headers: Mapping[str, str]) -> httpx.Response:
        url = ask.url
        for _ in range(_HOPS):
            response = await self._once(ask, url, headers)
            location = response.headers.get("location")
            if response.status_code not in _REDIRECTS or not location:
                return response
            link = str(httpx.URL(url).join(location))
            self.stats.redirects += 1
            if (
                ask.may_leave
                and same_service(link, self.origin, self.scope) is None
                and link.startswith("https://")
            ):
                return await self._once(ask, link, {"user-agent": ask.headers.get("user-agent", "")})
            url = self.own(link, ask.call)
        raise Failed(self._trouble(ask.call, "redirected in a circle"), Nature.FINAL)

    async def _once(self, ask: Ask, url: str, headers: Mapping[str, str]) -> httpx.Response:
        timeout = httpx.USE_CLIENT_DEFAULT if ask.timeout is None else httpx.Timeout(ask.timeout, connect=15)
        self.stats.requests += 1
        client = self.door.client(alone=ask.alone)
        try:
            request = client.build_request(
                ask.method, url, headers=headers, content=ask.content, timeout=timeout
            )
            return await client.send(request, follow_redirects=False)
        except httpx.HTTPError as error:
            broken = isinstance(error, _BROKEN) and not isinstance(error, _NEVER_SENT)
            if broken and self.door.broke(client):
                _log.info("http2.ended", api=self.api, reason=type(error).__name__)
            raise self._broken(ask.call, error) from error

    def _broken(self, call: str, error: httpx.HTTPError) -> Failed:
        text = str(error) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in text:
            advice = (
                "set MBX_CA_BUNDLE to the PEM file of the authority that signed this service's certificate"
            )
            return Failed(self._trouble(call, text, advice), Nature.FINAL)
        nature = Nature.TURNED_AWAY if isinstance(error, _NEVER_SENT) else Nature.LOST
        return Failed(self._trouble(call, f"no answer: {text}"), nature)

    def _trouble(self, call: str, message: str, advice: str = "") -> ServiceError:
        return TransientError(api=self.api, call=call, message=redact(message), advice=advice)

    def own(self, link: str, call: str) -> str:
        """A link that the service gave, checked: a token never travels to another service's host."""
        url = same_service(link, self.origin, self.scope)
        if url is None:
            host = httpx.URL(link).host if "://" in link else link[:60]
            message = f"the answer points to {host!r}, which is not a host of this service: not followed"
            raise Failed(self._trouble(call, message), Nature.FINAL)
        return url

    def forget(self, token: str | None = None) -> None:
        """The next request gets a new token in place of this one (default: the last one sent)."""
        forget = getattr(self.tokens, "forget", None)
        if forget is not None:
            forget(self.scope, token or self._last_token)
            self.stats.renewed += 1


def parse(content: bytes) -> Any:
    """The JSON of an answer, or None: gateways answer in HTML, and refusals with NUL bytes."""
    if not content or content[:1] not in b'{["0123456789-tfn\xef \t\r\n':
        return None
    try:
        return json.loads(content)
    except ValueError:
        return None


def claims_challenge(headers: Mapping[str, str]) -> str | None:
    """The claims that a 401 asks the next token to carry, as JSON [doc: continuous access evaluation]."""
    match = _CLAIMS.search(headers.get("www-authenticate", ""))
    if match is None:
        return None
    text = unquote(match[1])
    for candidate in (text, _from_base64(text)):
        try:
            json.loads(candidate)
        except ValueError:
            continue
        return candidate
    return None


def _from_base64(text: str) -> str:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/")).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def retry_after(headers: Mapping[str, str], clock: Callable[[], datetime]) -> float | None:
    """Seconds to wait: `Retry-After` in seconds, decimals included, or as a date; else `Rate-Limit-Reset`."""
    told = headers.get("retry-after", "").strip()
    if told:
        try:
            return max(0.0, float(told))
        except ValueError:
            return _until(_http_date(told), headers, clock)
    reset = headers.get("rate-limit-reset", "").strip()
    if reset and headers.get("rate-limit-remaining", "0").strip() == "0":
        try:
            return _until(datetime.fromisoformat(reset), headers, clock)
        except ValueError:
            return None
    return None


def _until(
    moment: datetime | None, headers: Mapping[str, str], clock: Callable[[], datetime]
) -> float | None:
    """Measured on the service's own clock where it tells the time: ours may be off."""
    if moment is None:
        return None
    now = _http_date(headers.get("date", "")) or clock()
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def readable(content: bytes, limit: int = 500) -> str:
    """The printable part of a body that is no JSON: gateways' HTML without its tags, NUL bytes gone."""
    text = content[:20_000].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]+>", " ", text)
    text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text.replace("\ufffd", " "))
    return redact(" ".join(text.split()))[:limit]
