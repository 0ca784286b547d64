"""Changes that would wait for each other for ever fail, each with its reason, and everything else is done."""

from __future__ import annotations

import asyncio

from controller.model import Status
from controller.waits import circles

EACH_OTHERS = """\
kind: DistributionList
address: un@entreprise.example
type: security
owners: [deux@entreprise.example]
---
kind: DistributionList
address: deux@entreprise.example
type: security
owners: [un@entreprise.example]
---
kind: DistributionList
address: trois@entreprise.example
owners: [un@entreprise.example]
---
kind: SharedMailbox
address: libre@entreprise.example
displayName: Libérée
access: {alice@entreprise.example: [full-access]}
"""


def test_two_new_lists_that_own_each_other_fail_and_the_rest_goes_on(rig, go):
    tenant = rig(EACH_OTHERS)
    cycle = go(asyncio.wait_for(tenant.apply(), 60))
    told = {outcome.change.key.address.partition("@")[0]: outcome for outcome in cycle.outcomes}
    assert told["un"].status is told["deux"].status is Status.FAILED
    assert "waits for DistributionList/deux@entreprise.example" in told["un"].error
    assert "out of the specs" in told["un"].error
    assert told["trois"].status is Status.SKIPPED
    assert "DistributionList/un@entreprise.example did not succeed" in told["trois"].error
    assert tenant.full_access("libre@entreprise.example") == {"alice@entreprise.example"}
    assert tenant.entry("libre@entreprise.example").display_name == "Libérée"
    for nobody in ("un", "deux", "trois"):
        assert tenant.sandbox.world.holder(f"{nobody}@entreprise.example") is None


def test_the_plan_says_so_before_anything_is_written(rig, go):
    (told,) = [f for f in go(rig(EACH_OTHERS).plan()).findings if f.code == "waits-in-a-circle"]
    assert told.subject == "deux@entreprise.example"
    first, second = (f"DistributionList/{who}@entreprise.example" for who in ("deux", "un"))
    assert f"{first} waits for {second} waits for {first}" in told.message


def test_the_way_out_that_it_names_works(rig, go):
    tenant = rig(EACH_OTHERS)
    tenant.write("0.yaml", EACH_OTHERS.replace("owners: [deux@", "owners: [alice@", 1))
    go(tenant.apply())
    tenant.write("0.yaml", EACH_OTHERS)
    go(tenant.apply())
    assert not go(tenant.plan()).changes


def test_only_what_stands_in_a_circle_is_named():
    needs = {
        "a": ["b"],
        "b": ["c"],
        "c": ["a"],
        "waits": ["a"],
        "needed": [],
        "b2": ["b2"],
        "free": ["needed"],
    }
    assert circles({**needs, "c": ["a", "needed"]}) == {
        "a": ("a", "b", "c"), "b": ("b", "c", "a"), "c": ("c", "a", "b"), "b2": ("b2",),
    }  # fmt: skip


def test_circles_that_share_a_change_leave_nothing_that_waits_for_ever():
    needs = {"a": ["b", "c"], "b": ["a"], "c": ["a"]}
    left = set(needs) - set(circles(needs))
    assert all(not left & set(needs[ident]) for ident in left)
