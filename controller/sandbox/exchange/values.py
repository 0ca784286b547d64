"""The typed values of the wire: what JSON turns into for each .NET type, and how it prints back.

Sizes print as text with the exact bytes in parentheses, TimeSpans as `d.hh:mm:ss`, and an enumerator may be
abbreviated to an unambiguous prefix [reference: section 4]. Which parameter has which type is `table`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.table import Parameter

UNLIMITED = "Unlimited"
_UNITS = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)?\s*(?:\(([\d,]+) bytes\))?\s*", re.IGNORECASE)
_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]+@[^@\s\"(),:;<>\[\\\]]+\.[^@\s\"(),:;<>\[\\\]]+")
_DELTA_TYPES = ("#exchange.generichashtable", "#exchange.stringfielddeltaupdatedata")
# Types that take several enumerators in one string, joined by commas [reference: section 4].
_FLAGS = frozenset({"MailboxFolderPermissionFlags", "DaysOfWeek", "FontFlags", "PontType"})
# Booleans for which null is a value of its own: inherit from the organisation [doc: Set-CASMailbox].
_TRI_STATE = frozenset({"SmtpClientAuthenticationDisabled", "EwsEnabled", "OnlineMeetingsByDefaultEnabled"})
_SPANS = frozenset({"EnhancedTimeSpan", "TimeSpan"})
_DATES = frozenset({"DateTime", "ExDateTime"})


class Guid(str):
    """A string that is a System.Guid on the wire (it has a type hint beside it)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """Add and remove, instead of the whole value."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def print_size(size: int) -> str:
    """`49.5 GB (53,150,220,288 bytes)`."""
    unit, scaled = "B", float(size)
    for unit in _UNITS:
        if scaled < 1024:
            break
        scaled /= 1024 if unit != "TB" else 1
    return f"{scaled:.4g} {unit} ({size:,} bytes)"


def parse_size(text: str) -> int | None:
    """Bytes; None where it is not a size. A text with exact bytes in parentheses means those. What is
    below 1 KB rounds up to it [doc: Set-Mailbox]."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    if found[3]:
        return int(found[3].replace(",", ""))
    unit: int = 1024 ** _UNITS[(found[2] or "B").upper()]
    return max(round(float(found[1]) * unit), 1024)


def print_span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{days}.{clock}" if days else clock


def parse_span(text: str) -> timedelta | None:
    """`30.00:00:00`, `08:30:00`; a bare number is days, as .NET reads it."""
    if text.strip().isdigit():
        return timedelta(days=int(text))
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[2]) > 23 or int(found[3]) > 59 or int(found[4] or 0) > 59:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def print_date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def parse_date(text: str) -> datetime | None:
    """ISO 8601; without a zone it is UTC. Local formats are not guessed at."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    try:
        at = datetime.fromisoformat(trimmed)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


# --- JSON to value ------------------------------------------------------------------------------------


def convert(parameter: Parameter, value: Any) -> Any:
    """The bound value of an argument; CmdletError (400) where it does not turn into the type."""
    if parameter.type == "SwitchParameter":
        return False if value is None else _boolean(parameter, value)
    if value is None:
        if parameter.type == "Boolean" and parameter.name not in _TRI_STATE:
            raise refusals.bad_value(parameter.name, None, "System.Boolean", "Boolean can't be null.")
        return None
    if _is_list(parameter):
        return _many(parameter, value)
    if parameter.values and parameter.type != "TimeSpan":
        return _enumerator(parameter, value)
    return _converter(parameter)(parameter, value)


def _is_list(parameter: Parameter) -> bool:
    return parameter.type.endswith("[]") or parameter.type in (
        "MultiValuedProperty",
        "ProxyAddressCollection",
    )


def _converter(parameter: Parameter) -> Callable[[Parameter, Any], Any]:
    if parameter.sized:
        return _size
    if parameter.type in _SPANS:
        return _span
    if parameter.type in _DATES:
        return _date
    named = {"Boolean": _boolean, "Int32": _integer, "Unlimited": _limit, "SmtpAddress": _email}
    return named.get(parameter.type, _text)


def _boolean(parameter: Parameter, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value != 0
    wanted = "SwitchParameter" if parameter.type == "SwitchParameter" else "System.Boolean"
    reason = "Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0."
    raise refusals.bad_value(parameter.name, value, wanted, reason)


def _integer(parameter: Parameter, value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise refusals.bad_value(parameter.name, value, "System.Int32")
    return int(value)


def _limit(parameter: Parameter, value: Any) -> int | str:
    """`Unlimited<…>` without a unit: a count, or days."""
    text = str(value)
    if text.lower() == "unlimited":
        return UNLIMITED
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    span = parse_span(text) if isinstance(value, str) else None
    if span is None:
        raise refusals.bad_value(parameter.name, value, "Unlimited")
    return span.days


def _size(parameter: Parameter, value: Any) -> int | str:
    if str(value).lower() == "unlimited" and parameter.type == "Unlimited":
        return UNLIMITED
    parsed = None if isinstance(value, bool) else parse_size(str(value))
    if parsed is None:
        raise refusals.bad_value(parameter.name, value, "Microsoft.Exchange.Data.ByteQuantifiedSize")
    return parsed


def _span(parameter: Parameter, value: Any) -> timedelta:
    parsed = parse_span(value) if isinstance(value, str) else None
    if parsed is None:
        raise refusals.bad_value(parameter.name, value, "Microsoft.Exchange.Data.EnhancedTimeSpan")
    return parsed


def _date(parameter: Parameter, value: Any) -> datetime:
    parsed = parse_date(value) if isinstance(value, str) else None
    if parsed is None:
        raise refusals.bad_value(parameter.name, value, "System.DateTime", "The string was not recognized.")
    return parsed


def _email(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str) or not is_email(value):
        raise refusals.bad_value(parameter.name, value, "Microsoft.Exchange.Data.SmtpAddress")
    return value


def _text(parameter: Parameter, value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    if not isinstance(value, str | int | float):
        raise refusals.bad_value(parameter.name, value, parameter.type)
    return str(value)


def _enumerator(parameter: Parameter, value: Any) -> str:
    """One enumerator, or several joined by ", " where the type is a set of flags."""
    if parameter.type in _FLAGS:
        return ", ".join(_match(parameter, part) for part in _parts(value))
    if not isinstance(value, str):
        raise refusals.bad_enumerator(parameter.name, str(value), parameter.type, parameter.values)
    return _match(parameter, value)


def _match(parameter: Parameter, text: str) -> str:
    """PowerShell's reading: any case, and a prefix that fits one only [reference: section 4]."""
    wanted = text.strip().lower()
    exact = [name for name in parameter.values if name.lower() == wanted]
    fitting = exact or [name for name in parameter.values if wanted and name.lower().startswith(wanted)]
    if len(fitting) != 1:
        wanted_type = parameter.type.removesuffix("[]")
        raise refusals.bad_enumerator(parameter.name, text, wanted_type, parameter.values)
    return fitting[0]


def _parts(value: Any) -> list[str]:
    items: Sequence[Any] = value if isinstance(value, list) else [value]
    return [part.strip() for item in items for part in str(item).split(",")]


def _many(parameter: Parameter, value: Any) -> tuple[str, ...] | Delta:
    if isinstance(value, dict):
        return _delta(parameter, value)
    if parameter.values:
        return tuple(_match(parameter, part) for part in _parts(value))
    return tuple(_text(parameter, item) for item in (value if isinstance(value, list) else [value]))


def _delta(parameter: Parameter, table: dict[str, Any]) -> Delta:
    """A table with Add and Remove in any case; each a string or a list [obs: CIPP, go-exoscc]. A plain
    list type takes none [doc: Set-CalendarProcessing, example 7]."""
    marker = str(table.get("@odata.type", "")).lower()
    found: dict[str, tuple[str, ...]] = {}
    for key, value in table.items():
        if "@" in key:
            continue
        items = value if isinstance(value, list) else [value]
        found[key.lower()] = tuple(_text(parameter, item) for item in items if item is not None)
    if marker not in _DELTA_TYPES or parameter.type.endswith("[]") or not found.keys() <= {"add", "remove"}:
        shown = "System.Collections.Hashtable"
        raise refusals.bad_value(parameter.name, shown, parameter.type)
    if parameter.values:
        found = {key: tuple(_match(parameter, item) for item in items) for key, items in found.items()}
    return Delta(found.get("add", ()), found.get("remove", ()))
