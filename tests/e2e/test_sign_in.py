"""The whole way on a real socket: msal, TLS with an authority of its own, HTTP/2, both services."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from controller.clients import Connection, connect
from controller.errors import SettingsError, SignInError, UnknownOutcomeError
from controller.model import Request
from controller.sandbox import files, jws
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.server import running
from controller.sandbox.state import FaultKind, Sandbox
from controller.sandbox.tls import TlsFiles
from controller.sandbox.weather import FairWeather, ForecastWeather
from controller.settings import load_settings

T = TypeVar("T")
SCENARIO = Path(__file__).parents[1] / "scenarios" / "small.yaml"
APP = "11111111-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, TlsFiles]]:
    sandbox = files.open_sandbox(files.parse(SCENARIO.read_text("utf-8"), SCENARIO.name))
    with running(sandbox, tmp_path_factory.mktemp("tls")) as certificates:
        yield sandbox, certificates


@pytest.fixture
def sandbox(server: tuple[Sandbox, TlsFiles], monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    # What a corporate machine has set must not decide whom we trust, nor lead loopback through a proxy.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("MSAL_FORCE_REGION", "westeurope")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server[0].weather = FairWeather()
    return server[0]


@pytest.fixture
def ask(sandbox: Sandbox, server: tuple[Sandbox, TlsFiles]) -> Callable[..., Any]:
    now = [0.0]

    async def at_once(seconds: float) -> None:
        now[0] += seconds
        await asyncio.sleep(0)

    def run(use: Callable[[Connection], Awaitable[T]], **environ: str) -> T:
        given = {
            "MBX_CLIENT_ID": APP,
            "MBX_AUTHORITY_URL": sandbox.base_url,
            "MBX_GRAPH_URL": sandbox.base_url,
            "MBX_EXCHANGE_URL": sandbox.base_url,
            "MBX_CA_BUNDLE": str(server[1].authority),
            **(environ or {"MBX_CLIENT_SECRET": "not-used-here"}),
        }
        settings = load_settings({k: v for k, v in given.items() if v}, env_file=None)

        async def go() -> T:
            async with connect(
                settings,
                tenant_id=sandbox.world.tenant_id,
                sleep=at_once,
                monotonic=lambda: now[0],
                rng=random.Random(1),
            ) as connection:
                return await use(connection)

        return asyncio.run(go())

    return run


async def both(connection: Connection) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    reader = connection.reader()
    mailboxes = await reader.exchange(
        "Get-Mailbox", {"ResultSize": "Unlimited"}, select=("PrimarySmtpAddress",)
    )
    return mailboxes, await reader.graph("/users/alice@entreprise.example", select=("displayName",))


def test_a_secret_opens_both_services(ask: Callable[..., Any]) -> None:
    mailboxes, alice = ask(both)
    assert "contact@entreprise.example" in {m["PrimarySmtpAddress"] for m in mailboxes}
    assert alice["displayName"] == "Alice Martin"


def test_a_certificate_opens_both_services(ask: Callable[..., Any], sandbox: Sandbox, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mbx")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public = certificate.public_bytes(Encoding.PEM)
    sandbox.world.apps[APP].certificates.append(public.decode())
    file = tmp_path / "app.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + public)
    _, alice = ask(both, MBX_CLIENT_CERTIFICATE=str(file))
    assert alice["displayName"] == "Alice Martin"


def test_a_federated_token_opens_both_services(
    ask: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    trusted = ("https://issuer.example", "system:serviceaccount:mbx", "api://AzureADTokenExchange")
    sandbox.world.apps[APP].federated.append(trusted)
    now = datetime.now(UTC).timestamp()
    claims = dict(zip(("iss", "sub", "aud"), trusted, strict=True)) | {"iat": now, "exp": now + 600}
    file = tmp_path / "token"
    key = rsa.generate_private_key(65537, 2048)
    file.write_text(jws.sign(key, {"alg": "RS256"}, claims))
    _, alice = ask(both, MBX_FEDERATED_TOKEN_FILE=str(file))
    assert alice["displayName"] == "Alice Martin"


def test_a_wrong_secret_says_what_to_do(ask: Callable[..., Any]) -> None:
    with pytest.raises(SignInError, match="AADSTS7000215") as caught:
        ask(both, MBX_CLIENT_SECRET="wrong-wrong-wrong")
    assert "wrong-wrong-wrong" not in str(caught.value)
    assert "MBX_CLIENT_SECRET" in caught.value.advice


def test_an_unknown_authority_is_not_trusted(ask: Callable[..., Any]) -> None:
    with pytest.raises(SignInError, match="MBX_CA_BUNDLE"):
        ask(both, MBX_CLIENT_SECRET="not-used-here", MBX_CA_BUNDLE="")


def test_two_ways_to_sign_in_are_refused(ask: Callable[..., Any]) -> None:
    with pytest.raises(SettingsError, match="exactly one"):
        ask(both, MBX_CLIENT_SECRET="x", MBX_MANAGED_IDENTITY="true")


def test_a_revoked_token_is_replaced_on_the_way(ask: Callable[..., Any], sandbox: Sandbox) -> None:
    async def use(connection: Connection) -> int:
        await both(connection)
        for api in ("exchange", "graph"):
            sandbox.revoked.add(jws.parse(await connection.token(api)).claims["uti"])
        mailboxes, _ = await both(connection)
        return len(mailboxes)

    assert ask(use) == len([e for e in sandbox.world.entries.values() if e.type.endswith("Mailbox")])


async def all_permissions(connection: Connection) -> list[Any]:
    reader = connection.reader()
    found = await reader.exchange("Get-Mailbox", {"ResultSize": "Unlimited"})
    asks = [
        reader.exchange("Get-MailboxPermission", {"Identity": mailbox["Guid"]})
        for mailbox in found
        for _ in range(4)
    ]
    return await asyncio.gather(*asks)


def test_bursts_are_batched_on_the_real_wire(ask: Callable[..., Any], sandbox: Sandbox) -> None:
    async def use(connection: Connection) -> Any:
        return await all_permissions(connection), connection.stats["exchange"]

    results, stats = ask(use)
    assert all(results)
    assert stats.batched == len(results)


KINDS = (
    FaultKind.THROTTLED, FaultKind.UNAVAILABLE, FaultKind.GATEWAY, FaultKind.TRANSIENT,
    FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER,
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "http2"), [*((kind, "true") for kind in KINDS), (FaultKind.LOST_AFTER, "false")]
)
def test_reads_come_through_any_weather(
    ask: Callable[..., Any], sandbox: Sandbox, kind: FaultKind, http2: str
) -> None:
    given = {"MBX_CLIENT_SECRET": "not-used-here", "MBX_HTTP2": http2}
    calm = ask(all_permissions, **given)
    rule = FaultRule(kind=kind, rate=0.3)
    sandbox.weather = ForecastWeather(Forecast(seed=3, faults=(rule,)), sandbox.clock)
    assert ask(all_permissions, **given) == calm


def test_a_write_whose_connection_is_cut_is_told_as_unknown(
    ask: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.weather = ForecastWeather(
        Forecast(seed=3, faults=(FaultRule(kind=FaultKind.LOST_AFTER, on="write"),)), sandbox.clock
    )
    change = Request(
        "exchange", "Set-Mailbox", {"Identity": "libre@entreprise.example", "CustomAttribute1": "x"}
    )
    with pytest.raises(UnknownOutcomeError):
        ask(lambda connection: connection.writer().send(change))
    sandbox.weather = FairWeather()
    (row,) = ask(lambda c: c.reader().exchange("Get-Mailbox", {"Identity": "libre@entreprise.example"}))
    assert row["CustomAttribute1"] == "x"
