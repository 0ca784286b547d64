"""YAML in and out for the sandbox's files, with line numbers in what it complains about.

Read as YAML 1.2 means it where it matters in hand-written files: `no` and `on` are words and `18:00` is not a
number. Which fields there are is `scenario`'s.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_PLAIN_BOOL = re.compile(r"(true|True|TRUE|false|False|FALSE)$")
_PLAIN_INT = re.compile(r"[-+]?[0-9]+$")


class FileError(Exception):
    """What is wrong with a file: one line for each complaint, each with file and line."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class _Reader(_Loader):  # type: ignore[misc]  # chosen at run time
    pass


_Reader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":int"))]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Reader.add_implicit_resolver("tag:yaml.org,2002:bool", _PLAIN_BOOL, list("tTfF"))
_Reader.add_implicit_resolver("tag:yaml.org,2002:int", _PLAIN_INT, list("-+0123456789"))


class _Writer(_Dumper):  # type: ignore[misc]  # chosen at run time
    def ignore_aliases(self, _: Any) -> bool:
        return True


# A text that our reader would take for a number (`019`, which YAML 1.1 does not) is written in quotes.
_Writer.add_implicit_resolver("tag:yaml.org,2002:int", _PLAIN_INT, list("-+0123456789"))


def write(document: Any) -> str:
    """YAML text of plain values, in the order they stand in."""
    text: str = yaml.dump(document, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110)
    return text


def read(text: str, name: str, model: type[Model]) -> Model:
    """The file `name`, which holds `text`, as `model`; FileError with every complaint."""
    reader = _Reader(text)
    try:
        node = reader.get_single_node()
        if node is None:
            raise FileError([f"{name}: the file is empty"])
        twice = _duplicates(node, name)
        if twice:
            raise FileError(twice)
        document = reader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise FileError([f"{where}: {error.problem}"]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise FileError([f"{name}: {error}"]) from error
    finally:
        reader.dispose()
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise FileError([_complaint(name, node, each) for each in error.errors()]) from error


def _duplicates(node: yaml.Node, name: str) -> list[str]:
    """Keys that stand twice in one mapping: YAML forbids them, PyYAML takes the last."""
    found: list[str] = []
    stack, seen = [node], set[int]()
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, yaml.SequenceNode):
            stack.extend(each.value)
        if isinstance(each, yaml.MappingNode):
            keys = set[str]()
            for key, value in each.value:
                if key.value in keys and isinstance(key, yaml.ScalarNode):
                    found.append(f"{_place(name, key)}: '{key.value}' stands here twice")
                keys.add(str(key.value))
                stack.append(value)
    return sorted(found)


def _place(name: str, node: yaml.Node) -> str:
    return f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _complaint(name: str, root: yaml.Node, error: Any) -> str:
    """`file:line:column: where: what` for one of pydantic's errors."""
    node, path = root, list[str]()
    for step in error["loc"]:
        found = _child(node, step)
        if found is not None:
            node = found
            path.append(str(step))
    field = str(error["loc"][-1]) if error["loc"] else ""
    what = {
        "extra_forbidden": f"unknown field '{field}'",
        "missing": f"field '{field}' is missing",
    }.get(error["type"], error["msg"].removeprefix("Value error, "))
    return f"{_place(name, node)}: {'.'.join(path) or 'the document'}: {what}"


def _child(node: yaml.Node, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    return None
