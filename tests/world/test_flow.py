"""A hand-off's cloud flow as the environment has it after the controller has been there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.journal import Journal
from controller.model import Action, Cause, Status
from controller.sandbox.dataverse import call
from controller.sandbox.exchange import run as run_cmdlet
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from tests.rig import ADMIN
from tests.samples import ENVIRONMENT, SCENARIO

BOX = "libre@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {BOX}\n"
PLAIN = f"handoff:\n  flow: {{environment: {ENVIRONMENT}/, team: Support, channel: Boîte support}}\n"
WHOLE = f"""\
handoff:
  flow:
    environment: {ENVIRONMENT}
    team: support
    channel: Boîte support
    mentions: [bruno.petit@entreprise.example]
    planner: {{plan: Support, bucket: À traiter}}
"""
NAME = f"mbx handoff {BOX}"
UNBOUND = SCENARIO.partition("environments:")[0] + f"environments: {{{ENVIRONMENT}: {{}}}}\n"


def made(rig: Any, text: str, scenario: str = SCENARIO, *more: str) -> Any:
    return rig(HEAD + text, *more, scenario=scenario)


def rows(tenant: Any, table: str) -> list[dict[str, Any]]:
    return list(tenant.sandbox.world.environments[ENVIRONMENT].rows(table).values())


def flow(tenant: Any, name: str = NAME) -> dict[str, Any]:
    (found,) = (row for row in rows(tenant, "workflows") if row["name"] == name)
    return found


def parts(tenant: Any) -> dict[str, Any]:
    return json.loads(flow(tenant)["clientdata"])["properties"]["definition"]


def hand(tenant: Any, method: str, path: str, body: Any = None) -> None:
    status, answer = call(tenant.sandbox, ENVIRONMENT, method, path, body, actor=ADMIN)
    assert status < 300, answer


def changed(tenant: Any, change: Any) -> None:
    """Somebody edits the flow in the designer."""
    held = json.loads(flow(tenant)["clientdata"])
    change(held["properties"]["definition"])
    hand(tenant, "PATCH", f"workflows({flow(tenant)['workflowid']})", {"clientdata": json.dumps(held)})


def settled(tenant: Any, go: Any) -> Any:
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} <= {Status.APPLIED}, [o.error for o in cycle.outcomes]
    assert go(tenant.plan()).changes == ()
    assert go(tenant.plan(journal=Journal.open("sqlite://"))).changes == ()
    return cycle.plan


def ids(plan: Any) -> set[str]:
    return {finding.id for finding in plan.findings}


def test_it_is_deployed_with_ids_and_switched_on(rig, go):
    tenant = made(rig, WHOLE)
    plan = settled(tenant, go)
    assert [change.field for change in plan.changes] == ["handoff.flow.definition", "handoff.flow.on"]
    assert "bruno@entreprise.example" in plan.changes[0].after
    assert flow(tenant)["statecode"] == 1
    group = tenant.entry("support@entreprise.onmicrosoft.com")
    channel = next(each for each in group.stores["team"]["channels"] if each["displayName"] == "Boîte support")
    held = parts(tenant)
    assert held["triggers"]["When_mail_arrives"]["inputs"]["parameters"]["mailboxAddress"] == BOX
    post = held["actions"]["Post"]["inputs"]["parameters"]
    assert (post["body/recipient/groupId"], post["body/recipient/channelId"]) == (group.object_id, channel["id"])
    assert held["actions"]["Mention_1"]["inputs"]["parameters"]["userId"] == tenant.entry("bruno@entreprise.example").object_id
    assert held["actions"]["Task"]["inputs"]["parameters"]["body/planId"] == group.stores["team"]["plans"][0]["id"]
    assert "{" not in post["body/recipient/groupId"]
    assert all("metadata" in step for step in held["actions"].values())  # Dataverse added it, and it is no drift


def test_without_planner_and_mentions_it_only_posts(rig, go):
    tenant = made(rig, PLAIN)
    settled(tenant, go)
    assert list(parts(tenant)["actions"]) == ["Post"]


def test_nobody_has_signed_in_it_is_deployed_and_stays_off(rig, go):
    tenant = made(rig, WHOLE, UNBOUND)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}
    assert f"flow-not-connected/{BOX}/flow" in ids(cycle.plan)
    assert any("signed in to its connections" in note for c in cycle.plan.changes for note in c.notes)
    assert flow(tenant)["statecode"] == 0
    plan = go(tenant.plan())
    assert [(c.field, bool(c.blocked_by)) for c in plan.changes] == [("handoff.flow.on", True)]
    for row in rows(tenant, "connectionreferences"):
        hand(tenant, "PATCH", f"connectionreferences({row['connectionreferenceid']})", {"connectionid": "c" * 32})
    settled(tenant, go)
    assert flow(tenant)["statecode"] == 1
    assert f"flow-not-connected/{BOX}/flow" not in ids(go(tenant.plan()))


def test_two_mailboxes_share_the_connections(rig, go):
    other = "kind: SharedMailbox\naddress: contact@entreprise.example\n"
    tenant = made(rig, WHOLE, UNBOUND, other + WHOLE)
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    names = sorted(row["connectionreferencelogicalname"] for row in rows(tenant, "connectionreferences"))
    assert names == ["mbx_shared_office365", "mbx_shared_planner", "mbx_shared_teams"]
    assert len(rows(tenant, "workflows")) == 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["actions"]["Post"]["inputs"]["parameters"].update({"body/messageBody": "x"}),
        lambda d: d["actions"]["Mention_1"]["inputs"]["parameters"].update({"userId": "0" * 36}),
        lambda d: d["triggers"]["When_mail_arrives"].update({"recurrence": {"frequency": "Day", "interval": 1}}),
        lambda d: d["actions"].update({"Copy": {"type": "OpenApiConnection", "inputs": {"host": {"operationId": "SendEmailV2"}}}}),
    ],
)
def test_what_somebody_made_of_it_is_drift_and_put_back(rig, go, edit):
    tenant = made(rig, WHOLE)
    settled(tenant, go)
    before = parts(tenant)
    changed(tenant, edit)
    (change,) = go(tenant.plan()).changes
    assert (change.field, change.action, change.cause) == ("handoff.flow.definition", Action.UPDATE, Cause.DRIFT)
    assert [request.parameters.get("statecode") for request in change.requests] == [0, None, 1]  # off, and on again
    settled(tenant, go)
    assert parts(tenant) == before
    assert flow(tenant)["statecode"] == 1


def test_what_the_designer_respells_is_no_drift(rig, go):
    tenant = made(rig, WHOLE)
    settled(tenant, go)
    held = json.loads(flow(tenant)["clientdata"])
    definition = held["properties"]["definition"]
    definition["triggers"]["When_mail_arrives"]["type"] = "OpenApiConnectionNotification"
    del definition["triggers"]["When_mail_arrives"]["recurrence"]
    references = held["properties"]["connectionReferences"]
    references["shared_teams_1"] = {**references.pop("shared_teams"), "source": "Embedded"}
    for step in definition["actions"].values():
        host = step["inputs"]["host"]
        if host.get("connectionName") == "shared_teams":
            host |= {"connectionReferenceName": "shared_teams_1"}
            del host["connectionName"]
        step["metadata"]["flowSystemMetadata"] = {"swaggerOperationId": host["operationId"]}
        step["description"] = ""
    hand(tenant, "PATCH", f"workflows({flow(tenant)['workflowid']})", {"clientdata": json.dumps(held)})
    assert go(tenant.plan()).changes == ()


def test_another_account_behind_a_reference_of_another_name_is_drift(rig, go):
    tenant = made(rig, WHOLE)
    settled(tenant, go)
    hand(tenant, "POST", "connectionreferences", {"connectionreferencelogicalname": "intrus_teams", "connectionid": "d" * 32,
                                                  "connectorid": "/providers/Microsoft.PowerApps/apis/shared_teams"})  # fmt: skip
    held = json.loads(flow(tenant)["clientdata"])
    held["properties"]["connectionReferences"]["shared_teams"]["connection"]["connectionReferenceLogicalName"] = "intrus_teams"
    hand(tenant, "PATCH", f"workflows({flow(tenant)['workflowid']})", {"clientdata": json.dumps(held)})
    assert [c.field for c in go(tenant.plan()).changes] == ["handoff.flow.definition"]


def test_switched_off_by_hand_it_is_switched_on(rig, go):
    tenant = made(rig, WHOLE)
    settled(tenant, go)
    hand(tenant, "PATCH", f"workflows({flow(tenant)['workflowid']})", {"statecode": 0})
    assert [(c.field, c.cause) for c in go(tenant.plan()).changes] == [("handoff.flow.on", Cause.DRIFT)]
    settled(tenant, go)
    assert flow(tenant)["statecode"] == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("team: support", "team: Suport", "team/Suport"),
        ("channel: Boîte support", "channel: Boite", "channel/Boite"),
        ("plan: Support", "plan: Supprt", "plan/Supprt"),
        ("bucket: À traiter", "bucket: Perdu", "bucket/Perdu"),
    ],
)
def test_a_name_that_nothing_has_holds_the_flow_alone(rig, go, old, new, told):
    tenant = made(rig, WHOLE.replace(old, new) + "mailTip: Bonjour\n")
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["mailTip"]
    assert f"flow-unknown-place/{BOX}/{told}" in ids(cycle.plan)
    assert rows(tenant, "workflows") == []


def test_whom_nobody_knows_cannot_be_mentioned(rig, go):
    tenant = made(rig, WHOLE.replace("bruno.petit@", "brunoo@"))
    assert go(tenant.apply()).outcomes == ()
    assert f"unknown-address/{BOX}/brunoo@entreprise.example" in ids(go(tenant.plan()))


def test_left_out_it_stays(rig, go):
    tenant = made(rig, WHOLE)
    settled(tenant, go)
    tenant.write("0.yaml", HEAD)
    assert settled(tenant, go).changes == ()
    assert flow(tenant)["statecode"] == 1


def test_twins_are_told_and_left_alone(rig, go):
    tenant = made(rig, WHOLE)
    settled(tenant, go)
    copied = {key: flow(tenant)[key] for key in ("category", "name", "type", "primaryentity", "clientdata")}
    hand(tenant, "POST", "workflows", copied)
    tenant.write("0.yaml", HEAD + PLAIN)
    cycle = go(tenant.apply())
    assert cycle.outcomes == ()
    assert f"flow-twins/{BOX}/flow" in ids(cycle.plan)


def test_an_app_that_is_no_user_of_the_environment_is_told_what_to_do(rig, go):
    tenant = made(rig, WHOLE, UNBOUND.replace(": {}", ": {applicationUsers: []}"))
    plan = go(tenant.plan())
    assert plan.changes == ()
    (told,) = (finding.message for finding in plan.findings if finding.code == "unreadable")
    assert "application user" in told
    assert "not a member of the organization" in told


def test_a_mailbox_that_is_new_gets_its_flow_in_the_same_run(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: neuve@entreprise.example\n" + WHOLE, scenario=SCENARIO)
    settled(tenant, go)
    assert flow(tenant, "mbx handoff neuve@entreprise.example")["statecode"] == 1
    assert run_cmdlet(tenant.sandbox, "Get-Mailbox", {"Identity": "neuve@entreprise.example"}, actor=ADMIN)


def test_what_could_not_be_switched_on_is_nobodys_drift(rig, go):
    tenant = made(rig, WHOLE)
    refused = FaultRule(kind=FaultKind.DENIED, api="dataverse", on="write", operations=("PATCH*",))
    tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(refused,)), tenant.clock)
    assert {o.change.field: o.status for o in go(tenant.apply()).outcomes} == {
        "handoff.flow.definition": Status.APPLIED,
        "handoff.flow.on": Status.FAILED,
    }
    tenant.sandbox.weather = FairWeather()
    assert {change.cause for change in go(tenant.plan()).changes} == {Cause.SPEC}
    settled(tenant, go)
