"""Looking things up among ten thousand mailboxes."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from controller.model import Finding, Key, Kind, Plan, Severity
from controller.turn import Turn
from controller.web.view import View

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TEAMS = ("support", "réclamations", "Œuvres", "straße", "facturation")
MANY = 10_000


def resource(number):
    team = TEAMS[number % len(TEAMS)]
    spec = SimpleNamespace(
        display_name=f"Équipe {team.title()} {number}", labels={"team": team, "cost": f"{number % 97}"},
        aliases=[f"alias-{number}@autre.example"], access=None,
    )  # fmt: skip
    place = SimpleNamespace(path=f"mailboxes/{number % 50:02}/boite-{number}.yaml")
    key = Key(Kind.SHARED_MAILBOX, f"boite-{number}@entreprise.example")
    return SimpleNamespace(key=key, spec=spec, document=SimpleNamespace(origin=place), principal=None)


@pytest.fixture(scope="module")
def view():
    resources = [resource(number) for number in range(MANY)]
    random.Random(1).shuffle(resources)
    wrong = tuple(
        Finding("last-reader", each.key.address, Severity.ERROR, "nobody", key=each.key)
        for each in resources
        if each.spec.labels["cost"] == "13"
    )
    keys = tuple(each.key for each in resources)
    plan = Plan("entreprise", "id", None, "specs", "seen", NOON, (), wrong, (), keys)
    prepared = SimpleNamespace(plan=plan, observed=SimpleNamespace(resources=resources, seen={}))
    return View(Turn("t", "entreprise", "id", NOON, NOON, prepared=prepared))


def found(view, words, **more):
    return {int(row.key.address.partition("-")[2].partition("@")[0]) for row in view.search(words, **more)}


def test_one_of_ten_thousand_is_found_by_any_of_its_names(view):
    for words in (
        "boite-7301@entreprise.example",
        "BOITE-7301@",
        "alias-7301@autre",
        "boite-7301.yaml",
        "reclamations 7301@",
    ):
        assert found(view, words) == {7301}, words
    assert found(view, "zzz") == set()


@pytest.mark.parametrize(
    ("words", "team"),
    [
        ("reclamations", 1),
        ("RÉCLAMATIONS", 1),
        ("team=réclamations", 1),
        ("œuvres", 2),
        ("oeuvres", 2),
        ("STRASSE", 3),
        ("equipe facturation", 4),
    ],
)
def test_accents_and_case_do_not_matter(view, words, team):
    assert found(view, words) == {number for number in range(MANY) if number % len(TEAMS) == team}


def test_every_word_must_stand_there(view):
    assert found(view, "support cost=42") == {n for n in range(MANY) if n % len(TEAMS) == 0 and n % 97 == 42}
    assert found(view, "support facturation") == set()


def test_a_state_and_a_kind_narrow_it(view):
    held = {number for number in range(MANY) if number % 97 == 13}
    assert found(view, "", state="held") == held
    assert found(view, "support", state="held") == {number for number in held if number % len(TEAMS) == 0}
    assert found(view, "", kind="DistributionList") == set()
    assert view.counts["held"] == len(held)
    assert view.total == MANY
    assert [row.key.address for row in view.search("")] == sorted(row.key.address for row in view.rows)
