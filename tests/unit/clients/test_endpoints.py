from __future__ import annotations

import pytest

from controller.clients.endpoints import Endpoints, same_service
from controller.errors import SettingsError

TID = "7f1b2c3d-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    "given",
    [
        "https://localhost:8443", "https://localhost:8443/", f"https://localhost:8443/{TID}",
        f"https://localhost:8443/{TID.upper()}/", f"https://localhost:8443/{TID}/v2.0",
        "https://localhost:8443/common", "https://localhost:8443/contoso.onmicrosoft.com",
    ],
)  # fmt: skip
def test_the_authority_ends_in_the_tenant_however_it_is_given(given: str) -> None:
    assert Endpoints.of("global", TID, authority_url=given).authority == f"https://localhost:8443/{TID}"


def test_a_prefix_of_the_authority_stays() -> None:
    assert Endpoints.of("global", TID, authority_url="https://h/login").authority == f"https://h/login/{TID}"


@pytest.mark.parametrize(
    ("cloud", "authority", "graph", "exchange"),
    [
        ("global", "login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com"),
        ("us-gov-high", "login.microsoftonline.us", "graph.microsoft.us", "outlook.office365.us"),
        ("us-gov-dod", "login.microsoftonline.us", "dod-graph.microsoft.us", "outlook-dod.office365.us"),
        (
            "china",
            "login.partner.microsoftonline.cn",
            "microsoftgraph.chinacloudapi.cn",
            "outlook.office365.cn",
        ),
    ],
)
def test_clouds(cloud: str, authority: str, graph: str, exchange: str) -> None:
    found = Endpoints.of(cloud, TID)
    assert found.authority == f"https://{authority}/{TID}"
    assert (found.graph, found.graph_scope) == (f"https://{graph}", f"https://{graph}/.default")
    assert (found.exchange, found.exchange_scope) == (f"https://{exchange}", f"https://{exchange}/.default")


def test_an_unknown_cloud_is_refused() -> None:
    with pytest.raises(SettingsError, match="global"):
        Endpoints.of("mars", TID)


def test_a_sandbox_keeps_the_scopes_of_its_cloud() -> None:
    base = "https://127.0.0.1:8443"
    found = Endpoints.of("global", TID, graph_url=f"{base}/v1.0", exchange_url=f"{base}/adminapi/beta")
    assert (found.graph, found.exchange) == (base, base)
    assert found.graph_scope == "https://graph.microsoft.com/.default"
    assert found.exchange_scope == "https://outlook.office365.com/.default"
    older = Endpoints.of("us-gov-dod", TID, exchange_url="https://webmail.apps.mil")
    assert older.exchange_scope == "https://webmail.apps.mil/.default"


EXO = "https://outlook.office365.com"


@pytest.mark.parametrize(
    ("link", "base", "url"),
    [
        (f"{EXO}:446/adminapi?x=1", EXO, f"{EXO}/adminapi?x=1"),
        (f"{EXO}:443/a", EXO, f"{EXO}/a"),
        ("https://eurprd01.outlook.office365.com:446/a", EXO, "https://eurprd01.outlook.office365.com/a"),
        ("https://eurprd01.prod.outlook.com/a", EXO, "https://eurprd01.prod.outlook.com/a"),
        ("/adminapi/x?y", EXO, f"{EXO}/adminapi/x?y"),
        ("https://127.0.0.1:8443/a", "https://127.0.0.1:8443", "https://127.0.0.1:8443/a"),
        ("https://127.0.0.1:446/a", "https://127.0.0.1:8443", "https://127.0.0.1:8443/a"),
        ("https://LOCALHOST:8443/a", "https://localhost:8443", "https://localhost:8443/a"),
    ],
)
def test_links_within_a_service_are_followed(link: str, base: str, url: str) -> None:
    assert same_service(link, base) == url


@pytest.mark.parametrize(
    ("link", "base"),
    [
        ("http://outlook.office365.com/a", EXO), ("https://evil.example/a", EXO),
        ("https://outlook.office365.com.evil.example/a", EXO), ("https://eviloffice365.com/a", EXO),
        ("https://outlook.office365.com:444/a", EXO), ("https://x@outlook.office365.com/a", EXO),
        ("https://eurprd01.outlook.office365.com:8443/a", EXO), ("//evil.example/a", EXO),
        ("https://graph.microsoft.com/a", EXO), ("https://outlook.office365.com/a", "https://127.0.0.1:8443"),
        ("https://127.0.0.1:8444/a", "https://127.0.0.1:8443"), ("https://outlook.office365.com:x/a", EXO),
        ("https://evil.localhost/a", "https://localhost:8443"), ("", EXO),
    ],
)  # fmt: skip
def test_links_elsewhere_are_not(link: str, base: str) -> None:
    assert same_service(link, base) is None


def test_a_proxy_is_asked_for_what_links_name_the_service_behind_it() -> None:
    base, scope = "https://proxy.example:8443", "https://outlook.office365.com/.default"
    for port in ("", ":443", ":446"):
        assert same_service(f"https://outlook.office365.com{port}/a?b=1", base, scope) == f"{base}/a?b=1"
    assert same_service("https://graph.microsoft.com/a", base, scope) is None
    assert same_service("https://outlook.office365.com.evil.example/a", base, scope) is None
    assert same_service("https://outlook.office365.com:8443/a", base, scope) is None
