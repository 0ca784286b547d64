"""Serving an application on a socket of our own, in the event loop that the controller runs in."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from starlette.applications import Starlette

from controller.errors import UsageError

_PLACE: Final = re.compile(r"(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]]*):)?(\d{1,5})")
_LOOPBACK: Final = "127.0.0.1"
OFF: Final = "off"


def bind(listen: str) -> socket.socket:
    """Listens on `HOST:PORT`, `[::1]:PORT` or `PORT` (then on loopback); port 0 takes a free one."""
    match = _PLACE.fullmatch(listen.strip())
    if match is None or int(match[2]) > 65535:
        raise UsageError(f"--listen {listen}: expected HOST:PORT, such as 127.0.0.1:8080, or 'off'")
    host = (match[1] or _LOOPBACK).strip("[]") or _LOOPBACK
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, int(match[2])), family=family)
    except OSError as error:
        raise UsageError(
            f"--listen {listen}: {error.strerror or error}; choose another address with --listen or "
            "MBX_LISTEN, or 'off'"
        ) from None


def address_of(opened: socket.socket) -> str:
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_exposed(opened: socket.socket) -> bool:
    """Whether anybody but this machine can reach it."""
    return not ip_address(opened.getsockname()[0]).is_loopback


async def serve(app: Starlette, opened: socket.socket, stop: Callable[[], Awaitable[Any]]) -> None:
    """Until `stop` returns. Whoever reads slowly, or never sends what was announced, is let go of."""
    config = Config()
    config.bind = [f"fd://{os.dup(opened.fileno())}"]  # hypercorn closes what it is given
    config.graceful_timeout = 1.0
    config.keep_alive_timeout = 15.0
    config.read_timeout = 15
    config.h11_max_incomplete_size = 64 * 1024
    config.loglevel = "ERROR"
    config.include_server_header = False
    with opened, suppress(OSError):  # a socket that is closed under it at the end
        await hypercorn_serve(app, config, shutdown_trigger=stop)  # type: ignore[arg-type]
