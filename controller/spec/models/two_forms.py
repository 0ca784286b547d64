"""Values that may be written in two forms: a mapping, or in its place something shorter."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from controller.spec.models.scalars import SpecModel


class TwoForms(SpecModel):
    """`alone` is the field that the shorter form gives. Reading that form is up to whoever inherits."""

    alone: ClassVar[str]

    @classmethod
    def short_schema(cls, mapping: JsonSchemaValue) -> JsonSchemaValue:
        """The shorter form, by the schema of the mapping: as in the field that it gives."""
        return dict(mapping["properties"][cls.alone])

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        reference = handler(core_schema)
        definition = handler.resolve_ref_schema(reference)
        mapping = dict(definition)
        definition.clear()
        definition["description"] = mapping.pop("description")
        definition["anyOf"] = [cls.short_schema(mapping), mapping]
        return reference


class OrText(TwoForms):
    """A mapping in whose place the text of one of its fields may stand."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {cls.alone: value} if isinstance(value, str) else value
