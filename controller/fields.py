"""The field table: which single values there are, where the spec and the service keep them, how two of
them are compared, and how risky a change is. Reading and writing stay plain code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from controller import canon
from controller.canon import same
from controller.model import Path, Risk

RiskOf = Callable[[Any, Any], Risk]
Form = Callable[[Any], Any]


def low(before: Any, after: Any) -> Risk:
    """Nobody loses anything by it, either way."""
    return Risk.LOW


def loses_when_off(before: Any, after: Any) -> Risk:
    """Switching it off takes something away from somebody."""
    return Risk.LOW if after else Risk.MEDIUM


def inverted(value: Any) -> Any:
    """A switch that the service keeps the other way round; not set stays so."""
    return None if (on := canon.flag(value)) is None else not on


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is the name in the spec, `attribute` the same on its model, `property` the service's name,
    `default` what a new object has. Where the service says it in other words, `decode` makes the spec's
    of them, and `encode` the service's."""

    path: Path
    attribute: str
    property: str
    canon: Form = same
    risk: RiskOf = low
    default: Any = None
    encode: Form = same
    decode: Form = same

    def written(self, spec: Any) -> Any:
        """What the document says; None where it says nothing."""
        value = spec
        for name in self.attribute.split("."):
            if value is None:
                return None
            value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        return value

    def seen(self, row: Mapping[str, Any]) -> Any:
        return self.canon(self.decode(row.get(self.property, self.default)))
