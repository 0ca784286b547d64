"""Which cmdlets there are and what each takes: the table in `cmdlets.json`, read once.

Facts only, from Microsoft's own parameter documentation; how arguments bind to it is `binder`'s.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

ALL_SETS = "(All)"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    values: tuple[str, ...] = ()  # enumerators, where the type is one
    sets: tuple[str, ...] = (ALL_SETS,)
    required: bool = False  # in every set
    required_in: tuple[str, ...] = ()
    sized: bool = False  # takes bytes with a unit


@dataclass(frozen=True, slots=True)
class CmdletSpec:
    """`parameters` is keyed by lower-case name and alias; `sets` holds each set's mandatory names."""

    name: str
    parameters: dict[str, Parameter]
    sets: dict[str, tuple[str, ...]]
    default: str | None

    @property
    def writes(self) -> bool:
        return not self.name.startswith(("Get-", "Search-"))


@functools.cache
def _texts() -> dict[str, dict[str, Any]]:
    source = resources.files(__package__).joinpath("cmdlets.json").read_text(encoding="utf-8")
    cmdlets: dict[str, dict[str, Any]] = json.loads(source)["cmdlets"]
    return {name.lower(): {"name": name, **cmdlet} for name, cmdlet in cmdlets.items()}


@functools.lru_cache(maxsize=512)  # names come from the wire
def spec(name: str) -> CmdletSpec | None:
    """The cmdlet of that name, in any case; None where there is none."""
    found = _texts().get(name.lower())
    if found is None:
        return None
    parameters: dict[str, Parameter] = {}
    for label, facts in found["parameters"].items():
        parameter = Parameter(
            label,
            facts["type"],
            tuple(facts.get("values", ())),
            tuple(facts.get("sets", (ALL_SETS,))),
            bool(facts.get("required", False)),
            tuple(facts.get("required_in", ())),
            "size_units" in facts,
        )
        for key in (label, *facts.get("aliases", ())):
            parameters[key.lower()] = parameter
    sets = {name: tuple(required) for name, required in found["sets"].items()}
    return CmdletSpec(found["name"], parameters, sets, found["default"])


@functools.cache
def _known() -> dict[str, str]:
    source = resources.files(__package__).joinpath("known_cmdlets.json").read_text(encoding="utf-8")
    return {name.lower(): name for name in json.loads(source)["cmdlets"]}


def known(name: str) -> str | None:
    """How Exchange Online spells its cmdlet of that name; None where it has none."""
    return _known().get(name.lower())


def names() -> list[str]:
    """Every cmdlet in the table, as spelt."""
    return [cmdlet["name"] for cmdlet in _texts().values()]
