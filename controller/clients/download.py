"""Fetching one file from an address that the command line names, with no token and within bounds.

What is fetched is not trusted: whoever asks for it verifies a signature. Redirects are followed, as stores of
artifacts answer with one; never from https to anything less.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from controller import __version__
from controller.clients.forge.site import loopback
from controller.clients.transport import Door
from controller.errors import UsageError
from controller.settings import Settings

_REDIRECTS: Final = 5
_MOVED: Final = (301, 302, 303, 307, 308)


async def download(
    settings: Settings, url: str, *, largest: int, transport: httpx.AsyncBaseTransport | None = None
) -> bytes:
    """At most `largest` bytes. Raises UsageError, which shows neither query nor password of the address:
    either may be a key to it."""
    door = Door(settings.ca_bundle, settings.http_timeout, 1, http2=False, transport=transport)
    try:
        for _ in range(_REDIRECTS):
            _check(url)
            got = await _get(door.client(alone=True), url, largest)
            if isinstance(got, bytes):
                return got
            if urlsplit(got).scheme != "https" and urlsplit(url).scheme == "https":
                raise UsageError(f"{shown(url)} sends on to an address without https")
            url = got
        raise UsageError(f"{shown(url)} sends on in circles")
    finally:
        await door.close()


async def _get(client: httpx.AsyncClient, url: str, largest: int) -> bytes | str:
    """The file, or where it is."""
    try:
        headers = {"user-agent": f"mailbox-controller/{__version__}", "accept-encoding": "identity"}
        async with client.stream("GET", url, headers=headers, follow_redirects=False) as answer:
            if answer.status_code in _MOVED and (place := answer.headers.get("location")):
                return urljoin(url, str(place))
            if answer.status_code != 200:
                raise UsageError(f"{shown(url)} answers with HTTP {answer.status_code}")
            content = bytearray()
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > largest:
                    raise UsageError(f"{shown(url)} is larger than {largest // 1024**2} MiB")
            return bytes(content)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise UsageError(f"{shown(url)} cannot be fetched ({type(error).__name__})") from None


def shown(url: str) -> str:
    """An address as it may be printed."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UsageError("this is no address") from None
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and loopback(host))):
        raise UsageError(f"{shown(url)} is neither an https:// address nor http:// to this machine")
