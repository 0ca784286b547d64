"""What the three doubles have in common: a forge of a few lines that answers as documented, or refuses.

Each double knows its own paths, heads and bodies; whatever it does not know it refuses as the forge would.
Served on loopback for a command, or handed to httpx as a transport.
"""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

JSON = {"content-type": "application/json; charset=utf-8"}


@dataclass(frozen=True)
class Asked:
    """A request. `headers` in lower case; `body` parsed, None where there was none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes


@dataclass
class Answered:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False  # done, and the answer never arrives

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class Double(ABC):
    """`faults` are given in turn, before anything is looked at; None lets one request through."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Answered | None] = []
        self.base = ""

    @abstractmethod
    def respond(self, asked: Asked) -> Answered: ...

    def answer(self, method: str, url: str, headers: Mapping[str, str], raw: bytes) -> Answered:
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        body = json.loads(raw) if raw else None
        asked = Asked(method, parts.path, dict(parse_qsl(parts.query)), lower, body, raw)
        self.asked.append(asked)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not fault.lost:
            return fault
        answered = self.respond(asked)
        answered.lost = fault is not None
        return answered

    def writes(self) -> list[tuple[str, str]]:
        return [(asked.method, asked.path) for asked in self.asked if asked.method != "GET"]

    def transport(self) -> httpx.AsyncBaseTransport:
        self.base = self.base or "https://forge.example"

        def handler(request: httpx.Request) -> httpx.Response:
            got = self.answer(request.method, str(request.url), request.headers, request.content)
            if got.lost:
                raise httpx.ReadError("the connection was cut", request=request)
            return httpx.Response(got.status, headers={**JSON, **got.headers}, content=got.content)

        return httpx.MockTransport(handler)

    @contextmanager
    def served(self) -> Iterator[str]:
        """The forge on loopback; yields its address."""
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = dict(self.headers.items())
                got = double.answer(self.command, self.path, headers, self.rfile.read(length))
                self.send_response(got.status)
                content = got.content
                heads = {**JSON, **got.headers, "content-length": str(len(content))}
                for name, value in heads.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do  # noqa: N815 - what http.server calls

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self.base
        finally:
            server.shutdown()
            server.server_close()


def strange_fields(body: Any, *known: str) -> list[str]:
    """What a body has that the forge does not document."""
    return sorted(set(body) - set(known))
