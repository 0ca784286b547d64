from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controller.drift import compare
from controller.model import Desired, Path, Want

paths = st.tuples(
    st.sampled_from(["access", "aliases"]), st.sampled_from("abcdef"), st.sampled_from(["x", "y"])
)
states = st.dictionaries(paths, st.booleans(), max_size=8)


def wish(wants: dict[Path, Any], **rest: Any) -> Desired:
    return Desired({path: Want(value) for path, value in wants.items()}, **rest)


@given(states, states)
def test_what_is_the_whole_truth_is_reached_exactly(
    observed: dict[Path, Any], wanted: dict[Path, Any]
) -> None:
    desired = wish(wanted, collections={("access",): True, ("aliases",): True})
    result = dict(observed)
    for delta in compare(desired, observed):
        assert result.get(delta.path) == delta.before
        if delta.want is None:
            del result[delta.path]
        else:
            result[delta.path] = delta.after
    assert result == wanted
    assert compare(desired, result) == []


@given(states, states)
def test_a_minimum_takes_nothing_away(observed: dict[Path, Any], wanted: dict[Path, Any]) -> None:
    desired = wish(wanted, collections={("access",): False, ("aliases",): False})
    assert all(delta.want is not None for delta in compare(desired, observed))


@given(states)
def test_what_is_not_declared_is_not_looked_at(observed: dict[Path, Any]) -> None:
    assert compare(Desired(), observed) == []


def test_unlike_members_are_never_paired() -> None:
    observed = {("access", "bob", "full-access"): True}
    desired = wish({("access", "alice", "full-access"): True}, collections={("access",): True})
    assert [(d.path[1], d.before, d.after) for d in compare(desired, observed)] == [
        ("alice", None, True),
        ("bob", True, None),
    ]


def test_a_value_that_is_a_list_is_one_value() -> None:
    desired = wish({("days",): ["mon", "tue"]})
    (delta,) = compare(desired, {("days",): ["mon", "wed"]})
    assert (delta.before, delta.after) == (["mon", "wed"], ["mon", "tue"])


def test_case_of_values_counts() -> None:
    desired = wish({("a",): "SMTP:x"})
    assert len(compare(desired, {("a",): "smtp:x"})) == 1


def test_absent_and_false_differ() -> None:
    (delta,) = compare(wish({("a",): False}), {})
    assert (delta.before, delta.after) == (None, False)
