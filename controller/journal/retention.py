"""Taking away what is older than it has to be kept, and leaving the chain whole: its links stay.

Whatever still counts stays, however old: what nobody knows the end of, the last word on each access list and
document, the last run; and the newest row of each table, as SQLite would give its number to the next one.

Statements only, inside a transaction that the caller holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.chain import Part, note_pruning
from controller.model import Mode, Status

_CHUNK: Final = 200
_OPEN: Final = Status.PROPAGATING.value


def prune_some(connection: sa.Connection, tenant_id: str, before: datetime) -> int:
    """Takes away some of a tenant's rows from before a moment, and tells how many; 0: there are no more."""
    old_access = _followed(schema.access, "first_seen", tenant_id, before)
    old_documents = _followed(schema.documents, "at", tenant_id, before)
    intents = _found(connection, _ended_intents(tenant_id, before))
    ids = sa.select(schema.intents.c.id).where(schema.intents.c.seq.in_(intents))
    outcomes = connection.scalars(
        sa.select(schema.outcomes.c.seq).where(schema.outcomes.c.intent_id.in_(ids))
    ).all()
    taken: list[tuple[Part, sa.Table, Sequence[int]]] = [
        (Part.OUTCOME, schema.outcomes, outcomes),
        (Part.INTENT, schema.intents, intents),
        (Part.SEEN, schema.seen, _found(connection, _seen(tenant_id, before))),
        (Part.ACCESS, schema.access, _found(connection, old_access)),
        (Part.DOCUMENT, schema.documents, _found(connection, old_documents)),
    ]
    count = sum(len(refs) for _, _, refs in taken)
    if count:
        note_pruning(connection, tenant_id, before)
    for part, table, refs in taken:
        _take(connection, tenant_id, part, table, refs)
    return count or _prune_runs(connection, tenant_id, before)


def _found(connection: sa.Connection, statement: sa.Select[Any]) -> Sequence[int]:
    return connection.scalars(statement.limit(_CHUNK)).all()


def _take(
    connection: sa.Connection, tenant_id: str, part: Part, table: sa.Table, refs: Sequence[int]
) -> None:
    links = schema.chain
    for start in range(0, len(refs), _CHUNK):
        some = refs[start : start + _CHUNK]
        mine = sa.and_(links.c.tenant_id == tenant_id, links.c.part == part.value, links.c.ref.in_(some))
        connection.execute(links.update().where(mine).values(pruned=True))
        connection.execute(table.delete().where(table.c.seq.in_(some)))


def _ended_intents(tenant_id: str, before: datetime) -> sa.Select[Any]:
    table, outcomes = schema.intents, schema.outcomes
    mine = outcomes.c.intent_id == table.c.id
    last = (
        sa.select(outcomes.c.status)
        .where(mine)
        .correlate(table)
        .order_by(outcomes.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.select(table.c.seq).where(
        table.c.tenant_id == tenant_id,
        table.c.at < before,
        last.is_not(None),
        last != _OPEN,
        ~sa.exists().where(mine, outcomes.c.at >= before).correlate(table),
        table.c.seq != _newest(table),
        ~sa.exists().where(mine, outcomes.c.seq == _newest(outcomes)).correlate(table),
    )


def _newest(table: sa.Table) -> sa.ScalarSelect[Any]:
    other = table.alias("newest")
    return sa.select(sa.func.max(other.c.seq)).scalar_subquery()


def _seen(tenant_id: str, before: datetime) -> sa.Select[Any]:
    table = schema.seen
    mine = table.c.tenant_id == tenant_id
    return sa.select(table.c.seq).where(mine, table.c.at < before, table.c.seq != _newest(table))


def _followed(table: sa.Table, moment: str, tenant_id: str, before: datetime) -> sa.Select[Any]:
    """Rows that were no more the last word on their address by then."""
    later = table.alias("later")
    same = [later.c.tenant_id == table.c.tenant_id, later.c.address == table.c.address]
    next_one = sa.exists().where(*same, later.c.seq > table.c.seq, later.c[moment] <= before).correlate(table)
    return sa.select(table.c.seq).where(table.c.tenant_id == tenant_id, table.c[moment] < before, next_one)


def _prune_runs(connection: sa.Connection, tenant_id: str, before: datetime) -> int:
    """Runs that nothing is known of any more, but for the last, and the last that was to write."""
    runs, ends = schema.runs, schema.run_ends
    mine = runs.c.tenant_id == tenant_id
    kept = {
        connection.scalar(sa.select(sa.func.max(runs.c.seq)).where(mine)),
        connection.scalar(
            sa.select(sa.func.max(runs.c.seq)).where(
                mine, runs.c.mode == Mode.APPLY.value, runs.c.commit_id.is_not(None)
            )
        ),
        connection.scalar(
            sa.select(sa.func.max(runs.c.seq)).join(ends, ends.c.run_id == runs.c.id).where(mine)
        ),
    }
    used = sa.exists().where(schema.intents.c.run_id == runs.c.id)
    old = sa.select(runs.c.id).where(
        mine, runs.c.at < before, ~used, runs.c.seq.not_in([seq for seq in kept if seq is not None])
    )
    ids = connection.scalars(old.limit(_CHUNK)).all()
    connection.execute(ends.delete().where(ends.c.run_id.in_(ids)))
    connection.execute(runs.delete().where(runs.c.id.in_(ids)))
    return len(ids)
