"""Which cmdlets the sandbox plays: one decorated function each, found by walking the `cmdlets` package.

A parameter that the real cmdlet takes and ours does not act on is refused, never silently ignored.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from controller.sandbox.exchange.invocation import Invocation, Result

Run = Callable[[Invocation], Result]

# Taken by many cmdlets and of no consequence in the cloud or here [doc: their descriptions].
INERT = frozenset(
    {"Confirm", "WhatIf", "Credential", "ReadFromDomainController", "UseCustomRouting", "IgnoreDefaultScope"}
)


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """`target` is the parameter that names the mailbox concerned; `prompts` whether it asks before it
    acts, unless Confirm is false; `honours` the parameters it acts on."""

    name: str
    run: Run
    honours: frozenset[str]
    target: str
    prompts: bool


_cmdlets: dict[str, Cmdlet] = {}


def cmdlet(
    name: str, *, honours: Iterable[str], target: str = "Identity", prompts: bool | None = None
) -> Callable[[Run], Run]:
    """Registers a function as the cmdlet `name`. Remove-* prompt unless told otherwise [doc]."""

    def register(run: Run) -> Run:
        asks = name.startswith("Remove-") if prompts is None else prompts
        _cmdlets[name.lower()] = Cmdlet(name, run, frozenset(honours) | {target}, target, asks)
        return run

    return register


@functools.cache
def _load() -> None:
    package = importlib.import_module(f"{__package__}.cmdlets")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def find(name: str) -> Cmdlet | None:
    _load()
    return _cmdlets.get(name.lower())


def offered() -> list[str]:
    """The names of all cmdlets played, sorted."""
    _load()
    return sorted(cmdlet.name for cmdlet in _cmdlets.values())
