"""Files that documents name: replies and signatures, read with the specs and part of them.

A path counts from the file it is written in, or where nothing is there, from the top of the specs folder. It
may go through links as long as it ends inside the folder.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from controller.errors import Problem
from controller.spec.drafts import Draft
from controller.spec.files import Folder, SpecFile
from controller.spec.models.wording import LONGEST


class RefusedError(Exception):
    """Why a file cannot be used."""


def read_beside(
    reading: Folder, found: Iterable[Draft], problems: list[Problem]
) -> Iterator[tuple[Draft, SpecFile]]:
    """Reads what the documents name into them. What is wrong goes to `problems`, at its place."""
    for draft in found:
        for path, wording in draft.spec.wordings() if draft.spec is not None else ():
            if wording.file is None:
                continue
            here = (*path, "file")
            folder = Path(os.path.normpath(reading.root / draft.text.at(here).path)).parent
            try:
                file = _read(reading, folder, wording.file)
            except RefusedError as error:
                problems.append(Problem(draft.text.value_at(here), str(error)))
                continue
            wording.fill(file.text or "")
            yield draft, file


def _read(reading: Folder, folder: Path, written: str) -> SpecFile:
    try:
        place = _place(reading, folder, written)
        about = place.stat()
        if not stat.S_ISREG(about.st_mode):
            raise RefusedError(f"{written} is not a regular file")
        if about.st_size > LONGEST:
            raise RefusedError(f"{written} is larger than {LONGEST // 1024} KiB")
        content = place.read_bytes()
    except OSError as error:
        raise RefusedError(f"cannot read {written}: {error.strerror}") from None
    except RuntimeError:  # pathlib's word for links that lead in a circle
        raise RefusedError(f"cannot read {written}: its links lead in a circle") from None
    relative = PurePosixPath(os.path.relpath(place, reading.top))
    return SpecFile(relative, reading.shown(place), content, _decoded(written, content))


def _place(reading: Folder, folder: Path, written: str) -> Path:
    """Where the file is, links aside."""
    if PurePosixPath(written).is_absolute() or "\\" in written or "\0" in written:
        raise RefusedError(f"expected a path inside the specs folder, with slashes; got {written!r}")
    outside = False
    for start in dict.fromkeys((folder, reading.top)):
        place = Path(os.path.normpath(start / written))
        if not place.is_relative_to(reading.top) or not place.resolve().is_relative_to(reading.top):
            outside = True
        elif place.exists():
            return place
    if outside:
        raise RefusedError(f"{written} is outside the specs folder: not read")
    nearby = reading.shown(folder)
    top = "" if folder == reading.top else f", nor in {reading.shown(reading.top)}"
    raise RefusedError(f"there is no file {written} in {nearby}{top}")


def _decoded(written: str, content: bytes) -> str:
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        wrong = content[error.start]
        raise RefusedError(
            f"{written} is not UTF-8 (byte 0x{wrong:02x} on its line {line}): save it as UTF-8"
        ) from None
    if not text.strip():
        raise RefusedError(f"{written} is empty")
    return text
