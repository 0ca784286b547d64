"""A document as policies see it: by the spec's own field names, always in the long form.

A collection that is left out is empty; anything else that is left out is absent. Addresses are in lower case,
as they are compared without regard to it. Dates are moments: `from` counts from the first of the day, any
other date to its last.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Collection, Mapping
from datetime import date, timedelta, tzinfo
from enum import Enum
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from controller.spec.dates import ends_at, starts_at
from controller.spec.messages import bare
from controller.spec.models.scalars import ADDRESS_PATTERN

_ADDRESS: Final = re.compile(ADDRESS_PATTERN)


def judged(spec: BaseModel, zone: tzinfo, only: Collection[str] | None = None) -> dict[str, Any]:
    """Mappings, lists, text, numbers, booleans, datetimes with their offset, timedeltas. `only`: no more than
    these fields."""
    told: dict[str, Any] = {}
    for name, alias, empty in _fields(type(spec)):
        if only is not None and alias not in only:
            continue
        if name in spec.model_fields_set:
            told[alias] = _value(getattr(spec, name), alias, zone)
        elif empty is not None:
            told[alias] = empty()
    return told


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, type[Any] | None], ...]:
    """Name, name in documents, and what it is when it is left out: a dict, a list, or nothing."""
    fields = model.model_fields.items()
    return tuple((name, field.alias or name, _collection(field.annotation)) for name, field in fields)


def _collection(annotation: Any) -> type[Any] | None:
    origin: Any = typing.get_origin(bare(annotation))
    return {dict: dict, tuple: list, list: list}.get(origin)


def _value(value: Any, name: str, zone: tzinfo) -> Any:
    if isinstance(value, BaseModel):
        return judged(value, zone)
    if isinstance(value, Mapping):
        return {_text(str(key)): _value(each, name, zone) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_value(each, name, zone) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, date):  # a datetime is one, too
        return starts_at(value, zone) if name == "from" else ends_at(value, zone)
    if value is None or isinstance(value, bool | int | float | timedelta):
        return value
    return str(value)


def _text(text: str) -> str:
    return text.lower() if _ADDRESS.match(text) else text
