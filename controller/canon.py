"""Canonical forms: two values that mean the same have the same one. They decide; they are never sent.

`canon(canon(x)) == canon(x)` holds for each of them (a law, tested over generated values).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Canon = Callable[[Any], Any]

SMTP_PREFIX = "smtp:"
_SPACE = re.compile(r"\s+")


def same(value: Any) -> Any:
    return value


def address(value: str) -> str:
    """An SMTP address or UPN, compared without case; a proxy prefix is dropped."""
    text = value.strip()
    if text[:5].lower() == SMTP_PREFIX:
        text = text[5:]
    return text.lower()


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
