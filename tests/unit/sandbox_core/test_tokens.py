from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from controller.sandbox import jws, tokens
from controller.sandbox.clock import StandingClock
from controller.sandbox.state import Sandbox
from controller.sandbox.weather import FairWeather
from controller.sandbox.world import App, World

START = datetime(2026, 12, 1, 9, tzinfo=UTC)


def make() -> tuple[Sandbox, App]:
    world = World("7f1b2c3d-0000-4000-8000-000000000001", "E", "e.onmicrosoft.com")
    app = world.apps["app"] = App("app", "mbx", "object", graph_roles=["User.Read.All"])
    return Sandbox(world, StandingClock(START), FairWeather()), app


def reason(sandbox: Sandbox, authorization: str | None, audience: str = tokens.GRAPH) -> str:
    with pytest.raises(tokens.TokenRefusedError) as caught:
        tokens.verify(sandbox, authorization, audience)
    return caught.value.reason


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        (None, "missing"),
        ("", "missing"),
        ("Basic abc", "missing"),
        ("Bearer abc", "malformed"),
        ("Bearer a.b.c", "malformed"),
        ("Bearer", "malformed"),
    ],
)
def test_what_is_no_token(authorization: str | None, why: str) -> None:
    assert reason(make()[0], authorization) == why


@given(st.text(max_size=60))
def test_no_text_brings_the_check_down(text: str) -> None:
    assert reason(make()[0], f"Bearer {text}") in ("malformed", "signature", "missing")


def test_a_token_is_good_until_its_time_is_up() -> None:
    sandbox, app = make()
    token = f"Bearer {tokens.mint(sandbox, app, tokens.GRAPH, lifetime=timedelta(minutes=5))}"
    sandbox.clock.advance(timedelta(seconds=299))
    assert tokens.verify(sandbox, token, tokens.GRAPH + "/").app is app
    sandbox.clock.advance(timedelta(seconds=1))
    assert reason(sandbox, token) == "expired"


def test_a_token_is_one_services() -> None:
    sandbox, app = make()
    assert reason(sandbox, f"Bearer {tokens.mint(sandbox, app, tokens.EXCHANGE)}") == "audience"


def test_another_key_signs_nothing() -> None:
    sandbox, app = make()
    token = f"Bearer {tokens.mint(sandbox, app, tokens.GRAPH)}"
    sandbox.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert reason(sandbox, token) == "signature"


def test_roles_are_those_at_the_time_of_minting() -> None:
    sandbox, app = make()
    token = f"Bearer {tokens.mint(sandbox, app, tokens.GRAPH)}"
    app.graph_roles = ["Mail.Read"]
    assert tokens.verify(sandbox, token, tokens.GRAPH).roles == {"User.Read.All"}
    app.exchange_app = False
    without = f"Bearer {tokens.mint(sandbox, app, tokens.EXCHANGE)}"
    assert tokens.verify(sandbox, without, tokens.EXCHANGE).roles == frozenset()


def test_tokens_are_revoked_singly_all_at_once_and_with_their_app() -> None:
    sandbox, app = make()
    first, second = (f"Bearer {tokens.mint(sandbox, app, tokens.GRAPH)}" for _ in range(2))
    sandbox.revoked.add(jws.parse(first.removeprefix("Bearer ")).claims["uti"])
    assert reason(sandbox, first) == "revoked"
    assert tokens.verify(sandbox, second, tokens.GRAPH)
    sandbox.revoked_before = START + timedelta(seconds=1)
    assert reason(sandbox, second) == "revoked"
    sandbox.revoked_before = None
    del sandbox.world.apps["app"]
    assert reason(sandbox, second) == "revoked"


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ("https://graph.microsoft.com/", {"graph"}),
        ("https://graph.microsoft.us", {"graph"}),
        ("00000003-0000-0000-c000-000000000000", {"graph"}),
        ("https://outlook.office365.com", {"exchange"}),
        ("https://outlook.office.com/", {"exchange"}),
        ("https://127.0.0.1:8443", {"graph", "exchange"}),
        ("https://localhost:8443/", {"graph", "exchange"}),
        ("https://127.0.0.1:9443", set()),
        ("http://127.0.0.1:8443", set()),
        ("https://localhost:99999999", set()),
        ("", set()),
    ],
)
def test_what_a_resource_names(resource: str, named: set[str]) -> None:
    assert tokens.services(make()[0], resource) == named
