"""The sandbox's modules build on each other one way, imports for types included."""

from __future__ import annotations

import grimp

PACKAGE = "controller.sandbox"


def test_no_two_modules_lean_on_each_other() -> None:
    graph = grimp.build_graph("controller", cache_dir=None)
    left = {
        module: {name for name in graph.find_modules_directly_imported_by(module) if name.startswith(PACKAGE)}
        for module in graph.modules
        if module.startswith(PACKAGE)
    }
    while free := {module for module, leans_on in left.items() if not leans_on & left.keys()}:
        left = {module: leans_on for module, leans_on in left.items() if module not in free}
    assert not left, f"in circles, or above one: {sorted(left)}"
