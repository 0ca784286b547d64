"""The documentation says what the program does: every command, option, finding, plan field and permission."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from controller.cli import COMMANDS, module_of, outcome
from controller.report import plan_schema
from controller.report.explained import explained
from controller.spec.models.approval import APPROVABLE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PRODUCT = [
    path
    for path in sorted((ROOT / "controller").rglob("*.py"))
    if "sandbox" not in path.relative_to(ROOT / "controller").parts
]


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its rank or above."""
    rank = len(heading) - len(heading.lstrip("#"))
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, f"there is no heading {heading!r}"
    return re.split(rf"^#{{1,{rank}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


# --- commands ---------------------------------------------------------------------------------------


def command(name: str) -> click.Command:
    found = importlib.import_module(module_of(name)).command
    assert isinstance(found, click.Command)
    return found


def options_of(of: click.Command) -> list[click.Option]:
    """Those of its subcommands, too."""
    within = of.commands.values() if isinstance(of, click.Group) else ()
    own = [p for p in of.params if isinstance(p, click.Option)]
    return [*own, *(option for each in within for option in options_of(each))]


def options(of: click.Command) -> set[str]:
    return {name for option in options_of(of) for name in option.opts if name.startswith("--")}


TOLD_ELSEWHERE = {"sandbox": "sandbox.md"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_is_documented(name: str) -> None:
    commands = page("commands.md")
    told = section(commands, f"## mbx {name}")
    if name in TOLD_ELSEWHERE:
        told = page(TOLD_ELSEWHERE[name])
    elif options(command("plan")) & options(command(name)) - {"--format"}:
        told += section(commands, "## Options in common")
    documented = set(re.findall(r"--[a-z][a-z-]+", told))
    assert options(command(name)) - documented == set()


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - TOLD_ELSEWHERE.keys()))
def test_no_option_is_documented_that_is_not_there(name: str) -> None:
    told = {option for row in rows(section(page("commands.md"), f"## mbx {name}")) for option in code(row[0])}
    assert {option.split()[0] for option in told if option.startswith("--")} - options(command(name)) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_a_help_line_for_each_option(name: str) -> None:
    assert "Example" in (command(name).epilog or "")
    unsaid = {p.name for p in options_of(command(name)) if not p.help}
    assert unsaid - {"form", "style", "listen"} == set()  # `--format [text|json]` says all there is to say


def test_every_subcommand_of_the_sandbox_is_documented() -> None:
    sandbox = command("sandbox")
    assert isinstance(sandbox, click.Group)
    assert [
        name for name in sandbox.commands if not re.search(rf"`[^`]*\b{name}\b", page("sandbox.md"))
    ] == []


def test_every_command_stands_in_the_table_of_commands() -> None:
    told = " ".join(row[0] for row in rows(page("commands.md")))
    assert [name for name in COMMANDS if f"`mbx {name}`" not in told] == []


def test_every_exit_status_is_documented() -> None:
    numbers = {
        str(value) for name, value in vars(outcome).items() if name.isupper() and isinstance(value, int)
    }
    told = {row[0].strip("*") for row in rows(page("exit-status.md"))}
    assert numbers
    assert numbers - told == set()


# --- findings ---------------------------------------------------------------------------------------


_CODE = re.compile(r"[a-z]+(-[a-z]+)*")


def _calls_with_codes(tree: ast.AST) -> set[str]:
    """Functions of a module that make a finding, and whose first parameter is `code`."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and [argument.arg for argument in node.args.args[:1]] == ["code"]
        and node.returns is not None
        and "Finding" in ast.unparse(node.returns)
    }


def _first_texts(tree: ast.AST, makers: set[str]) -> Iterator[str]:
    """Codes as they are written: `Finding("x", …)`, `_refusal("x", …)`, `code, why = "x", …`, `return "x", …`."""
    for node in ast.walk(tree):
        first: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
            first = node.args[0] if node.args else None
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = [name.id for name in node.targets[0].elts if isinstance(name, ast.Name)]
            if names[:1] == ["code"] and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
            first = node.value.elts[0]
            if isinstance(first, ast.Constant) and "-" not in str(first.value):
                first = None  # a path of names, as `return "delivery", name`
        for constant in ast.walk(first) if isinstance(first, ast.Constant | ast.IfExp) else ():
            if isinstance(constant, ast.Constant) and _CODE.fullmatch(str(constant.value)):
                yield str(constant.value)


def codes() -> set[str]:
    found: set[str] = set()
    for path in PRODUCT:
        text = path.read_text("utf-8")
        if re.search(r"\bFinding\b|\bfinding\(", text):
            tree = ast.parse(text)
            found |= set(_first_texts(tree, {"Finding", "finding", "Part"} | _calls_with_codes(tree)))
        if 'Finding(\n        f"policy/{spec.name}"' in text:  # the one whose name somebody else chooses
            found.add("policy/NAME")
    return found


def documented_codes() -> dict[str, list[str]]:
    return {name: row for row in rows(page("findings.md")) for name in code(row[0])}


def test_codes_are_found_in_the_source() -> None:
    known = {"last-reader", "unknown-address", "ambiguous-address", "unreadable", "send-as-wins", "delete"}
    assert known - codes() == set()


def test_every_finding_is_documented() -> None:
    assert codes() - documented_codes().keys() == set()


def test_no_finding_is_documented_that_is_not_there() -> None:
    assert documented_codes().keys() - codes() == set()


def test_everything_that_can_be_approved_is_told() -> None:
    assert {name.rstrip("/") for name in APPROVABLE} - {
        n.split("/")[0] for n in code(page("findings.md"))
    } == set()


def test_what_the_page_says_of_a_finding_is_what_its_documentation_says() -> None:
    spec = importlib.util.spec_from_file_location("finding_words", REFERENCE / "finding_words.py")
    assert spec
    assert spec.loader
    words = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(words)
    written = (DOCS.parent / "controller/report/explained.json").read_text("utf-8")
    assert words.words(page("findings.md")) == written, "run: python docs/reference/finding_words.py"
    untold = {code for code in codes() if not (told := explained(code)) or not told.means}
    assert untold == set()


# --- the plan as JSON -------------------------------------------------------------------------------


def fields(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a schema, as `changes[].requests[].call`."""
    for shape in (schema, *schema.get("anyOf", ())):
        for name, inner in shape.get("properties", {}).items():
            yield f"{prefix}{name}", inner
            yield from fields(inner, f"{prefix}{name}.")
        if "items" in shape:
            yield from fields(shape["items"], f"{prefix.removesuffix('.')}[].")


def told_fields() -> dict[str, str]:
    return {name: row[1] for row in rows(page("plan-json.md")) for name in code(row[0])}


def test_every_field_of_a_plan_is_documented_and_no_other() -> None:
    assert {name for name, _ in fields(plan_schema())} == told_fields().keys()


def test_every_value_that_a_field_can_have_is_documented() -> None:
    told = told_fields()
    missing = {
        name: value
        for name, schema in fields(plan_schema())
        for value in schema.get("enum", ())
        if value not in code(told[name]) and not name.endswith(("kind", "upcoming[].action"))  # told in words
    }
    assert missing == {}


# --- permissions ------------------------------------------------------------------------------------


def test_what_every_aspect_needs_is_documented() -> None:
    spec = importlib.util.spec_from_file_location("permission_tables", REFERENCE / "permission_tables.py")
    assert spec
    assert spec.loader
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    written = page("permissions.md")
    assert tables.page(written) == written, "run: python docs/reference/permission_tables.py"
    assert "`access`" in written


def test_every_cmdlet_in_the_source_is_documented() -> None:
    cmdlet = re.compile(r"\"((?:Get|Set|New|Add|Remove|Search|Enable|Disable|Update)-[A-Z]\w+)\"")
    called = {name for path in PRODUCT for name in cmdlet.findall(path.read_text("utf-8"))}
    assert len(called) > 10
    assert called - code(page("permissions.md")) == set()


# --- pages ------------------------------------------------------------------------------------------


def test_every_command_that_a_page_shows_exists() -> None:
    pages = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "deploy").glob("*.md"))]
    shown = {
        (str(path.relative_to(ROOT)), name)
        for path in pages
        for block in re.findall(r"```(?:console|sh)\n(.*?)```", path.read_text("utf-8"), flags=re.DOTALL)
        for name in re.findall(r"(?:^|\$ )\s*mbx ([a-z]+)", block, flags=re.MULTILINE)
    }
    assert shown
    assert {(where, name) for where, name in shown if name not in COMMANDS} == set()


def test_every_proof_that_the_threat_model_names_is_a_test() -> None:
    text = section(
        (DOCS / "threat-model.md").read_text("utf-8"), "## Attackers, one by one, and the tests that prove it"
    )
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    assert len(named) > 15
    missing = [
        f"{file}::{function}"
        for file, function in named
        if not (ROOT / "tests" / file).is_file()
        or not re.search(
            rf"^(async )?def {function}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE
        )
    ]
    assert missing == []


# --- the log ----------------------------------------------------------------------------------------


def events() -> set[str]:
    """The first argument of every call that logs: `_log.info(…)`, `getattr(_log, level)(…)`, `write(…)`."""
    found = set()
    for path in PRODUCT:
        if "_log" not in (text := path.read_text("utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = ast.unparse(node.func)
            if called.startswith(("_log.", "getattr(_log")) or called == "write":
                found.add(str(node.args[0].value))
    return found


def test_every_event_of_the_log_is_documented_and_no_other() -> None:
    assert "cycle.ended" in events()
    lines, _, _ = page("log.md").partition("\n## Traces\n")
    told = {name for row in rows(lines) for name in code(row[0])}
    assert told == events()
