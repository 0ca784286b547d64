"""The tutorial, walked: every command in it is run, and has to print what the page says it prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorial"
SUPPORT = Path("specs") / "mailboxes" / "support.yaml"

TEAM = "  gaelle@entreprise.example: [full-access, send-as]\n"

# What the reader is asked to do by hand, before the first command after these words.
Edits = dict[str, tuple[Path, str, str]]
DRIFT: Edits = {
    "below Gaëlle": (SUPPORT, TEAM, f"{TEAM}  stagiaire@entreprise.example: [full-access]\n"),
    "Now make a typo": (SUPPORT, "  stagiaire@", "  stagaire@"),
}
HOUR: Edits = {
    "let him": (SUPPORT.with_name("contact.yaml"), "bruno@entreprise.example: [full-access]",
                "bruno@entreprise.example: [full-access, send-as]"),
}  # fmt: skip
OPEN = (
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",  # when
    r"[0-9a-f]{12}",  # a commit
    r":\d+\)",  # a line of a spec
    r"\d+ to update",  # how much the example has to say
    r"\d\d+ applied",
)
VARYING = re.compile("|".join(OPEN))
SKIPPED = re.compile(
    r"git clone|cd |make |export |mkdir |git init|git add \. && git commit --quiet -m .Our|mbx sandbox --env-file|mbx --version"
)


def steps(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """The words before a command, the command, and what it is said to print."""
    at = 0
    for block in re.finditer(r"```console\n(.*?)```", text, flags=re.DOTALL):
        words, at = text[at : block.start()], block.end()
        for part in re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:]:
            command, *printed = part.rstrip("\n").split("\n")
            yield words, command, printed
            words = ""


def pattern(line: str) -> re.Pattern[str]:
    """A printed line, with what differs from run to run, or as the example grows, left open."""
    start, open_end, _ = line.partition("…")
    escaped = "".join(
        part if part in OPEN else re.escape(part)
        for part in re.split("\0", VARYING.sub(lambda found: f"\0{_open(found[0])}\0", start))
    )
    return re.compile(escaped if open_end else f"{escaped}$")


def _open(text: str) -> str:
    return next(one for one in OPEN if re.fullmatch(one, text))


def assert_prints(said: list[str], output: str, command: str) -> None:
    """In that order, but for mailboxes that are at work side by side."""
    everything = output.splitlines()
    lines = iter(everything)
    for line in said:
        wanted = pattern(line)
        if line != "…":
            among = everything if line.startswith("✓") else lines
            assert any(wanted.match(one) for one in among), f"$ {command}\nhas no line {line!r} in:\n{output}"


@pytest.fixture(params=["first-drift.md", "your-tenant-in-an-hour.md"])
def mail(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, dict[str, str], str]]:
    """A reader's folder under git, and a sandbox whose settings stand in `.env`; and the page to walk. The first
    page begins with the example specs, the second with nothing."""
    folder = tmp_path / "mail"
    page = str(request.param)
    if page == "first-drift.md":
        shutil.copytree(ROOT / "specs", folder / "specs")
    folder.mkdir(exist_ok=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mbx").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m controller "$@"\n')
    (programs / "mbx").chmod(0o755)
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("MBX_", "AZURE_", "GIT_"))
    }
    environ |= {
        "HOME": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "MBX_STATE_URL": "sqlite:///journal.db",
        **{f"GIT_{who}_{what}": "reader@entreprise.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }  # fmt: skip
    git = "git init --quiet"
    if page == "first-drift.md":
        git += " && printf '.env\\njournal.db*\\n' > .gitignore && git add . && git commit --quiet -m Ours"
    subprocess.run(git, shell=True, cwd=folder, env=environ, check=True)
    sandbox = subprocess.Popen(
        ["mbx", "sandbox", "--env-file", ".env"], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert sandbox.stdout
        assert sandbox.stdout.readline().startswith("https://"), "the sandbox did not come up"
        assert (folder / ".env").exists()
        yield folder, environ, page
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=30)


def test_the_tutorial_does_what_it_says(mail: tuple[Path, dict[str, str], str]) -> None:
    folder, environ, page = mail
    edits = DRIFT if page == "first-drift.md" else HOUR
    status, edited = 0, set()
    for words, command, said in steps((TUTORIALS / page).read_text("utf-8")):
        for sign, (file, old, new) in edits.items():
            if sign in words and sign not in edited:
                text = (folder / file).read_text("utf-8")
                assert old in text
                (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
                edited.add(sign)
        if SKIPPED.match(command):
            continue
        if command == "echo $?":
            assert said == [str(status)]
            continue
        yes = " --yes" if command == "mbx apply" else ""  # nobody is there to be asked
        done = subprocess.run(
            command + yes, shell=True, cwd=folder, env=environ, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        status = done.returncode
        assert_prints(
            [line for line in said if not line.startswith("Apply this plan?")], done.stdout, command
        )
    assert edited == edits.keys()
