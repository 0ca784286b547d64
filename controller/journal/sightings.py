"""What somebody changed by hand, as it was seen: rows that are only ever added.

Statements only, inside a transaction that the caller holds. The same difference is written once, and once
more when the audit log has told who it was, or when it came back after it had been put right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, Protocol

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.chain import Part, seal
from controller.journal.forms import clean_text, decode, encode, without_secrets
from controller.memory import Flap
from controller.model import Cause, Change, Key, Kind, Status

TIMES: Final = 3  # put right so often in SPAN, and changed again: somebody means it
SPAN: Final = timedelta(hours=24)


class Doer(Protocol):
    """Who did it, as whoever searched the audit log has it."""

    @property
    def who(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def operation(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Author:
    """Who did it, when, and with which operation, as the audit log tells."""

    who: str
    at: datetime
    operation: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """One change by hand: `before` is what it should have stayed, `after` what was found at `at`."""

    change_id: str
    key: Key
    path: tuple[str, ...]
    before: Any
    after: Any
    at: datetime
    author: Author | None


def record(
    connection: sa.Connection,
    tenant_id: str,
    changes: Sequence[Change],
    authors: Mapping[str, Doer],
    at: datetime,
) -> None:
    table = schema.seen
    new = []
    for change in changes:
        author = authors.get(change.id)
        row = {
            "tenant_id": tenant_id,
            "kind": change.key.kind.value,
            "address": change.key.address,
            "change_id": change.id,
            "path": encode(change.path),
            "before": encode(without_secrets(change.after)),
            "after": encode(without_secrets(change.before)),
            "at": at,
            "who": None if author is None else clean_text(author.who),
            "who_at": None if author is None else author.at,
            "operation": None if author is None else clean_text(author.operation),
        }
        if not _known(connection, row):
            new.append(int(connection.scalar(table.insert().values(row).returning(table.c.seq)) or 0))
    seal(connection, tenant_id, Part.SEEN, new)


def _known(connection: sa.Connection, row: Mapping[str, Any]) -> bool:
    table, intents = schema.seen, schema.intents
    mine = sa.and_(table.c.tenant_id == row["tenant_id"], table.c.change_id == row["change_id"])
    last = connection.execute(sa.select(table).where(mine).order_by(table.c.seq.desc()).limit(1)).first()
    if last is None or (last.before, last.after) != (row["before"], row["after"]):
        return False
    since = sa.select(intents.c.seq).where(
        intents.c.tenant_id == row["tenant_id"],
        intents.c.address == row["address"],
        intents.c.change_id == row["change_id"],
        intents.c.at >= last.at,
    )
    if connection.execute(since.limit(1)).first() is not None:
        return False  # it was put right since, and is back
    return row["who"] is None or last.who is not None


def seen(connection: sa.Connection, tenant_id: str, address: str | None, limit: int) -> list[Sighting]:
    """Newest first."""
    table = schema.seen
    statement = sa.select(table).where(table.c.tenant_id == tenant_id)
    if address is not None:
        statement = statement.where(table.c.address == address)
    rows = connection.execute(statement.order_by(table.c.seq.desc()).limit(limit))
    return [sighting(row) for row in rows]


def sighting(row: sa.Row[Any]) -> Sighting:
    author = None if row.who is None else Author(row.who, row.who_at, row.operation)
    key = Key(Kind(row.kind), row.address)
    path = tuple(decode(row.path))
    return Sighting(row.change_id, key, path, decode(row.before), decode(row.after), row.at, author)


# --- flapping ---------------------------------------------------------------------------------------


def flapping(connection: sa.Connection, tenant_id: str) -> dict[str, Flap]:
    """By change id, what was put right TIMES times within SPAN. Only what was put right to the same value
    counts: another wish starts anew."""
    intents, outcomes = schema.intents, schema.outcomes
    one = (intents.c.change_id, intents.c.run_id, intents.c.after)
    healed = (
        sa.select(*one, sa.func.min(intents.c.at).label("at"))
        .join(outcomes, outcomes.c.intent_id == intents.c.id)
        .where(
            intents.c.tenant_id == tenant_id,
            intents.c.cause == Cause.DRIFT.value,
            outcomes.c.status == Status.APPLIED.value,
        )
        .group_by(*one)
        .subquery()
    )
    often = sa.select(healed.c.change_id).group_by(healed.c.change_id).having(sa.func.count() >= TIMES)
    statement = (
        sa.select(healed).where(healed.c.change_id.in_(often)).order_by(healed.c.change_id, healed.c.at)
    )
    found = {}
    for change_id, group in groupby(connection.execute(statement), key=lambda row: str(row.change_id)):
        rows = list(group)
        last = [row for row in rows if row.after == rows[-1].after][-TIMES:]
        if len(last) == TIMES and last[-1].at - last[0].at <= SPAN:
            found[change_id] = _flapping(connection, tenant_id, change_id, last)
    return found


def _flapping(connection: sa.Connection, tenant_id: str, change_id: str, last: Sequence[sa.Row[Any]]) -> Flap:
    table = schema.seen
    mine = sa.and_(table.c.tenant_id == tenant_id, table.c.change_id == change_id)
    rows = connection.execute(
        sa.select(table.c.at, table.c.who).where(mine, table.c.at >= last[0].at - SPAN).order_by(table.c.seq)
    ).all()
    again = next((row.at for row in rows if row.at > last[-1].at), None)
    who = dict.fromkeys(row.who for row in rows if row.who)
    return Flap(decode(last[-1].after), last[0].at, again, tuple(who))
