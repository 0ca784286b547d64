"""Sockets: which certificates are trusted, through which proxy, how many connections.

The fact one would not guess: `REQUESTS_CA_BUNDLE` overrides what `requests`, and so msal, is told to
trust; so both the services and msal speak through httpx here, with a context of our own
[measured: msal 1.39].
"""

from __future__ import annotations

import importlib.util
import ssl
import sys
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Final

import httpx

from controller.errors import SettingsError

_CONNECT: Final = 15.0  # seconds; a front door that takes longer is down
# The machine's own addresses are never behind a proxy, whatever the environment says.
_DIRECT: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")

# httpcore asks for sniffio several times in each request, and does without it. Where it is not installed,
# each time walks the whole path in vain: told once that there is none, Python knows [measured: httpcore 1.0].
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


def trust(bundle: Path | None) -> ssl.SSLContext:
    """The system's authorities (certifi's where the system has none) and those of `MBX_CA_BUNDLE`."""
    paths = ssl.get_default_verify_paths()
    system = paths.cafile or (paths.capath and any(Path(paths.capath).iterdir()))
    context = ssl.create_default_context() if system else httpx.create_ssl_context()
    if bundle is not None:
        # From 3.13 on, Python is strict about an authority's extensions; those of proxies often lack some.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        try:
            context.load_verify_locations(bundle)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"MBX_CA_BUNDLE: {bundle} is not a readable PEM file of certificates: {error}"
            ) from None
    return context


class Door:
    """The way to the services: one multiplexed HTTP/2 connection for reads, while it holds, and HTTP/1.1
    for everything else.

    On HTTP/2 one broken connection loses every answer under way on it; a read is asked again, a write
    would be left unknown, so writes have a connection each. A server that breaks HTTP/2 once does it again
    (some answer before they have read the body, and stumble over the rest) [measured: hypercorn 0.17], so
    after the first time it is not offered any more. Both share their cookies: they carry the affinity to a
    back end [reference: Exchange, hosts].
    """

    def __init__(
        self,
        bundle: Path | None,
        timeout: timedelta,
        concurrency: int,
        *,
        http2: bool,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        seconds = timeout.total_seconds()
        cookies = CookieJar()

        def client(*, multiplexed: bool) -> httpx.AsyncClient:
            return httpx.AsyncClient(
                http2=multiplexed,
                verify=trust(bundle) if transport is None else True,
                transport=transport,
                mounts=None if transport else dict.fromkeys(_DIRECT),
                cookies=cookies,
                timeout=httpx.Timeout(seconds, connect=min(_CONNECT, seconds), pool=None),
                # The line in front bounds the requests; the pool must never make one wait.
                limits=httpx.Limits(
                    max_connections=None, max_keepalive_connections=2 * concurrency, keepalive_expiry=30
                ),
            )

        self._make = client
        self._clients = {http2: client(multiplexed=http2)}  # the other one when it is needed
        self._holds = http2

    def client(self, *, alone: bool) -> httpx.AsyncClient:
        """`alone`: a request that must not share the fate of others."""
        multiplexed = self._holds and not alone
        if multiplexed not in self._clients:
            self._clients[multiplexed] = self._make(multiplexed=multiplexed)
        return self._clients[multiplexed]

    def broke(self, client: httpx.AsyncClient) -> bool:
        """A connection of this client broke. True if that ends HTTP/2 for this door."""
        ends = self._holds and client is self._clients.get(True)
        if ends:
            self._holds = False
        return ends

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


def sign_in(
    bundle: Path | None, timeout: timedelta, transport: httpx.AsyncBaseTransport | None
) -> httpx.Client:
    """The client that msal speaks through. A transport for tests that can do both serves here too."""
    own = transport if isinstance(transport, httpx.BaseTransport) else None
    seconds = min(timeout.total_seconds(), 60.0)
    return httpx.Client(
        verify=trust(bundle) if own is None else True,
        transport=own,
        mounts=None if own else dict.fromkeys(_DIRECT),
        timeout=httpx.Timeout(seconds, connect=min(_CONNECT, seconds)),
    )
