"""Colour categories of a mailbox, and one category for each person who works in it.

Outlook's colours have names in Outlook and numbers (`preset0` to `preset24`) on the wire
[doc: Graph outlookCategory].
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from controller.spec.models.document import Trouble
from controller.spec.models.scalars import CATEGORY_PATTERN, SpecModel

CategoryName = Annotated[str, StringConstraints(pattern=CATEGORY_PATTERN, max_length=255)]
PLACEHOLDERS: Final = ("givenName", "surname", "displayName")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


class Colour(StrEnum):
    """Outlook's own names. `gray` and `dark-gray` are the same as `grey` and `dark-grey`."""

    NONE = "none"
    RED = "red"
    ORANGE = "orange"
    BROWN = "brown"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    OLIVE = "olive"
    BLUE = "blue"
    PURPLE = "purple"
    CRANBERRY = "cranberry"
    STEEL = "steel"
    DARK_STEEL = "dark-steel"
    GREY = "grey"
    DARK_GREY = "dark-grey"
    BLACK = "black"
    DARK_RED = "dark-red"
    DARK_ORANGE = "dark-orange"
    DARK_BROWN = "dark-brown"
    DARK_YELLOW = "dark-yellow"
    DARK_GREEN = "dark-green"
    DARK_TEAL = "dark-teal"
    DARK_OLIVE = "dark-olive"
    DARK_BLUE = "dark-blue"
    DARK_PURPLE = "dark-purple"
    DARK_CRANBERRY = "dark-cranberry"
    GRAY = "gray"
    DARK_GRAY = "dark-gray"

    @property
    def plain(self) -> str:
        """One spelling for each colour."""
        return self.value.replace("gray", "grey")


Categories = dict[CategoryName, Colour]


class ClaimCategories(SpecModel):
    """One category for each person who has full access, so that a mail shows who took it."""

    name: CategoryName = Field(
        description="The category's name, with {givenName} (also {surname}, {displayName}) where the name "
        "of the person goes. Two people of one given name get the first letter of their family name as well.",
        examples=["Pris par {givenName}"],
    )
    colour: Colour = Field(description="The colour of all of them, by Outlook's name.")


def category_troubles(categories: Mapping[str, Colour]) -> Iterator[Trouble]:
    seen: dict[str, str] = {}
    for name in categories:
        first = seen.setdefault(name.casefold(), name)
        if first != name:
            yield ("categories", name), f"{name!r} is listed twice in 'categories' (also as {first!r})"


def claim_troubles(claim: ClaimCategories) -> Iterator[Trouble]:
    names = _PLACEHOLDER.findall(claim.name)
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    unknown = [name for name in names if name not in PLACEHOLDERS]
    if unknown or set("{}") & set(_PLACEHOLDER.sub("", claim.name)):
        what = f"unknown placeholder {{{unknown[0]}}}" if unknown else "a brace without its other half"
        yield ("claimCategories", "name"), f"{what}: expected one of {known}"
    elif not names:
        yield (
            ("claimCategories", "name"),
            f"the same category for everybody: name the person by one of {known}",
        )
