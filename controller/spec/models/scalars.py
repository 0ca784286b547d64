"""The small types that fields are written in, and the class every model derives from.

They validate inside pydantic's core: no Python runs per value, which keeps large estates fast. What a
failed one means in words is said in `controller.spec.messages`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar

from annotated_types import Ge
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic.types import Strict
from pydantic_core import CoreSchema

from controller.spec.dates import DURATION_FORM, MOMENT_FORM, parse_duration, parse_moment

T = TypeVar("T")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS_PATTERN = rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+$"
GUID_PATTERN = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
LABEL_PATTERN = r"^[^\s=,]+$"
NAME_PATTERN = r"^[^\s/](?:[^/\r\n\t]*[^\s/])?$"
POLICY_PATTERN = r"^[^\s/]+$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
FINDING_PATTERN = r"^[a-z][a-z-]*/\S.*$"
ONE_LINE_PATTERN = r"^\S(?:[^\r\n]*\S)?$"
CATEGORY_PATTERN = r"^[^\s,;](?:[^\r\n,;]*[^\s,;])?$"  # Outlook splits names at commas and semicolons
FOLDER_PATTERN = r"^(?:\\/|[^\s/])(?:[^\r\n]*(?:\\/|[^\s/]))?$"
MOMENT_PATTERN = r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\s?(Z|z|[+-]\d{2}:?\d{2})?)?$"
SIZE_PATTERN = r"^\d{1,7}(\.\d{1,3})? ?([KMGTkmgt]?[Bb])$"
DAYS_PATTERN = r"^[1-9]\d{0,4} ?(d|days?)$"
HOLD_PATTERN = r"^([1-9]\d{0,4} ?(d|days?)|unlimited)$"
ATTRIBUTE_PATTERN = r"^([1-9]|1[0-5])$"
DURATION_PATTERN = r"^(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s?)?$"


def as_moment(value: object) -> date | datetime:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return parse_moment(value)
    raise ValueError(f"expected {MOMENT_FORM}; got {value!r}")


def as_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) or type(value) is int:
        return parse_duration(value)
    raise ValueError(f"expected {DURATION_FORM}; got {value!r}")


class NotNull:
    """Marks an optional field whose absence is None, while a written `null` is refused."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


Maybe = Annotated[T | None, NotNull()]  # left out is None, and means: unmanaged

Flag = Annotated[bool, Strict()]  # `yes` and `on` are strings in YAML 1.2, and stay strings
Count = Annotated[int, Strict(), Ge(0)]
Address = Annotated[str, StringConstraints(pattern=ADDRESS_PATTERN, max_length=254)]  # RFC 5321: 256 less <>
Guid = Annotated[str, StringConstraints(pattern=GUID_PATTERN)]
LabelName = Annotated[str, StringConstraints(pattern=LABEL_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=64)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]  # of the environment
FindingId = Annotated[str, StringConstraints(pattern=FINDING_PATTERN)]
DisplayName = Annotated[
    str, StringConstraints(pattern=ONE_LINE_PATTERN, max_length=256)
]  # [doc: New-Mailbox]
Size = Annotated[str, StringConstraints(pattern=SIZE_PATTERN)]  # sent as written
Days = Annotated[str, StringConstraints(pattern=DAYS_PATTERN)]
HoldSpan = Annotated[str, StringConstraints(pattern=HOLD_PATTERN)]
Words = Annotated[str, StringConstraints(min_length=1)]

Moment = Annotated[
    date | datetime,
    PlainValidator(as_moment),
    WithJsonSchema(
        {"type": "string", "pattern": MOMENT_PATTERN, "examples": ["2027-01-31", "2027-01-31T18:00"]}
    ),
]
Duration = Annotated[
    timedelta,
    PlainValidator(as_duration),
    WithJsonSchema({"type": ["string", "integer"], "pattern": DURATION_PATTERN, "examples": ["15m", "1h"]}),
]


class SpecModel(BaseModel):
    """Frozen, closed, and spelt in camelCase. `model_fields_set` tells what was written."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        serialize_by_alias=True,
    )
