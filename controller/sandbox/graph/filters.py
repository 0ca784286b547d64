"""$filter: is this tree allowed on this type, and does it hold for this object.

The facts a reader would not guess: strings compare without case in the directory; `ne`, `not`, `endsWith`
and `/$count` are answered only by the index, that is with ConsistencyLevel: eventual and $count=true
together [doc: aad-advanced-queries]; and a property that exists is not thereby filterable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from controller.sandbox.graph import entities
from controller.sandbox.graph.entities import EntityType, Property
from controller.sandbox.graph.errors import malformed, needs_advanced, no_such_property, unsupported
from controller.sandbox.graph.filter_parser import (
    Compare,
    Function,
    Junction,
    Lambda,
    Literal,
    Negation,
    Node,
)

_ADVANCED_NAMES = {"ne": "NotEqualsMatch", "not": "Not", "endswith": "EndsWith"}
_PRIMITIVES = ("String", "Boolean", "Guid", "DateTimeOffset", "Int32", "Int64", "Double", "Object")

Getter = Callable[[str], Any]


def check(node: Node, type_: EntityType, *, advanced: bool) -> None:
    """Refuses what the service refuses.

    Raises:
        GraphError: unknown property (BadRequest), operator not offered or only with advanced query
            capabilities (Request_UnsupportedQuery), literal of the wrong type (BadRequest).
    """
    match node:
        case Junction(_, parts):
            for part in parts:
                check(part, type_, advanced=advanced)
        case Negation(inner):
            _need_advanced("not", advanced=advanced)
            check(inner, type_, advanced=advanced)
        case Lambda():
            _check_lambda(node, type_, advanced=advanced)
        case Compare(path, operator, literals):
            _check_compare(path, operator, literals, type_, advanced=advanced)
        case Function(name, path, _):
            top, leaf = _resolve(path, type_)
            _offered(top, leaf, name, type_)
            _need_advanced(name, advanced=advanced)


def _need_advanced(operator: str, *, advanced: bool) -> None:
    if operator in _ADVANCED_NAMES and not advanced:
        raise needs_advanced(_ADVANCED_NAMES[operator])


def _check_compare(
    path: tuple[str, ...],
    operator: str,
    literals: tuple[Literal, ...],
    type_: EntityType,
    *,
    advanced: bool,
) -> None:
    if path[-1].lower() == "$count":
        if not advanced:
            raise needs_advanced("Count")
        if type_.find_navigation(path[0]) is None:
            _resolve(path[:-1], type_)
        return
    top, leaf = _resolve(path, type_)
    if top.collection:
        raise malformed(
            "Invalid filter clause: A binary operator with incompatible types was detected. Found operand "
            f"types '{_edm(top.type)}' and 'Edm.String' for operator kind '{_KINDS.get(operator, operator)}'."
        )
    _offered(top, leaf, operator, type_)
    _need_advanced(operator, advanced=advanced)
    for literal in literals:
        _check_literal(leaf, literal, operator)


_KINDS = {"eq": "Equal", "ne": "NotEqual", "ge": "GreaterThanOrEqual", "le": "LessThanOrEqual"}


def _check_literal(prop: Property, literal: Literal, operator: str) -> None:
    fits = {
        "String": ("string",),
        "Boolean": ("boolean",),
        "DateTimeOffset": ("word",),
        "Guid": ("word", "string"),
        "Int32": ("number",),
        "Int64": ("number",),
    }.get(prop.type)
    if literal.kind == "null" or fits is None or literal.kind in fits:
        if prop.type == "DateTimeOffset" and literal.kind == "word":
            moment(str(literal.value))
        return
    found = {"string": "Edm.String", "boolean": "Edm.Boolean", "number": "Edm.Int32"}.get(
        literal.kind, "Edm.Guid"
    )
    raise malformed(
        "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types "
        f"'{_edm(prop.type)}' and '{found}' for operator kind '{_KINDS.get(operator, operator)}'."
    )


def _check_lambda(node: Lambda, type_: EntityType, *, advanced: bool) -> None:
    top, _ = _resolve(node.path, type_)
    if not top.collection:
        raise malformed("Invalid filter clause: Any/All may only be used following a collection.")
    if node.quantifier == "all":
        raise unsupported("The specified filter to the reference property query is currently not supported.")
    if node.inner is None:
        return
    for operator in _inner_operators(node.inner):
        _offered(top, top, operator, type_)
        _need_advanced(operator, advanced=advanced)
    _check_inner_paths(node.inner, node.variable, top)


def _inner_operators(node: Node) -> list[str]:
    match node:
        case Compare(_, operator, _):
            return [operator]
        case Function(name, _, _):
            return [name]
        case Junction(_, parts):
            return [operator for part in parts for operator in _inner_operators(part)]
        case Negation(inner):
            return ["not", *_inner_operators(inner)]
    raise unsupported("The specified filter to the reference property query is currently not supported.")


def _check_inner_paths(node: Node, variable: str, top: Property) -> None:
    match node:
        case Compare(path, _, _) | Function(_, path, _):
            if path[0].lower() != variable.lower():
                raise malformed(f"Invalid filter clause: {no_such_property(path[0], top.item_type)}")
            if len(path) > 1 and entities.known(top.item_type):
                _resolve(path[1:], entities.entity(top.item_type))
        case Junction(_, parts):
            for part in parts:
                _check_inner_paths(part, variable, top)
        case Negation(inner):
            _check_inner_paths(inner, variable, top)


def _resolve(path: tuple[str, ...], type_: EntityType) -> tuple[Property, Property]:
    """The property a path starts with, and the one it ends with."""
    top = type_.find(path[0])
    if top is None:
        raise malformed(f"Invalid filter clause: {no_such_property(path[0], type_.name)}")
    leaf = top
    for step in path[1:]:
        if leaf.item_type in _PRIMITIVES or not entities.known(leaf.item_type):
            raise malformed(f"Invalid filter clause: {no_such_property(step, leaf.item_type)}")
        _, leaf = _resolve((step,), entities.entity(leaf.item_type))
    return top, leaf


def _offered(top: Property, leaf: Property, operator: str, type_: EntityType) -> None:
    offered = top.filters | leaf.filters
    if operator in offered or (operator == "ne" and "not" in offered) or "Object" in top.type:
        return
    raise unsupported(
        f"Unsupported or invalid query filter clause specified for property '{top.name}' of resource "
        f"'{type_.name[0].upper()}{type_.name[1:]}'."
    )


def _edm(type_name: str) -> str:
    return f"Edm.{type_name}" if type_name in _PRIMITIVES else type_name


# --- does it hold -------------------------------------------------------------------------------------


def moment(text: str) -> datetime:
    """A time literal; a bare date is its midnight, UTC.

    Raises:
        GraphError: it is no time.
    """
    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        raise malformed(
            f"Invalid filter clause: Unrecognized 'Edm.DateTimeOffset' literal '{text}'."
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def holds(node: Node, get: Getter) -> bool:
    """Whether the tree is true of an object; `get` gives a property by its name, any case."""
    match node:
        case Junction(operator, parts):
            return (any if operator == "or" else all)(holds(part, get) for part in parts)
        case Negation(inner):
            return not holds(inner, get)
        case Compare(path, operator, literals):
            return _compare(_walk(path, get), operator, literals)
        case Function(name, path, text):
            return _text(name, _walk(path, get), text)
        case Lambda(path, _, variable, inner):
            items = _walk(path, get) or []
            return bool(items) if inner is None else any(holds(inner, _item(variable, i)) for i in items)
    return False


def _item(variable: str, item: Any) -> Getter:
    return lambda name: item if name.lower() == variable.lower() else None


def _walk(path: tuple[str, ...], get: Getter) -> Any:
    value = get(path[0])
    for step in path[1:]:
        if step.lower() == "$count":
            return len(value or [])
        if not isinstance(value, dict):
            return None
        value = next((v for k, v in value.items() if k.lower() == step.lower()), None)
    return value


def _compare(value: Any, operator: str, literals: tuple[Literal, ...]) -> bool:
    if operator == "in":
        return any(_equal(value, literal) for literal in literals)
    literal = literals[0]
    if operator in ("eq", "ne"):
        return _equal(value, literal) is (operator == "eq")
    if value is None or literal.value is None:
        return False
    left, right = _comparable(value, literal)
    return bool({"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[operator])


def _equal(value: Any, literal: Literal) -> bool:
    if value is None or literal.kind == "null":
        return value is None and literal.kind == "null"
    left, right = _comparable(value, literal)
    return bool(left == right)


def _comparable(value: Any, literal: Literal) -> tuple[Any, Any]:
    wanted = literal.value
    if isinstance(value, str) and literal.kind == "word" and value[:4].isdigit() and value.endswith("Z"):
        return moment(value), moment(str(wanted))
    if isinstance(value, str):
        return value.casefold(), str(wanted).casefold()
    return value, wanted


def _text(name: str, value: Any, text: str) -> bool:
    if not isinstance(value, str):
        return False
    left, right = value.casefold(), text.casefold()
    return {
        "startswith": left.startswith(right),
        "endswith": left.endswith(right),
        "contains": right in left,
    }[name]
