"""`mbx init`: what a new repository of specs begins with. Writes beside what is there, never over it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import click

from controller.starter import PIPELINES, Home, home_of, starter_files, with_ignored

_EXAMPLES = """\b
Examples:
  mbx init                                   here
  mbx init mail --forge gitlab               in a folder of its own
  mbx import --all --out specs && mbx init   around what was imported
"""
_SPECS: Final = (".yaml", ".yml")


@click.command("init", epilog=_EXAMPLES)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--forge",
    type=click.Choice([str(home) for home in Home]),
    help="Whose pipeline to write. Default: by the git remote or the files that are there.",
)
def command(folder: Path, forge: str | None) -> int:
    """Writes a starter specs folder, a pipeline for the forge in use, a hook for pre-commit, and what git
    shall ignore. Leaves alone what is there, and says so.

    Exit status: 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(forge) if forge else home_of(_origin(folder), {path.name for path in folder.iterdir()})
    has_specs = any(path.suffix in _SPECS for path in (folder / "specs").rglob("*"))
    for name, text in starter_files(home, with_specs=not has_specs).items():
        _write(folder, name, text)
    if has_specs:
        click.echo("left alone  specs/ (it has documents)")
    _ignore(folder / ".gitignore")
    click.echo(f"\n{_next(home, imported=has_specs)}", nl=False)
    return 0


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    if path.exists() or path.is_symlink():
        click.echo(f"left alone  {name}")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    click.echo(f"wrote       {name}")


def _ignore(path: Path) -> None:
    before = path.read_text("utf-8") if path.exists() else ""
    after = with_ignored(before)
    if after == before:
        click.echo(f"left alone  {path.name}")
        return
    path.write_text(after, encoding="utf-8", newline="")
    click.echo(f"{'added to' if before else 'wrote':<11} {path.name}")


def _origin(folder: Path) -> str:
    """The address of `origin`; empty where there is no git or no remote."""
    try:
        asked = subprocess.run(  # noqa: S603 - no shell, and a folder of the user's own
            ["git", "-C", str(folder), "config", "--get", "remote.origin.url"],  # noqa: S607 - the user's own git
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _next(home: Home, *, imported: bool) -> str:
    steps = ["mbx validate"]
    if not imported:
        steps.insert(0, "write your tenant's id into specs/tenant.yaml, a mailbox into specs/mailboxes/")
    steps += ["mbx plan                      shows what would change, and writes nothing"]
    steps += ["git add --all, and commit"]
    if home in PIPELINES:
        steps.append(f"read the head of {PIPELINES[home]}: identities and variables to set up once")
    else:
        steps.append("mbx init --forge github|gitlab|azure    for a pipeline, once you know where it is kept")
    return "Next:\n" + "".join(f"  {number}. {step}\n" for number, step in enumerate(steps, 1))
