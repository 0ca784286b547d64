"""What people were last told of a tenant, so that they are told again only when that changes.

A row a subject; what it says is its reader's business. What is told and the messages that tell it are written
together: a process that is killed in between has done neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.forms import decode, encode, without_secrets
from controller.journal.outbox import waiting
from controller.journal.statements import insert_or_ignore, upsert

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be put into the outbox for one notifier."""

    notifier: str
    dedupe_key: str
    payload: Mapping[str, Any]


class _TakenError(Exception):
    """Rolls back what was begun."""


class Told:
    """The subjects of all tenants. Raises StateError."""

    def __init__(self, writing: Transaction, reading: Transaction) -> None:
        self._writing = writing
        self._reading = reading

    def of(self, tenant_id: str) -> dict[str, Any]:
        """By subject, what was last told."""
        table = schema.told
        with self._reading() as connection:
            rows = connection.execute(sa.select(table).where(table.c.tenant_id == tenant_id))
            return {row.subject: decode(row.content) for row in rows}

    def tenants(self) -> list[str]:
        """The ids of all tenants of which anything is on record."""
        with self._reading() as connection:
            return list(connection.scalars(sa.select(schema.told.c.tenant_id).distinct()).all())

    def record(
        self,
        tenant_id: str,
        changed: Mapping[str, Any | None],
        drafts: Iterable[Draft],
        *,
        at: datetime,
        fresh: Collection[str] = (),
    ) -> bool:
        """Takes down what is told from now on (None: nothing any more), and the messages that tell it.

        `fresh` are those of the subjects that nobody was told of before. False, and nothing is written,
        where another replica was faster with one of them: look again."""
        table = schema.told
        rows = {
            subject: {
                "tenant_id": tenant_id,
                "subject": subject,
                "content": encode(without_secrets(value)),
                "at": at,
            }
            for subject, value in changed.items()
            if value is not None
        }
        begun = [rows.pop(subject) for subject in sorted(set(fresh) & rows.keys())]
        gone = [subject for subject, value in changed.items() if value is None]
        with suppress(_TakenError), self._writing() as connection:
            if not all(insert_or_ignore(connection, table, row) for row in begun):
                raise _TakenError
            for start in range(0, len(gone), 500):
                some = table.c.subject.in_(gone[start : start + 500])
                connection.execute(table.delete().where(table.c.tenant_id == tenant_id, some))
            upsert(connection, table, list(rows.values()), {})
            for draft in drafts:
                row = waiting(tenant_id, draft.notifier, draft.dedupe_key, draft.payload, at=at)
                insert_or_ignore(connection, schema.outbox, row)
            return True
        return False
