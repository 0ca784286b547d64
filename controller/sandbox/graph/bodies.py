"""Request bodies against the table of types: what may be written, and does it fit.

The fact a reader would not guess: a property nobody knows is refused as `RequestBodyRead` by the OData layer
before the service looks, while a read-only one reaches the service and is refused there [reference: errors].
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from controller.sandbox.graph import entities
from controller.sandbox.graph.entities import EntityType, Property
from controller.sandbox.graph.errors import GraphError, bad_request, empty_body, unreadable_body
from controller.sandbox.graph.wire import Missing, Request, Unreadable


def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        GraphError: 400 where it is missing or something else.
    """
    body = request.body
    if body is Missing:
        raise empty_body()
    if body is Unreadable or not isinstance(body, dict):
        raise unreadable_body()
    return body


def refused(message: str) -> GraphError:
    return GraphError(400, "RequestBodyRead", message)


def read(
    body: Mapping[str, Any], type_: EntityType, *, writable: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The properties of a body under the schema's names; annotations are dropped, bindings stay.
    `writable` names read-only properties that this call may set all the same.

    Raises:
        GraphError: RequestBodyRead for what does not fit, Request_BadRequest for what is read-only.
    """
    found: dict[str, Any] = {}
    for name, value in body.items():
        if name.endswith("@odata.bind"):
            found[name] = value
            continue
        if "@" in name:
            continue
        prop = type_.find(name)
        if prop is None:
            raise refused(
                f"The property '{name}' does not exist on type 'microsoft.graph.{type_.name}'. Make sure to "
                "only use property names that are defined by the type or mark the type as open type."
            )
        check(prop, value)
        if prop.read_only and prop.name not in writable:
            raise bad_request(f"Property '{prop.name}' is read-only and cannot be set.")
        found[prop.name] = value
    return found


def check(prop: Property, value: Any) -> None:
    """Refuses a value that is not of the property's type."""
    if value is None:
        if prop.collection or not prop.nullable:
            raise refused(
                f"A null value was found for the property named '{prop.name}', which has the expected type "
                f"'{_edm(prop.type)}[Nullable=False]'. The expected type '{_edm(prop.type)}[Nullable=False]' "
                "does not allow null values."
            )
        return
    if prop.collection:
        if not isinstance(value, list):
            raise refused(
                f"An unexpected '{_node(value)}' node was found when reading from the JSON reader. "
                "A 'StartArray' node was expected."
            )
        for item in value:
            _check_item(prop, item)
        return
    _check_item(prop, value)


def _node(value: Any) -> str:
    return "StartObject" if isinstance(value, dict) else "PrimitiveValue"


def _check_item(prop: Property, value: Any) -> None:
    kind = prop.item_type
    if kind in ("String", "Guid"):
        fits = isinstance(value, str)
    elif kind == "Boolean":
        fits = isinstance(value, bool)
    elif kind in ("Int32", "Int64"):
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif kind == "DateTimeOffset":
        fits = isinstance(value, str) and _is_moment(value)
    elif kind == "TimeOfDay":
        fits = isinstance(value, str) and _is_time(value)
    elif entities.known(kind):
        _check_typed(prop, entities.entity(kind), value)
        return
    else:
        return
    if not fits:
        shown = str(value).lower() if isinstance(value, bool) else value
        raise refused(f"Cannot convert the literal '{shown}' to the expected type '{_edm(kind)}'.")


def _check_typed(prop: Property, type_: EntityType, value: Any) -> None:
    if type_.kind == "enum":
        names = {name.lower() for name in type_.members}
        if not isinstance(value, str) or value.lower() not in names:
            raise refused(
                f"Requested value '{value}' was not found."
                if isinstance(value, str)
                else f"Cannot read '{prop.name}'."
            )
        return
    if not isinstance(value, dict):
        raise refused(
            "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. "
            "A 'StartObject' node was expected."
        )
    named = str(value.get("@odata.type", "")).removeprefix("#").removeprefix("microsoft.graph.")
    derived = entities.entity(named) if entities.known(named) else type_
    read(value, derived, writable=frozenset(derived.properties))


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return "T" in text


def _is_time(text: str) -> bool:
    """A time of day, with up to seven digits after the second."""
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return text.count(":") == 2


def _edm(kind: str) -> str:
    inner = kind.removeprefix("Collection(").removesuffix(")")
    edm = f"Edm.{inner}" if inner[:1].isupper() else f"microsoft.graph.{inner}"
    return f"Collection({edm})" if kind.startswith("Collection(") else edm


def lengths(values: Mapping[str, Any], type_: EntityType) -> None:
    """Refuses texts that are too long, and emptied names that must not be."""
    for name, value in values.items():
        prop = type_.properties.get(name)
        if prop is None:
            continue
        if prop.required and value in (None, ""):
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource '{_resource(type_)}'."
            )
        if prop.max_length is not None and isinstance(value, str) and len(value) > prop.max_length:
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource '{_resource(type_)}'."
            )


def required(values: Mapping[str, Any], names: tuple[str, ...], type_: EntityType) -> None:
    for name in names:
        if values.get(name) in (None, ""):
            raise bad_request(
                f"A value is required for property '{name}' of resource '{_resource(type_)}'."
                if name not in values
                else f"Invalid value specified for property '{name}' of resource '{_resource(type_)}'."
            )


def _resource(type_: EntityType) -> str:
    return type_.name[0].upper() + type_.name[1:]
