"""The JSON Schema of a document, for editors; made from the models, so that it says what they accept.

Draft 2020-12. `kind` chooses the fields (if/then), which completes and explains better in editors than
alternatives that are all tried.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from controller.spec.kinds import MODELS
from controller.spec.messages import PATTERNS
from controller.spec.models.document import KIND

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without `default`: editors would write it, and what is left out means something else."""
        return self.generate_inner(schema["schema"])

    def get_title_from_name(self, name: str) -> str:
        return ""


def json_schema() -> dict[str, Any]:
    """One schema for a document of any kind."""
    wanted: list[tuple[Any, JsonSchemaMode]] = [(model, "validation") for model in MODELS.values()]
    places, gathered = models_json_schema(wanted, by_alias=True, schema_generator=_Generator)
    definitions: dict[str, Any] = gathered["$defs"]
    for definition in definitions.values():
        _tidy(definition)
    return {
        "$schema": _DIALECT,
        "title": "Mailbox Controller document",
        "description": "One document of a specs folder. Its 'kind' decides which fields it has.",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(MODELS), "description": KIND}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": places[model, "validation"],
            }
            for kind, model in MODELS.items()
        ],
        "$defs": dict(sorted(definitions.items())),
    }


def _tidy(node: Any) -> None:
    if isinstance(node, list):
        for each in node:
            _tidy(each)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("title"), str):
        del node["title"]
    if node.get("pattern") in PATTERNS:  # a keyword of the YAML language server's
        node["patternErrorMessage"] = f"Expected {PATTERNS[node['pattern']]}."
    if "patternProperties" in node:
        node["additionalProperties"] = False
    for each in node.values():
        _tidy(each)
