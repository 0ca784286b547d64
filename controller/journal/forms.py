"""How values are written down: JSON text, one spelling for each value, fit for SQLite and PostgreSQL.

Text is kept in ASCII escapes: PostgreSQL refuses a NUL and no UTF-8 can hold half a surrogate pair, and a
service may answer with either.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Set
from dataclasses import asdict, is_dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any, Final

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
REDACTED: Final = "(not recorded)"
_SECRET: Final = re.compile(r"password|secret|token|credential|assertion|private_?key|authorization", re.I)


def encode(value: Any) -> str:
    """The one JSON text of `value`. Raises TypeError or ValueError where JSON cannot hold it."""
    return _ENCODER.encode(_plain(value))


def decode(text: str) -> Any:
    return json.loads(text)


def as_recorded(value: Any) -> Any:
    """`value` as it will come back from the journal, to be compared with what does."""
    return decode(encode(value))


def digest(value: Any) -> str:
    return hashlib.sha256(encode(value).encode("ascii")).hexdigest()


def clean_text(text: str) -> str:
    """`text` without what a database's text column cannot hold."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def without_secrets(value: Any) -> Any:
    """`value` with everything that stands under a telling name left out, at any depth.

    Requests are written down as the plan shows them, and a plan has no secrets in it. This is the net
    under that promise, since what is once in a database is also in its backups.
    """
    if isinstance(value, Mapping):
        return {k: REDACTED if _SECRET.search(str(k)) else without_secrets(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value


def _plain(value: Any) -> Any:  # one line for each shape
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Set):
        return sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    raise TypeError(f"the journal cannot write down a {type(value).__name__}")
