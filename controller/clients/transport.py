"""Sockets: which certificates are trusted, through which proxy, how many connections.

The fact one would not guess: `REQUESTS_CA_BUNDLE` overrides what `requests`, and so msal, is told to
trust; so both the services and msal speak through httpx here, with a context of our own
[measured: msal 1.39].
"""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from controller.errors import SettingsError

_CONNECT: Final = 15.0  # seconds; a front door that takes longer is down
# The machine's own addresses are never behind a proxy, whatever the environment says.
_DIRECT: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


def trust(bundle: Path | None) -> ssl.SSLContext:
    """The system's authorities (certifi's where the system has none) and those of `MBX_CA_BUNDLE`."""
    paths = ssl.get_default_verify_paths()
    system = paths.cafile or (paths.capath and any(Path(paths.capath).iterdir()))
    context = ssl.create_default_context() if system else httpx.create_ssl_context()
    if bundle is not None:
        try:
            context.load_verify_locations(bundle)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"MBX_CA_BUNDLE: {bundle} is not a readable PEM file of certificates: {error}"
            ) from None
    return context


def services(
    bundle: Path | None,
    timeout: timedelta,
    concurrency: int,
    *,
    http2: bool,
    transport: httpx.AsyncBaseTransport | None,
) -> httpx.AsyncClient:
    """The client of both services. Its pool never queues: the line in front of it does."""
    seconds = timeout.total_seconds()
    return httpx.AsyncClient(
        http2=http2,
        verify=trust(bundle) if transport is None else True,
        transport=transport,
        mounts=None if transport else dict.fromkeys(_DIRECT),
        timeout=httpx.Timeout(seconds, connect=min(_CONNECT, seconds), pool=None),
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=2 * concurrency, keepalive_expiry=30
        ),
    )


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
