"""Running git on what somebody else may have written: no hooks, no prompts, no helpers of a repository's own.

Transport and credentials are git's business and the operator's own configuration. What a repository could
bring along to be run is switched off: hooks, file system monitors, filters, submodules, protocols that start
programs [doc: git-config(1), git(1) GIT_ALLOW_PROTOCOL]. Every call ends: after a time, or with its caller.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

_PROTOCOLS: Final = "file:https:ssh"  # not git:// and http://, which anybody on the way may answer
_OVERRIDES: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.attributesFile=/dev/null",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=true",
    "fetch.writeCommitGraph=false",
    "gc.autoDetach=false",
    "credential.interactive=false",
    "log.showSignature=false",
)
# What would point git somewhere else, start a program, or write requests with their credentials to a log.
_FORGOTTEN: Final = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE"
    r"|CEILING_DIRECTORIES|EXTERNAL_DIFF|PAGER|EDITOR|TRACE.*|CURL_VERBOSE|CONFIG_PARAMETERS|SHALLOW_FILE"
    r"|REPLACE_REF_BASE|GRAFT_FILE)"
)
_LARGEST: Final = 2 * 1024**3 // 512  # of a file that git writes, in the blocks that `ulimit -f` counts
_TOLD: Final = 2000  # characters of what git says that go into a message
LOCAL: Final = timedelta(seconds=60)  # for what needs no network; a slow disk may be slow, never this slow


class GitError(Exception):
    """Git ended with an error. `said` is what it wrote, in English and without credentials."""

    def __init__(self, said: str, status: int) -> None:
        self.said = said
        self.status = status
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Git:
    """A repository. `folder` is a bare one (`bare`) or a work tree."""

    folder: Path
    bare: bool = True

    async def __call__(
        self,
        *arguments: str,
        given: bytes = b"",
        config: Sequence[str] = (),
        patience: timedelta = LOCAL,
        env: Mapping[str, str] | None = None,
        good: Sequence[int] = (0,),
    ) -> bytes:
        """What git printed. Raises GitError for any exit status but the `good` ones."""
        status, out, err = await self.ask(*arguments, given=given, config=config, patience=patience, env=env)
        if status not in good:
            raise GitError(spoken(err), status)
        return out

    async def ask(
        self,
        *arguments: str,
        given: bytes = b"",
        config: Sequence[str] = (),
        patience: timedelta = LOCAL,
        env: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes, bytes]:
        """Exit status, stdout, stderr."""
        started = await self.start(*arguments, config=config, env=env)
        return await outcome_of(started, f"git {arguments[0]}", given, patience)

    async def start(
        self, *arguments: str, config: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """Starts git in a session of its own, so that its transport ends with it."""
        where = ["--git-dir", str(self.folder)] if self.bare else ["-C", str(self.folder)]
        switches = [part for each in (*_OVERRIDES, *config) for part in ("-c", each)]
        command = ("--no-optional-locks", "--no-replace-objects", *where, *switches, *arguments)
        return await start("git", *command, env=env)


async def start(
    program: str, *arguments: str, env: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Starts a program that lets no file grow without bound. Raises GitError where it cannot be."""
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            "sh", "-c", f'ulimit -f {_LARGEST}; exec "$0" "$@"', program, *arguments,
            stdin=pipe, stdout=pipe, stderr=pipe, env={**_environment(), **(env or {})},
            start_new_session=True, limit=2**20,
        )  # fmt: skip
    except OSError as error:
        raise GitError(f"{program} cannot be started: {error}", -1) from error


async def outcome_of(
    started: asyncio.subprocess.Process, name: str, given: bytes, patience: timedelta
) -> tuple[int, bytes, bytes]:
    """Exit status, stdout, stderr of what ends in time; otherwise it is ended, and that is a GitError."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            out, err = await started.communicate(given)
    except TimeoutError:
        raise GitError(f"{name} did not end within {patience}", -1) from None
    finally:
        await end(started)
    return started.returncode or 0, out, err


async def end(started: asyncio.subprocess.Process) -> None:
    """Sees to it that neither it nor what it started runs on."""
    if started.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        await started.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _FORGOTTEN.fullmatch(name)}
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "C",
    }


def spoken(err: bytes) -> str:
    """What git wrote, on one line, without control characters and without credentials in addresses."""
    text = " ".join(err.decode("utf-8", "replace").split())
    text = "".join(character for character in text if character.isprintable())
    return without_credentials(text)[:_TOLD]


def without_credentials(text: str) -> str:
    return re.sub(r"(\w+://)[^/\s@]+@", r"\1", text)
