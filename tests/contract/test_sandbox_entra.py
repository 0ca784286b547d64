"""Sign-in over HTTP, refusal by refusal: status, OAuth error and AADSTS code, as the reference lists them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from controller.sandbox import jws, tokens
from controller.sandbox.app import create_app
from controller.sandbox.clock import StandingClock
from controller.sandbox.credentials import ASSERTION_TYPE
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import ConnectionLostError, FaultKind, Sandbox
from controller.sandbox.weather import FairWeather, ForecastWeather
from controller.sandbox.world import App, World

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
TENANT = "7f1b2c3d-0000-4000-8000-000000000001"
CLIENT = "11111111-0000-4000-8000-000000000001"
BASE = "https://127.0.0.1:8443"
GRAPH = "https://graph.microsoft.com/.default"
ENDPOINT = f"{BASE}/{TENANT}/oauth2/v2.0/token"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: rsa.RSAPrivateKey, ends: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mbx")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START - timedelta(days=30))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )


CERTIFICATE = certificate(KEY, START + timedelta(days=30))


@pytest.fixture
def sandbox() -> Sandbox:
    world = World(TENANT, "Entreprise", "entreprise.onmicrosoft.com")
    world.domains.append("entreprise.example")
    world.apps[CLIENT] = App(
        CLIENT,
        "mailbox-controller",
        "22222222-0000-4000-8000-000000000001",
        secrets=["right", "old"],
        secret_ends={"old": START - timedelta(days=1)},
        certificates=[CERTIFICATE.public_bytes(serialization.Encoding.PEM).decode()],
        graph_roles=["User.Read.All"],
    )
    return Sandbox(world, StandingClock(START), FairWeather())


def send(sandbox: Sandbox, method: str, url: str, **given: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(sandbox)), base_url=BASE
        ) as client:
            return await client.request(method, url, **given)

    return asyncio.run(go())


def ask(sandbox: Sandbox, tenant: str = TENANT, **changes: str | None) -> httpx.Response:
    form = {
        "client_id": CLIENT,
        "client_secret": "right",
        "grant_type": "client_credentials",
        "scope": GRAPH,
    } | changes
    kept = {name: value for name, value in form.items() if value is not None}
    return send(sandbox, "POST", f"/{tenant}/oauth2/v2.0/token", data=kept)


def assertion(key: rsa.RSAPrivateKey = KEY, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    now = START.timestamp()
    payload = {"aud": ENDPOINT, "iss": CLIENT, "sub": CLIENT, "jti": "x", "iat": now, "exp": now + 600.5}
    print_ = jws.encode(CERTIFICATE.fingerprint(hashes.SHA1()))
    return jws.sign(key, header or {"alg": "RS256", "x5t": print_}, payload | claims)


def prove(sandbox: Sandbox, token: str) -> httpx.Response:
    return ask(sandbox, client_secret=None, client_assertion=token, client_assertion_type=ASSERTION_TYPE)


def refused(response: httpx.Response, status: int, error: str, code: int) -> None:
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    first, trace, correlation, stamp = body["error_description"].split("\r\n")
    assert first.startswith(f"AADSTS{code}: ")
    assert trace == f"Trace ID: {body['trace_id']}"
    assert correlation == f"Correlation ID: {body['correlation_id']}"
    assert stamp == f"Timestamp: {body['timestamp']}"
    assert body["error_uri"].endswith(f"code={code}")


def test_a_secret_gives_a_token_that_both_sides_read_alike(sandbox: Sandbox) -> None:
    response = ask(sandbox)
    body = response.json()
    assert response.status_code == 200
    assert {name: body[name] for name in body if name != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
    }
    claims = jws.parse(body["access_token"]).claims
    assert (claims["aud"], claims["tid"], claims["appid"]) == ("https://graph.microsoft.com", TENANT, CLIENT)
    assert (claims["roles"], claims["idtyp"]) == (["User.Read.All"], "app")
    assert claims["exp"] - claims["iat"] == 3599
    assert response.headers["cache-control"] == "no-store, no-cache"
    caller = tokens.verify(sandbox, f"Bearer {body['access_token']}", tokens.GRAPH)
    assert caller.roles == {"User.Read.All"}
    with pytest.raises(tokens.TokenRefusedError, match="audience"):
        tokens.verify(sandbox, f"Bearer {body['access_token']}", tokens.EXCHANGE)


@pytest.mark.parametrize(
    "tenant", [TENANT, TENANT.upper(), "entreprise.example", "entreprise.onmicrosoft.com"]
)
def test_a_tenant_answers_to_its_id_and_its_domains(sandbox: Sandbox, tenant: str) -> None:
    assert ask(sandbox, tenant).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "old"}, 401, "invalid_client", 7000222),
        ({"client_secret": None}, 401, "invalid_client", 7000216),
        ({"client_id": "99999999-0000-4000-8000-000000000009"}, 400, "unauthorized_client", 700016),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://graph.microsoft.com/User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{GRAPH} https://outlook.office365.com/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "https://nowhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": None}, 400, "invalid_request", 900144),
    ],
)
def test_a_request_is_refused_in_entras_words(
    sandbox: Sandbox, changes: dict[str, str | None], status: int, error: str, code: int
) -> None:
    refused(ask(sandbox, **changes), status, error, code)


@pytest.mark.parametrize(
    ("tenant", "code"),
    [
        ("00000000-0000-4000-8000-00000000dead", 90002),
        ("nobody.example", 90002),
        ("gibberish", 900023),
        ("common", 50059),
    ],
)
def test_a_tenant_that_is_none(sandbox: Sandbox, tenant: str, code: int) -> None:
    refused(ask(sandbox, tenant), 400, "invalid_request", code)


@pytest.mark.parametrize(
    ("field", "code", "error"),
    [
        ("enabled", 7000112, "unauthorized_client"),
        ("consented", 7000229, "unauthorized_client"),
    ],
)
def test_an_app_that_may_not(sandbox: Sandbox, field: str, code: int, error: str) -> None:
    setattr(sandbox.world.apps[CLIENT], field, False)
    refused(ask(sandbox), 400, error, code)


def test_conditional_access_blocks_after_the_credential_was_right(sandbox: Sandbox) -> None:
    sandbox.world.apps[CLIENT].blocked = True
    refused(ask(sandbox, client_secret="wrong"), 401, "invalid_client", 7000215)
    refused(ask(sandbox), 400, "invalid_grant", 53003)


# --- assertions -----------------------------------------------------------------------------------------


def test_an_assertion_with_the_apps_certificate_signs_in(sandbox: Sandbox) -> None:
    assert prove(sandbox, assertion()).status_code == 200


def test_ps256_with_the_sha256_thumbprint_signs_in(sandbox: Sandbox) -> None:
    header = {"alg": "PS256", "x5t#S256": jws.encode(CERTIFICATE.fingerprint(hashes.SHA256())) + "="}
    unsigned = assertion(header=header).rpartition(".")[0]
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    signature = jws.encode(KEY.sign(unsigned.encode(), pss, hashes.SHA256()))
    assert prove(sandbox, f"{unsigned}.{signature}").status_code == 200


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("not-a-token", 50027),
        (assertion(STRANGER), 700027),
        (assertion(header={"alg": "RS256", "x5t": jws.encode(b"another certificate!")}), 700027),
        (
            assertion(header={"alg": "none", "x5t": jws.encode(CERTIFICATE.fingerprint(hashes.SHA1()))}),
            700027,
        ),
        (assertion(exp=START.timestamp() - 400), 700024),
        (assertion(nbf=START.timestamp() + 400), 700024),
        (assertion(aud="https://elsewhere.example/token"), 700023),
        (assertion(sub="someone-else"), 700021),
    ],
)
def test_an_assertion_that_proves_nothing(sandbox: Sandbox, token: str, code: int) -> None:
    refused(prove(sandbox, token), 401, "invalid_client", code)


def test_a_certificate_ends_with_the_tenants_time(sandbox: Sandbox) -> None:
    sandbox.clock.advance(timedelta(days=31))
    sandbox.outside = lambda: START  # the client's clock stands where it was
    refused(prove(sandbox, assertion()), 401, "invalid_client", 7000222)


def test_moving_the_tenants_clock_does_not_outdate_a_clients_assertion(sandbox: Sandbox) -> None:
    sandbox.clock.advance(timedelta(days=2))
    refused(prove(sandbox, assertion()), 401, "invalid_client", 700024)
    sandbox.outside = lambda: START
    assert prove(sandbox, assertion()).status_code == 200


ISSUER = "https://token.actions.example"


def federated(**claims: Any) -> str:
    given = {"iss": ISSUER, "sub": "repo:entreprise/mail", "aud": "api://AzureADTokenExchange"}
    return assertion(STRANGER, header={"alg": "RS256", "kid": "theirs"}, **(given | claims))


def test_an_outside_token_must_match_its_record_to_the_letter(sandbox: Sandbox) -> None:
    app = sandbox.world.apps[CLIENT]
    app.federated = [(ISSUER, "repo:entreprise/mail", "api://AzureADTokenExchange")]
    assert prove(sandbox, federated()).status_code == 200
    assert prove(sandbox, federated(aud=["other", "api://AzureADTokenExchange"])).status_code == 200
    refused(prove(sandbox, federated(iss=f"{ISSUER}/")), 401, "invalid_client", 700211)
    refused(prove(sandbox, federated(aud="api://other")), 401, "invalid_client", 700212)
    refused(prove(sandbox, federated(sub="repo:Entreprise/mail")), 401, "invalid_client", 700213)
    refused(prove(sandbox, federated(exp=START.timestamp() - 400)), 401, "invalid_client", 700024)


def test_an_outside_signature_counts_where_the_issuers_key_is_known(sandbox: Sandbox) -> None:
    app = sandbox.world.apps[CLIENT]
    app.federated = [(ISSUER, "repo:entreprise/mail", "api://AzureADTokenExchange")]
    public = STRANGER.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app.issuer_keys = {ISSUER: public.decode()}
    assert prove(sandbox, federated()).status_code == 200
    forged = federated().rpartition(".")[0] + "." + jws.encode(b"\0" * 256)
    refused(prove(sandbox, forged), 401, "invalid_client", 700027)


# --- other endpoints ------------------------------------------------------------------------------------


def test_v1_takes_a_resource_and_answers_in_strings(sandbox: Sandbox) -> None:
    form = {"client_id": CLIENT, "client_secret": "right", "grant_type": "client_credentials"}
    url = f"/{TENANT}/oauth2/token"
    body = send(sandbox, "POST", url, data=form | {"resource": "https://outlook.office365.com/"}).json()
    assert (body["expires_in"], body["resource"]) == ("3599", "https://outlook.office365.com/")
    assert body["expires_on"] == str(int(START.timestamp()) + 3599)
    caller = tokens.verify(sandbox, f"Bearer {body['access_token']}", tokens.EXCHANGE)
    assert caller.roles == {"Exchange.ManageAsApp"}
    refused(send(sandbox, "POST", url, data=form), 400, "invalid_request", 900144)


def test_a_client_that_follows_claims_challenges_gets_a_long_token(sandbox: Sandbox) -> None:
    claims = json.dumps({"access_token": {"xms_cc": {"values": ["CP1"]}}})
    body = ask(sandbox, claims=claims).json()
    assert (body["expires_in"], body["refresh_in"]) == (86399, 43199)


@pytest.mark.parametrize("scope", [f"{BASE}/.default", "https://localhost:8443/.default"])
def test_a_scope_made_of_the_sandboxs_own_address_is_good_for_both(sandbox: Sandbox, scope: str) -> None:
    token = f"Bearer {ask(sandbox, scope=scope).json()['access_token']}"
    for audience in (tokens.GRAPH, tokens.EXCHANGE):
        assert tokens.verify(sandbox, token, audience).roles == {"User.Read.All", "Exchange.ManageAsApp"}


@pytest.mark.parametrize("tenant", [TENANT, "entreprise.example", "common", "organizations"])
def test_discovery_names_https_endpoints_of_the_host_that_was_asked(sandbox: Sandbox, tenant: str) -> None:
    document = send(sandbox, "GET", f"/{tenant}/v2.0/.well-known/openid-configuration").json()
    here = f"{BASE}/{tenant if tenant in ('common', 'organizations') else TENANT}"
    assert document["token_endpoint"] == f"{here}/oauth2/v2.0/token"
    assert document["authorization_endpoint"].startswith(here)
    assert document["issuer"].startswith(BASE)
    keys = send(sandbox, "GET", document["jwks_uri"]).json()["keys"]
    assert keys[0]["kid"] == jws.parse(ask(sandbox).json()["access_token"]).header["kid"]


def test_discovery_of_a_tenant_that_is_none(sandbox: Sandbox) -> None:
    response = send(sandbox, "GET", "/nobody.example/v2.0/.well-known/openid-configuration")
    assert response.status_code == 400
    assert (response.json()["error"], response.json()["error_codes"]) == ("invalid_tenant", [90002])


def test_instance_discovery_is_put_on_record(sandbox: Sandbox) -> None:
    sandbox.recording = True
    asked = {"api-version": "1.0", "authorization_endpoint": f"{BASE}/{TENANT}/oauth2/v2.0/authorize"}
    body = send(sandbox, "GET", "/common/discovery/instance", params=asked).json()
    assert body["tenant_discovery_endpoint"] == f"{BASE}/{TENANT}/v2.0/.well-known/openid-configuration"
    assert sandbox.log == [("entra", "GET /common/discovery/instance", "", False)]


def test_a_managed_identity_asks_the_metadata_endpoint(sandbox: Sandbox) -> None:
    url = "/metadata/identity/oauth2/token"
    query = {"api-version": "2018-02-01", "resource": "https://graph.microsoft.com"}
    header = {"Metadata": "true"}
    assert send(sandbox, "GET", url, params=query, headers=header).status_code == 400
    sandbox.world.apps[CLIENT].managed_identity = True
    assert send(sandbox, "GET", url, params=query).status_code == 400
    body = send(sandbox, "GET", url, params=query, headers=header).json()
    assert all(isinstance(value, str) for value in body.values())
    assert body["expires_in"] == "86399"
    assert tokens.verify(sandbox, f"Bearer {body['access_token']}", tokens.GRAPH).app.client_id == CLIENT
    other = query | {"client_id": "99999999-0000-4000-8000-000000000009"}
    assert send(sandbox, "GET", url, params=other, headers=header).status_code == 400


def test_faults_in_entras_shapes(sandbox: Sandbox) -> None:
    def under(kind: FaultKind) -> httpx.Response:
        rule = FaultRule(kind=kind, api="entra", retry_after=2.5)
        sandbox.weather = ForecastWeather(Forecast(faults=(rule,)), sandbox.clock)
        return ask(sandbox)

    refused(under(FaultKind.UNAVAILABLE), 503, "temporarily_unavailable", 90033)
    throttled = under(FaultKind.THROTTLED)
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "2.5")
    assert under(FaultKind.GATEWAY).headers["content-type"].startswith("text/html")
    for lost in (FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER):
        with pytest.raises(ConnectionLostError):
            under(lost)
