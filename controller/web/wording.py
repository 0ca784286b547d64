"""Values and names as people read them, and as they look for them. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.aspect import Resource
from controller.model import Kind
from controller.report.text import plain

_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})
_LONGEST: Final = 400  # characters of one value


def folded(text: str) -> str:
    """For searching: without case, accents and ligatures."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(part for part in parts if not unicodedata.combining(part))


def shown(value: Any) -> str:
    """A value as people read it, cut where it is long."""
    text = plain(" ".join(_parts(value)))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _parts(value: Any) -> Iterator[str]:
    if value is None:
        yield "—"
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, Mapping):
        yield ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) or "empty"
    elif isinstance(value, list | tuple | set | frozenset):
        yield ", ".join(shown(each) for each in value) or "empty"
    else:
        yield str(value) or "empty"


def name_of(resource: Resource | None) -> str:
    """As the tenant has it, or else as it is written; of the organisation's settings, what they are."""
    if resource is None:
        return ""
    if resource.key.kind is Kind.TENANT:
        return "organisation settings"
    observed = resource.principal.display_name if resource.principal else ""
    return plain(str(observed or getattr(resource.spec, "display_name", None) or ""))


def searched(resource: Resource) -> Iterator[str]:
    """By what else it may be looked for: its labels, its other addresses, its file."""
    labels = getattr(resource.spec, "labels", None) or {}
    yield from (f"{label}={value}" for label, value in labels.items())
    yield from getattr(resource.spec, "aliases", None) or ()
    if resource.principal:
        yield from resource.principal.addresses
    yield str(resource.document.origin.path)
