"""What pydantic found wrong, said in words for the person who wrote the document."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from controller.spec.dates import DURATION_FORM, MOMENT_FORM
from controller.spec.models import folder_permissions, handoff, regional, scalars

Trouble = tuple[tuple[str, ...], str, bool]  # where, what, and whether it is about the name itself

_READ_ONLY: Final = frozenset(
    {"read", "readonly", "readpermission", "reader", "reviewer", "readitems", "view"}
)
_NO_READ_ONLY: Final = (
    "there is no read-only right on a mailbox (Exchange's ReadPermission lets a person read the "
    "permissions, not the mail): to let somebody read a folder, give the role reviewer in "
    "folderPermissions; expected one of full-access, send-as, send-on-behalf"
)
_EMPTY: Final = {
    "access": "{} means that nobody has access",
    "aliases": "[] means no aliases",
    "labels": "{} means no labels",
    "members": "[] means that nobody is on the list",
    "sendAs": "[] means that nobody may",
    "sendOnBehalf": "[] means that nobody may",
    "rules": "[] means no rules",
    "forwarding": "none means that nothing is forwarded",
    "ticketing": "none ends it",
    "teamsChannel": "none ends it",
    "mailTip": '"" means no tip',
}
PATTERNS: Final = {
    scalars.ADDRESS_PATTERN: "an SMTP address such as support@entreprise.example",
    scalars.GUID_PATTERN: "an id such as 7f1b2c3d-0000-4000-8000-000000000001",
    scalars.LABEL_PATTERN: "a label's name without spaces, '=' and ','",
    scalars.NAME_PATTERN: "a name without '/', on one line, not starting or ending with a space",
    scalars.POLICY_PATTERN: "a name without spaces and '/', such as no-outsiders",
    scalars.VARIABLE_PATTERN: "the name of an environment variable (letters, digits, _), never the value "
    "itself",
    scalars.FINDING_PATTERN: "a finding's id as the plan prints it, such as "
    "last-reader/archive@entreprise.example",
    scalars.MOMENT_PATTERN: MOMENT_FORM,
    scalars.DURATION_PATTERN: DURATION_FORM,
    folder_permissions.HOLDER_PATTERN: "an address, default or anonymous",
    folder_permissions.FOLDER_PATTERN: "a folder's path such as Inbox or Clients/Contrats",
    scalars.SIZE_PATTERN: "a size with its unit, such as 35 MB or 49.5 GB",
    scalars.DAYS_PATTERN: "a number of days, at least 1, such as 180 days",
    scalars.HOLD_PATTERN: "a number of days such as 2555 days, or unlimited",
    scalars.CATEGORY_PATTERN: "a category's name on one line, without ',' and ';', where Outlook parts it",
    scalars.FOLDER_PATTERN: "a folder's path such as Inbox/Factures (a slash inside a name is written \\/)",
    regional.CULTURE_PATTERN: "a language with its region such as fr-FR (Exchange refuses fr alone)",
    regional.CLOCK_PATTERN: 'a time of day such as "09:00", with two digits each',
    scalars.ATTRIBUTE_PATTERN: "a number from 1 to 15",
    handoff.ENVIRONMENT_PATTERN: "the https address of an environment, such as "
    "https://entreprise.crm4.dynamics.com",
    scalars.ONE_LINE_PATTERN: "text on one line, not starting or ending with a space",
}
_TYPES: Final = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "dict_type": "a mapping (name: value)",
    "model_type": "a mapping (name: value)",
    "model_attributes_type": "a mapping (name: value)",
    "tuple_type": "a list",
    "list_type": "a list",
}
_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    plain = {_plain(each): each for each in known}
    near = difflib.get_close_matches(_plain(word), plain, 1, 0.6)
    return plain[near[0]] if near else None


def meant(word: str, known: Iterable[str]) -> str:
    near = closest(word, known)
    return f" — did you mean {near!r}?" if near else ""


def explain(model: type[BaseModel], error: ErrorDetails) -> Trouble | None:
    """Where and what; None for an error that merely follows from another."""
    loc, value, kind = error["loc"], error["input"], error["type"]
    path = tuple(str(part) for part in loc if part != "[key]")
    if loc and loc[-1] == "[key]":
        return path, _pattern(error, path[-1]), True
    if kind == "extra_forbidden" and len(path) == 1 and path[0] in (why := getattr(model, "refused", {})):
        return path, f"{path[0]!r} cannot stand in a {model.__name__}: {why[path[0]]}", True
    if kind == "extra_forbidden":
        return path, _unknown(path[-1], fields_at(model, path[:-1])), True
    if kind == "missing":
        return path[:-1], f"missing field {path[-1]!r}", True
    if value is None:
        return path, _nothing(path), True
    if kind == "too_short" and value:
        return None  # its elements are wrong, each of which is said
    return path, _wrong(error, path), False


def _wrong(error: ErrorDetails, path: tuple[str, ...]) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind in ("enum", "literal_error"):
        return _choice(path, value, re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "string_pattern_mismatch":
        return _pattern(error, value)
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_short" and path[-1] == "rights":
        return "no right is listed: to take all rights from somebody, leave the line out"
    if kind == "too_short":
        return "empty list: list something, or leave the field out"
    if kind == "string_too_short":
        return "empty text: write something, or leave the field out"
    if kind == "string_too_long":
        return f"expected at most {context['max_length']} characters; got {len(value)}"
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        return f"expected {words} {_number(context[name])}; got {_named(value)}"
    if kind in _TYPES:
        return _mistyped(kind, value, path)
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}; got {_named(value)}"


def _mistyped(kind: str, value: Any, path: tuple[str, ...]) -> str:
    expected = _TYPES[kind]
    if path[:1] == ("access",) and len(path) == 2:
        expected = "a list of rights such as [full-access, send-as], or a mapping with 'rights'"
    elif path == ("access",):
        expected = "a mapping from people to rights (alice@entreprise.example: [full-access])"
    advice = ""
    if kind == "string_type" and isinstance(value, bool | int | float):
        advice = ": put it in quotes"
    elif kind == "bool_type" and str(value).lower() in ("yes", "no", "on", "off"):
        advice = ", which is text in YAML 1.2"
    elif kind == "tuple_type" and isinstance(value, str):
        advice = f": write [{value}]"
    return f"expected {expected}; got {_named(value)}{advice}"


def _choice(path: tuple[str, ...], value: Any, expected: list[str]) -> str:
    if "full-access" in expected and _plain(str(value)) in _READ_ONLY:
        return _NO_READ_ONLY
    if path[:1] == ("exclusive",) and value == "folders":
        return "folders cannot be exclusive: a folder holds mail and is never deleted"
    choices = f"one of {', '.join(expected)}" if len(expected) > 1 else expected[0]
    near = meant(value, expected) if isinstance(value, str) else ""
    return f"expected {choices}; got {_named(value)}{near}"


def _pattern(error: ErrorDetails, value: Any) -> str:
    context = error.get("ctx", {})
    if error["type"] == "string_too_long":
        return f"expected at most {context['max_length']} characters; got {len(value)}"
    pattern = str(context.get("pattern"))
    if pattern == scalars.VARIABLE_PATTERN:  # what stands there may well be the secret: it is not repeated
        return f"expected {PATTERNS[pattern]}"
    if value == "<<":
        return "merge keys (<<) are no part of YAML 1.2"
    if pattern == scalars.ADDRESS_PATTERN and (inner := re.search(r"<([^<>\s]+@[^<>\s]+)>", value)):
        return f"expected the address alone, without a name: {inner[1]}"
    return f"expected {PATTERNS.get(pattern, 'text of the form ' + pattern)}; got {value!r}"


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    if name == "<<":
        return "merge keys (<<) are no part of YAML 1.2"
    near = meant(name, known)
    return f"unknown field {name!r}{near or '; expected one of ' + ', '.join(known)}"


def _nothing(path: tuple[str, ...]) -> str:
    wish = next((f", and {text}" for name, text in _EMPTY.items() if path == (name,)), "")
    what = f"{path[-1]!r}" if not path[-1].isdigit() else "this element"
    return f"{what} has nothing after it: left out means unmanaged{wish}; null is never a value"


def _named(value: Any) -> str:
    """A value as its writer sees it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {_number(value)}"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "…")
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower()) or word


def fields_at(model: type[BaseModel], path: Iterable[str]) -> dict[str, Any]:
    """The fields, by the names that documents use, of the model at a path inside another."""
    there: Any = model
    for part in path:
        there = _inside(there, part)
    if not (isinstance(there, type) and issubclass(there, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in there.model_fields.items()}


def _inside(annotation: Any, part: str) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return bare(fields[part].annotation) if part in fields else None
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        return bare(arguments[1])
    return bare(arguments[0]) if typing.get_origin(annotation) is tuple else None


def bare(annotation: Any) -> Any:
    """A type without `Annotated` and `None`."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
            continue
        options = [option for option in typing.get_args(annotation) if option is not type(None)]
        if len(options) == 1 and typing.get_origin(annotation) not in (dict, tuple, list):
            annotation = options[0]
            continue
        return annotation
