"""The files of a specs folder: found, read and decoded; nothing of their YAML is understood here.

A link is followed while it stays inside the folder. What it leads to is read once, under its own name
where that is visible, else under the link's (so does Kubernetes mount a ConfigMap, through hidden folders).
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from controller.errors import Problem
from controller.model import Origin

SUFFIXES: Final = (".yaml", ".yml")
MAX_BYTES: Final = 64 * 1024 * 1024  # of one file; 10,000 mailboxes take about 10 MiB
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ODD_BREAK: Final = re.compile("[\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A file as read. `relative` is its path inside the specs folder, `shown` the one that people see.
    `text` has plain line breaks and no byte order mark; it is None where the file cannot be used."""

    relative: PurePosixPath
    shown: str
    content: bytes = b""
    text: str | None = None


@dataclass(eq=False, slots=True)
class Folder:
    """A specs folder. `top` is resolved; `root` is what shown paths are relative to."""

    top: Path
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> Iterator[SpecFile]:
        """Every YAML file, in the order of its path. What is wrong with one goes to `problems`."""
        found = sorted(self._walk(self.top, frozenset({self.top})))
        for _, path in found:
            yield self._file(path)

    def shown(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.root)).as_posix()

    def _walk(self, folder: Path, inside: frozenset[Path]) -> Iterator[tuple[tuple[str, ...], Path]]:
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            self._refuse(folder, f"cannot read this folder: {error.strerror}")
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = folder / entry.name
            if entry.is_symlink() and not self._follow(path):
                continue
            if entry.is_dir():
                real = path.resolve()
                if real not in inside:
                    yield from self._walk(path, inside | {real})
            elif entry.name.lower().endswith(SUFFIXES):
                yield path.relative_to(self.top).parts, path

    def _follow(self, link: Path) -> bool:
        """Whether what a link leads to is read here. Links that matter to nobody are passed over."""
        try:
            real = link.resolve()
        except RuntimeError:  # a circle of links; Python 3.13 takes it for a link to nothing
            real = None
        if real is None or not real.exists():
            if link.suffix.lower() in SUFFIXES:
                self._refuse(link, f"link to {link.readlink()}, which does not exist")
            return False
        if not real.is_dir() and link.suffix.lower() not in SUFFIXES:
            return False
        if not real.is_relative_to(self.top):
            self._refuse(link, f"link to {link.readlink()}, which is outside the specs folder: not followed")
            return False
        parts = real.relative_to(self.top).parts
        hidden = any(part.startswith(".") for part in parts)
        return hidden or not (real.is_dir() or real.suffix.lower() in SUFFIXES)

    def _file(self, path: Path) -> SpecFile:
        relative, shown = PurePosixPath(path.relative_to(self.top).as_posix()), self.shown(path)
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):
                self._refuse(path, "not a regular file")
                return SpecFile(relative, shown)
            if about.st_size > MAX_BYTES:
                limit = MAX_BYTES // (1024 * 1024)
                self._refuse(path, f"larger than {limit} MiB: split it into several files")
                return SpecFile(relative, shown)
            content = path.read_bytes()
        except OSError as error:
            self._refuse(path, f"cannot read this file: {error.strerror}")
            return SpecFile(relative, shown)
        return SpecFile(relative, shown, content, self._decode(path, content))

    def _decode(self, path: Path, content: bytes) -> str | None:
        if content.startswith(_UTF16):
            self._refuse(path, "not UTF-8 but UTF-16: save the file as UTF-8")
            return None
        try:
            text = content.removeprefix(codecs.BOM_UTF8).decode()
        except UnicodeDecodeError as error:
            line, column = _place(error.object[: error.start].decode())
            byte = error.object[error.start]
            self._refuse(path, f"not UTF-8 (byte 0x{byte:02x}): save the file as UTF-8", line, column)
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if odd := _ODD_BREAK.search(text):  # libyaml takes it for a line break, YAML 1.2 and editors do not
            line, column = _place(text[: odd.start()])
            self._refuse(path, f"invisible line separator U+{ord(odd[0]):04X}: remove it", line, column)
            return None
        return text

    def _refuse(self, path: Path, message: str, line: int = 1, column: int = 1) -> None:
        self.problems.append(Problem(Origin(self.shown(path), line, column), message))


def _place(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what comes after this text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def repository_root(folder: Path) -> Path | None:
    """The nearest folder above with a `.git`; a file of that name is a worktree's."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
