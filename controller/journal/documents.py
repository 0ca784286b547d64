"""What each document said when it was applied: rows that are only ever added, one for each wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.chain import Part, seal
from controller.journal.forms import decode, encode
from controller.model import Key, Kind

_CHUNK: Final = 200
Transaction = Callable[[], AbstractContextManager[sa.Connection]]


@dataclass(frozen=True, slots=True)
class Said:
    """A document by itself, as it was first applied at `at`."""

    key: Key
    contents: dict[str, Any]
    at: datetime
    commit: str | None


class Documents:
    """Each method is one transaction. Raises StateError."""

    def __init__(self, writing: Transaction, reading: Transaction) -> None:
        self._writing = writing
        self._reading = reading

    def last_marks(self, tenant_id: str, keys: Iterable[Key]) -> dict[Key, str]:
        """The fingerprint of what each of these said last; those never applied are left out."""
        table = schema.documents
        mine, one = table.c.tenant_id == tenant_id, (table.c.kind, table.c.address)
        found: dict[Key, str] = {}
        rest = iter(keys)
        with self._reading() as connection:
            while chunk := list(islice(rest, _CHUNK)):
                names = [(key.kind.value, key.address) for key in chunk]
                newest = (
                    sa.select(sa.func.max(table.c.seq)).where(mine, sa.tuple_(*one).in_(names)).group_by(*one)
                )
                statement = sa.select(*one, table.c.mark)
                rows = connection.execute(statement.where(table.c.seq.in_(newest)))
                found |= {Key(Kind(row.kind), row.address): row.mark for row in rows}
        return found

    def record(
        self,
        tenant_id: str,
        said: Mapping[Key, tuple[str, Mapping[str, Any]]],
        *,
        at: datetime,
        commit: str | None,
    ) -> None:
        """Keeps what these documents say from now on: fingerprint and contents."""
        if not said:
            return
        table = schema.documents
        with self._writing() as connection:
            added = []
            for key, (mark, contents) in said.items():
                row = {"tenant_id": tenant_id, "kind": key.kind.value, "address": key.address, "mark": mark}
                statement = table.insert().values(**row, content=encode(contents), at=at, commit_id=commit)
                added.append(int(connection.scalar(statement.returning(table.c.seq)) or 0))
            for start in range(0, len(added), _CHUNK):
                seal(connection, tenant_id, Part.DOCUMENT, added[start : start + _CHUNK])

    def said_at(self, tenant_id: str, address: str, at: datetime) -> Said | None:
        """What the document of an address said when it was last applied by `at`."""
        table = schema.documents
        mine = sa.and_(table.c.tenant_id == tenant_id, table.c.address == address, table.c.at <= at)
        with self._reading() as connection:
            newest = sa.select(table).where(mine).order_by(table.c.seq.desc()).limit(1)
            row = connection.execute(newest).first()
        if row is None:
            return None
        return Said(Key(Kind(row.kind), row.address), decode(row.content), row.at, row.commit_id)

    def known_since(self, tenant_id: str, address: str) -> datetime | None:
        table = schema.documents
        mine = sa.and_(table.c.tenant_id == tenant_id, table.c.address == address)
        with self._reading() as connection:
            found: datetime | None = connection.scalar(sa.select(sa.func.min(table.c.at)).where(mine))
        return found
