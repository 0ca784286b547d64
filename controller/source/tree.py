"""What a commit holds, written to a private folder: plain files and links, within limits, nothing run.

Read object by object (`ls-tree`, `cat-file`) instead of checked out, so that no filter, attribute, hook or
index of anybody is involved. What is not for us stays out: large files that are no YAML, `.gitmodules`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.errors import SourceError
from controller.source.git import LOCAL, Git, GitError, end, spoken

_FILES: Final = 100_000
_TOTAL: Final = 512 * 1024**2  # bytes, of all that is written
_YAML: Final = 64 * 1024**2  # bytes of one YAML file: what the loader takes
_BESIDE: Final = 1024**2  # bytes of anything else: a reply, a signature; what is larger is not for us
_DEEPEST: Final = 64
_LONGEST: Final = 1024  # bytes of a path
_LINK: Final = 4096  # bytes of what a link says
_FORBIDDEN: Final = frozenset({"", ".", "..", ".git"})


@dataclass(frozen=True, slots=True)
class _Entry:
    oid: str
    size: int
    path: str
    is_link: bool


async def write_out(git: Git, commit: str, path: str, folder: Path) -> None:
    """Writes `path` of a commit (empty: all of it) below `folder`. Raises SourceError `unsafe-tree`."""
    listed = await git("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", *([path] if path else []))
    entries = list(_entries(listed))
    if len(entries) > _FILES:
        raise _unsafe(f"{len(entries)} files, and {_FILES} are the most")
    wanted = [entry for entry in entries if _is_wanted(entry)]
    total = sum(entry.size for entry in wanted)
    if total > _TOTAL:
        raise _unsafe(f"{total // 1024**2} MiB of files, and {_TOTAL // 1024**2} are the most")
    await _copy(git, [entry for entry in wanted if not entry.is_link], folder)
    await _copy(git, [entry for entry in wanted if entry.is_link], folder)  # last: nothing goes through one


def _entries(listed: bytes) -> Iterator[_Entry]:
    for line in listed.split(b"\0"):
        if not line:
            continue
        about, _, raw = line.partition(b"\t")
        mode, kind, oid, size = about.split()
        try:
            path = raw.decode()
        except UnicodeDecodeError:
            raise _unsafe(f"a file name that is not UTF-8: {raw!r}") from None
        if kind == b"commit":
            raise _unsafe(f"{path!r} is a submodule: its files are in another repository; put them here")
        parts = path.split("/")
        if any(part.lower() in _FORBIDDEN for part in parts) or not path.isprintable():
            raise _unsafe(f"a file name that no folder should have: {path!r}")
        if len(raw) > _LONGEST or len(parts) > _DEEPEST or any(len(part.encode()) > 255 for part in parts):
            raise _unsafe(f"a path that is too long or too deep: {path[:80]!r}…")
        yield _Entry(oid.decode(), int(size), path, mode == b"120000")


def _is_wanted(entry: _Entry) -> bool:
    if entry.is_link:
        return entry.size <= _LINK
    if not entry.path.lower().endswith((".yaml", ".yml")):
        return entry.size <= _BESIDE
    if entry.size > _YAML:
        raise _unsafe(f"{entry.path} has {entry.size // 1024**2} MiB: split it into several files")
    return True


async def _copy(git: Git, entries: Sequence[_Entry], folder: Path) -> None:
    if not entries:
        return
    started = await git.start("cat-file", "--batch")
    assert started.stdin is not None
    assert started.stdout is not None
    feeding = asyncio.ensure_future(_feed(started.stdin, entries))
    try:
        async with asyncio.timeout(10 * LOCAL.total_seconds()):
            for entry in entries:
                _write(folder / entry.path, await _object(started, entry), is_link=entry.is_link)
    except (TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
        raise GitError(f"the repository's objects cannot be read ({type(error).__name__})", -1) from error
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await end(started)


async def _feed(pipe: asyncio.StreamWriter, entries: Sequence[_Entry]) -> None:
    for entry in entries:
        pipe.write(f"{entry.oid}\n".encode())
        await pipe.drain()
    pipe.close()


async def _object(started: asyncio.subprocess.Process, entry: _Entry) -> bytes:
    """One answer of `cat-file --batch`: `<oid> blob <size>`, the contents, a line break."""
    assert started.stdout is not None
    header = await started.stdout.readline()
    if header.split() != [entry.oid.encode(), b"blob", str(entry.size).encode()]:
        raise GitError(f"{entry.path} cannot be read: {spoken(header) or 'the object is missing'}", -1)
    content = await started.stdout.readexactly(entry.size + 1)
    return content[:-1]


def _write(place: Path, content: bytes, *, is_link: bool) -> None:
    target = content.decode("utf-8", "surrogateescape") if is_link else ""
    if is_link and ("\0" in target or not target):
        raise _unsafe(f"{place.name}: a link to nothing that a name could be")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_link:
            place.symlink_to(target)
        else:
            with place.open("xb") as file:
                file.write(content)
    except (FileExistsError, NotADirectoryError):
        raise _unsafe(f"{place.name} is there twice, once as a file and once as something else") from None


def _unsafe(why: str) -> SourceError:
    return SourceError("unsafe-tree", f"the commit is not read: {why}")
