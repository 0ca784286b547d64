"""A password that nobody is told: a place in a planned request that is filled when the request is sent.

A plan is read, saved and kept, so that the secret cannot stand in it. What is sent is the reviewed request
with this one text replaced, and nothing else; the value is written nowhere, and hidden from every log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from controller.log import hide
from controller.model import Request

RANDOM_PASSWORD: Final = "{random password}"  # noqa: S105 - stands where the password will be
_BYTES: Final = 48  # 64 characters of the 256 that Entra takes
_KINDS: Final = "aA1-"  # Entra wants three kinds of characters of four, which chance alone does not promise

Generate = Callable[[], str]


def generate() -> str:
    return secrets.token_urlsafe(_BYTES) + _KINDS


def filled(request: Request, generate: Generate) -> Request:
    """The request as it is sent: the same one, unless it has a place for a password."""
    if not _has_place(request.parameters):
        return request
    password = generate()
    hide([password])
    parameters: Mapping[str, Any] = _with(request.parameters, password)
    return replace(request, parameters=parameters)


def _has_place(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_place, value.values()))
    return isinstance(value, str) and value == RANDOM_PASSWORD


def _with(value: Any, password: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _with(inner, password) for name, inner in value.items()}
    return password if value == RANDOM_PASSWORD else value
