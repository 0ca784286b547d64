"""`mbx` itself against the second tenant, over the standard library's own HTTP server: no HTTP/2, no sandbox."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from controller.sandbox.tls import prepare
from tests.contract.strict_cmdlets import Choices
from tests.contract.strict_tenant import SECRET, StrictTenant
from tests.contract.test_strict_tenant import ODD, SPECS, TENANT, populated

ROOT = Path(__file__).parents[2]
READS = ("Get-Recipient", "Get-User", "Get-AcceptedDomain", "Get-Mailbox", "Get-MailboxPermission",
         "Get-RecipientPermission")  # fmt: skip


def handler(tenant: StrictTenant) -> type[BaseHTTPRequestHandler]:
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            with turn:
                status, extra, answer = tenant.answer(
                    self.command, parts.path, parse_qs(parts.query), headers, body
                )
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {
                "content-type": "application/json",
                "content-length": str(len(content)),
                **extra,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = reply  # noqa: N815 -- the standard library's names

        def log_message(self, *_: Any) -> None:
            return

    return Handler


@pytest.fixture
def mbx(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    servers = []

    def serve(choices: Choices) -> Any:
        tenant = populated(choices)
        files = prepare(tmp_path / "tls", ("127.0.0.1",), datetime.now(UTC))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(tenant))
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tenant.origin = f"https://127.0.0.1:{server.server_port}"
        (tmp_path / "specs").mkdir()
        (tmp_path / "specs" / "tenant.yaml").write_text(TENANT, encoding="utf-8")
        (tmp_path / "specs" / "boxes.yaml").write_text(SPECS, encoding="utf-8")
        env = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "MBX_CLIENT_ID": "app",
            "MBX_CLIENT_SECRET": SECRET, "MBX_AUTHORITY_URL": tenant.origin, "MBX_GRAPH_URL": tenant.origin,
            "MBX_EXCHANGE_URL": tenant.origin, "MBX_CA_BUNDLE": str(files.authority),
            "MBX_PROPAGATION_WAIT": "20",
        }  # fmt: skip

        def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "controller", *words], cwd=tmp_path, env={**env, **more}, text=True,
                encoding="utf-8", capture_output=True, check=False, timeout=120,
            )  # fmt: skip

        return tenant, run

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("choices", [Choices(), ODD], ids=["plain", "odd"])
def test_plan_apply_and_nothing_left_to_do(mbx: Callable[..., Any], choices: Choices) -> None:
    tenant, run = mbx(choices)
    planned = run("plan", "--format", "json", "--detailed-exitcode")
    assert planned.returncode == 2, planned.stderr
    assert tenant.writes == []
    applied = run("apply", "--yes")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    done = list(tenant.writes)
    again = run("plan", "--detailed-exitcode")
    assert again.returncode == 0, again.stdout
    assert tenant.writes == done
    assert run("drift").returncode == 0
    tenant.find("contact@contoso.example").display = "Autre"
    drifted = run("drift", "--format", "json")
    assert drifted.returncode == 2
    assert [change["field"] for change in json.loads(drifted.stdout)] == ["displayName"]


def test_who_may_only_read_is_told_before_anything_is_written(mbx: Callable[..., Any]) -> None:
    tenant, run = mbx(Choices(publishes=READS))
    refused = run("apply", "--yes")
    assert refused.returncode == 1
    assert "may only read" in refused.stderr
    assert tenant.writes == []


def test_a_wrong_secret(mbx: Callable[..., Any]) -> None:
    _, run = mbx(Choices())
    done = run("plan", "--format", "json", MBX_CLIENT_SECRET="wrong-wrong-wrong")
    assert (done.returncode, done.stdout) == (1, "")
    assert "AADSTS7000215" in done.stderr
    assert "wrong-wrong-wrong" not in done.stderr
