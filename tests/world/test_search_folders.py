"""Search folders as the tenant has them after the controller has been there."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from controller.aspects.search_folders import plain_filter
from controller.model import Action, Cause, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import call
from tests.rig import ADMIN
from tests.world.conftest import SMALL

OUTLOOK = SMALL.replace("graph: [", "graph: [Mail.ReadWrite, MailboxSettings.ReadWrite, ")
BOX = "factures@entreprise.example"
DOCUMENT = f"kind: SharedMailbox\naddress: {BOX}\n" + """\
folders: {Clients/Contrats: {}}
searchFolders:
  Non lus à traiter: {in: [Inbox], filter: "isRead EQ false  and categories/any(c:c eq 'À traiter')"}
  Contrats: {in: [Clients/Contrats], filter: "contains(subject, 'contrat')", includeNested: true}
"""


def made(rig: Any, text: str = DOCUMENT) -> Any:
    return rig(text, scenario=OUTLOOK)


def searches(tenant: Any) -> dict[str, Any]:
    now = tenant.clock.now()
    return {f.name: f for f in store.folders(tenant.entry(BOX), now).values() if f.search}


def applied(cycle: Any) -> None:
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [
        (o.change.id, o.status, o.error) for o in cycle.outcomes
    ]


def hand(tenant: Any, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = call(tenant.sandbox, method, f"/users/{tenant.entry(BOX).object_id}{path}", body, actor=ADMIN)
    assert status < 300, answer
    return answer


@pytest.mark.parametrize("rewrite", [False, True])
@pytest.mark.parametrize("language", ["fr-FR", "en-US"])
def test_they_are_made_where_outlook_shows_them(rig, go, rewrite, language):
    tenant = made(rig)
    tenant.entry(BOX).stores["language"] = language
    tenant.sandbox.world.quirks.rewrite_filters = rewrite
    applied(go(tenant.apply()))
    found = searches(tenant)
    assert set(found) == {"Non lus à traiter", "Contrats"}
    assert {f.parent for f in found.values()} == {store.SEARCHES}
    assert found["Non lus à traiter"].search["sources"] == ["inbox"]
    assert found["Non lus à traiter"].search["filter"] == "isRead EQ false  and categories/any(c:c eq 'À traiter')"
    assert found["Contrats"].search["nested"] is True
    assert not go(tenant.plan()).changes
    assert not go(tenant.plan(journal=None)).changes


def test_one_that_exchange_dropped_is_put_back_and_nobody_blamed(rig, go):
    tenant = made(rig)
    go(tenant.apply())
    tenant.clock.advance(timedelta(days=46))
    assert not searches(tenant)
    cycle = go(tenant.apply())
    applied(cycle)
    assert {(c.action, c.cause) for c in cycle.plan.changes} == {(Action.ADD, Cause.TIME)}
    assert set(searches(tenant)) == {"Non lus à traiter", "Contrats"}


def test_one_that_somebody_changed_is_put_back(rig, go):
    tenant = made(rig)
    tenant.sandbox.world.quirks.rewrite_filters = True
    go(tenant.apply())
    folder = searches(tenant)["Contrats"]
    path = f"/mailFolders/{store.rest_id(tenant.entry(BOX), folder.key)}"
    hand(tenant, "PATCH", path, {"@odata.type": "microsoft.graph.mailSearchFolder", "filterQuery": "isRead eq true"})
    (change,) = go(tenant.plan()).changes
    assert (change.action, change.cause) == (Action.UPDATE, Cause.DRIFT)
    applied(go(tenant.apply()))
    assert searches(tenant)["Contrats"].search["filter"] == "contains(subject, 'contrat')"
    assert not go(tenant.plan()).changes


def test_a_respelling_we_did_not_think_of_is_no_drift(rig, go, monkeypatch):
    from controller.sandbox.graph import search_folders

    respelt = search_folders.respelt
    monkeypatch.setattr(
        search_folders,
        "respelt",
        lambda text: f"(({respelt(text).replace('c:c', 'a:(a').replace(chr(39) + ')', chr(39) + '))')}))",
    )
    tenant = made(rig)
    tenant.sandbox.world.quirks.rewrite_filters = True
    applied(go(tenant.apply()))
    assert not go(tenant.plan()).changes
    tenant.write("0.yaml", DOCUMENT.replace("isRead EQ false", "isRead eq true"))
    applied(go(tenant.apply()))
    assert not go(tenant.plan()).changes
    tenant.write("0.yaml", DOCUMENT)
    (change,) = go(tenant.plan()).changes
    assert change.cause is Cause.SPEC
    applied(go(tenant.apply()))
    assert not go(tenant.plan()).changes


def test_others_are_left_alone_and_a_folder_nobody_has_blocks_it(rig, go):
    tenant = made(rig, DOCUMENT.replace("in: [Clients/Contrats]", "in: [Clients/Contrat]"))
    body = {
        "@odata.type": "microsoft.graph.mailSearchFolder",
        "displayName": "À moi",
        "sourceFolderIds": [store.rest_id(tenant.entry(BOX), "inbox")],
        "filterQuery": "isRead eq false",
    }
    hand(tenant, "POST", "/mailFolders/searchfolders/childFolders", body)
    cycle = go(tenant.apply())
    assert [c.blocked_by for c in cycle.plan.changes if c.blocked_by] == [(f"unknown-folder/{BOX}/Contrats",)]
    assert set(searches(tenant)) == {"À moi", "Non lus à traiter"}


def without_id(request: Any, text: str) -> str:
    """Single folders, in a batch or not, come without what they are known by."""
    answer = json.loads(text)
    for body in [each.get("body") for each in answer.get("responses", ())] or [answer]:
        if isinstance(body, dict) and "parentFolderId" in body:
            del body["id"]
    return json.dumps(answer)


def test_an_answer_that_is_no_folder_leaves_everything_as_it_is(rig, go):
    tenant = made(rig)
    applied(go(tenant.apply()))
    tenant.wire.rewrite = without_id
    plan = go(tenant.plan())
    assert not plan.changes
    assert f"unreadable/{BOX}/searchFolders" in {finding.id for finding in plan.findings}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("isRead eq false", " ( isRead  EQ false ) "),
        ("a eq 'x  AND y'", "(a eq 'x  AND y')"),
        ("(a eq 1) or (b eq 2)", "((a eq 1)  OR (b eq 2))"),
    ],
)
def test_filters_are_compared_in_one_form(one, other):
    assert plain_filter(one) == plain_filter(other)
    assert plain_filter(plain_filter(other)) == plain_filter(other)
    assert plain_filter("a eq 'x  y'") != plain_filter("a eq 'x y'")
