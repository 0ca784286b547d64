"""Habits that no linter knows: names, sizes, links, and what must never stand in a file."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = sorted((ROOT / "controller").rglob("*.py"))
LOCKS = sorted(ROOT.glob("requirements*.lock"))

LONGEST_FILE = 400
BANNED = frozenset(
    [
        *["manager", "helper", "helpers", "util", "utils", "common", "base", "data", "info"],
        *["process", "handle", "perform"],
        *["existing", "current", "actual", "live", "remote", "expected"],
    ]
)
# Named by somebody else: what SQLAlchemy calls, a person's manager, and a sandbox that runs elsewhere.
OUTSIDE = frozenset(
    [
        "controller/journal/columns.py: process_bind_param",
        "controller/journal/columns.py: process_result_value",
        "controller/sandbox/graph/users.py: manager",
        "controller/cli/sandbox_remote.py: sandbox_remote",
        "controller/cli/sandbox_remote.py: Remote",
        "controller/cli/sandbox_remote.py: remote",
    ]
)


def tracked() -> list[Path]:
    """What git has, or would take in: everything but what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a keystore


TEXTS = dict(texts())


def lines_with(pattern: re.Pattern[str], skip: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{name}:{number}: {match[0]}"
        for name, text in TEXTS.items()
        if not name.startswith(skip)
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 20
    assert "pyproject.toml" in TEXTS


def test_no_path_of_somebodys_machine() -> None:
    homes = "|".join(("root", "work", "Users/[a-z]+", "home/[a-z]+"))
    pattern = re.compile(rf"(?<![\w.:@~-])/(?:{homes})/[\w.-]+")
    examples = ("/home/ada",)
    assert [hit for hit in lines_with(pattern) if not any(example in hit for example in examples)] == []


def test_no_host_of_a_package_registry() -> None:
    halves = (("py", "pi.org"), ("python", "hosted.org"), ("npm", "js."), ("deb.deb", "ian.org"))
    hosts = ["".join(half) for half in halves]  # apart, or this file would be the first hit
    pattern = re.compile("|".join(re.escape(host) for host in hosts))
    assert lines_with(pattern) == []


def test_nothing_that_looks_like_a_secret() -> None:
    pattern = re.compile(
        r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/]"
        r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bglpat-[\w-]{20}\b|\bxox[bap]-\d"
        r"|\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\."
        r"|\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{34}"  # a client secret as Entra makes them
    )
    assert [name for name, text in TEXTS.items() if pattern.search(text)] == []


def words(name: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def names_in(path: Path) -> Iterator[str]:
    yield path.stem
    yield path.parent.name
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def test_names_say_what_a_thing_is() -> None:
    named = {f"{path.relative_to(ROOT)}: {name}": name for path in PRODUCT for name in names_in(path)}
    found = [
        where
        for where, name in named.items()
        if words(name) & (BANNED - ({"manager"} if where.startswith("controller/sandbox/") else set()))
        and where not in OUTSIDE
    ]
    assert found == []


def test_no_file_is_too_long_to_be_one_idea() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in PRODUCT}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in PRODUCT
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def headings(text: str) -> set[str]:
    """The anchors that a Markdown page has, as forges make them."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    titles = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", plain, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


PAGES = sorted(name for name in TEXTS if name.endswith(".md"))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", TEXTS[page], flags=re.DOTALL)
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (ROOT / page).parent / name if name else ROOT / page
        if not place.exists() or (
            anchor and place.suffix == ".md" and anchor not in headings(place.read_text("utf-8"))
        ):
            dead.append(target)
    assert dead == []


def test_every_page_is_in_the_index() -> None:
    index = TEXTS["docs/README.md"]
    pages = [
        page.removeprefix("docs/") for page in PAGES if page.startswith("docs/") and page != "docs/README.md"
    ]
    assert len(pages) > 10
    assert [page for page in pages if f"]({page})" not in index] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_every_file_and_no_place(lock: Path) -> None:
    text = lock.read_text("utf-8")
    pins = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+((?:.*\\\n)*.*)", text, flags=re.MULTILINE)
    assert pins
    assert [name for name, rest in pins if "--hash=sha256:" not in rest] == []
    assert not re.search(r"://|^-|\s/|^torch\b", text, flags=re.MULTILINE)


def test_the_locks_agree_with_each_other_and_with_the_project() -> None:
    def pinned(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text("utf-8")
        return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", text, flags=re.MULTILINE))

    runtime, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for wanted, held in (
        (project["project"]["dependencies"], runtime),
        (project["dependency-groups"]["dev"], dev),
        (project["dependency-groups"]["build"], pinned("requirements-build.lock")),
    ):
        names = [
            re.sub(r"[._]", "-", re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0].lower()) for line in wanted
        ]
        assert [name for name in names if name not in held] == []
