"""The control endpoint and the middleware, over HTTP in process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from controller.sandbox import files, tokens
from controller.sandbox.app import create_app
from controller.sandbox.clock import StandingClock
from controller.sandbox.forecast import FaultRule, Forecast, Latency
from controller.sandbox.state import ConnectionLostError, FaultKind, Sandbox
from controller.sandbox.weather import FairWeather, ForecastWeather

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
ADMIN = "admin@entreprise.example"
CONTACT = "contact@entreprise.example"


@pytest.fixture
def sandbox() -> Sandbox:
    scenario = files.parse(files.shipped("entreprise"), "entreprise.yaml")
    return files.open_sandbox(scenario, clock=StandingClock(START))


def send(sandbox: Sandbox, method: str, path: str, **given: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(sandbox))
        async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1:8443") as client:
            return await client.request(method, path, **given)

    return asyncio.run(go())


def test_a_poke_changes_the_tenant_and_leaves_its_record(sandbox: Sandbox) -> None:
    given = {"Identity": CONTACT, "User": "intrus@entreprise.example", "AccessRights": "FullAccess"}
    body = {"actor": ADMIN, "cmdlet": "Add-MailboxPermission", "parameters": given}
    assert send(sandbox, "POST", "/_sandbox/poke", json=body).status_code == 200
    stranger = sandbox.world.find("intrus@entreprise.example")[0]
    assert stranger.object_id in [ace.trustee for ace in sandbox.world.find(CONTACT)[0].permissions]
    (record,) = send(sandbox, "GET", "/_sandbox/audit").json()["value"]
    assert (record["actor"], record["operation"]) == (ADMIN, "Add-MailboxPermission")
    assert record["at"] == START.isoformat()
    assert record["parameters"]["User"] == "intrus@entreprise.example"
    assert send(sandbox, "GET", "/_sandbox/audit", params={"since": "2027-01-01T00:00:00Z"}).json() == {
        "value": []
    }


def test_a_graph_poke(sandbox: Sandbox) -> None:
    body = {"actor": ADMIN, "method": "PATCH", "path": f"/users/{CONTACT}", "body": {"accountEnabled": False}}
    assert send(sandbox, "POST", "/_sandbox/graph", json=body).json()["status"] == 204
    assert sandbox.world.find(CONTACT)[0].account_enabled is False
    assert sandbox.world.audit[-1].actor == ADMIN


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        (
            "POST",
            "poke",
            {"actor": ADMIN, "cmdlet": "Get-Mailbox", "parameters": {"Identity": "no"}},
            "NotFound",
        ),
        ("POST", "poke", {"actor": ADMIN}, "'cmdlet' is missing"),
        ("POST", "poke", [], "not a JSON object"),
        ("POST", "weather", {"name": "nice"}, "no weather is called 'nice'"),
        ("POST", "weather", {"forecast": {"faults": 3}}, "not a forecast"),
        ("POST", "clock", {"advance": "soon"}, "neither a duration nor a moment"),
        ("PUT", "state", {"x": 1}, "field 'tenant' is missing"),
        ("GET", "show?identity=nobody", None, "nothing in the tenant is called 'nobody'"),
        ("GET", "audit?since=yesterday", None, "not a moment"),
    ],
)
def test_what_cannot_be_had_is_told(sandbox: Sandbox, method: str, path: str, body: Any, wanted: str) -> None:
    response = send(sandbox, method, f"/_sandbox/{path}", json=body)
    assert response.status_code == 400
    assert wanted in response.json()["error"]


def test_the_clock_and_the_weather_change_while_it_runs(sandbox: Sandbox) -> None:
    assert send(sandbox, "POST", "/_sandbox/clock", json={"advance": "+2d"}).status_code == 200
    assert sandbox.clock.now() == START + timedelta(days=2)
    send(sandbox, "POST", "/_sandbox/clock", json={"to": "2026-12-01T10:00:00+01:00"})
    assert sandbox.clock.now() == START
    assert send(sandbox, "POST", "/_sandbox/weather", json={"name": "outage"}).json()["name"] == "outage"
    token = tokens.mint(sandbox, next(iter(sandbox.world.apps.values())), tokens.GRAPH)
    header = {"Authorization": f"Bearer {token}"}
    assert send(sandbox, "GET", "/v1.0/users", headers=header).status_code == 503
    send(sandbox, "POST", "/_sandbox/weather", json={"name": "fair"})
    assert send(sandbox, "GET", "/v1.0/users", headers=header).status_code == 200


def test_the_state_goes_out_and_comes_back(sandbox: Sandbox) -> None:
    state = send(sandbox, "GET", "/_sandbox/state").text
    sandbox.world.purge(sandbox.world.find(CONTACT)[0])
    assert send(sandbox, "PUT", "/_sandbox/state", content=state).status_code == 200
    assert send(sandbox, "GET", "/_sandbox/show", params={"identity": CONTACT}).json()["value"][0][
        "type"
    ] == ("SharedMailbox")
    assert send(sandbox, "GET", "/_sandbox/state").text == state


def test_requests_are_recorded_from_a_reset_on_reads_told_from_writes(sandbox: Sandbox) -> None:
    token = tokens.mint(sandbox, next(iter(sandbox.world.apps.values())), tokens.GRAPH)
    header = {"Authorization": f"Bearer {token}"}
    send(sandbox, "GET", f"/v1.0/users/{CONTACT}", headers=header)
    assert send(sandbox, "GET", "/_sandbox/requests").json()["value"] == []
    send(sandbox, "DELETE", "/_sandbox/requests")
    send(sandbox, "GET", f"/v1.0/users/{CONTACT}", headers=header)
    send(sandbox, "PATCH", f"/v1.0/users/{CONTACT}", headers=header, json={"accountEnabled": False})
    everything = send(sandbox, "GET", "/_sandbox/requests").json()["value"]
    writes = send(sandbox, "GET", "/_sandbox/requests", params={"writes": "true"}).json()["value"]
    assert [call["write"] for call in everything] == [False, True]
    assert writes == everything[1:]


def test_revoked_tokens_are_refused(sandbox: Sandbox) -> None:
    token = tokens.mint(sandbox, next(iter(sandbox.world.apps.values())), tokens.GRAPH)
    send(sandbox, "POST", "/_sandbox/revoke-tokens", json={})
    answer = send(sandbox, "GET", "/v1.0/users", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_latency_is_slept_and_told_to_whoever_watches(sandbox: Sandbox) -> None:
    slept: list[float] = []
    told: list[str] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    sandbox.sleep, sandbox.watch = note, told.append
    sandbox.weather = ForecastWeather(Forecast(latency=Latency(seconds=2)), sandbox.clock)
    send(sandbox, "GET", "/common/v2.0/.well-known/openid-configuration")
    assert slept == [2.0]
    assert told == ["entra GET /{tenant}/openid-configuration -> 200"]


def test_a_lost_connection_reaches_an_in_process_client_as_it_is(sandbox: Sandbox) -> None:
    rule = FaultRule(kind=FaultKind.LOST_BEFORE)
    sandbox.weather = ForecastWeather(Forecast(faults=(rule,)), sandbox.clock)
    with pytest.raises(ConnectionLostError):
        send(sandbox, "GET", "/common/v2.0/.well-known/openid-configuration")
    sandbox.weather = FairWeather()
    assert send(sandbox, "GET", "/common/v2.0/.well-known/openid-configuration").status_code == 200
