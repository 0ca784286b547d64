"""The sandbox on a real socket: TLS, HTTP/2 and HTTP/1.1.

hypercorn has no way to drop a connection from inside an application, so a cut goes through its protocol
objects: a reset stream on HTTP/2 (the other requests of the connection go on), a closed connection on
HTTP/1.1. What is served is `app`'s.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from h2.errors import ErrorCodes
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from hypercorn.events import Closed
from hypercorn.protocol.h2 import H2Protocol
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.sandbox.app import CUT_CONNECTION, create_app
from controller.sandbox.state import Sandbox
from controller.sandbox.tls import LOOPBACK_NAMES, MICROSOFT_NAMES, TlsFiles, prepare


def certificate_names(listen: str, *, real_hosts: bool) -> tuple[str, ...]:
    """What the server certificate must be good for."""
    names = (*LOOPBACK_NAMES, *(MICROSOFT_NAMES if real_hosts else ()))
    return names if listen in (*names, "0.0.0.0", "::") else (*names, listen)  # noqa: S104 -- compared


def bind(listen: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((listen, port))
        opened.listen(512)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def address_of(opened: socket.socket) -> str:
    """`https://…` as a client on this machine reaches it."""
    host, port = opened.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


async def serve(
    sandbox: Sandbox,
    opened: socket.socket,
    files: TlsFiles,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serves until `stop` is set. `ready` is called once, after a TLS handshake with ourselves has
    succeeded. `sandbox.base_url` must already be the socket's address."""
    config = Config()
    config.bind = [f"fd://{os.dup(opened.fileno())}"]  # hypercorn closes what it is given
    config.certfile, config.keyfile = str(files.certificate), str(files.key)
    config.alpn_protocols = ["h2", "http/1.1"]
    config.keep_alive_timeout = 120.0  # longer than clients keep idle connections
    config.keep_alive_max_requests = 10**9  # hypercorn would say goodbye after a thousand
    config.graceful_timeout = 0.5
    config.loglevel = "ERROR"
    config.include_server_header = False
    config.include_date_header = False  # the application knows the tenant's time
    app: Any = _Cuttable(_Patient(create_app(sandbox)))
    served = asyncio.ensure_future(hypercorn_serve(app, config, shutdown_trigger=stop.wait))
    greeting = asyncio.ensure_future(_greet(opened, files))
    try:
        await asyncio.wait({served, greeting}, return_when=asyncio.FIRST_COMPLETED)
        if greeting.done():
            greeting.result()
            ready()
        await served
    finally:
        greeting.cancel()
        served.cancel()


async def _greet(opened: socket.socket, files: TlsFiles) -> None:
    context = ssl.create_default_context(cafile=str(files.authority))
    host, port = opened.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    writer.close()


class _Cuttable:
    """Offers an application the means to cut the connection it is answering on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["extensions"][CUT_CONNECTION] = _cutter(send)
        await self._app(scope, receive, send)


class _Patient:
    """Hears a request out before it is answered, whoever refuses it.

    hypercorn drops a whole HTTP/2 connection, with everything else that is under way on it, when the rest of
    a body arrives for a request that was answered already [measured: hypercorn 0.18, `protocol/h2.py`].
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        heard: list[Message] = [await receive()]
        while heard[-1].get("more_body", False):
            heard.append(await receive())
        waiting = iter(heard)

        async def again() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, again, send)


def _cutter(send: Any) -> Callable[[], Awaitable[None]]:
    stream = send.__self__  # hypercorn's HTTPStream, whose `send` is its protocol's `stream_send`
    protocol = stream.send.__self__

    async def cut() -> None:
        stream.closed = True  # or hypercorn would answer 500 for us
        if isinstance(protocol, H2Protocol):
            protocol.connection.reset_stream(stream.stream_id, ErrorCodes.INTERNAL_ERROR)
            await protocol._flush()
            await protocol._close_stream(stream.stream_id)
        else:
            await protocol.send(Closed())

    return cut


@contextmanager
def running(
    sandbox: Sandbox, folder: Path, *, listen: str = "127.0.0.1", port: int = 0
) -> Iterator[TlsFiles]:
    """Serves in a thread of its own while the context lasts; sets `sandbox.base_url`. The certificate
    files lie in `folder`."""
    names = certificate_names(listen, real_hosts=sandbox.real_hosts)
    files = prepare(folder, names, datetime.now(UTC))
    opened = bind(listen, port)
    sandbox.base_url = address_of(opened)
    started, failures = threading.Event(), list[BaseException]()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def work() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve(sandbox, opened, files, stop, started.set))
        except BaseException as error:  # told to the waiting thread, which raises it
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=work, name="sandbox", daemon=True)
    thread.start()
    started.wait()
    try:
        if failures:
            raise failures[0]
        yield files
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
        opened.close()
