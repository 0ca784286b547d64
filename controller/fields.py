"""The field table: which single values there are, where the spec and the service keep them, how two of
them are compared, and how risky a change is. Reading and writing stay plain code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from controller import canon
from controller.model import Path, Risk

RiskOf = Callable[[Any, Any], Risk]


def low(before: Any, after: Any) -> Risk:
    """Nobody loses anything by it, either way."""
    return Risk.LOW


def loses_when_off(before: Any, after: Any) -> Risk:
    """Switching it off takes something away from somebody."""
    return Risk.LOW if after else Risk.MEDIUM


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is the name in the spec, `attribute` the same on its model, `property` the service's name,
    `default` what a new object has."""

    path: Path
    attribute: str
    property: str
    canon: canon.Canon = canon.same
    risk: RiskOf = low
    default: Any = None

    def written(self, spec: Any) -> Any:
        """What the document says; None where it says nothing."""
        value = spec
        for name in self.attribute.split("."):
            if value is None:
                return None
            value = getattr(value, name, None)
        return value

    def seen(self, row: Mapping[str, Any]) -> Any:
        return self.canon(row.get(self.property, self.default))
