"""What has to be told to people, from the cycle that found it until it is told or given up.

Delivered at least once: a message is claimed for a while before it is sent, and is due again if whoever
claimed it did not say how that ended. What it says and where it goes is its sender's business; addresses
and keys of webhooks are settings and have no place in a payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.forms import clean_text, decode, encode, without_secrets
from controller.journal.statements import insert_or_ignore

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


class Errand(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one notifier. `attempt` counts how often it was claimed; `reason` is why the last
    attempt failed or it was given up; `due_at` is the next attempt, or when the claim lapses."""

    number: int
    tenant_id: str
    notifier: str
    dedupe_key: str
    payload: Any
    state: Errand
    at: datetime
    due_at: datetime
    attempt: int
    ended_at: datetime | None
    reason: str | None


class Outbox:
    """The messages of all tenants. Safe with several replicas at work on it; raises StateError."""

    def __init__(self, writing: Transaction, reading: Transaction) -> None:
        self._writing = writing
        self._reading = reading

    def enqueue(
        self,
        tenant_id: str,
        notifier: str,
        dedupe_key: str,
        payload: Mapping[str, Any],
        *,
        at: datetime,
        not_before: datetime | None = None,
    ) -> bool:
        """Whether it is new: of several with the same key for a notifier, only the first is kept, for as
        long as it is on record, sent or not."""
        row = waiting(tenant_id, notifier, dedupe_key, payload, at=at, not_before=not_before)
        with self._writing() as connection:
            return insert_or_ignore(connection, schema.outbox, row)

    def claim(
        self, *, now: datetime, hold: timedelta, limit: int = 10, tenant_id: str | None = None
    ) -> list[Message]:
        """Takes what is due, oldest first: nobody else is given it until `hold` is over."""
        table = schema.outbox
        due = sa.select(table.c.seq).where(table.c.state == Errand.WAITING.value, table.c.due_at <= now)
        if tenant_id is not None:
            due = due.where(table.c.tenant_id == tenant_id)
        due = due.order_by(table.c.seq).limit(limit)
        due = due.with_for_update(skip_locked=True)  # says nothing in SQLite, where one writes at a time
        with self._writing() as connection:
            taken = connection.scalars(due).all()
            connection.execute(
                table.update()
                .where(table.c.seq.in_(taken))
                .values(due_at=now + hold, attempts=table.c.attempts + 1)
            )
            rows = connection.execute(sa.select(table).where(table.c.seq.in_(taken)).order_by(table.c.seq))
            return [_message(row) for row in rows]

    def sent(self, message: Message, *, at: datetime) -> None:
        """True whoever has claimed it since: it is sent."""
        self._end(message, Errand.SENT, at, None)

    def failed(self, message: Message, *, next_at: datetime, reason: str) -> None:
        """To be tried again at `next_at`. Nothing happens if the claim lapsed and another has it by now."""
        table = schema.outbox
        mine = sa.and_(table.c.seq == message.number, table.c.attempts == message.attempt)
        statement = table.update().where(mine, table.c.state == Errand.WAITING.value)
        with self._writing() as connection:
            connection.execute(statement.values(due_at=next_at, reason=clean_text(reason)))

    def gave_up(self, message: Message, *, at: datetime, reason: str) -> None:
        """It will not be tried again. What somebody sent meanwhile stays sent."""
        self._end(message, Errand.GIVEN_UP, at, reason)

    def recent(
        self, tenant_id: str, *, notifier: str | None = None, state: Errand | None = None, limit: int = 100
    ) -> list[Message]:
        """The newest first."""
        table = schema.outbox
        statement = sa.select(table).where(table.c.tenant_id == tenant_id)
        if notifier is not None:
            statement = statement.where(table.c.notifier == notifier)
        if state is not None:
            statement = statement.where(table.c.state == state.value)
        with self._reading() as connection:
            rows = connection.execute(statement.order_by(table.c.seq.desc()).limit(limit))
            return [_message(row) for row in rows]

    def prune(self, before: datetime) -> int:
        """Forgets what was sent or given up before then, and with it that it was ever enqueued."""
        table = schema.outbox
        over = sa.and_(table.c.state != Errand.WAITING.value, table.c.ended_at < before)
        with self._writing() as connection:
            return connection.execute(table.delete().where(over)).rowcount

    def _end(self, message: Message, state: Errand, at: datetime, reason: str | None) -> None:
        table = schema.outbox
        open_states: Sequence[str] = [Errand.WAITING.value]
        if state is Errand.SENT:
            open_states = [*open_states, Errand.GIVEN_UP.value]
        text = None if reason is None else clean_text(reason)
        statement = table.update().where(table.c.seq == message.number, table.c.state.in_(open_states))
        with self._writing() as connection:
            connection.execute(statement.values(state=state.value, ended_at=at, reason=text))


def waiting(
    tenant_id: str,
    notifier: str,
    dedupe_key: str,
    payload: Mapping[str, Any],
    *,
    at: datetime,
    not_before: datetime | None = None,
) -> dict[str, Any]:
    """The row of a message that nobody has claimed yet."""
    return {
        "tenant_id": tenant_id,
        "notifier": notifier,
        "dedupe_key": dedupe_key,
        "payload": encode(without_secrets(payload)),
        "state": Errand.WAITING.value,
        "at": at,
        "due_at": not_before or at,
        "attempts": 0,
    }


def _message(row: sa.Row[Any]) -> Message:
    return Message(
        number=row.seq,
        tenant_id=row.tenant_id,
        notifier=row.notifier,
        dedupe_key=row.dedupe_key,
        payload=decode(row.payload),
        state=Errand(row.state),
        at=row.at,
        due_at=row.due_at,
        attempt=row.attempts,
        ended_at=row.ended_at,
        reason=row.reason,
    )
