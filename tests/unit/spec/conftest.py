"""Specs written into a folder of their own, outside any git repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.errors import SpecError
from controller.spec import Estate, load

TENANT = """\
kind: Tenant
name: entreprise
tenantId: 7f1b2c3d-0000-4000-8000-000000000001
timeZone: Europe/Paris
"""


class Specs:
    """A specs folder; places are told relative to the folder above it."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "specs"
        self.folder.mkdir()

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def load(self) -> Estate:
        return load(self.folder, root=self.root)

    def problems(self) -> list[str]:
        """What is wrong, as people see it; nothing where all is right."""
        try:
            self.load()
        except SpecError as error:
            return [str(problem) for problem in error.problems]
        return []


@pytest.fixture
def specs(tmp_path: Path) -> Specs:
    """A folder with a tenant."""
    made = Specs(tmp_path)
    made.write("tenant.yaml", TENANT)
    return made


@pytest.fixture
def no_tenant(tmp_path: Path) -> Specs:
    return Specs(tmp_path)


@pytest.fixture
def one(specs: Specs) -> Callable[[str], list[str]]:
    """The problems of one document, in `specs/a.yaml`."""

    def problems(text: str | bytes) -> list[str]:
        specs.write("a.yaml", text)
        return specs.problems()

    return problems
