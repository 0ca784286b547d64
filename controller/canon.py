"""Canonical forms: two values that mean the same have the same one. They decide; they are never sent.

`canon(canon(x)) == canon(x)` holds for each of them (a law, tested over generated values).
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

Canon = Callable[[Any], Any]

SMTP_PREFIX = "smtp:"
UNLIMITED = "unlimited"
_SPACE = re.compile(r"\s+")
_UNITS = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?B)", re.IGNORECASE | re.ASCII)
_BYTES = re.compile(r"\(([\d,]+) bytes\)", re.ASCII)
_SPAN = re.compile(r"(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?", re.ASCII)
_DAYS = re.compile(r"(\d{1,8}) ?(?:d|days?)", re.IGNORECASE | re.ASCII)
_WRAPPING = re.compile(r"</?(?:html|body)\b[^>]*>|<head\b.*?</head>", re.IGNORECASE | re.DOTALL)


def same(value: Any) -> Any:
    return value


def address(value: str) -> str:
    """An SMTP address or UPN, compared without case; a proxy prefix is dropped. The same address is the
    same text in memory: in a large tenant each is met a dozen times."""
    text = value.strip()
    if text[:5].lower() == SMTP_PREFIX:
        text = text[5:]
    return sys.intern(text.lower())


def text(value: str | None) -> str:
    """Words as a person reads them: absent is empty, runs of white space are one blank."""
    return _SPACE.sub(" ", value or "").strip()


def flag(value: Any) -> bool | None:
    """A boolean, also where a service spells it (`True`, `false`); None stays "not configured"."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None if value is None else bool(value)


def rights(values: Iterable[str] | str | None) -> frozenset[str]:
    """Rights of an access entry. One element may hold several, joined with commas
    [obs: Get-MailboxPermission rows of `NT AUTHORITY\\SELF`]."""
    if values is None:
        return frozenset()
    parts = [values] if isinstance(values, str) else values
    return frozenset(right.strip() for part in parts for right in str(part).split(",") if right.strip())


def plain(value: Any) -> Any:
    """A value as it comes back from a record: lists for tuples, sorted lists for sets, text for keys."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=repr)
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def domain(value: str) -> str:
    """The domain of an address, in lower case."""
    return address(value).rpartition("@")[2]


def size(value: Any) -> str | None:
    """A size in the largest unit that tells it exactly (`49.5 GB`, `36700161 B`), from what people write
    and what Exchange prints, where the bytes in parentheses count: `35 MB (36,700,160 bytes)`.
    "unlimited" stays a word; None is not set."""
    count = in_bytes(value)
    if count is None:
        return None if value is None else str(value).strip().lower()
    for unit, power in reversed(_UNITS.items()):
        hundredths, rest = divmod(count * 100, 1024**power)
        if not rest and (hundredths >= 100 or not power):
            return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".") + f" {unit}"
    raise AssertionError("unreachable: every count is a count of bytes")


def in_bytes(value: Any) -> int | None:
    """The bytes of a size; None for one that has none, such as "unlimited"."""
    written = str(value).strip()
    if told := _BYTES.search(written):
        return int(told[1].replace(",", "") or 0)
    found = _SIZE.fullmatch(written)
    return round(Decimal(found[1]) * 1024 ** _UNITS[found[2].upper()]) if found else None


def days(value: Any) -> str | None:
    """`180 days`, from what people write (`180 days`, `180d`) and a TimeSpan (`180.00:00:00`). A span that
    is no whole number of days stays a TimeSpan, "unlimited" a word, None is not set."""
    if value is None:
        return None
    written = str(value).strip().lower()
    if found := _SPAN.fullmatch(written):
        whole, *rest = (int(part or 0) for part in found.groups())
        return f"{whole} days" if not any(rest) else written
    found = _DAYS.fullmatch(written)
    return f"{int(found[1])} days" if found else written


def displayed(value: str | None) -> str:
    """HTML as its reader sees it, as far as one line goes: the wrapping that Exchange adds is dropped,
    character references are letters, white space is blanks [doc: Set-Mailbox MailTip]."""
    shown = text(value)
    while (plainer := text(html.unescape(_WRAPPING.sub(" ", shown)))) != shown:
        shown = plainer
    return shown
