"""What the record says of a day: what documents said, and which changes by hand stood then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from controller.journal import HistoryRow, Journal, Sighting
from controller.model import Key, Kind, Mode, Status
from controller.spec import Document
from controller.spec.standalone import fingerprint, standalone


def keep_documents(
    journal: Journal, tenant_id: str, documents: Iterable[Document], at: datetime, commit: str | None
) -> None:
    """Writes down what these documents say, where it is another thing than they last said."""
    marks: dict[Key, tuple[str, Document]] = {
        document.key: (fingerprint(document), document)
        for document in documents
        if document.key and document.kind is not Kind.TENANT and _applied(document)
    }
    known = journal.documents.last_marks(tenant_id, marks)
    new = {key: (mark, standalone(one)) for key, (mark, one) in marks.items() if known.get(key) != mark}
    journal.documents.record(tenant_id, new, at=at, commit=commit)


def _applied(document: Document) -> bool:
    """Not where the document is only there to be reported on."""
    return getattr(document.spec, "mode", None) is not Mode.REPORT


def standing_at(seen: Iterable[Sighting], done: Iterable[HistoryRow], moment: datetime) -> list[Sighting]:
    """The changes by hand that were seen by a moment and not put right by then, oldest first. `seen` is the
    newest first, as the journal gives it."""
    applied = [row for row in done if row.status is Status.APPLIED and row.at <= moment]
    last: dict[str, Sighting] = {}
    for sighting in seen:
        if sighting.at <= moment:
            last.setdefault(sighting.change_id, sighting)
    standing = (
        one
        for one in last.values()
        if not any(row.change_id == one.change_id and row.at >= one.at for row in applied)
    )
    return sorted(standing, key=lambda one: (one.at, one.change_id))
