"""Posting a message to somebody's web hook: once, to that address alone. Trying again is others' business.

The address is a secret (whoever has it may post there), so it stands in no error and no log. Redirects are
not followed: they would send the message where nobody said it should go.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx

from controller import __version__
from controller.clients import wire
from controller.clients.forge.site import loopback
from controller.clients.transport import Door
from controller.errors import DeniedError, SettingsError, ThrottledError, TransientError
from controller.log import hide
from controller.settings import PREFIX, Settings

_TIMEOUT: Final = timedelta(seconds=30)  # a hook that takes longer is asked again later


@dataclass(slots=True)
class Hooks:
    """The way to any hook."""

    door: Door
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def post(self, name: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """`name` is the hook's for people. Raises ThrottledError, TransientError or DeniedError."""
        hide([url])
        given = {
            "content-type": "application/json",
            "user-agent": f"mailbox-controller/{__version__}",
            **headers,
        }
        client = self.door.client(alone=True)
        try:
            request = client.build_request("POST", url, headers=given, content=body)
            got = await client.send(request, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise TransientError("hook", name, f"no answer ({type(error).__name__})") from None
        if 200 <= got.status_code < 300:
            return
        words = wire.readable(got.content, 200) or "no words"
        wait = wire.retry_after(got.headers, self.clock)
        if got.status_code == 429:
            raise ThrottledError("hook", name, words, 429, retry_after=wait)
        if got.status_code >= 500 or got.status_code == 408:
            raise TransientError("hook", name, words, got.status_code, retry_after=wait)
        raise DeniedError("hook", name, words, got.status_code)


@asynccontextmanager
async def open_hooks(
    settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Hooks]:
    door = Door(settings.ca_bundle, _TIMEOUT, 4, http2=False, transport=transport)
    try:
        yield Hooks(door)
    finally:
        await door.close()


def checked_url(variable: str, url: str | None) -> str:
    """The address that a variable holds: https, or http to this machine. Raises SettingsError, which does
    not show it."""
    if not url:
        only = "" if variable.startswith(PREFIX) else f" (only names that begin with {PREFIX} are read)"
        raise SettingsError(f"{variable} is not set: notifications that name it cannot be sent{only}")
    parts = urlsplit(url.strip())
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and loopback(parts.hostname))):
        return url.strip()
    raise SettingsError(f"{variable} must be an https:// address, or http:// to this machine")
