"""What Graph's types look like: which properties, of which type, who may write them, how they filter.

The table is `entities.json`, which says where it comes from; this file only reads it. Names are looked up
without regard to case, as the gateway does, and come back as the schema spells them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

DIRECTORY_TYPES = ("user", "group", "orgContact", "servicePrincipal")


@dataclass(frozen=True, slots=True)
class Property:
    """`type` without the Edm. and microsoft.graph. prefixes; `filters` the operators $filter takes."""

    name: str
    type: str
    nullable: bool = True
    read_only: bool = False
    required: bool = False
    max_length: int | None = None
    filters: frozenset[str] = frozenset()

    @property
    def collection(self) -> bool:
        return self.type.startswith("Collection(")

    @property
    def item_type(self) -> str:
        return self.type[11:-1] if self.collection else self.type

    @property
    def blank(self) -> Any:
        """What is returned where nobody ever set it."""
        return [] if self.collection else None


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type with everything it inherits. `members` are an enum's names, empty for other kinds."""

    name: str
    kind: str
    properties: dict[str, Property]
    navigation: dict[str, str]
    default: tuple[str, ...]
    members: tuple[str, ...] = ()

    def find(self, name: str) -> Property | None:
        exact = self.properties.get(name)
        if exact is not None:
            return exact
        wanted = name.lower()
        return next((p for p in self.properties.values() if p.name.lower() == wanted), None)

    def find_navigation(self, name: str) -> str | None:
        return next((n for n in self.navigation if n.lower() == name.lower()), None)


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = resources.files(__package__).joinpath("entities.json").read_text("utf-8")
    types: dict[str, dict[str, Any]] = json.loads(text)["types"]
    return types


@cache
def entity(name: str) -> EntityType:
    """The type called `name` (without prefix).

    Raises:
        KeyError: the table has no such type.
    """
    raw = _table()[name]
    inherited = entity(raw["base"]) if "base" in raw else None
    properties = dict(inherited.properties) if inherited else {}
    for key, facts in raw.get("properties", {}).items():
        properties[key] = Property(
            name=key,
            type=facts["type"],
            nullable=facts.get("nullable", True),
            read_only=facts.get("readOnly", False),
            required=facts.get("required", False),
            max_length=facts.get("maxLength"),
            filters=frozenset(facts.get("filter", "").split()),
        )
    return EntityType(
        name=name,
        kind=raw["kind"],
        properties=properties,
        navigation={**(inherited.navigation if inherited else {}), **raw.get("navigation", {})},
        default=tuple(raw.get("default", properties)),
        members=tuple(raw.get("members", ())),
    )


def known(name: str) -> bool:
    return name in _table()
