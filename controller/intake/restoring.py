"""A document made to say again what it said on another day, in the folder that it lies in.

Only what differs is written, where that is enough; where its profile would have its way, the document does
without it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any, Final

from controller.errors import SpecError, UsageError
from controller.intake.editing import Page
from controller.intake.page import page
from controller.model import Key, Path
from controller.spec import Document, TenantSpecs, load
from controller.spec.standalone import standalone

_WAYS: Final = frozenset({"text", "html", "file"})  # of saying one text: never two of them


def restored(
    specs: TenantSpecs, key: Key, contents: Mapping[str, Any], folder: File, root: File, scratch: File
) -> tuple[dict[File, str], TenantSpecs]:
    """The new texts of the files concerned, by path, and the specs as they would then be, loaded from a copy
    of `folder` in `scratch`. `root` is what places are told relative to. Raises UsageError where
    the documents of today leave no room for it."""
    current = next((document for document in specs.documents if document.key == key), None)
    if current is not None and standalone(current) == contents:
        return {}, specs
    trouble = ""
    for bare in (False, True):
        texts = _texts(specs, current, key, contents, folder, root, bare=bare)
        try:
            after = _loaded(specs, texts, folder, root, scratch / ("bare" if bare else "with-profile"))
        except SpecError as error:
            trouble = str(error)
            continue
        found = next((document for document in after.documents if document.key == key), None)
        if found is not None and standalone(found) == contents:
            return texts, after
    raise UsageError(
        f"{key.address} cannot say again what it said, beside the documents of today"
        + (f":\n{trouble}" if trouble else "")
    )


def _texts(
    specs: TenantSpecs,
    current: Document | None,
    key: Key,
    contents: Mapping[str, Any],
    folder: File,
    root: File,
    *,
    bare: bool,
) -> dict[File, str]:
    if current is None:
        home = (root / specs.tenant.origin.path).parent
        return {home / "restored" / f"{key.address}.yaml": page(dict(contents), {})}
    file = root / current.origin.path
    written = Page(file.read_text(encoding="utf-8"), current.origin.line, _same)
    if bare:
        written.drop(("profile",))
        before: Mapping[str, Any] = {}
    else:
        before = standalone(current)
    _bring(written, (), before, contents)
    return {file: written.text()}


def _bring(written: Page, path: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for name, value in after.items():
        mine = before.get(name)
        if name in before and mine == value:
            continue
        if isinstance(mine, dict) and isinstance(value, dict) and value and not (mine.keys() & _WAYS):
            _bring(written, (*path, name), mine, value)
        else:
            written.put((*path, name), value)
    for name in before.keys() - after.keys():
        written.drop((*path, name))


def _loaded(
    specs: TenantSpecs, texts: Mapping[File, str], folder: File, root: File, top: File
) -> TenantSpecs:
    """From a copy under `top`, in which places are told as they are in `root`."""
    copy = top / (folder.relative_to(root) if folder.is_relative_to(root) else "specs")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git"))
    for path, text in texts.items():
        place = copy / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
    name = getattr(specs.tenant.spec, "name", "")
    tenants = load(copy, root=top).tenants
    return next(one for one in tenants if getattr(one.tenant.spec, "name", "") == name)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
