"""Single-value extended properties of a folder: MAPI properties by type and tag, `Binary 0x3019`.

A folder's retention tag lives here: 0x3019 holds the tag's GUID, 0x301D flags, 0x301A days [doc: MS-OXCMSG
and MS-OXPROPS, PidTagPolicyTag]. The facts a reader would not guess: they come back only where $expand asks
for each by id; the tag comes back in lower case without leading zeros, whatever was sent; values are always
texts, base64 for Binary [doc: graph/api/resources/singlevaluelegacyextendedproperty; the respelling is seen
in answers on public forums]. That the service takes them on folders is our reading of the protocol.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from controller.sandbox.graph import bodies
from controller.sandbox.graph.errors import GraphError

NAME = "singleValueExtendedProperties"
_TAGGED = re.compile(r"^(?P<type>\w+)\s+0x(?P<tag>[0-9a-f]{1,4})$", re.IGNORECASE)
_NAMED = re.compile(
    r"^(?P<type>\w+)\s+\{(?P<set>[0-9a-f-]{36})\}\s+(?P<by>Name|Id)\s+(?P<name>.+)$", re.IGNORECASE
)


def _binary(text: str) -> None:
    base64.b64decode(text, validate=True)


def _boolean(text: str) -> None:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)


def _number(least: int, most: int) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not least <= int(text) <= most:
            raise ValueError(text)

    return check


# Types of one value, with what their texts must be [doc: outlook extended properties overview].
_TYPES: dict[str, Callable[[str], object]] = {
    "Binary": _binary,
    "Boolean": _boolean,
    "Double": float,
    "Float": float,
    "Integer": _number(-(2**31), 2**31 - 1),
    "Long": _number(-(2**63), 2**63 - 1),
    "Short": _number(-(2**15), 2**15 - 1),
    "String": str,
    "CLSID": uuid.UUID,
    "SystemTime": lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")),
}


def canonical(identifier: str) -> str:
    """The id as the service spells it.

    Raises:
        GraphError: 400 for what is no property's id.
    """
    for pattern in (_TAGGED, _NAMED):
        match = pattern.match(identifier.strip())
        spelt = match and next((name for name in _TYPES if name.lower() == match["type"].lower()), None)
        if match is None or not spelt:
            continue
        if pattern is _TAGGED:
            return f"{spelt} {int(match['tag'], 16):#x}"
        return f"{spelt} {{{match['set'].lower()}}} {match['by'].capitalize()} {match['name']}"
    raise GraphError(400, "ErrorInvalidProperty", f"Extended property id '{identifier}' is invalid.")


def read(items: Any) -> dict[str, str | None]:
    """The properties of a body by canonical id; None takes one away [inf].

    Raises:
        GraphError: 400 for a shape, an id or a value that does not fit.
    """
    if not isinstance(items, list):
        raise bodies.refused("A 'StartArray' node was expected.")
    found: dict[str, str | None] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise bodies.refused("An extended property must have an 'id'.")
        stranger = next((name for name in item if name not in ("id", "value") and "@" not in name), None)
        if stranger is not None:
            raise bodies.refused(
                f"The property '{stranger}' does not exist on type "
                "'microsoft.graph.singleValueLegacyExtendedProperty'."
            )
        found[canonical(item["id"])] = _checked(item["id"], item.get("value"))
    return found


def _checked(identifier: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        shown = str(value).lower() if isinstance(value, bool) else value
        raise bodies.refused(f"Cannot convert the literal '{shown}' to the expected type 'Edm.String'.")
    try:
        _TYPES[canonical(identifier).partition(" ")[0]](value)
    except (ValueError, binascii.Error):
        text = f"The value of extended property '{identifier}' does not match its type."
        raise GraphError(400, "ErrorInvalidExtendedPropertyValue", text) from None
    return value


def expanded(properties: Mapping[str, str], wanted: Iterable[str]) -> dict[str, Any]:
    """What $expand adds to a folder: nothing at all where it has none of the properties."""
    ids = dict.fromkeys(canonical(identifier) for identifier in wanted)
    found = [{"id": each, "value": properties[each]} for each in ids if each in properties]
    return {NAME: found} if found else {}
