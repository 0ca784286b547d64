"""The simulated Dataverse as any client finds it: what the documentation says of rows, etags, pages, errors."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from controller.sandbox import files
from controller.sandbox.app import create_app
from controller.sandbox.clock import StandingClock
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind, Sandbox
from controller.sandbox.tokens import mint
from controller.sandbox.weather import ForecastWeather
from tests.rig import BASE, START
from tests.samples import ENVIRONMENT, SCENARIO

ROOT = f"{BASE}/api/data/v9.2"
TEAMS = "/providers/Microsoft.PowerApps/apis/shared_teams"
DATA = json.dumps(
    {
        "properties": {
            "connectionReferences": {
                "shared_teams": {
                    "connection": {"connectionReferenceLogicalName": "mbx_shared_teams"},
                    "api": {"name": "shared_teams"},
                }
            },
            "definition": {"triggers": {"T": {"type": "Request"}}, "actions": {}},
        },
        "schemaVersion": "1.0.0.0",
    }
)
FLOW = {"category": 5, "name": "F", "type": 1, "primaryentity": "none", "clientdata": DATA}


@pytest.fixture
def sandbox() -> Sandbox:
    made = files.open_sandbox(files.parse(SCENARIO, "scenario"), clock=StandingClock(START))
    made.base_url = BASE
    return made


def ask(
    sandbox: Sandbox, method: str, path: str, body: Any = None, *, audience: str = ENVIRONMENT, **headers: str
) -> Any:
    app = next(iter(sandbox.world.apps.values()))
    token = mint(sandbox, app, audience, lifetime=timedelta(hours=1))
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def one() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(sandbox))) as client:
            url = path if path.startswith("https://") else f"{ROOT}/{path}"
            return await client.request(
                method, url, json=body, headers={"authorization": f"Bearer {token}", **named}
            )

    return asyncio.run(one())


def made(sandbox: Sandbox, table: str = "workflows", body: Any = FLOW) -> str:
    answer = ask(sandbox, "POST", table, body)
    assert (answer.status_code, answer.content) == (204, b"")
    return answer.headers["odata-entityid"].rpartition("/")[2]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_flow_is_made_off_and_its_definition_comes_back_with_metadata(sandbox):
    row = ask(sandbox, "GET", made(sandbox)).json()
    assert (row["statecode"], row["category"], row["name"]) == (0, 5, "F")
    assert row["@odata.etag"].startswith('W/"')
    held = json.loads(row["clientdata"])
    assert held["properties"]["definition"]["triggers"]["T"]["metadata"]["operationMetadataId"]


def test_it_is_switched_on_only_while_its_references_have_connections(sandbox):
    flow = made(sandbox)
    (row,) = ask(sandbox, "GET", "connectionreferences?$filter=connectorid eq '" + TEAMS + "'").json()[
        "value"
    ]
    reference = f"connectionreferences({row['connectionreferenceid']})"
    assert ask(sandbox, "PATCH", reference, {"connectionid": None}).status_code == 204
    refused = ask(sandbox, "PATCH", flow, {"statecode": 1})
    assert code(refused) == (400, "0x80060467")
    assert "XrmConnectionReferenceMissingConnection" in refused.text
    assert ask(sandbox, "GET", flow).json()["statecode"] == 0
    ask(sandbox, "PATCH", reference, {"connectionid": "c"})
    assert ask(sandbox, "PATCH", flow, {"statecode": 1}).status_code == 204
    assert ask(sandbox, "GET", f"{flow}?$select=statecode,statuscode").json()["statuscode"] == 2


def test_a_patch_makes_what_is_not_there_unless_told_not_to(sandbox):
    missing = "workflows(00000000-0000-0000-0000-0000000000aa)"
    assert code(ask(sandbox, "PATCH", missing, FLOW, if_match="*")) == (404, "0x80040217")
    assert ask(sandbox, "PATCH", missing, FLOW).status_code == 204
    assert ask(sandbox, "GET", missing).json()["name"] == "F"


def test_a_stale_etag_is_refused(sandbox):
    flow = made(sandbox)
    etag = ask(sandbox, "GET", flow).json()["@odata.etag"]
    assert ask(sandbox, "PATCH", flow, {"description": "x"}, if_match=etag).status_code == 204
    assert code(ask(sandbox, "PATCH", flow, {"description": "y"}, if_match=etag)) == (412, "0x80060882")
    assert code(ask(sandbox, "DELETE", flow, if_match=etag)) == (412, "0x80060882")
    assert ask(sandbox, "DELETE", flow).status_code == 204
    assert code(ask(sandbox, "GET", flow)) == (404, "0x80040217")


def test_two_references_of_one_name_there_are_not(sandbox):
    body = {"connectionreferencelogicalname": "MBX_shared_teams", "connectorid": TEAMS}
    assert code(ask(sandbox, "POST", "connectionreferences", body)) == (412, "0x80060892")


def test_a_list_pages_by_preference_and_filters(sandbox):
    for number in range(5):
        made(sandbox, body={**FLOW, "name": f"F{number}"})
    path = "workflows?$select=name&$filter=category eq 5 and (startswith(name,'f') or name eq 'x') and not (name eq 'F4')"
    names, pages = [], 0
    while path:
        answer = ask(sandbox, "GET", path, prefer="odata.maxpagesize=3").json()
        names += [row["name"] for row in answer["value"]]
        path = answer.get("@odata.nextLink", "").replace(ENVIRONMENT, BASE)
        pages += 1
    assert (names, pages) == (["F0", "F1", "F2", "F3"], 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("GET", "Workflows", None, (404, "0x8006088a")),  # names are sensitive to case
        ("GET", "workflows?$select=nmae", None, (400, "0x80060888")),
        ("GET", "workflows?$filter=name eq", None, (400, "0x80060888")),
        ("GET", "workflows?$skip=1", None, (400, "0x80060888")),
        ("POST", "workflows", {"name": "F"}, (400, "0x80048d19")),
        ("POST", "workflows", {**FLOW, "nmae": 1}, (400, "0x80060888")),
        ("POST", "workflows", {**FLOW, "clientdata": "{}"}, (400, "0x80060467")),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(sandbox, method, path, body, refusal):
    assert code(ask(sandbox, method, path, body)) == refusal
    assert ask(sandbox, "GET", "workflows").json()["value"] == []


def test_a_token_for_another_service_opens_nothing(sandbox):
    assert ask(sandbox, "GET", "workflows", audience="https://graph.microsoft.com").status_code == 401


def test_an_app_must_be_a_user_of_the_environment(sandbox):
    sandbox.world.environments[ENVIRONMENT].users = []
    assert code(ask(sandbox, "GET", "workflows")) == (403, "0x80072560")


def test_too_many_requests_are_told_with_a_wait(sandbox):
    rule = FaultRule(kind=FaultKind.THROTTLED, api="dataverse")
    forecast = Forecast(seed=1, faults=(rule,), retry_after=(7.0,))
    sandbox.weather = ForecastWeather(forecast, sandbox.clock)
    answer = ask(sandbox, "GET", "workflows")
    assert code(answer) == (429, "0x80072322")
    assert answer.headers["retry-after"] == "7"


def test_a_saved_tenant_has_its_flows(sandbox):
    flow = made(sandbox)
    text = files.save(sandbox)
    again = files.open_sandbox(files.parse(text, "state"), clock=StandingClock(START))
    again.base_url = BASE
    assert ask(again, "GET", flow).json()["clientdata"] == ask(sandbox, "GET", flow).json()["clientdata"]
    assert files.save(again) == text
