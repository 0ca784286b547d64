"""One JSON exchange with a forge's REST interface: the token, the attempts, what a refusal means.

Which paths there are is each forge's own file. Facts one would not guess: GitHub refuses with 403 as well as
429 when it throttles, and tells only by `x-ratelimit-remaining: 0`, by `retry-after` or in words
[doc: docs.github.com/rest, rate limits and best practices]; a renamed repository answers 301 or 307, and the
request is to be sent again as it was [doc: docs.github.com/rest, redirects].
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from controller import __version__
from controller.clients import wire
from controller.clients.attempt import Attempt, Attempts, Effect, Failed, Nature
from controller.clients.transport import Door
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

_HOPS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_UNASKED: Final = 60.0  # seconds, where a secondary limit names none [doc: docs.github.com/rest, rate limits]
_NEXT: Final = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Said:
    """What a forge answered. `headers` are looked up in any case; `body` is the parsed JSON, or None."""

    status: int
    headers: Mapping[str, str]
    body: Any
    content: bytes

    @property
    def following(self) -> str | None:
        """The link to the next page."""
        match = _NEXT.search(self.headers.get("link", ""))
        return match[1] if match else None


@dataclass(slots=True)
class ForgeLine:
    """The way to one forge. `root` is the address of its interface, without a slash at its end; the token
    in `headers` goes nowhere else. `advice` says what to do about 401, 403 and 404."""

    api: str
    root: str
    headers: Mapping[str, str] = field(repr=False)
    advice: Mapping[int, str]
    door: Door
    attempts: Attempts
    clock: Callable[[], datetime]

    async def get(self, path: str) -> Said:
        return await self._ask("GET", path, None, Effect.READ)

    async def write(self, verb: str, path: str, body: Mapping[str, Any], *, effect: Effect) -> Said:
        """Raises UnknownOutcomeError where the answer was lost: look before repeating it."""
        return await self._ask(verb, path, body, effect)

    async def _ask(self, verb: str, path: str, body: Mapping[str, Any] | None, effect: Effect) -> Said:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        call = f"{verb} {urlsplit(path).path}"

        async def once(attempt: Attempt) -> Said:
            said = await self._send(verb, self._own(path, call), content, call)
            if 200 <= said.status < 300:
                return said
            raise self._refused(said, call)

        return await self.attempts.run(once, effect=effect, gate=self.api)

    async def _send(self, verb: str, url: str, content: bytes | None, call: str) -> Said:
        headers = {"user-agent": f"mailbox-controller/{__version__}", **self.headers}
        if content is not None:
            headers["content-type"] = "application/json"
        for _ in range(_HOPS):
            client = self.door.client(alone=True)
            try:
                request = client.build_request(verb, url, headers=headers, content=content)
                got = await client.send(request, follow_redirects=False)
            except httpx.HTTPError as error:
                nature = Nature.TURNED_AWAY if isinstance(error, _NEVER_SENT) else Nature.LOST
                message = redact(str(error) or type(error).__name__)
                raise Failed(TransientError(self.api, call, f"no answer: {message}"), nature) from error
            location = got.headers.get("location")
            if got.status_code not in _REDIRECTS or not location:
                return Said(got.status_code, got.headers, wire.parse(got.content), got.content)
            url = self._own(urljoin(url, location), call)
        raise Failed(TransientError(self.api, call, "redirected in a circle"), Nature.FINAL)

    def _own(self, path: str, call: str) -> str:
        """The address of a path, or a link of the forge's own: the token goes to no other host."""
        url = path if "://" in path else self.root + path
        asked, own = urlsplit(url), urlsplit(self.root)
        if (asked.scheme, asked.netloc) != (own.scheme, own.netloc):
            message = f"the answer points to {asked.hostname!r}, not to {own.hostname!r}: not followed"
            raise Failed(DeniedError(self.api, call, message, advice=self.advice.get(401, "")), Nature.FINAL)
        return url

    def _refused(self, said: Said, call: str) -> Failed:
        status, wait = said.status, self._wait(said)
        kind: type[ServiceError]
        if status == 429 or (status == 403 and wait is not None):
            kind, nature = ThrottledError, Nature.THROTTLED
        elif status in (401, 403):
            kind, nature = DeniedError, Nature.FINAL
        elif status == 404:
            kind, nature = NotFoundError, Nature.FINAL
        elif status == 409:
            kind, nature = ConflictError, Nature.FINAL
        elif status >= 500 or status == 408:
            kind, nature = TransientError, _nature(status, wait)
        else:
            kind, nature = InvalidError, Nature.FINAL
        error = kind(
            self.api,
            call,
            _words(said),
            status,
            request_id=said.headers.get("x-github-request-id") or said.headers.get("x-request-id") or "",
            advice=self.advice.get(status, "") if kind is not ThrottledError else "",
            retry_after=wait,
        )
        return Failed(error, nature)

    def _wait(self, said: Said) -> float | None:
        """Seconds that the forge asks for; None where it does not throttle."""
        if said.status not in (403, 429, 503):
            return None
        told = wire.retry_after(said.headers, self.clock)
        if told is not None:
            return told
        left = said.headers.get("x-ratelimit-remaining") or said.headers.get("ratelimit-remaining")
        reset = said.headers.get("x-ratelimit-reset") or said.headers.get("ratelimit-reset")
        if left == "0" and reset and reset.isdigit():
            return max(0.0, float(reset) - self.clock().timestamp())
        if said.status == 403 and "secondary rate limit" in _words(said).lower():
            return _UNASKED
        return None


def _nature(status: int, wait: float | None) -> Nature:
    if status == 503 and wait is not None:
        return Nature.TURNED_AWAY
    return Nature.FAULT if status in (500, 501) else Nature.LOST


def _words(said: Said) -> str:
    """The forge's own message. GitHub and Azure DevOps: `message`, GitHub with `errors`; GitLab: `message`
    as a text, a list or a mapping, or `error`."""
    body = said.body if isinstance(said.body, dict) else {}
    message = body.get("message") or body.get("error_description") or body.get("error")
    parts = [_flat(message)] if message else []
    errors = body.get("errors")
    if isinstance(errors, list):
        parts += [_flat(e.get("message") or e.get("code") or e) if isinstance(e, dict) else _flat(e)
                  for e in errors]  # fmt: skip
    return redact("; ".join(parts))[:500] if parts else wire.readable(said.content) or "no message"


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
