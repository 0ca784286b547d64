"""A document as it holds, as YAML, each value with the file and line that it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from controller.model import Origin
from controller.spec.documents import Document
from controller.spec.models.document import DocumentModel
from controller.spec.yaml12 import scalar

_PLAIN: Final = re.compile(r"[^\W_](?:[\w@./+ –—'’()-]*[\w@./+)-])?")
_OF_OLD: Final = frozenset({"y", "n", "yes", "no", "on", "off"})  # booleans to readers of YAML 1.1


_WIDEST: Final = 60  # column of the comments; behind a longer line they simply follow

Line = tuple[str, Origin]


def show(document: Document) -> str:
    """The document's YAML; every line that has a value ends with a comment that says where it was written."""
    assert document.written is not None
    lines = list(_mapping(document, document.written.contents(), ()))
    width = max((len(text) for text, _ in lines if len(text) <= _WIDEST), default=0)
    return "".join(f"{text:<{width}}  # {origin}\n" for text, origin in lines)


def addresses(document: Document) -> Iterator[str]:
    """Every address by which the document can be asked for."""
    assert isinstance(document.spec, DocumentModel)
    for _, address in document.spec.claims():
        yield address


def _mapping(document: Document, contents: dict[str, Any], path: tuple[str, ...]) -> Iterator[Line]:
    indent = "  " * len(path)
    for name, value in contents.items():
        here = (*path, name)
        origin = document.at(*here)
        if isinstance(value, dict) and value:
            yield f"{indent}{_word(name)}:", origin
            yield from _mapping(document, value, here)
        elif isinstance(value, list) and _spread(document, here, len(value)):
            yield f"{indent}{_word(name)}:", origin
            for index, each in enumerate(value):
                yield f"{indent}  - {_flow(each)}", document.at(*here, str(index))
        else:
            yield f"{indent}{_word(name)}: {_flow(value)}", origin


def _spread(document: Document, path: tuple[str, ...], length: int) -> bool:
    """Whether the elements of a list stand in several lines."""
    return len({str(document.at(*path, str(index))) for index in range(length)}) > 1


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(name)}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return _word(value) if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    """Plain where that reads back as the same text, else in double quotes (JSON's are YAML's)."""
    return text if is_plain(text) else json.dumps(text, ensure_ascii=False)


def is_plain(text: str) -> bool:
    """Whether it reads back as the same text without quotes, to readers of YAML 1.1 too."""
    plain = _PLAIN.fullmatch(text) and isinstance(scalar(text), str)
    return bool(plain) and text.lower() not in _OF_OLD
