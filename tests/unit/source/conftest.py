"""A bare repository on disk, somebody who pushes to it, and a controller that follows it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.source import RepositorySource

TENANT_ID = "7f1b2c3d-0000-4000-8000-000000000001"
TENANT = f"kind: Tenant\nname: entreprise\ntenantId: {TENANT_ID}\n"
BOX = "kind: SharedMailbox\naddress: support@entreprise.example\nmailTip: {}\n"


@dataclass
class Forge:
    """`bare` is what the controller follows; `desk` is where somebody works."""

    top: Path
    bare: Path = field(init=False)
    desk: Path = field(init=False)

    def __post_init__(self) -> None:
        self.bare, self.desk = self.top / "specs.git", self.top / "desk"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), at=self.top)
        self.git("init", "--quiet", "--initial-branch=main", str(self.desk), at=self.top)
        self.write("specs/tenant.yaml", TENANT)
        self.commit("Ours")

    def git(self, *words: str, at: Path | None = None, **env: str) -> str:
        person = {
            f"GIT_{who}_{what}": "ada@entreprise.example"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.top), "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(["git", *words], cwd=at or self.desk, env={**kept, **person, **env},
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str | bytes) -> None:
        place = self.desk / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, message: str = "Change", *options: str, push: bool = True) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *options)
        if push:
            self.git("push", "--quiet", "--force", str(self.bare), "HEAD:refs/heads/main")
        return self.git("rev-parse", "HEAD")

    def follow(self, path: str = "specs", branch: str | None = "main") -> RepositorySource:
        return RepositorySource(
            str(self.bare), branch, path, self.top / "state", patience=timedelta(seconds=60)
        )


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


@pytest.fixture
def source(forge: Forge) -> Iterator[RepositorySource]:
    followed = forge.follow()
    yield followed
    followed.close()


@pytest.fixture
def go() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return asyncio.run
