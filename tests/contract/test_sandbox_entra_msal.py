"""The sandbox on a real socket, met by clients that know nothing of it: msal, and httpx over TLS."""

from __future__ import annotations

import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from controller.sandbox import files, jws, tokens
from controller.sandbox.forecast import FaultRule, Forecast, Latency
from controller.sandbox.server import running
from controller.sandbox.state import FaultKind, Sandbox
from controller.sandbox.tls import TlsFiles
from controller.sandbox.weather import FairWeather, ForecastWeather
from controller.sandbox.world import App

GRAPH = "https://graph.microsoft.com/.default"
EXCHANGE = "https://outlook.office365.com/.default"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, TlsFiles]]:
    scenario = files.parse(files.shipped("entreprise"), "entreprise.yaml")
    sandbox = files.open_sandbox(scenario)
    with running(sandbox, tmp_path_factory.mktemp("tls")) as certificates:
        yield sandbox, certificates


@pytest.fixture
def sandbox(server: tuple[Sandbox, TlsFiles]) -> Sandbox:
    server[0].weather = FairWeather()
    return server[0]


@pytest.fixture
def authority(server: tuple[Sandbox, TlsFiles]) -> Path:
    return server[1].authority


@pytest.fixture
def session(authority: Path) -> Iterator[requests.Session]:
    # REQUESTS_CA_BUNDLE in the environment would win over `verify` [measured: msal 1.39].
    with requests.Session() as opened:
        opened.trust_env = False
        opened.verify = str(authority)
        yield opened


def new_app(sandbox: Sandbox, client_id: str, **given: object) -> App:
    app = App(client_id, "test", f"object-of-{client_id}", graph_roles=["User.Read.All"], **given)  # type: ignore[arg-type]
    sandbox.world.apps[client_id] = app
    return app


def sign_in(
    sandbox: Sandbox, session: requests.Session, client_id: str, credential: object, scope: str
) -> str:
    app = msal.ConfidentialClientApplication(
        client_id,
        client_credential=credential,
        authority=f"{sandbox.base_url}/{sandbox.world.tenant_id}",
        instance_discovery=False,
        http_client=session,
    )
    result = app.acquire_token_for_client([scope])
    assert "access_token" in result, result
    token: str = result["access_token"]
    return token


@pytest.mark.parametrize(("scope", "audience"), [(GRAPH, tokens.GRAPH), (EXCHANGE, tokens.EXCHANGE)])
def test_msal_signs_in_with_a_secret(
    sandbox: Sandbox, session: requests.Session, scope: str, audience: str
) -> None:
    app = next(iter(sandbox.world.apps.values()))
    token = sign_in(sandbox, session, app.client_id, app.secrets[0], scope)
    assert tokens.verify(sandbox, f"Bearer {token}", audience).app is app


@pytest.mark.parametrize("with_thumbprint", [True, False], ids=["RS256", "PS256"])
def test_msal_signs_in_with_a_certificate(
    sandbox: Sandbox, session: requests.Session, *, with_thumbprint: bool
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mbx")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    credential = {
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    }
    if with_thumbprint:
        credential["thumbprint"] = certificate.fingerprint(hashes.SHA1()).hex()
    else:
        credential["public_certificate"] = pem
    app = new_app(sandbox, f"certificate-{with_thumbprint}".lower(), certificates=[pem])
    token = sign_in(sandbox, session, app.client_id, credential, GRAPH)
    assert tokens.verify(sandbox, f"Bearer {token}", tokens.GRAPH).app is app


def test_msal_signs_in_with_another_issuers_token(sandbox: Sandbox, session: requests.Session) -> None:
    app = new_app(
        sandbox, "federated", federated=[("https://issuer.example", "me", "api://AzureADTokenExchange")]
    )
    now = datetime.now(UTC).timestamp()
    outside = jws.sign(
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        {"alg": "RS256"},
        {"iss": "https://issuer.example", "sub": "me", "aud": "api://AzureADTokenExchange", "exp": now + 600},
    )
    credential = {"client_assertion": lambda: outside}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        token = sign_in(sandbox, session, app.client_id, credential, EXCHANGE)
    assert tokens.verify(sandbox, f"Bearer {token}", tokens.EXCHANGE).app is app


def test_msal_signs_in_as_a_managed_identity(
    sandbox: Sandbox, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(sandbox, "machine", managed_identity=True)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", sandbox.base_url)
    client = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=session)
    result = client.acquire_token_for_client(resource="https://graph.microsoft.com")
    assert tokens.verify(sandbox, f"Bearer {result['access_token']}", tokens.GRAPH).app is app


def test_msal_reports_a_refusal_with_its_code(sandbox: Sandbox, session: requests.Session) -> None:
    client_id = next(iter(sandbox.world.apps))
    app = msal.ConfidentialClientApplication(
        client_id,
        client_credential="wrong",
        authority=f"{sandbox.base_url}/entreprise.example",
        instance_discovery=False,
        http_client=session,
    )
    result = app.acquire_token_for_client([GRAPH])
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


@pytest.fixture(params=[False, True], ids=["http/1.1", "http/2"])
def client(request: pytest.FixtureRequest, sandbox: Sandbox, authority: Path) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(authority))
    with httpx.Client(
        http2=request.param, verify=context, base_url=sandbox.base_url, trust_env=False
    ) as opened:
        answer = opened.get("/common/v2.0/.well-known/openid-configuration")
        assert answer.http_version == ("HTTP/2" if request.param else "HTTP/1.1")
        yield opened


def test_a_lost_connection_is_an_error_and_the_next_request_goes_through(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    once = FaultRule(kind=FaultKind.LOST_AFTER, api="entra", times=1)
    sandbox.weather = ForecastWeather(Forecast(faults=(once,)), sandbox.clock)
    path = "/common/v2.0/.well-known/openid-configuration"
    with pytest.raises(httpx.TransportError):
        client.get(path)
    assert client.get(path).status_code == 200


def test_latency_is_slept_before_the_answer(sandbox: Sandbox, client: httpx.Client) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    sandbox.weather = ForecastWeather(Forecast(latency=Latency(seconds=7)), sandbox.clock)
    usual, sandbox.sleep = sandbox.sleep, note
    try:
        assert client.get("/common/v2.0/.well-known/openid-configuration").status_code == 200
    finally:
        sandbox.sleep = usual
    assert slept == [7.0]


def test_nobody_without_the_authority_is_served(sandbox: Sandbox) -> None:
    with (
        httpx.Client(base_url=sandbox.base_url, trust_env=False) as stranger,
        pytest.raises(httpx.ConnectError),
    ):
        stranger.get("/")


def test_the_command_runs_writes_its_settings_and_ends_well(tmp_path: Path) -> None:
    settings, state = tmp_path / "settings.env", tmp_path / "state.yaml"
    command = [sys.executable, "-m", "controller.cli.sandbox"]
    given = ["--env-file", settings, "--state", state, "--tls-folder", tmp_path / "tls"]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [*command, *map(str, given)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as started:
        assert started.stdout is not None
        url = started.stdout.readline().strip()  # printed once it answers
        assert url.startswith("https://127.0.0.1:")
        assert settings.stat().st_mode & 0o777 == 0o600
        assert f"MBX_GRAPH_URL={url}\n" in settings.read_text(encoding="utf-8")

        def sandbox(*words: str) -> str:
            done = subprocess.run(
                [*command, *words, "--env-file", str(settings)],
                capture_output=True,
                text=True,
                cwd=root,
                check=True,
            )
            return done.stdout

        admin = "admin@entreprise.example"
        sandbox("poke", "--as", admin, "grant", "contact@entreprise.example", "intrus@entreprise.example")
        assert "intrus@entreprise.example" in sandbox("show", "contact@entreprise.example")
        assert "Add-MailboxPermission" in sandbox("audit")
        sandbox("clock", "+2d")
        assert sandbox("requests", "--writes") == ""
        started.terminate()
        assert started.wait() == 0
    assert "Add-MailboxPermission" in state.read_text(encoding="utf-8")
