"""What Exchange only punishes later, told when the plan is made: findings, never changes.

One file for each side; each check is a function from a `View` to findings, found by walking the package.
A finding's message says why, and what to do; `docs/reference/findings.md` has the page it rests on.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache

from controller.model import Finding
from controller.preflight.view import View

Check = Callable[[View], Iterator[Finding]]

__all__ = ["Check", "View", "checks", "look"]


@cache
def checks() -> tuple[Check, ...]:
    """Every check there is: each module lists its own in CHECKS."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if module.name != "view")
    modules = [importlib.import_module(f"{__name__}.{name}") for name in sorted(names)]
    return tuple(check for module in modules for check in module.CHECKS)


def look(view: View) -> list[Finding]:
    return [finding for check in checks() for finding in check(view)]
