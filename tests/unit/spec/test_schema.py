"""The JSON Schema accepts what the models accept, and describes every field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller.spec import json_schema
from controller.spec.estate import load
from controller.spec.yaml12 import Converter, compose

TOP = Path(__file__).parents[3]
VALIDATOR = Draft202012Validator(json_schema())


def contents(text: str) -> Iterator[Any]:
    for root in compose(text):
        yield Converter().document(root, anchored=True)


def test_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_committed_schema_is_the_models() -> None:
    committed = json.loads((TOP / "schemas/spec.schema.json").read_text("utf-8"))
    assert committed == json_schema(), "run: mbx schema > schemas/spec.schema.json"


def properties(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, child in node.get("properties", {}).items():
            yield f"{path}.{name}", child
        for name, child in node.items():
            yield from properties(child, f"{path}.{name}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from properties(child, f"{path}[{index}]")


def test_every_field_is_described() -> None:
    schema = json_schema()
    fields = [(path, field) for path, field in properties(schema["$defs"], "") if "if" not in path]
    assert len(fields) > 50
    assert [path for path, field in fields if len(field.get("description", "")) < 10] == []
    assert [name for name, each in schema["$defs"].items() if not each.get("description")] == []


def test_nothing_is_left_open() -> None:
    definitions = json_schema()["$defs"]
    mappings = [d["anyOf"][-1] if "anyOf" in d else d for d in definitions.values() if "enum" not in d]
    assert [m for m in mappings if m.get("additionalProperties") is not False] == []


def test_the_example_estate() -> None:
    files = sorted((TOP / "specs").rglob("*.yaml"))
    assert len(files) >= 4
    for file in files:
        first = file.read_text("utf-8").splitlines()[0]
        _, _, place = first.partition("# yaml-language-server: $schema=")
        assert (file.parent / place).resolve() == TOP / "schemas/spec.schema.json"
        for document in contents(file.read_text("utf-8")):
            assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    [tenant] = load(TOP / "specs").tenants
    assert [d.key.address for d in tenant.documents if d.key] == [
        "direction@entreprise.example",
        "equipe-support@entreprise.example",
        "reclamations@entreprise.example",
        "contact@entreprise.example",
        "facturation@entreprise.example",
        "support@entreprise.example",
    ]


HEAD = {"kind": "SharedMailbox", "address": "a@b.example"}


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Nothing"},
        {"address": "a@b.example"},
        {"kind": "SharedMailbox"},
        {**HEAD, "acess": {}},
        {**HEAD, "access": None},
        {**HEAD, "access": {"Alice": ["send-as"]}},
        {**HEAD, "access": {"a@b.example": ["read"]}},
        {**HEAD, "access": {"a@b.example": []}},
        {**HEAD, "access": {"a@b.example": {"until": "2027-01-31"}}},
        {**HEAD, "access": {"a@b.example": {"rights": ["send-as"], "until": "soon"}}},
        {**HEAD, "labels": {"a": 1}},
        {**HEAD, "labels": {"a b": "c"}},
        {**HEAD, "convert": "yes"},
        {**HEAD, "exclusive": ["folders"]},
        {"kind": "Tenant", "name": "a", "tenantId": "b"},
        {"kind": "Approval", "finding": "x", "reason": "y"},
    ],
)
def test_refuses_what_the_models_refuse(document: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(document)


def test_the_reference_page_is_made_from_the_models() -> None:
    script = TOP / "docs/reference/spec_tables.py"
    spec = spec_from_file_location("spec_tables", script)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (TOP / "docs/reference/spec.md").read_text("utf-8")
    assert module.page(text) == text, "run: python docs/reference/spec_tables.py"
    described = {name for name, each in json_schema()["$defs"].items() if "enum" not in each}
    described -= {"Profile"}  # its fields are a SharedMailbox's
    assert [name for name in sorted(described) if f"<!-- fields: {name} -->" not in text] == []
    links = {part.partition(")")[0] for part in text.split("](#")[1:]}
    headings = {
        line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")
    }
    assert links <= headings


def test_the_reference_pages_examples_are_right(tmp_path: Path) -> None:
    text = (TOP / "docs/reference/spec.md").read_text("utf-8")
    blocks = [part.partition("```")[0] for part in text.split("```yaml\n")[1:]]
    documents = [block for block in blocks if block.startswith("kind:")]
    assert len(documents) == 7
    (tmp_path / "all.yaml").write_text("---\n".join(documents), "utf-8")
    assert len(load(tmp_path).tenants[0].documents) == 4
