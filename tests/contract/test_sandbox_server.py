"""The sandbox's own server: connections that carry several requests at once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from controller.sandbox import files
from controller.sandbox.server import running
from controller.sandbox.state import Sandbox


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    sandbox = files.open_sandbox(files.parse(files.shipped("entreprise"), "entreprise.yaml"))
    with running(sandbox, tmp_path_factory.mktemp("tls")) as certificates:
        yield sandbox, certificates.authority


@pytest.mark.parametrize("path", ["/adminapi/v9/nobody/InvokeCommand", "/v1.0/users", "/nowhere"])
def test_a_refusal_leaves_the_connection_to_the_others(served: tuple[Sandbox, Path], path: str) -> None:
    """A body whose end arrives late, for a request that is refused by its first line."""
    sandbox, authority = served
    context = ssl.create_default_context(cafile=str(authority))

    async def both() -> tuple[int, int, int]:
        async with httpx.AsyncClient(base_url=sandbox.base_url, verify=context, http2=True) as client:
            assert (await client.get("/_sandbox")).http_version == "HTTP/2"

            async def late() -> AsyncIterator[bytes]:
                yield b"{"
                assert (await client.get("/_sandbox")).status_code == 200
                yield b"}"

            refused = await client.post(path, content=late())
            after = await client.get("/_sandbox")
            (stream,) = client._transport._pool.connections  # type: ignore[attr-defined]
            return refused.status_code, after.status_code, int(stream.is_closed())

    status, after, closed = asyncio.run(both())
    assert status >= 400
    assert (after, closed) == (200, 0)
