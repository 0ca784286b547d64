"""Whoever is told: a webhook that keeps what it gets, and that now and then fails or does not answer in time."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

SECRET = "what-the-receiver-knows"


@dataclass
class Receiver:
    """`taken` are the bodies it answered with 204; `lost` the ids of messages whose answer was another one or
    none: those may come again."""

    rng: Random
    taken: list[dict[str, Any]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    forged: int = 0
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, body: bytes, signature: str) -> int | None:
        """The status to answer with, or None for none."""
        right = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        with self._lock:
            if not hmac.compare_digest(right, signature):
                self.forged += 1
                return 401
            message = json.loads(body)
            luck = self.rng.random()
            if luck < 0.2:
                self.lost |= {news["id"] for news in message["news"]}
            self.taken += [message] if luck >= 0.1 else []
            return 503 if luck < 0.1 else None if luck < 0.2 else 204


@contextmanager
def served(rng: Random) -> Iterator[Receiver]:
    receiver = Receiver(rng)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.hear(body, self.headers.get("X-Mbx-Signature-256", ""))
            if status is not None:  # else the connection ends without an answer
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
