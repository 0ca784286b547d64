"""A person's mailbox becomes a shared one, with all that goes with it; or nothing of it happens."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from controller.model import Action, Risk, Severity, Status
from controller.report.as_json import document
from controller.sandbox.forecast import Forecast
from controller.sandbox.graph.licences import sku
from controller.sandbox.weather import ForecastWeather
from tests.rig import KilledError

EMMA = "emma@entreprise.example"
TEXT = f"""\
kind: SharedMailbox
address: {EMMA}
convert: true
licence: none
access: {{alice@entreprise.example: [full-access, send-as]}}
"""
APPROVAL = f"kind: Approval\nfinding: convert/{EMMA}\nreason: départ\n"


@pytest.fixture
def leaving(rig):
    """A rig whose Emma has a licence, a password and a mailbox of her own."""

    def make(*documents: str) -> Any:
        tenant = rig(*(documents or (TEXT, APPROVAL)))
        tenant.sandbox.world.skus.update({"SPB": 5})
        graph = tenant.entry(EMMA).graph
        ident = sku("SPB").id
        state = {"skuId": ident, "disabledPlans": [], "assignedByGroup": None, "state": "Active", "error": "None"}
        graph |= {
            "assignedLicenses": [{"skuId": ident, "disabledPlans": []}],
            "licenseAssignmentStates": [state],
            "passwordDigest": hashlib.sha256(b"Emma's own").hexdigest(),
            "signInActivity": {"lastSignInDateTime": "2026-06-01T08:00:00Z"},
        }
        return tenant

    return make


def codes(plan: Any) -> set[str]:
    return {finding.code for finding in plan.findings}


def is_converted(tenant: Any) -> None:
    emma = tenant.entry(EMMA)
    assert emma.type == "SharedMailbox"
    assert emma.account_enabled is False
    assert emma.graph["passwordDigest"] != hashlib.sha256(b"Emma's own").hexdigest()
    assert emma.graph["signInSessionsValidFromDateTime"]
    assert emma.graph["assignedLicenses"] == []
    assert tenant.full_access(EMMA) == {"alice@entreprise.example"}


def test_approved_it_is_done_as_a_whole(leaving, go):
    tenant = leaving()
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [o.error for o in cycle.outcomes]
    is_converted(tenant)
    (change,) = [c for c in cycle.plan.changes if c.action is Action.CONVERT]
    assert change.risk is Risk.HIGH
    assert "its owner last signed in at 2026-06-01 08:00 UTC" in change.notes
    assert "recent-sign-in" not in codes(cycle.plan)
    assert not go(tenant.plan()).changes


def test_without_an_approval_not_even_half_of_it_is_done(leaving, go):
    tenant = leaving(TEXT)
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert len(cycle.plan.changes) == 5
    assert {c.blocked_by for c in cycle.plan.changes} == {(f"convert/{EMMA}",)}
    assert tenant.picture() == before


def test_the_password_is_nowhere_but_in_the_request(leaving, go):
    sent: list[bytes] = []
    tenant = leaving()
    forward = tenant.wire._inner.handle_async_request

    async def heard(request: Any) -> Any:
        sent.append(await request.aread())
        return await forward(request)

    tenant.wire._inner.handle_async_request = heard
    planned = document(go(tenant.plan()))
    cycle = go(tenant.apply())
    (body,) = [json.loads(text) for text in sent if b"passwordProfile" in text]
    password = body["passwordProfile"]["password"]
    assert len(password) > 60
    assert tenant.entry(EMMA).graph["passwordDigest"] == hashlib.sha256(password.encode()).hexdigest()
    (change,) = [c for c in planned["changes"] if c["action"] == "convert"]
    request = change["requests"][0]
    assert request["parameters"] == {**body, "passwordProfile": {**body["passwordProfile"], "password": "{random password}"}}
    history = tenant.journal.history(tenant.sandbox.world.tenant_id)
    told = repr((planned, document(cycle.plan), cycle, tenant.heard, history, tenant.sandbox.world.audit))
    assert password not in told


def test_a_recent_sign_in_is_told_and_one_that_cannot_be_read_too(leaving, go):
    tenant = leaving()
    tenant.entry(EMMA).graph["signInActivity"] = {
        "lastSignInDateTime": "2026-05-01T08:00:00Z",
        "lastNonInteractiveSignInDateTime": "2026-11-28T08:00:00Z",
    }
    (found,) = [f for f in go(tenant.plan()).findings if f.code == "recent-sign-in"]
    assert found.severity is Severity.WARNING
    assert "2026-11-28" in found.message
    tenant.entry(EMMA).graph["signInActivity"] = None
    assert "its owner never signed in" in go(tenant.plan()).changes[0].notes
    tenant.sandbox.world.skus.clear()  # no Entra ID P1
    plan = go(tenant.plan())
    assert any("could not be told" in note and "premium" in note for note in plan.changes[0].notes)
    assert plan.changes[0].blocked_by == ()


def test_the_licence_stays_unless_said(leaving, go):
    tenant = leaving(TEXT.replace("licence: none\n", ""), APPROVAL)
    plan = go(tenant.plan())
    assert any("licence: none" in note for note in plan.changes[0].notes)
    go(tenant.apply())
    assert tenant.entry(EMMA).type == "SharedMailbox"
    assert len(tenant.entry(EMMA).graph["assignedLicenses"]) == 1


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (lambda t: t.entry(EMMA).stores.update(statistics={"size": 60 * 1024**3}), "it holds 60.0 GB"),
        (lambda t: t.entry(EMMA).stores.update(opened=False), "could not be read"),
        (lambda t: t.poke("Enable-Mailbox", Identity=EMMA, Archive=True), "archive"),
        (lambda t: t.entry(EMMA).properties.update(LitigationHoldEnabled=True), "litigation hold"),
        (lambda t: t.entry(EMMA).properties.update(InPlaceHolds=["mbx0123456789abcdef:1"]), "Purview"),
    ],
)
def test_a_licence_that_something_rests_on_stays(leaving, go, trouble, why):
    tenant = leaving()
    trouble(tenant)
    cycle = go(tenant.apply())
    (found,) = [f for f in cycle.plan.findings if f.code == "licence-still-needed"]
    assert why in found.message
    assert tenant.entry(EMMA).type == "SharedMailbox"
    assert tenant.entry(EMMA).account_enabled is False
    assert len(tenant.entry(EMMA).graph["assignedLicenses"]) == 1


def test_a_hold_that_the_document_ends_lets_the_licence_go(leaving, go):
    tenant = leaving(TEXT + "litigationHold: {enabled: false}\n", APPROVAL)
    tenant.entry(EMMA).properties["LitigationHoldEnabled"] = True
    go(tenant.apply())
    is_converted(tenant)


def test_whoever_is_protected_keeps_their_mailbox(leaving, go):
    tenant = leaving()
    tenant.write("tenant.yaml", (tenant.folder / "tenant.yaml").read_text() + f"safety: {{protect: [{EMMA}]}}\n")
    before = tenant.picture()
    assert f"protected/{EMMA}" in {f.id for f in go(tenant.apply()).plan.findings}
    assert tenant.picture() == before


def test_a_type_that_shows_late_keeps_the_licence_until_then(leaving, go):
    tenant = leaving()
    slow = Forecast(seed=1, propagation={"type": timedelta(seconds=300)})
    tenant.sandbox.weather = ForecastWeather(slow, tenant.clock)
    cycle = go(tenant.apply())
    by_field = {o.change.field: o.status for o in cycle.outcomes}
    assert by_field[""] is Status.PROPAGATING
    assert by_field["licence"] is Status.PROPAGATING
    assert tenant.entry(EMMA).graph["assignedLicenses"]
    assert not go(tenant.apply()).outcomes  # waiting, not written again
    go(tenant.sleep(300))
    go(tenant.apply())
    is_converted(tenant)
    assert not go(tenant.plan()).changes


def test_a_kill_at_any_request_ends_in_the_same_place(leaving, go):
    tenant = leaving()
    go(tenant.apply())
    for number in range(1, tenant.wire.requests + 1):
        tenant = leaving()

        def strike(seen: int, moment: str, at: int = number) -> None:
            if (seen, moment) == (at, "after"):
                raise KilledError

        tenant.wire.strike = strike
        with pytest.raises((KilledError, BaseExceptionGroup)):
            go(tenant.apply())
        tenant.wire.strike = lambda seen, moment: None
        go(tenant.apply())
        is_converted(tenant)
        assert not go(tenant.plan()).changes, number


def test_a_shared_mailbox_that_never_was_a_persons_only_has_its_sign_in_blocked(rig, go):
    tenant = rig("kind: SharedMailbox\naddress: factures@entreprise.example\nconvert: true\n")
    cycle = go(tenant.apply())
    assert [o.change.field for o in cycle.outcomes] == ["signInBlocked"]
    assert "passwordDigest" not in tenant.entry("factures@entreprise.example").graph
    assert not go(tenant.plan()).changes


def test_a_password_that_may_not_be_set_stops_all_of_it(leaving, go):
    tenant = leaving()
    app = next(iter(tenant.sandbox.world.apps.values()))
    app.graph_roles = [role for role in app.graph_roles if "Password" not in role]
    before = tenant.picture()
    cycle = go(tenant.apply())
    assert {o.status for o in cycle.outcomes} == {Status.FAILED, Status.SKIPPED}
    assert "Authorization_RequestDenied" in next(o.error for o in cycle.outcomes if o.error)
    assert tenant.picture() == before
