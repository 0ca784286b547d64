"""Documents as canonical YAML: the same values give the same bytes.

Short lists and mappings stand on one line, long ones on a line for each member; what a reader of YAML 1.1
could take for something else is quoted.
"""

from __future__ import annotations

import io
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from controller.intake.draft import Tree
from controller.spec.show import is_plain

_WIDTH: Final = 100  # of a line; comments wrap there, values never do
_BLOCKS: Final = frozenset({"access", "members", "categories", "folders", "rules", "folderPermissions"})


def page(values: Tree, remarks: dict[str, list[str]]) -> str:
    """One document. `remarks` stand before their field, those of "" at its top."""
    tree = CommentedMap()
    for name, value in values.items():
        tree[name] = node(value, block=name in _BLOCKS or name == "")
        if said := remarks.get(name):
            tree.yaml_set_comment_before_after_key(name, before=_wrapped(said))
    homeless = {name: said for name, said in remarks.items() if name and name not in values}
    lost = [f"{name}: {text}" for name, said in homeless.items() for text in said]
    if top := [*remarks.get("", ()), *lost]:
        tree.yaml_set_start_comment(_wrapped(top))
    out = io.StringIO()
    _writer().dump(tree, out)
    return out.getvalue()


def _writer() -> YAML:
    yaml = YAML()
    yaml.width = 100_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "")
    )
    return yaml


def node(value: Any, *, block: bool = False) -> Any:
    """A value as it is written; `block`: each member on a line of its own, however few."""
    if isinstance(value, dict):
        made: Any = CommentedMap({_scalar(key): node(each, block=False) for key, each in value.items()})
        plain = not value or not (block or any(isinstance(each, dict | list) for each in value.values()))
        if plain and _length(value) <= _WIDTH:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        made = CommentedSeq([node(each, block=False) for each in value])
        scalars = not any(isinstance(each, dict | list) for each in value)
        if not value or (scalars and not block and _length(value) <= _WIDTH):
            made.fa.set_flow_style()
        return made
    return _scalar(value)


def _scalar(value: Any) -> Any:
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not is_plain(value) else value


def _length(value: Any) -> int:
    """About how wide it is on one line."""
    return len(str(value))


def _wrapped(texts: list[str]) -> str:
    lines: list[str] = []
    for text in texts:
        line = ""
        for word in " ".join(text.split()).split(" "):
            if line and len(line) + 1 + len(word) > _WIDTH:
                lines.append(line)
                line = "  " + word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return "\n".join(lines)
