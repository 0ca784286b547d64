"""Signing in through the real msal, against an authority written from the reference."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from controller.clients.sign_in import MsalTokens
from controller.errors import SettingsError, SignInError
from controller.settings import load_settings

TID = "7f1b2c3d-0000-4000-8000-000000000001"
AUTHORITY = f"https://login.example:8443/{TID}"
SCOPE = "https://graph.microsoft.com/.default"
Answer = Callable[[dict[str, str]], httpx.Response]


@dataclass
class Entra:
    """Discovery, and a token endpoint that answers as the test wants."""

    answer: Answer
    forms: list[dict[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.urls.append(str(request.url))
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json={
                "issuer": AUTHORITY, "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize",
                "token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token",
            })  # fmt: skip
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.forms.append(form)
        return self.answer(form)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def source(self, environ: dict[str, str] | None = None) -> MsalTokens:
        environ = {"MBX_CLIENT_ID": "app", **(environ or {"MBX_CLIENT_SECRET": "the-secret"})}
        http = httpx.Client(transport=httpx.MockTransport(self))
        return MsalTokens(
            load_settings(environ, env_file=None), AUTHORITY, http,
            sleep=self.sleep, monotonic=lambda: self.now, rng=random.Random(1),
        )  # fmt: skip


def issue(number: int = 1, lifetime: int = 3599) -> httpx.Response:
    return httpx.Response(
        200, json={"token_type": "Bearer", "expires_in": lifetime, "access_token": f"at{number}"}
    )


def numbered() -> Answer:
    numbers = iter(range(1, 1000))
    return lambda form: issue(next(numbers))


def refuse(code: int, error: str, status: int = 400) -> httpx.Response:
    text = f"AADSTS{code}: It did not work.\r\nTrace ID: t1\r\nCorrelation ID: c1\r\nTimestamp: 2026"
    body = {
        "error": error,
        "error_description": text,
        "error_codes": [code],
        "trace_id": "t1",
        "correlation_id": "c1",
    }
    return httpx.Response(status, json=body)


def test_a_secret_is_sent_in_the_body_and_the_authority_asked_nothing_else() -> None:
    entra = Entra(numbered())
    assert asyncio.run(entra.source().token(SCOPE)) == "at1"
    (form,) = entra.forms
    assert (form["client_id"], form["client_secret"], form["grant_type"], form["scope"]) == (
        "app", "the-secret", "client_credentials", SCOPE)  # fmt: skip
    assert "claims" not in form
    assert all(url.startswith(AUTHORITY) for url in entra.urls)


def test_a_burst_asks_once_and_scopes_have_tokens_of_their_own() -> None:
    entra = Entra(numbered())
    source = entra.source()

    async def go() -> tuple[set[str], str]:
        burst = await asyncio.gather(*(source.token(SCOPE) for _ in range(50)))
        return set(burst), await source.token("https://outlook.office365.com/.default")

    burst, other = asyncio.run(go())
    assert (burst, other, len(entra.forms)) == ({"at1"}, "at2", 2)


def test_a_forgotten_token_is_replaced_and_a_newer_one_kept() -> None:
    entra = Entra(numbered())
    source = entra.source()

    async def go() -> list[str]:
        got = [await source.token(SCOPE)]
        source.forget(SCOPE, "at1")
        got.append(await source.token(SCOPE))
        source.forget(SCOPE, "at1")  # somebody was late
        got.append(await source.token(SCOPE))
        return got

    assert asyncio.run(go()) == ["at1", "at2", "at2"]


def test_claims_reach_the_authority_and_the_token_that_carries_them_is_shared() -> None:
    entra = Entra(numbered())
    source = entra.source()
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'

    async def go() -> list[str]:
        first = await source.token(SCOPE)
        source.forget(SCOPE, first)
        return await asyncio.gather(
            *(source.token(SCOPE, claims=claims) for _ in range(3)), source.token(SCOPE)
        )

    assert asyncio.run(go()) == ["at2", "at2", "at2", "at2"]
    assert json.loads(entra.forms[1]["claims"])["access_token"]["nbf"]["value"] == "1"


def test_a_token_is_asked_for_again_before_it_ends() -> None:
    numbers = iter(range(1, 100))
    entra = Entra(lambda form: issue(next(numbers), lifetime=200))  # under five minutes: msal keeps none
    source = entra.source()

    async def go() -> list[str]:
        got = [await source.token(SCOPE)]
        entra.now = 59.0
        got.append(await source.token(SCOPE))
        entra.now = 61.0
        got.append(await source.token(SCOPE))
        return got

    assert asyncio.run(go()) == ["at1", "at1", "at2"]


@pytest.mark.parametrize(
    ("code", "error", "status", "advice"),
    [
        (7000215, "invalid_client", 401, "not its id"),
        (7000222, "invalid_client", 401, "expired"),
        (700016, "unauthorized_client", 400, "MBX_CLIENT_ID"),
        (90002, "invalid_request", 400, "tenantId"),
        (700027, "invalid_client", 401, "certificate"),
        (700213, "invalid_request", 400, "federated"),
        (500011, "invalid_resource", 400, "cloud"),
        (53003, "invalid_grant", 400, "conditional access"),
    ],
)
def test_refusals_say_what_to_do(code: int, error: str, status: int, advice: str) -> None:
    entra = Entra(lambda form: refuse(code, error, status))
    with pytest.raises(SignInError, match=advice) as caught:
        asyncio.run(entra.source().token(SCOPE))
    assert caught.value.code == f"AADSTS{code}"
    assert caught.value.request_id == "t1"
    assert "Trace ID" not in caught.value.message
    assert "the-secret" not in str(caught.value)


def test_a_refusal_holds_for_a_minute_and_not_longer() -> None:
    answers = iter([refuse(700016, "unauthorized_client"), issue()])
    entra = Entra(lambda form: next(answers))
    source = entra.source()

    async def go() -> str:
        for _ in range(20):
            with pytest.raises(SignInError):
                await source.token(SCOPE)
        entra.now = 61.0
        return await source.token(SCOPE)

    assert asyncio.run(go()) == "at1"
    assert len(entra.forms) == 2


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(503),
        httpx.Response(503, headers={"retry-after": "3"}),
        httpx.ConnectError("x"),
        refuse(90033, "temporarily_unavailable", 503),
    ],
)
def test_what_passes_is_outlived(fault: Any) -> None:
    left = [fault]

    def answer(form: dict[str, str]) -> httpx.Response:
        one = left.pop() if left else issue()
        if isinstance(one, Exception):
            raise one
        return one

    entra = Entra(answer)
    assert asyncio.run(entra.source().token(SCOPE)) == "at1"
    assert len(entra.slept) == 1
    if isinstance(fault, httpx.Response) and "retry-after" in fault.headers:
        assert entra.slept == [3.0]


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (refuse(90002, "invalid_tenant"), "AADSTS90002.*check tenantId"),
        (httpx.Response(404), "MBX_AUTHORITY_URL"),
    ],
)
def test_an_unknown_tenant_fails_at_discovery_with_advice(answer: httpx.Response, advice: str) -> None:
    settings = load_settings({"MBX_CLIENT_ID": "app", "MBX_CLIENT_SECRET": "x"}, env_file=None)
    http = httpx.Client(transport=httpx.MockTransport(lambda request: answer))
    source = MsalTokens(settings, AUTHORITY, http, rng=random.Random(1))
    with pytest.raises(SignInError, match=advice):
        asyncio.run(source.token(SCOPE))


def test_a_federated_token_is_passed_through_and_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("their-token\n")
    entra = Entra(lambda form: issue(lifetime=100))
    source = entra.source({"AZURE_FEDERATED_TOKEN_FILE": str(file)})

    async def go() -> None:
        await source.token(SCOPE)
        file.write_text("their-next-token")
        entra.now = 100.0
        await source.token(SCOPE)

    asyncio.run(go())
    assert [form["client_assertion"] for form in entra.forms] == ["their-token", "their-next-token"]
    assert entra.forms[0]["client_assertion_type"].endswith("jwt-bearer")


def test_a_missing_token_file_is_a_matter_of_settings(tmp_path: Path) -> None:
    entra = Entra(numbered())
    with pytest.raises(SettingsError, match="MBX_FEDERATED_TOKEN_FILE"):
        asyncio.run(entra.source({"MBX_FEDERATED_TOKEN_FILE": str(tmp_path / "none")}).token(SCOPE))


@pytest.fixture(scope="module")
def pair() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mbx")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return key, certificate


@pytest.mark.parametrize("form", ["pem", "encrypted-pem", "pfx", "encrypted-pfx"])
def test_a_certificate_signs_an_assertion_the_authority_can_verify(
    form: str, pair: tuple[rsa.RSAPrivateKey, x509.Certificate], tmp_path: Path
) -> None:
    key, certificate = pair
    lock = BestAvailableEncryption(b"pw") if form.startswith("encrypted") else NoEncryption()
    if form.endswith("pem"):
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock) + certificate.public_bytes(
            Encoding.PEM
        )
    else:
        content = pkcs12.serialize_key_and_certificates(b"mbx", key, certificate, None, lock)
    file = tmp_path / "file"
    file.write_bytes(content)
    environ = {"MBX_CLIENT_CERTIFICATE": str(file)}
    if form.startswith("encrypted"):
        environ["MBX_CLIENT_CERTIFICATE_PASSWORD"] = "pw"
    entra = Entra(numbered())
    assert asyncio.run(entra.source(environ).token(SCOPE)) == "at1"
    assertion = entra.forms[0]["client_assertion"]
    claims = jwt.decode(assertion, key.public_key(), ["PS256"], audience=f"{AUTHORITY}/oauth2/v2.0/token")
    assert claims["iss"] == claims["sub"] == "app"
    assert "x5t#S256" in jwt.get_unverified_header(assertion)


def test_an_unreadable_certificate_is_a_matter_of_settings(
    pair: tuple[rsa.RSAPrivateKey, x509.Certificate], tmp_path: Path
) -> None:
    key, certificate = pair
    lone = tmp_path / "lone.pem"
    lone.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    locked = tmp_path / "locked.pfx"
    lock = BestAvailableEncryption(b"pw")
    locked.write_bytes(pkcs12.serialize_key_and_certificates(b"mbx", key, certificate, None, lock))
    for path in (tmp_path / "none.pem", lone, locked):
        source = Entra(numbered()).source({"MBX_CLIENT_CERTIFICATE": str(path)})
        with pytest.raises(SettingsError, match="MBX_CLIENT_CERTIFICATE"):
            asyncio.run(source.token(SCOPE))


def test_a_managed_identity_asks_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    seen: list[httpx.Request] = []

    def metadata(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            200, json={"access_token": "mi", "expires_in": "86400", "resource": "r", "token_type": "Bearer"}
        )

    settings = load_settings({"MBX_MANAGED_IDENTITY": "true"}, env_file=None)
    http = httpx.Client(transport=httpx.MockTransport(metadata))
    source = MsalTokens(settings, AUTHORITY, http, rng=random.Random(1))
    assert asyncio.run(source.token(SCOPE)) == "mi"
    assert seen[0].url.params["resource"] == "https://graph.microsoft.com"
    assert seen[0].headers["metadata"] == "true"
