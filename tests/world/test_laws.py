"""The laws, over every aspect that there is: a new one fails here until it has a sample, and holds them.

1 a spec of what is observed plans nothing · 2 plan, apply, plan: empty · 3 what is not declared stays as it is ·
4 a failed read plans no change · 5 the spelling arrives · 6 reporting sends nothing · 7 a kill at any request
(tests/soak) · 8 canonical forms are their own.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.aspect import all_aspects
from controller.errors import ControllerError
from controller.journal import Journal
from controller.model import Status
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from tests.rig import Rig
from tests.samples import SAMPLES, rig_of

WRITES = {aspect.name: bool(aspect.permissions.write) for aspect in all_aspects()}
NAMES = sorted(WRITES)


def test_every_aspect_has_a_sample_and_every_sample_an_aspect() -> None:
    assert sorted(SAMPLES) == NAMES


@pytest.fixture
def tenant(tmp_path, request) -> Rig:
    return rig_of(tmp_path, request.param)


each = pytest.mark.parametrize("tenant", NAMES, indirect=True)


def differences(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Objects that changed, by id."""
    return {ident for ident in before.keys() | after.keys() if before.get(ident) != after.get(ident)}


@each
def test_applied_it_is_in_place_and_stays(tenant: Rig, go, request) -> None:
    """Laws 2 and 1: with our record, and without any."""
    name = request.node.callspec.params["tenant"]
    cycle = go(tenant.apply())
    if WRITES[name]:
        assert name in {change.aspect for change in cycle.plan.changes}, "the sample does not touch its aspect"
    assert {(o.change.id, o.error) for o in cycle.outcomes if o.status is not Status.APPLIED} == set()
    assert not [change for change in cycle.plan.changes if change.blocked_by]
    assert go(tenant.plan()).changes == ()
    before, audited = tenant.picture(), len(tenant.sandbox.world.audit)
    assert not go(tenant.apply()).outcomes
    assert (tenant.picture(), len(tenant.sandbox.world.audit)) == (before, audited)
    tenant.journal = Journal.open("sqlite://")
    changes = [change for change in go(tenant.plan()).changes if change.path[-1:] != ("autoMapping",)]
    assert changes == []  # AutoMapping that is written out is planned once, as nobody can read it


@each
def test_what_is_not_declared_is_as_it_was(tenant: Rig, go) -> None:
    """Law 3: objects that no document speaks of, to the bit; of the one it does, the other properties."""
    before = tenant.picture()
    declared = {change.key.address for change in go(tenant.plan()).changes}
    go(tenant.apply())
    after = tenant.picture()
    for ident in differences(before, after):
        entry = after[ident]
        primary = next((a[5:].lower() for a in entry["addresses"] if a.startswith("SMTP:")), "")
        assert primary in declared, f"{primary or ident} changed, and no document speaks of it"
        kept = before.get(ident)
        if kept is None:
            continue
        for slot in ("object_id", "guid", "exchange_guid", "sid", "name", "upn", "legacy_dn", "created", "deleted"):
            assert entry[slot] == kept[slot], slot
        service = [a for a in kept["addresses"] if not a.lower().startswith("smtp:") or "onmicrosoft" in a.lower()]
        assert [a for a in entry["addresses"] if a in service] == service
        for column in ("permissions", "send_as"):
            owned = [ace for ace in kept[column] if ace.deny or ace.inherited or ace.trustee.startswith("NT AUTH")]
            assert [ace for ace in entry[column] if ace in owned] == owned


def reads(tenant: Rig, go) -> list[tuple[str, str]]:
    tenant.sandbox.log.clear()
    go(tenant.plan())
    return sorted({(api, operation) for api, operation, _, write in tenant.sandbox.log if not write})


@each
@pytest.mark.parametrize("kind", [FaultKind.DENIED, FaultKind.TRANSIENT, FaultKind.GATEWAY])
def test_a_failed_read_plans_no_change(tenant: Rig, go, kind: FaultKind) -> None:
    """Law 4: whatever is asked, refused for good. A resource is planned as if nothing had happened, where it
    was only looked at for findings; or not at all."""
    fair = {change.id for change in go(tenant.plan()).open_changes}
    for api, operation in reads(tenant, go):
        rule = FaultRule(kind=kind, api=api, operations=(_pattern(operation),))
        tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(rule,)), tenant.clock)
        plan = go(tenant.plan())
        tenant.sandbox.weather = FairWeather()
        for change in plan.open_changes:
            assert change.id in fair, f"{operation}: {change.id} is planned because it could not be read"
            assert change.key not in plan.unreadable, f"{operation}: {change.id}"
        missing = {ident for ident in fair if ident not in {change.id for change in plan.open_changes}}
        explained = {change.id for change in plan.changes if change.blocked_by}
        unread = {str(key) for key in plan.unreadable}
        assert all(i in explained or any(i.startswith(key) for key in unread) for i in missing), operation
    assert not [call for call in tenant.sandbox.log if call[3]]


def _pattern(operation: str) -> str:
    return operation.replace("[", "?")


@each
def test_the_spelling_arrives(tenant: Rig, go, request) -> None:
    """Law 5."""
    go(tenant.apply())
    told = json.dumps([r.parameters for r in tenant.sandbox.world.audit], ensure_ascii=False)
    for text in SAMPLES[request.node.callspec.params["tenant"]].arrives:
        assert text in told


@each
def test_reporting_sends_nothing_and_sees_the_same(tenant: Rig, go) -> None:
    """Law 6."""
    tenant.sandbox.log.clear()
    before = tenant.picture()
    plan = go(tenant.plan())
    assert [call for call in tenant.sandbox.log if call[3]] == []
    assert tenant.picture() == before
    again = go(tenant.apply()).plan
    assert (plan.observed_digest, plan.specs_digest) == (again.observed_digest, again.specs_digest)
    assert [change.id for change in plan.changes] == [change.id for change in again.changes]


ROWS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(max_size=8), max_size=3),
    st.sampled_from(["True", "35 MB (36,700,160 bytes)", "Unlimited", "90.00:00:00", "<html><body>x</body></html>"]),
)  # fmt: skip
FIELDS = [
    pytest.param(entry, id=".".join(entry.path))
    for aspect in all_aspects()
    for entry in getattr(aspect, "table", ())
]


@pytest.mark.parametrize("entry", FIELDS)
@settings(max_examples=30, deadline=None)
@given(value=ROWS)
def test_a_canonical_form_is_its_own(entry: Any, value: Any) -> None:
    """Law 8. What a service never answers may be refused, by an error of ours or of the type's."""
    try:
        once = entry.canon(value)
    except (ControllerError, TypeError, ValueError, AttributeError):
        return
    assert entry.canon(once) == once
