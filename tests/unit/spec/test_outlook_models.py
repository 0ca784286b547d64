"""Categories, folders, search folders and rules as documents may write them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from pydantic import ValidationError

from controller.spec.models import SharedMailbox


def read(**fields: Any) -> SharedMailbox:
    return SharedMailbox.model_validate({"kind": "SharedMailbox", "address": "a@b.example", **fields})


def troubles(**fields: Any) -> list[str]:
    return [message for _, message in read(**fields).troubles(UTC)]


RULE = {"name": "a", "actions": {"markAsRead": True}}


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"categories": {"Rouge": "red", "rouge": "blue"}}, "listed twice"),
        ({"claimCategories": {"name": "Pris", "colour": "red"}}, "same category for everybody"),
        ({"claimCategories": {"name": "Pris par {prenom}", "colour": "red"}}, "unknown placeholder {prenom}"),
        ({"claimCategories": {"name": "Pris par {givenName", "colour": "red"}}, "brace"),
        ({"folders": {"A//B": None}}, "empty or begins"),
        ({"folders": {"A/ B": None}}, "begins or ends with a space"),
        ({"folders": {"Été": None, "été": None}}, "listed twice"),
        ({"searchFolders": {"N": {"in": ["A//B"], "filter": "x"}}}, "empty or begins"),
        ({"rules": [RULE, RULE]}, "two rules are called"),
        ({"rules": [{"name": "a", "actions": {"markAsRead": False}}]}, "does nothing"),
        ({"rules": [{"name": "a", "actions": {"moveToFolder": "A//B"}}]}, "empty or begins"),
        ({"rules": [{**RULE, "conditions": {"withinSizeRange": {}}}]}, "minimumSize"),
        (
            {"rules": [{**RULE, "exceptions": {"withinSizeRange": {"minimumSize": 2, "maximumSize": 1}}}]},
            "no mail",
        ),
    ],
)
def test_what_is_wrong_although_every_field_is_right(fields: dict[str, Any], part: str) -> None:
    (message,) = troubles(**fields)
    assert part in message


@pytest.mark.parametrize(
    "fields",
    [
        {"categories": {"a,b": "red"}},
        {"categories": {"a;b": "red"}},
        {"categories": {"a": "rouge"}},
        {"folders": {"/A": None}},
        {"exclusive": ["folders"]},
        {"searchFolders": {"N": {"in": [], "filter": "x"}}},
        {"rules": [{"name": "a"}]},
        {"rules": [{"name": "a", "actions": {"redirectTo": ["nobody"]}}]},
        {"rules": [{**RULE, "conditions": {"subjectContain": ["x"]}}]},
    ],
)
def test_what_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**fields)


def test_short_forms_say_the_same() -> None:
    short = read(folders={"A": None}, rules=[{"name": "a", "actions": {"redirectTo": ["x@y.example"]}}])
    long = read(
        folders={"A": {}}, rules=[{"name": "a", "actions": {"redirectTo": [{"address": "x@y.example"}]}}]
    )
    assert short == long
    assert not troubles(folders={"R\\/D/Plans": None}, categories={"Gris": "gray"})
