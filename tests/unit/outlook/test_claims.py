"""What a person's category is called."""

from __future__ import annotations

import pytest

from controller.claims import names
from controller.directory import Principal


def person(number: int, shown: str) -> Principal:
    address = f"p{number}@entreprise.example"
    return Principal(
        str(number), f"o{number}", "UserMailbox", str(number), shown, address, address, frozenset({address})
    )


@pytest.mark.parametrize(
    ("template", "shown", "expected"),
    [
        ("Pris par {givenName}", ["Alice Martin", "Bruno Petit"], ["Pris par Alice", "Pris par Bruno"]),
        ("Pris par {givenName}", ["Alice Martin", "ALICE Durand"], ["Pris par Alice M", "Pris par ALICE D"]),
        ("{givenName}", ["Alice Martin", "Alice Moreau"], ["Alice Martin", "Alice Moreau"]),
        (
            "{givenName}",
            ["Alice Martin"] * 2,
            ["Alice (p0@entreprise.example)", "Alice (p1@entreprise.example)"],
        ),
        ("Pris par {givenName}", ["Madonna", "Cher"], ["Pris par Madonna", "Pris par Cher"]),
        ("{surname} l’a", ["Alice Martin", "Bruno Petit"], ["Martin l’a", "Petit l’a"]),
        ("{displayName}", ["Martin; Alice, compta"], ["Martin Alice compta"]),
    ],
)
def test_names_are_as_short_as_tells_people_apart(
    template: str, shown: list[str], expected: list[str]
) -> None:
    people = [person(number, one) for number, one in enumerate(shown)]
    assert list(names(template, people, {}).values()) == expected


def test_the_directorys_given_name_counts_before_the_display_name() -> None:
    given = {"o0": ("Zoé", "Martin")}
    assert names("{givenName}", [person(0, "Martin Zoé (Compta)")], given) == {"0": "Zoé"}
