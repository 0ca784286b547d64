"""`mbx init`: what it writes is right at once, and what is there stays as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from controller.cli import cli
from controller.starter import Home, home_of, starter_files

ROOT = Path(__file__).parents[2]


def mbx(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git/" not in str(path)
    }


@pytest.mark.parametrize(
    ("remote", "names", "home"),
    [
        ("https://github.com/acme/mail.git", (), Home.GITHUB),
        ("git@gitlab.entreprise.example:it/mail.git", (".github",), Home.GITLAB),
        ("git@ssh.dev.azure.com:v3/acme/it/mail", (), Home.AZURE),
        ("https://acme.visualstudio.com/it/_git/mail", (), Home.AZURE),
        ("ssh://git@forge.entreprise.example/mail.git", (".gitlab-ci.yml",), Home.GITLAB),
        ("https://forge.entreprise.example/github/mail", (), Home.NONE),
        ("../github.com/mail", (), Home.NONE),
        ("", ("azure-pipelines.yml",), Home.AZURE),
        ("", (), Home.NONE),
    ],
)
def test_the_forge_is_known_by_the_remotes_host_then_by_files(
    remote: str, names: tuple[str, ...], home: Home
) -> None:
    assert home_of(remote, names) is home


@pytest.mark.parametrize("home", Home)
def test_what_it_writes_validates_and_a_second_time_changes_nothing(tmp_path: Path, home: Home) -> None:
    done = mbx("init", str(tmp_path / "mail"), "--forge", str(home))
    assert done.exit_code == 0, done.output
    first = tree(tmp_path / "mail")
    assert first.keys() == {*starter_files(home, with_specs=True), ".gitignore"}
    checked = subprocess.run(
        [sys.executable, "-m", "controller", "validate", str(tmp_path / "mail" / "specs")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    again = mbx("init", str(tmp_path / "mail"), "--forge", str(home))
    assert again.exit_code == 0
    assert "wrote" not in again.output
    assert tree(tmp_path / "mail") == first


def test_what_is_there_stays_and_is_named(tmp_path: Path) -> None:
    kept = {
        ".gitlab-ci.yml": b"build: {script: make}\n",
        "specs/tenant.yaml": b"kind: Tenant\nname: ours\ntenantId: 7f1b2c3d-0000-4000-8000-000000000001\n",
    }
    for name, text in kept.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text)
    (tmp_path / ".gitignore").write_bytes(b"*.log\n.env")
    done = mbx("init", str(tmp_path))
    assert "left alone  .gitlab-ci.yml" in done.output
    assert "left alone  specs/" in done.output
    after = tree(tmp_path)
    assert {name: after[name] for name in kept} == kept
    assert not (tmp_path / "specs" / "mailboxes").exists()
    assert after[".gitignore"] == b"*.log\n.env\njournal.db*\nplan.json\n"


def test_it_does_not_write_through_a_link(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").symlink_to(tmp_path / "elsewhere")
    assert mbx("init", str(tmp_path), "--forge", "gitlab").exit_code == 0
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("source", ["hook", "starter"])
def test_the_hook_lets_a_commit_through_only_if_the_specs_are_right(tmp_path: Path, source: str) -> None:
    """The hook's own command, as git runs it before a commit."""
    if source == "hook":
        entry = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))[0]["entry"]
    else:
        text = starter_files(Home.NONE, with_specs=False)[".pre-commit-config.yaml"]
        entry = yaml.safe_load(text)["repos"][0]["hooks"][0]["entry"]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mbx").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m controller "$@"\n')
    (programs / "mbx").chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MBX_", "GIT_"))}
    environ |= {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    folder = tmp_path / "mail"
    assert mbx("init", str(folder)).exit_code == 0

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@entreprise.example"]
        return subprocess.run(
            ["git", *who, *words], cwd=folder, env=environ, check=False, capture_output=True, text=True
        )

    assert git("init", "--quiet").returncode == 0
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {entry}\n")
    hook.chmod(0o755)
    assert git("add", ".").returncode == 0
    assert git("commit", "--quiet", "-m", "Ours").returncode == 0
    (folder / "specs" / "mailboxes" / "support.yaml").write_text("kind: SharedMailbox\nadress: x@y.example\n")
    refused = git("commit", "--quiet", "-a", "-m", "A typo")
    assert refused.returncode == 1
    assert "support.yaml:2" in refused.stderr
    assert git("rev-list", "--count", "HEAD").stdout.strip() == "1"


def test_a_wheel_has_every_file_that_the_program_reads(tmp_path: Path) -> None:
    """Built by setuptools from a copy: what is no Python has to be named in package-data."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(
        ROOT / "controller", tmp_path / "controller", ignore=shutil.ignore_patterns("__pycache__")
    )
    subprocess.run(
        [sys.executable, "-c", "from setuptools import setup; setup()", "-q", "build_py", "-d", "built"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    here = set(tree(tmp_path / "controller"))
    assert {"starter/github.yml", "report/plan.css", "py.typed"} <= here
    assert here - set(tree(tmp_path / "built" / "controller")) == set()
