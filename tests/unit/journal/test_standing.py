"""What the journal says was applied, is managed, was observed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from controller.journal import Applied, Journal, as_recorded
from controller.model import Key, Kind

from .conftest import HOUR, NOON, SALES, SUPPORT, TENANT

NAME = ("displayName",)
GRANT = ("access", "alice@entreprise.example", "send-as")
OTHER_TENANT = "7f1b2c3d-0000-4000-8000-000000000002"


def test_an_empty_journal_knows_nothing(journal: Journal) -> None:
    assert journal.last_applied(TENANT) == {}
    assert journal.managed(TENANT) == {}
    assert journal.pending(TENANT) == ()
    assert journal.history(TENANT) == []
    assert journal.runs(TENANT) == []
    assert journal.last_cycle_at(TENANT) is None
    assert journal.access_at(TENANT, SUPPORT.address, NOON) is None
    assert journal.auto_mapping(TENANT, SUPPORT) == {}


def test_settle_replaces_the_whole_resource_and_nothing_else(journal: Journal) -> None:
    journal.settle(TENANT, SALES, {NAME: "Ventes"}, at=NOON, commit="c1")
    journal.settle(TENANT, SUPPORT, {NAME: "Aide", GRANT: True}, at=NOON, commit="c1")
    journal.settle(OTHER_TENANT, SUPPORT, {NAME: "Ailleurs"}, at=NOON, commit="c9")
    journal.settle(
        TENANT, SUPPORT, {NAME: "Support", ("aliases",): ["a@b.example"]}, at=NOON + HOUR, commit="c2"
    )
    assert journal.last_applied(TENANT) == {
        (SALES, NAME): Applied("Ventes", NOON, "c1"),
        (SUPPORT, NAME): Applied("Support", NOON + HOUR, "c2"),
        (SUPPORT, ("aliases",)): Applied(["a@b.example"], NOON + HOUR, "c2"),
    }
    assert journal.last_applied(OTHER_TENANT) == {(SUPPORT, NAME): Applied("Ailleurs", NOON, "c9")}


def test_a_value_found_in_place_keeps_the_commit_that_brought_it(journal: Journal) -> None:
    journal.settle(TENANT, SUPPORT, {NAME: "Aide", GRANT: True}, at=NOON, commit="c1")
    journal.settle(TENANT, SUPPORT, {NAME: "Support", GRANT: True}, at=NOON + HOUR, commit="c2")
    applied = journal.last_applied(TENANT)
    assert applied[SUPPORT, GRANT] == Applied(True, NOON, "c1")
    assert applied[SUPPORT, NAME] == Applied("Support", NOON + HOUR, "c2")


def test_settle_many_is_settle_for_each(journal: Journal) -> None:
    keys = [Key(Kind.SHARED_MAILBOX, f"box{n}@entreprise.example") for n in range(450)]
    journal.settle_many(TENANT, {key: {NAME: key.address, GRANT: True} for key in keys}, at=NOON, commit="c1")
    journal.settle_many(TENANT, {key: {NAME: "same"} for key in keys[:300]}, at=NOON + HOUR, commit="c2")
    assert journal.last_applied(TENANT) == {
        **{(key, NAME): Applied("same", NOON + HOUR, "c2") for key in keys[:300]},
        **{(key, NAME): Applied(key.address, NOON, "c1") for key in keys[300:]},
        **{(key, GRANT): Applied(True, NOON, "c1") for key in keys[300:]},
    }
    assert set(journal.managed(TENANT)) == set(keys)


def test_settle_one_writes_and_takes_away_one_field(journal: Journal) -> None:
    journal.settle(TENANT, SUPPORT, {NAME: "Aide"}, at=NOON, commit="c1")
    journal.settle_one(TENANT, SUPPORT, GRANT, True, at=NOON + HOUR, commit="c2")
    assert journal.last_applied(TENANT)[SUPPORT, GRANT] == Applied(True, NOON + HOUR, "c2")
    journal.settle_one(TENANT, SUPPORT, NAME, None, at=NOON + HOUR, commit="c2")
    journal.settle_one(TENANT, SUPPORT, GRANT, None, at=NOON + HOUR, commit="c2", gone=True)
    assert journal.last_applied(TENANT) == {(SUPPORT, NAME): Applied(None, NOON + HOUR, "c2")}


def test_settle_one_makes_a_resource_managed(journal: Journal) -> None:
    journal.settle_one(TENANT, SUPPORT, NAME, "Aide", at=NOON, commit=None)
    assert set(journal.managed(TENANT)) == {SUPPORT}


def test_managed_tells_since_when_and_by_which_identifier(journal: Journal) -> None:
    journal.settle(TENANT, SUPPORT, {}, at=NOON, commit="c1", object_id="guid-1")
    journal.settle(TENANT, SUPPORT, {}, at=NOON + HOUR, commit="c1")
    record = journal.managed(TENANT)[SUPPORT]
    assert (record.object_id, record.first_at, record.last_at) == ("guid-1", NOON, NOON + HOUR)


def test_what_is_forgotten_starts_anew(journal: Journal) -> None:
    journal.settle(TENANT, SUPPORT, {NAME: "Aide"}, at=NOON, commit="c1", object_id="guid-1")
    journal.settle(TENANT, SALES, {NAME: "Ventes"}, at=NOON, commit="c1")
    journal.record_auto_mapping(TENANT, SUPPORT, "alice@entreprise.example", False, at=NOON)
    journal.forget(TENANT, SUPPORT, at=NOON + HOUR)
    assert set(journal.managed(TENANT)) == {SALES}
    assert set(journal.last_applied(TENANT)) == {(SALES, NAME)}
    assert journal.auto_mapping(TENANT, SUPPORT) == {}
    journal.settle(TENANT, SUPPORT, {NAME: "Aide"}, at=NOON + 2 * HOUR, commit="c2")
    record = journal.managed(TENANT)[SUPPORT]
    assert (record.object_id, record.first_at) == (None, NOON + 2 * HOUR)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_is_recorded_the_same_way_twice(value: object) -> None:
    assert as_recorded(as_recorded(value)) == as_recorded(value)


@pytest.mark.parametrize(
    "value",
    [
        "Réponse 😀",
        "half a pair: \ud83d",
        "a NUL: \x00",
        {"nested": [{"a": 1.5}, None, True, ("x", "y")], 1: "whole number"},
        frozenset({"b", "a"}),
        datetime(2026, 12, 1, tzinfo=UTC),
        timedelta(minutes=1),
        SUPPORT,
    ],
)
def test_a_value_comes_back_as_recorded(journal: Journal, value: object) -> None:
    journal.settle(TENANT, SUPPORT, {NAME: value}, at=NOON, commit=None)
    assert journal.last_applied(TENANT)[SUPPORT, NAME].value == as_recorded(value)


def test_sets_and_mappings_are_recorded_without_regard_to_order(journal: Journal) -> None:
    journal.settle(TENANT, SUPPORT, {NAME: {"a": 1, "b": frozenset({"x", "y", "z"})}}, at=NOON, commit="c1")
    journal.settle(
        TENANT, SUPPORT, {NAME: {"b": frozenset({"z", "y", "x"}), "a": 1}}, at=NOON + HOUR, commit="c2"
    )
    assert journal.last_applied(TENANT)[SUPPORT, NAME].at == NOON


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf")])
def test_what_json_cannot_hold_is_refused_and_changes_nothing(journal: Journal, value: object) -> None:
    journal.settle(TENANT, SUPPORT, {NAME: "Aide"}, at=NOON, commit="c1")
    with pytest.raises((TypeError, ValueError)):
        journal.settle(TENANT, SUPPORT, {NAME: value, GRANT: True}, at=NOON, commit="c2")
    assert journal.last_applied(TENANT) == {(SUPPORT, NAME): Applied("Aide", NOON, "c1")}


def test_moments_come_back_in_utc(journal: Journal) -> None:
    paris = NOON.astimezone(timezone(HOUR))
    journal.settle(TENANT, SUPPORT, {NAME: "Aide"}, at=paris, commit=None)
    at = journal.last_applied(TENANT)[SUPPORT, NAME].at
    assert (at, at.utcoffset()) == (NOON, timedelta(0))


def test_a_moment_without_a_zone_is_refused(journal: Journal) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        journal.settle(TENANT, SUPPORT, {NAME: "x"}, at=NOON.replace(tzinfo=None), commit=None)


def row(trustee: str, right: str = "full-access") -> dict[str, str]:
    return {"trustee": trustee, "right": right}


def test_access_is_stored_when_it_differs_and_prolonged_when_not(journal: Journal) -> None:
    address = SUPPORT.address
    journal.record_access(TENANT, address, [row("alice"), row("bruno")], at=NOON)
    journal.record_access(TENANT, address, [row("bruno"), row("alice")], at=NOON + HOUR)
    journal.record_access(TENANT, address, [row("alice")], at=NOON + 2 * HOUR)
    journal.record_access(TENANT, address, [row("alice"), row("bruno")], at=NOON + 3 * HOUR)
    both = journal.access_at(TENANT, address, NOON + 1.5 * HOUR)
    assert both is not None
    assert both.rows == (row("alice"), row("bruno"))
    assert (both.first_seen, both.last_seen) == (NOON, NOON + HOUR)
    one = journal.access_at(TENANT, address, NOON + 2 * HOUR)
    assert one is not None
    assert one.rows == (row("alice"),)
    again = journal.access_at(TENANT, address, NOON + 9 * HOUR)
    assert again is not None
    assert (len(again.rows), again.first_seen) == (2, NOON + 3 * HOUR)
    assert journal.access_at(TENANT, address, NOON - HOUR) is None
    assert journal.access_at(OTHER_TENANT, address, NOON) is None


def test_an_empty_access_list_is_a_list(journal: Journal) -> None:
    journal.record_access(TENANT, SUPPORT.address, [], at=NOON)
    record = journal.access_at(TENANT, SUPPORT.address, NOON)
    assert record is not None
    assert record.rows == ()


def test_many_access_lists_at_once(journal: Journal) -> None:
    lists = {f"box{n}@entreprise.example": [row(f"user{n}")] for n in range(450)}
    journal.record_access_lists(TENANT, lists, at=NOON)
    journal.record_access_lists(TENANT, lists, at=NOON + HOUR)
    record = journal.access_at(TENANT, "box449@entreprise.example", NOON + HOUR)
    assert record is not None
    assert (record.rows, record.first_seen, record.last_seen) == ((row("user449"),), NOON, NOON + HOUR)


def test_auto_mapping_keeps_apart_on_off_and_unknown(journal: Journal) -> None:
    for trustee, value in (("alice", True), ("bruno", False), ("chloe", None), ("alice", False)):
        journal.record_auto_mapping(TENANT, SUPPORT, trustee, value, at=NOON)
    assert journal.auto_mapping(TENANT, SUPPORT) == {"alice": False, "bruno": False, "chloe": None}
    assert journal.auto_mapping(TENANT, SALES) == {}
    assert journal.auto_mappings(TENANT) == {SUPPORT: {"alice": False, "bruno": False, "chloe": None}}
    assert journal.auto_mappings(OTHER_TENANT) == {}
