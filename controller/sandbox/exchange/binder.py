"""From the JSON `Parameters` to bound arguments, as PowerShell's parameter binder would.

Names match in any case and by alias; a name nobody knows, or that the role does not hold, is the same error.
A switch that is false counts as not given when the parameter set is chosen [obs: CIPP].
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.table import ALL_SETS, CmdletSpec, Parameter
from controller.sandbox.exchange.values import convert

# Every cmdlet takes these; in this protocol they belong in headers and change nothing here.
_ALWAYS = frozenset({"erroraction", "warningaction", "verbose", "debug", "informationaction"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was given, by the parameter's proper name. A value of None was sent as null: clear it."""

    values: Mapping[str, Any]
    parameter_set: str
    sent: tuple[tuple[str, Any], ...] = ()  # as sent, for the audit log

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def __getitem__(self, name: str) -> Any:
        """CmdletError (400) where it was not given: the parameter set that was chosen does not ask for it,
        and yet nothing can be done without."""
        if name not in self.values:
            raise refusals.missing_parameters([name])
        return self.values[name]

    def on(self, name: str) -> bool:
        """Whether a switch was given."""
        return bool(self.values.get(name))

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)


def bind(spec: CmdletSpec, given: Mapping[str, Any], *, hidden: Container[str] = frozenset()) -> Arguments:
    """The arguments of a call. `hidden` are parameters (lower case) that the caller's role lacks.

    CmdletError (400): unknown names, values that do not convert, no parameter set that fits, mandatory
    parameters missing or blank.
    """
    found = _match_names(spec, given, hidden)
    values: dict[str, Any] = {}
    for parameter, value in found:
        converted = convert(parameter, value)
        if _blank(converted) and parameter.name == "Identity" and not _mandatory(spec, parameter):
            continue  # the trap: a blank Identity asks for everything [doc: Get-Mailbox and others]
        if _blank(converted) and _mandatory(spec, parameter):
            raise refusals.empty_parameter(parameter.name)
        values[parameter.name] = converted
    chosen = _choose_set(
        spec, [(parameter, values[parameter.name]) for parameter, _ in found if parameter.name in values]
    )
    sent = tuple((parameter.name, value) for parameter, value in found)
    return Arguments(values, chosen, sent)


def _match_names(
    spec: CmdletSpec, given: Mapping[str, Any], hidden: Container[str]
) -> list[tuple[Parameter, Any]]:
    found: list[tuple[Parameter, Any]] = []
    unknown: list[str] = []
    for name, value in given.items():
        key = name.lower()
        if "@" in key or key in _ALWAYS:  # `X@odata.type` is X's type hint
            continue
        parameter = spec.parameters.get(key)
        if parameter is None or key in hidden or parameter.name.lower() in hidden:
            unknown.append(name)
        else:
            found.append((parameter, value))
    if unknown:
        raise refusals.unknown_parameters(unknown)
    if len({parameter.name for parameter, _ in found}) < len(found):
        raise refusals.no_parameter_set()  # the same parameter twice, in two spellings
    return found


def _mandatory(spec: CmdletSpec, parameter: Parameter) -> bool:
    return parameter.required or any(parameter.name in required for required in spec.sets.values())


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _choose_set(spec: CmdletSpec, given: list[tuple[Parameter, Any]]) -> str:
    """The first parameter set (the default one before the others) that holds every argument and misses
    no mandatory one."""
    counted = [parameter for parameter, value in given if not (value is False and _is_switch(parameter))]
    held = {parameter.name for parameter in counted}
    names = sorted(spec.sets, key=lambda name: name != spec.default)
    fitting = [
        name
        for name in names
        if all(ALL_SETS in parameter.sets or name in parameter.sets for parameter in counted)
    ]
    if not fitting:
        raise refusals.no_parameter_set()
    complete = [name for name in fitting if set(spec.sets[name]) <= held]
    if complete:
        # Of two complete sets the one that asks for more is meant: its own parameter was given.
        return max(complete, key=lambda name: len(spec.sets[name]))
    closest = min(fitting, key=lambda name: len(set(spec.sets[name]) - held))
    raise refusals.missing_parameters(name for name in spec.sets[closest] if name not in held)


def _is_switch(parameter: Parameter) -> bool:
    return parameter.type == "SwitchParameter"
