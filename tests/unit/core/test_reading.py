"""A plan read back from its JSON says what it said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import UsageError
from controller.model import (
    Action,
    Cause,
    Change,
    Finding,
    Key,
    Kind,
    Origin,
    Plan,
    Request,
    Risk,
    Severity,
    Upcoming,
)
from controller.report.as_json import as_json, document
from controller.report.reading import plan_of
from controller.report.text import as_text
from tests.plans import hostile, sized

KEY = Key(Kind.SHARED_MAILBOX, "support@entreprise.example")
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def plan_with(*changes: Change, findings: tuple[Finding, ...] = ()) -> Plan:
    quiet = Key(Kind.DISTRIBUTION_LIST, "liste@entreprise.example")
    upcoming = (Upcoming(NOW, f"{KEY}/access/alice@entreprise.example/send-as", Action.REVOKE),)
    return Plan(
        "entreprise", "7f1b", "abc", "sha256:1", "sha256:2", NOW, changes, findings, upcoming, (KEY, quiet)
    )


def change(*path: str, **more: object) -> Change:
    origin = Origin("mailboxes/support.yaml", 14)
    return Change(KEY, "access", Action.GRANT, path, None, True, origin, **more)  # type: ignore[arg-type]


def test_a_plan_read_back_is_told_in_the_same_words() -> None:
    first = change(
        "access", "alice@entreprise.example", "send-as", risk=Risk.HIGH, cause=Cause.DRIFT,
        requests=(Request("exchange", "Add-RecipientPermission", {"Identity": "x"}),), depends_on=("a",),
        blocked_by=("policy/no-outsiders/support@entreprise.example",), notes=("cannot be undone",),
    )  # fmt: skip
    finding = Finding("policy/no-outsiders", KEY.address, Severity.ERROR, "no", origin=Origin("p.yaml", 3))
    plan = plan_with(first, findings=(finding,))
    again = plan_of(document(plan))
    assert as_json(again) == as_json(plan)
    assert as_text(again) == as_text(plan)


def test_what_a_plan_means_to_people_is_read_back_too() -> None:
    for plan in (sized(40), hostile()):
        assert as_json(plan_of(document(plan))) == as_json(plan)


@given(st.lists(st.text(st.sampled_from("ab./é"), min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_folder_may_have_slashes_and_dots_in_its_name(parts: list[str]) -> None:
    (again,) = plan_of(document(plan_with(change(*parts)))).changes
    assert again.path == tuple(parts)


def test_the_resource_itself_has_no_path() -> None:
    (again,) = plan_of(document(plan_with(change()))).changes
    assert again.path == ()


@pytest.mark.parametrize("broken", [{}, {"format": 2}, {"format": 1}, {"format": 1, "changes": [{}]}])
def test_what_is_no_plan_is_refused_in_words(broken: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="this is no"):
        plan_of(broken)
