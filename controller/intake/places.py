"""Which value of a document stands at a line and column: the other way round from `Document.at`."""

from __future__ import annotations

from typing import Any

import yaml


def path_at(text: str, line: int, column: int) -> tuple[str, ...]:
    """The path of the last key or member that begins at or before a place (both count from 1), as far as it
    lies on the same line or around it. Members of a list of mappings are called by their `name`."""
    found: tuple[str, ...] = ()

    def walk(node: Any, path: tuple[str, ...]) -> None:
        nonlocal found
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if (key.start_mark.line + 1, key.start_mark.column + 1) <= (line, column):
                    found = (*path, str(key.value))
                    walk(value, found)
        elif isinstance(node, yaml.SequenceNode):
            for each in node.value:
                if (each.start_mark.line + 1, each.start_mark.column + 1) <= (line, column):
                    found = (*path, _called(each))
                    walk(each, found)

    walk(yaml.compose(text, yaml.SafeLoader), ())
    return found


def _called(node: Any) -> str:
    if isinstance(node, yaml.MappingNode):
        names = [str(value.value) for key, value in node.value if key.value == "name"]
        return names[0] if names else ""
    return str(node.value)
