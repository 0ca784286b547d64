"""The same specs and the same tenant give the same plan, byte for byte but for `createdAt`: in whatever order the
services answer and the file system lists, however a process hashes, and wherever a document stands."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.report.as_json import as_json, document
from tests.lived_in import lived_in
from tests.rig import Rig
from tests.soak import STORIES
from tests.soak.meddling import DEEDS
from tests.soak.runs import begin

ROOT = Path(__file__).parents[2]
_CREATED = re.compile(r'"createdAt": "[^"]*"')


class Shuffled(httpx.AsyncBaseTransport):
    """A tenant that answers when it likes, and lists what has no order in any order."""

    def __init__(self, inner: httpx.AsyncBaseTransport, seed: int) -> None:
        self._inner, self._chance, self.moved = inner, random.Random(seed), 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        for _ in range(self._chance.randint(0, 20)):
            await asyncio.sleep(0)
        body = await response.aread()
        if "json" not in response.headers.get("content-type", "") or not body:
            return response
        said = json.loads(body)
        told = json.dumps(self._shuffled(said)).encode()
        self.moved += told != json.dumps(said).encode()
        headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
        return httpx.Response(response.status_code, headers=headers, content=told, request=request)

    def _shuffled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._shuffled(each) for name, each in value.items()}
        if isinstance(value, list):
            value = [self._shuffled(each) for each in value]
            self._chance.shuffle(value)
        return value


def bytes_of(rig: Rig) -> str:
    return _CREATED.sub("", as_json(asyncio.run(rig.plan())))


def differing(folder: Path, story: str) -> Rig:
    """A tenant with much to say: as a story begins, or after its first chapter and some meddling."""
    rig = begin(folder, story)
    if story in DEEDS:
        asyncio.run(rig.apply())
        for deed in DEEDS[story]:
            rig.poke(deed.cmdlet, **deed.parameters)
    return rig


def tenants(folder: Path) -> Iterator[tuple[str, Rig]]:
    for story in sorted(STORIES):
        yield story, differing(folder / story, story)
    for seed in (1, 2):
        yield f"lived in {seed}", lived_in(folder / f"lived-{seed}", seed)[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_in_whatever_order_the_services_answer(tmp_path: Path, seed: int) -> None:
    for name, rig in tenants(tmp_path):
        plain, inner = bytes_of(rig), rig.wire
        assert '"id": ' in plain, name
        shuffled = Shuffled(inner, seed)
        rig.wire = shuffled  # type: ignore[assignment]
        assert bytes_of(rig) == plain, name
        assert shuffled.moved, name


def test_however_a_process_hashes(tmp_path: Path) -> None:
    said = [_by_a_process(tmp_path / f"hash-{seed}", seed) for seed in ("0", "4711")]
    assert len(said[0]) > 100_000
    assert said[0] == said[1]


def _by_a_process(folder: Path, hash_seed: str) -> str:
    code = (
        "import sys; from pathlib import Path; from tests.world.test_same_bytes import bytes_of, tenants\n"
        "for name, rig in tenants(Path(sys.argv[1])): print(name, bytes_of(rig))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, capture_output=True, text=True,
        encoding="utf-8", env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    return done.stdout


def test_in_whatever_order_the_file_system_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = differing(tmp_path, "governed")
    plain, scan = bytes_of(rig), os.scandir
    chance = random.Random(1)

    def listed(path: Any) -> list[os.DirEntry[str]]:
        entries = list(scan(path))
        chance.shuffle(entries)
        return entries

    monkeypatch.setattr("controller.spec.files.os.scandir", listed)
    assert bytes_of(rig) == plain


@pytest.mark.parametrize("story", ["governed", "lists", "nested"])
def test_wherever_a_document_stands_all_but_its_place_is_the_same(tmp_path: Path, story: str) -> None:
    rig = differing(tmp_path, story)
    plain = _without_places(rig)
    documents = []
    for path in sorted(rig.folder.glob("*.yaml")):
        documents += re.split(r"^---\n", path.read_text("utf-8"), flags=re.MULTILINE)
        path.unlink()
    random.Random(1).shuffle(documents)
    for number in range(3):
        rig.write(f"{number}.yaml", "---\n".join(documents[number::3]))
    assert _without_places(rig) == plain


def _without_places(rig: Rig) -> Any:
    said = document(asyncio.run(rig.plan()))
    for name in ("specsDigest", "createdAt"):
        del said[name]
    for each in (*said["changes"], *said["diagnostics"]):
        del each["source"]
    return re.sub(r"\w+\.yaml:\d+", "", json.dumps(said))

