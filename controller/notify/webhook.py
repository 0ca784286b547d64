"""The body for any web service: the notice as JSON, and its signature. Pure.

docs/reference/webhook.md describes it, `SCHEMA` is the same for programs. The signature is over the bytes as
they are sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final

from controller.notify.news import Notice
from controller.notify.words import headline
from controller.spec.models.notify import Event

FORMAT: Final = 1
SIGNATURE: Final = "X-Mbx-Signature-256"

_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_NEWS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "kind", "what", "since", "resource", "who", "place", "url", "advice"],
    "properties": {
        "id": {"type": "string", "description": "Its own for ever: told twice, it has the same."},
        "kind": {"enum": [str(event) for event in Event]},
        "what": {"type": "string", "description": "One line for people."},
        "since": {"type": "string", "format": "date-time"},
        "resource": {**_TEXT_OR_NULL, "description": "KIND/ADDRESS, where it is about one."},
        "who": {**_TEXT_OR_NULL, "description": "Who did it, as far as the audit log tells."},
        "place": {**_TEXT_OR_NULL, "description": "FILE:LINE of the specs."},
        "url": {**_TEXT_OR_NULL, "description": "The same line at the forge."},
        "advice": _TEXT_OR_NULL,
    },
}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "What mbx sends to a webhook",
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "id", "tenant", "at", "commit", "headline", "news", "more"],
    "properties": {
        "format": {"const": FORMAT},
        "id": {"type": "string", "description": "The message's own; also in the header X-Mbx-Delivery."},
        "tenant": {"type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "commit": {**_TEXT_OR_NULL, "description": "The commit that the specs were read from."},
        "headline": {"type": "string"},
        "news": {"type": "array", "items": _NEWS},
        "more": {
            "type": "object",
            "description": "How many of each kind there are besides those in `news`.",
            "propertyNames": {"enum": [str(event) for event in Event]},
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
    },
}


def message(notice: Notice) -> dict[str, Any]:
    return {"format": FORMAT, **notice.plain(), "headline": headline(notice)}


def encoded(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def signature(body: bytes, secret: str) -> str:
    """`sha256=` and the HMAC-SHA256 of the body in hexadecimal digits, as GitHub's hooks have it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
