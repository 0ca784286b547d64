"""What was meant, what went out and how it ended: rows that are only ever added.

Statements only, inside a transaction that the caller holds. An intent stands as its last outcome says;
with none, the process was killed before it learnt the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from controller.errors import StateError
from controller.journal import schema
from controller.journal.chain import Part, seal
from controller.journal.forms import clean_text, decode, encode, without_secrets
from controller.journal.records import HistoryRow, Pending, RunRow
from controller.model import Action, Cause, Change, Condition, Key, Kind, Mode, Status


def start_run(
    connection: sa.Connection,
    run_id: str,
    tenant_id: str,
    *,
    at: datetime,
    commit: str | None,
    specs_digest: str,
    mode: Mode,
    token: int | None,
) -> None:
    connection.execute(
        schema.runs.insert().values(
            id=run_id,
            tenant_id=tenant_id,
            at=at,
            commit_id=commit,
            specs_digest=specs_digest,
            mode=mode.value,
            token=token,
        )
    )


def finish_run(connection: sa.Connection, run_id: str, at: datetime, condition: Condition) -> None:
    lead_of(connection, run_id)
    connection.execute(schema.run_ends.insert().values(run_id=run_id, at=at, condition=condition.value))


def lead_of(connection: sa.Connection, run_id: str) -> tuple[str, int | None]:
    """The tenant of a run, and the number of the lead under which it was started."""
    table = schema.runs
    row = connection.execute(sa.select(table.c.tenant_id, table.c.token).where(table.c.id == run_id)).first()
    if row is None:
        raise StateError(f"the journal knows no run {run_id}")
    return row.tenant_id, row.token


def intend(
    connection: sa.Connection,
    intent_id: str,
    change: Change,
    *,
    run_id: str,
    tenant_id: str,
    step: int,
    at: datetime,
) -> None:
    requests = [
        {"api": request.api, "call": request.call, "parameters": without_secrets(request.parameters)}
        for request in change.requests
    ]
    seq = connection.scalar(
        schema.intents.insert()
        .values(
            id=intent_id,
            run_id=run_id,
            tenant_id=tenant_id,
            kind=change.key.kind.value,
            address=change.key.address,
            change_id=change.id,
            path=encode(change.path),
            action=change.action.value,
            before=encode(without_secrets(change.before)),
            after=encode(without_secrets(change.after)),
            requests=encode(requests),
            step=step,
            at=at,
            cause=change.cause.value,
        )
        .returning(schema.intents.c.seq)
    )
    seal(connection, tenant_id, Part.INTENT, [int(seq or 0)])


def conclude(
    connection: sa.Connection,
    intent_id: str,
    status: Status,
    *,
    at: datetime,
    error: str | None,
    request_ids: Sequence[str],
) -> None:
    table = schema.intents
    tenant_id = connection.scalar(sa.select(table.c.tenant_id).where(table.c.id == intent_id))
    if tenant_id is None:
        raise StateError(f"the journal knows no intent {intent_id}")
    seq = connection.scalar(
        schema.outcomes.insert()
        .values(
            intent_id=intent_id,
            status=status.value,
            at=at,
            error=None if error is None else clean_text(error),
            request_ids=encode(list(request_ids)),
        )
        .returning(schema.outcomes.c.seq)
    )
    seal(connection, tenant_id, Part.OUTCOME, [int(seq or 0)])


def pending(connection: sa.Connection, tenant_id: str) -> tuple[Pending, ...]:
    """Oldest first."""
    table, outcomes = schema.intents, schema.outcomes
    last = (  # one look into an index for each intent: the trail only grows, what is open stays small
        sa.select(outcomes.c.status)
        .where(outcomes.c.intent_id == table.c.id)
        .correlate(table)
        .order_by(outcomes.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    inner = sa.select(table, last.label("status")).where(table.c.tenant_id == tenant_id).subquery()
    statement = (
        sa.select(inner)
        .where(sa.or_(inner.c.status.is_(None), inner.c.status == Status.PROPAGATING.value))
        .order_by(inner.c.seq)
    )
    return tuple(
        Pending(
            intent_id=row.id,
            change_id=row.change_id,
            key=_key(row),
            path=tuple(decode(row.path)),
            action=Action(row.action),
            after=decode(row.after),
            intended_at=row.at,
            status=None if row.status is None else Status(row.status),
            run_id=row.run_id,
        )
        for row in connection.execute(statement)
    )


def history(connection: sa.Connection, tenant_id: str, address: str | None, limit: int) -> list[HistoryRow]:
    """Newest first."""
    table, runs, outcomes = schema.intents, schema.runs, schema.outcomes
    chosen = sa.select(table).where(table.c.tenant_id == tenant_id)
    if address is not None:
        chosen = chosen.where(table.c.address == address)
    inner = chosen.order_by(table.c.seq.desc()).limit(limit).subquery("chosen")
    last = (
        sa.select(sa.func.max(outcomes.c.seq))
        .where(outcomes.c.intent_id == inner.c.id)
        .correlate(inner)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            inner,
            runs.c.commit_id,
            runs.c.mode,
            outcomes.c.status,
            outcomes.c.at.label("concluded_at"),
            outcomes.c.error,
            outcomes.c.request_ids,
        )
        .join(runs, runs.c.id == inner.c.run_id)
        .outerjoin(outcomes, outcomes.c.seq == last)
        .order_by(inner.c.seq.desc())
    )
    return [_history_row(row) for row in connection.execute(statement)]


def _history_row(row: sa.Row[Any]) -> HistoryRow:
    return HistoryRow(
        intent_id=row.id,
        run_id=row.run_id,
        change_id=row.change_id,
        key=_key(row),
        path=tuple(decode(row.path)),
        action=Action(row.action),
        before=decode(row.before),
        after=decode(row.after),
        step=row.step,
        at=row.at,
        commit=row.commit_id,
        mode=Mode(row.mode),
        status=None if row.status is None else Status(row.status),
        concluded_at=row.concluded_at,
        error=row.error,
        cause=None if row.cause is None else Cause(row.cause),
        request_ids=() if row.request_ids is None else tuple(decode(row.request_ids)),
    )


def recent_runs(connection: sa.Connection, tenant_id: str, limit: int) -> list[RunRow]:
    """Newest first."""
    runs, ends = schema.runs, schema.run_ends
    statement = (
        sa.select(runs, ends.c.at.label("finished_at"), ends.c.condition)
        .outerjoin(ends, ends.c.run_id == runs.c.id)
        .where(runs.c.tenant_id == tenant_id)
        .order_by(runs.c.seq.desc())
        .limit(limit)
    )
    return [
        RunRow(
            run_id=row.id,
            at=row.at,
            commit=row.commit_id,
            specs_digest=row.specs_digest,
            mode=Mode(row.mode),
            finished_at=row.finished_at,
            condition=None if row.condition is None else Condition(row.condition),
        )
        for row in connection.execute(statement)
    ]


def last_cycle_at(connection: sa.Connection, tenant_id: str) -> datetime | None:
    runs, ends = schema.runs, schema.run_ends
    moment: datetime | None = connection.scalar(
        sa.select(sa.func.max(ends.c.at))
        .join(runs, runs.c.id == ends.c.run_id)
        .where(runs.c.tenant_id == tenant_id)
    )
    return moment


def _key(row: sa.Row[Any]) -> Key:
    return Key(Kind(row.kind), row.address)
