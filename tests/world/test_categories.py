"""Categories as the tenant has them after the controller has been there; and one for each person."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from controller.model import Action, Cause, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.graph import call
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from tests.rig import ADMIN
from tests.world.conftest import SMALL

OUTLOOK = SMALL.replace("graph: [", "graph: [Mail.ReadWrite, MailboxSettings.ReadWrite, ")
BOX = "factures@entreprise.example"
HEAD = f"kind: SharedMailbox\naddress: {BOX}\n"
LIST = HEAD + "categories: {À traiter: red, En cours: yellow, Répondu: dark-gray, Neutre: none}\n"
CLAIMS = HEAD + """\
access:
  alice@entreprise.example: [full-access]
  equipe@entreprise.example: [full-access, send-as]
  emma@entreprise.example: [send-as]
claimCategories: {name: "Pris par {givenName}", colour: blue}
"""


def made(rig: Any, *documents: str) -> Any:
    return rig(*documents, scenario=OUTLOOK)


def hand(tenant: Any, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = call(tenant.sandbox, method, f"/users/{tenant.entry(BOX).object_id}{path}", body, actor=ADMIN)
    assert status < 300, answer
    return answer


def colours(tenant: Any) -> dict[str, str]:
    return {each["displayName"]: each["color"] for each in store.categories(tenant.entry(BOX))}


def one(tenant: Any, name: str) -> str:
    (found,) = [each["id"] for each in store.categories(tenant.entry(BOX)) if each["displayName"] == name]
    return f"/outlook/masterCategories/{found}"


def applied(cycle: Any) -> None:
    assert {o.status for o in cycle.outcomes} == {Status.APPLIED}, [
        (o.change.id, o.status, o.error) for o in cycle.outcomes
    ]


@pytest.mark.parametrize("language", ["fr-FR", "de-DE"])
def test_they_are_added_to_those_that_people_have(rig, go, language):
    tenant = made(rig, LIST)
    tenant.entry(BOX).stores["language"] = language
    before = colours(tenant)
    applied(go(tenant.apply()))
    wished = {"À traiter": "preset0", "En cours": "preset3", "Répondu": "preset13", "Neutre": "none"}
    assert colours(tenant) == before | wished
    assert not go(tenant.plan()).changes


def test_a_colour_that_drifted_is_put_back(rig, go):
    tenant = made(rig, LIST)
    go(tenant.apply())
    hand(tenant, "PATCH", one(tenant, "En cours"), {"color": "preset9"})
    hand(tenant, "DELETE", one(tenant, "Répondu"))
    cycle = go(tenant.apply())
    applied(cycle)
    assert {(c.path, c.action, c.cause, c.before) for c in cycle.plan.changes} == {
        (("categories", "En cours"), Action.UPDATE, Cause.DRIFT, "cranberry"),
        (("categories", "Répondu"), Action.ADD, Cause.DRIFT, None),
    }
    assert colours(tenant)["En cours"] == "preset3"
    assert not go(tenant.plan()).changes


def test_names_are_the_same_whatever_their_case(rig, go):
    tenant = made(rig, LIST)
    hand(tenant, "POST", "/outlook/masterCategories", {"displayName": "à TRAITER", "color": "preset0"})
    assert "À traiter" not in {c.path[-1] for c in go(tenant.plan()).changes}


def test_as_the_whole_truth_the_others_go_with_a_word_about_old_mail(rig, go):
    tenant = made(rig, LIST.replace("En cours", "En  cours") + "exclusive: [categories]\n")
    go(tenant.apply())
    tenant.write("0.yaml", LIST + "exclusive: [categories]\n")
    plan = go(tenant.plan())
    gone = next(c for c in plan.changes if c.action is Action.REMOVE)
    assert gone.path == ("categories", "En  cours")
    assert gone.notes == ("mail that bears it keeps the name and loses the colour",)
    applied(go(tenant.apply()))
    assert set(colours(tenant)) == {"À traiter", "En cours", "Répondu", "Neutre"}


@pytest.mark.parametrize("status", [400, 409])
def test_one_that_somebody_made_meanwhile_is_as_good(rig, go, status):
    tenant = made(rig, LIST)
    tenant.sandbox.world.quirks.duplicate_category = status

    def meanwhile(number: int, when: str) -> None:
        if when == "before" and any(r.operation == "Update" for r in tenant.sandbox.world.audit) and not done:
            done.append(number)
            for name, color in (("Répondu", "preset13"), ("Neutre", "none"), ("En cours", "preset3"), ("À traiter", "preset0")):
                if name not in colours(tenant):
                    hand(tenant, "POST", "/outlook/masterCategories", {"displayName": name, "color": color})

    done: list[int] = []
    tenant.wire.strike = meanwhile
    applied(go(tenant.apply()))
    assert done
    assert not go(tenant.plan()).changes


def test_everybody_with_full_access_has_one_through_groups_too(rig, go):
    tenant = made(rig, CLAIMS)
    applied(go(tenant.apply()))
    assert {n for n in colours(tenant) if n.startswith("Pris")} == {"Pris par Alice", "Pris par Bruno"}
    assert colours(tenant)["Pris par Alice"] == "preset7"
    assert not go(tenant.plan()).changes


def test_they_follow_joiners_and_leavers_and_spare_what_we_did_not_make(rig, go):
    tenant = made(rig, CLAIMS)
    hand(tenant, "POST", "/outlook/masterCategories", {"displayName": "Pris par Alice", "color": "preset7"})
    applied(go(tenant.apply()))
    tenant.poke("Add-DistributionGroupMember", Identity="noyau@entreprise.example",
                Member="chloe@entreprise.example", BypassSecurityGroupManagerCheck=True)
    tenant.poke("Remove-DistributionGroupMember", Identity="noyau@entreprise.example", Confirm=False,
                Member="bruno@entreprise.example", BypassSecurityGroupManagerCheck=True)
    tenant.write("0.yaml", CLAIMS.replace("  alice@entreprise.example: [full-access]\n", ""))
    tenant.poke("Remove-DistributionGroupMember", Identity="equipe@entreprise.example", Confirm=False,
                Member="alice@entreprise.example", BypassSecurityGroupManagerCheck=True)
    cycle = go(tenant.apply())
    applied(cycle)
    ours = {c.path[-1]: c for c in cycle.plan.changes if c.path[0] == "claimCategories"}
    assert {n: c.action for n, c in ours.items()} == {"Pris par Bruno": Action.REMOVE, "Pris par Chloé": Action.ADD}
    assert Cause.DRIFT not in {c.cause for c in ours.values()}
    assert {n for n in colours(tenant) if n.startswith("Pris")} == {"Pris par Alice", "Pris par Chloé"}
    assert not go(tenant.plan()).changes


@pytest.mark.parametrize("kind", [FaultKind.DENIED, FaultKind.LOST_BEFORE])
def test_a_leavers_that_could_not_be_taken_away_is_taken_away_next_time(rig, go, kind):
    tenant = made(rig, CLAIMS)
    applied(go(tenant.apply()))
    tenant.write("0.yaml", CLAIMS.replace("  alice@entreprise.example: [full-access]\n", "").replace("equipe", "noyau"))
    tenant.poke("Remove-DistributionGroupMember", Identity="equipe@entreprise.example", Member="alice@entreprise.example",
                BypassSecurityGroupManagerCheck=True)  # fmt: skip
    fault = FaultRule(kind=kind, on="write", operations=("DELETE */masterCategories/*",))
    tenant.sandbox.weather = ForecastWeather(Forecast(seed=1, faults=(fault,)), tenant.clock)
    assert Status.FAILED in {o.status for o in go(tenant.apply()).outcomes}
    assert "Pris par Alice" in colours(tenant)
    tenant.sandbox.weather = FairWeather()
    applied(go(tenant.apply()))
    assert "Pris par Alice" not in colours(tenant)


def test_two_of_one_name_are_told_apart(rig, go):
    scenario = OUTLOOK.replace("  david@entreprise.example: {displayName: David Leroy}",
                               "  david@entreprise.example: {displayName: Alice Durand, givenName: Alice, surname: Durand}")
    document = CLAIMS.replace("  emma", "  david@entreprise.example: [full-access]\n  emma")
    tenant = rig(document, scenario=scenario)
    applied(go(tenant.apply()))
    assert {n for n in colours(tenant) if n.startswith("Pris")} == {
        "Pris par Alice D", "Pris par Alice M", "Pris par Bruno",
    }  # fmt: skip


def test_whoever_graph_and_exchange_spell_in_two_ways_is_one_person(rig, go):
    """Ids are compared without case: nobody says that both services spell them alike."""
    scenario = OUTLOOK.replace("  david@entreprise.example: {displayName: David Leroy}",
                               "  david@entreprise.example: {displayName: 'Leroy, David', givenName: David, surname: Leroy}")
    tenant = rig(CLAIMS.replace("  emma", "  david@entreprise.example: [full-access]\n  emma"), scenario=scenario)
    ids = re.compile(r'("id": ?")([-0-9a-f]{36})"')
    tenant.wire.rewrite = lambda request, text: (
        ids.sub(lambda found: f'{found[1]}{found[2].upper()}"', text) if '"givenName"' in text else text
    )
    applied(go(tenant.apply()))
    assert {n for n in colours(tenant) if n.startswith("Pris")} == {
        "Pris par Alice", "Pris par Bruno", "Pris par David",
    }  # fmt: skip


def test_dates_bring_and_take_them(rig, go):
    document = CLAIMS.replace("  emma", "  david@entreprise.example: {rights: [full-access], from: 2026-12-03, until: 2026-12-05}\n  emma")
    tenant = made(rig, document)
    go(tenant.apply())
    assert "Pris par David" not in colours(tenant)
    tenant.clock.advance(timedelta(days=2))
    cycle = go(tenant.apply())
    assert "Pris par David" in colours(tenant)
    assert {c.cause for c in cycle.plan.changes} == {Cause.TIME}
    tenant.clock.advance(timedelta(days=3))
    cycle = go(tenant.apply())
    assert "Pris par David" not in colours(tenant)
    assert {c.cause for c in cycle.plan.changes} == {Cause.TIME}


def test_without_access_in_the_document_it_is_a_finding(rig, go):
    plan = go(made(rig, HEAD + 'claimCategories: {name: "Pris par {givenName}", colour: blue}\n').plan())
    assert not plan.changes
    assert f"claims-without-access/{BOX}" in {f.id for f in plan.findings}


def test_in_a_whole_truth_theirs_are_no_strangers(rig, go):
    tenant = made(rig, CLAIMS + "categories: {Urgent: red}\nexclusive: [categories]\n")
    applied(go(tenant.apply()))
    assert set(colours(tenant)) == {"Urgent", "Pris par Alice", "Pris par Bruno"}
    assert not go(tenant.plan()).changes
