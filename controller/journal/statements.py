"""The statements that SQLite and PostgreSQL spell alike and SQLAlchemy does not: INSERT … ON CONFLICT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """The insert that knows ON CONFLICT: each dialect has one of its own, alike in all that is used here."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - loaded by those who have it

    return postgresql.insert(table)


def upsert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], keep: Mapping[str, Any]
) -> None:
    """Inserts `rows`, or overwrites those there with the same primary key but for the columns in `keep`."""
    if not rows:
        return
    statement = insert(connection, table)
    columns = {name: statement.excluded[name] for name in rows[0] if not table.c[name].primary_key}
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_={**columns, **keep}
    )
    connection.execute(statement, [dict(row) for row in rows])


def insert_or_ignore(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Whether the row was inserted; False if one with the same key is there."""
    statement = insert(connection, table).values(dict(row)).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key.columns)).first() is not None
