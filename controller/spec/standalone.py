"""A document by itself: what it says, without the profile and the files that it says it by.

What somebody reads years later has neither any more.
"""

from __future__ import annotations

import hashlib
from typing import Any

from controller.spec.documents import Document
from controller.spec.merge import Merged
from controller.spec.models.document import DocumentModel
from controller.spec.written import Text


def standalone(document: Document) -> dict[str, Any]:
    """Its contents with everything in them: plain mappings, lists and scalars that mean the same."""
    assert document.written is not None
    assert isinstance(document.spec, DocumentModel)
    contents: dict[str, Any] = _copied(document.written.contents())
    contents.pop("profile", None)
    for path, wording in document.spec.wordings():
        if wording.file is not None:
            around = contents
            for part in path[:-1]:
                around = around[int(part)] if isinstance(around, list) else around[part]
            around[path[-1]] = {"html": wording.document()}
    return contents


def fingerprint(document: Document) -> str:
    """Another one wherever `standalone` says something else; cheap, as nothing is parsed for it."""
    assert isinstance(document.spec, DocumentModel)
    written = document.written
    parts = (written.own, written.profile) if isinstance(written, Merged) else (written,)
    texts = [part.text for part in parts if isinstance(part, Text)]
    texts += [wording.document() for _, wording in document.spec.wordings() if wording.file is not None]
    total = hashlib.sha256()
    for text in texts:
        total.update(f"{len(text)}\n{text}".encode("utf-8", "surrogatepass"))
    return total.hexdigest()


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value
