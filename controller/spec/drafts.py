"""One file's documents, each checked by itself: what it says, and everything that is wrong with it.

A document that is wrong in places is read without them, so that the checks between documents still see
the rest and one run tells of everything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from controller.errors import Problem
from controller.model import Kind, Origin
from controller.spec.files import SpecFile
from controller.spec.kinds import MODELS
from controller.spec.merge import Merged
from controller.spec.messages import explain, meant
from controller.spec.models.document import DocumentModel
from controller.spec.written import Text
from controller.spec.yaml12 import Converter, MappingNode, MisreadError, Node, ScalarNode, compose


@dataclass(eq=False, slots=True)
class Draft:
    """A document as read. `kind` is None where that itself is wrong; `spec` where nothing could be read.
    `waiting` has the contents of one that is to be merged over a profile before it is read."""

    file: SpecFile
    text: Text | Merged
    origin: Origin
    kind: Kind | None = None
    spec: DocumentModel | None = None
    waiting: dict[str, Any] | None = None


def drafts(file: SpecFile, problems: list[Problem]) -> Iterator[Draft]:
    """The documents of a file. A syntax error ends them: nothing after it can be told apart."""
    if file.text is None:
        return
    tabbed = "\t" in file.text
    anchored = "*" in file.text
    roots = []
    try:
        for root in compose(file.text):
            if tabbed:
                roots.append(root)
            yield _draft(file, root, problems, anchored=anchored)
    except MisreadError as error:
        where = Origin(file.shown, error.line + 1, error.column + 1)
        problems.append(Problem(where, error.message))
        yield Draft(file, Text(file.shown, "", error.line), where)  # there is more, but who knows what
        return
    if tabbed and (place := _stray_tab(file.text, roots)):
        problems.append(Problem(Origin(file.shown, *place), "tab character: YAML is indented with spaces"))


def _draft(file: SpecFile, root: Node, problems: list[Problem], *, anchored: bool) -> Draft:
    assert file.text is not None
    start, end = root.start_mark, root.end_mark
    text = Text(file.shown, file.text[start.index - start.column : end.index], start.line)
    draft = Draft(file, text, Origin(file.shown, start.line + 1, start.column + 1))
    converter = Converter()
    contents = converter.document(root, anchored=anchored)
    for message, node in converter.faults:
        mark = node.start_mark
        problems.append(Problem(Origin(file.shown, mark.line + 1, mark.column + 1), message))
    if isinstance(contents, dict):
        _read(draft, contents, problems)
    elif contents is not None or not converter.faults:
        problems.append(Problem(draft.origin, "expected a document: a mapping that starts with 'kind'"))
    return draft


def _read(draft: Draft, contents: dict[str, Any], problems: list[Problem]) -> None:
    written = contents.get("kind")
    model = MODELS.get(written) if isinstance(written, str) else None
    if not isinstance(written, str) or model is None:
        problems.append(_unknown_kind(draft, contents))
        return
    draft.kind = Kind(written)
    if draft.kind is Kind.SHARED_MAILBOX and "profile" in contents:
        draft.waiting = contents
    else:
        read(draft, contents, problems)


def read(draft: Draft, contents: dict[str, Any], problems: list[Problem]) -> None:
    """Checks a document of a known kind by itself. Of a profile that is what it says, not what it leaves
    to the mailboxes."""
    assert draft.kind is not None
    model = MODELS[draft.kind.value]
    try:
        draft.spec = model.model_validate(contents)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            trouble = explain(model, each)
            left = draft.kind is Kind.PROFILE and each["type"] == "missing" and len(each["loc"]) > 1
            if trouble is not None and not left:
                path, message, named = trouble
                place = draft.text.at(path) if named else draft.text.value_at(path)
                problems.append(Problem(place, message))
        draft.spec = _rest(model, contents, error)


def _unknown_kind(draft: Draft, contents: Mapping[str, Any]) -> Problem:
    kinds = ", ".join(MODELS)
    if "kind" not in contents:
        near = next(
            (name for name in contents if name.lower() in ("kind", "kid", "kinds", "king", "knd")), None
        )
        if near is not None:
            return Problem(draft.text.at((near,)), f"unknown field {near!r} — did you mean 'kind'?")
        return Problem(draft.origin, f"a document needs a 'kind', one of {kinds}")
    written = contents["kind"]
    place = draft.text.value_at(("kind",))
    if not isinstance(written, str):
        return Problem(place, f"'kind' is one of {kinds}")
    near = meant(written, MODELS)
    return Problem(place, f"unknown kind {written!r}{near or '; expected one of ' + kinds}")


def _rest(
    model: type[DocumentModel], contents: dict[str, Any], error: ValidationError
) -> DocumentModel | None:
    """The document without what is wrong in it, for the checks that look at several documents."""
    for depth in (2, 1):  # entries of a collection first; then the whole field
        contents = _without(contents, [each["loc"][:depth] for each in error.errors(include_url=False)])
        try:
            return model.model_validate(contents)
        except ValidationError as next_error:
            error = next_error
    return None


def _without(contents: dict[str, Any], paths: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """Leaves out fields (paths of one part) and entries of fields (paths of two)."""
    wrong: dict[str, set[int | str]] = {}
    whole = {str(path[0]) for path in paths if len(path) == 1}
    for path in paths:
        if len(path) > 1:
            wrong.setdefault(str(path[0]), set()).add(path[1])
    kept: dict[str, Any] = {}
    for name, value in contents.items():
        entries = wrong.get(name, set())
        if name in whole or (entries and not isinstance(value, dict | list)):
            continue
        if isinstance(value, dict):
            kept[name] = {key: each for key, each in value.items() if key not in entries}
        elif isinstance(value, list):
            kept[name] = [each for index, each in enumerate(value) if index not in entries]
        else:
            kept[name] = value
    return kept


def _stray_tab(text: str, roots: list[Node]) -> tuple[int, int] | None:
    """Line and column of the first tab that is neither inside a value nor inside a comment."""
    spans = sorted((node.start_mark.index, node.end_mark.index) for root in roots for node in _scalars(root))
    starts = [start for start, _ in spans]

    def valued(index: int) -> bool:
        position = bisect_right(starts, index) - 1
        return position >= 0 and index < spans[position][1]

    index = text.find("\t")
    while index >= 0:
        line_start = text.rfind("\n", 0, index) + 1
        before = range(line_start, index)
        comment = any(
            text[at] == "#" and (at == line_start or text[at - 1].isspace()) and not valued(at)
            for at in before
        )
        if not comment and not valued(index):
            return text.count("\n", 0, index) + 1, index - line_start + 1
        index = text.find("\t", index + 1)
    return None


def _scalars(root: Node) -> Iterator[Node]:
    stack, seen = [root], set()
    while stack:
        node = stack.pop()
        if isinstance(node, ScalarNode):
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            children = (
                [each for pair in node.value for each in pair]
                if isinstance(node, MappingNode)
                else node.value
            )
            stack.extend(children)
