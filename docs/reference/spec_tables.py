"""Writes the tables of spec.md from the models, so that the reference says what the product accepts.

Run `python docs/reference/spec_tables.py` after a change to a model; a test tells when that was forgotten.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from controller.spec import json_schema
from controller.spec.models.scalars import (
    ADDRESS_PATTERN,
    DAYS_PATTERN,
    DURATION_PATTERN,
    GUID_PATTERN,
    HOLD_PATTERN,
    MOMENT_PATTERN,
    SIZE_PATTERN,
)

PAGE: Final = Path(__file__).with_name("spec.md")
_BLOCK: Final = re.compile(r"<!-- fields: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)
_PATTERNS: Final = {
    ADDRESS_PATTERN: "address",
    GUID_PATTERN: "id",
    MOMENT_PATTERN: "date or timestamp",
    DURATION_PATTERN: "duration",
    SIZE_PATTERN: "size (`35 MB`)",
    DAYS_PATTERN: "days (`180 days`)",
    HOLD_PATTERN: "days (`2555 days`), `unlimited`",
}
_PLAIN: Final = {"string": "text", "boolean": "true, false", "integer": "whole number", "number": "number"}


def page(text: str) -> str:
    """The page with its tables as the models have them now."""
    definitions = json_schema()["$defs"]
    return _BLOCK.sub(
        lambda block: f"<!-- fields: {block[1]} -->\n{_table(definitions, block[1])}<!-- end -->", text
    )


def _table(definitions: dict[str, Any], name: str) -> str:
    definition = definitions[name]
    mapping = definition if "properties" in definition else definition["anyOf"][-1]
    required = mapping.get("required", [])
    rows = ["| field | value | meaning |", "|---|---|---|"]
    for field, schema in mapping["properties"].items():
        if field == "kind" and "const" in schema:
            continue
        needed = " **Required.**" if field in required else ""
        rows.append(f"| `{field}` | {_value(definitions, schema)} | {schema['description']}{needed} |")
    return "\n".join(rows) + "\n"


def _value(definitions: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        target = definitions[name]
        return _words(target["enum"]) if "enum" in target else f"[{name}](#{name.lower()})"
    if "enum" in schema or "const" in schema:
        return _words(schema.get("enum") or [schema["const"]])
    if schema.get("pattern") in _PATTERNS:
        return _PATTERNS[schema["pattern"]]
    if schema.get("type") == "array":
        return f"list of {_value(definitions, schema['items'])}"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()))
        key = "address" if ADDRESS_PATTERN in schema.get("patternProperties", {}) else "text"
        return f"{key} → {_value(definitions, inner)}"
    if "minimum" in schema and "maximum" in schema:
        return f"{_PLAIN[schema['type']]} from {schema['minimum']:g} to {schema['maximum']:g}"
    return _PLAIN[schema["type"]]


def _words(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
