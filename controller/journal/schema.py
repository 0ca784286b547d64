"""The tables. What was intended and how it ended are only ever added to; the rest says how things stand.

`runs`, `run_ends`, `intents` and `outcomes` have no UPDATE and no DELETE anywhere in this package: how an
intent stands is its last outcome. `applied`, `managed`, `access` and `auto_mapping` are rewritten in place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from controller.errors import StateError

VERSION: Final = 1  # raise it with each change below, and teach `prepare` to bring an older journal along


class Utc(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept in UTC. SQLite has no time zones, so there it is a naive one that sorts."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("the journal takes moments with a time zone only")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER counts up by itself in SQLite

metadata = sa.MetaData()


def _key_columns(*, primary: bool) -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("tenant_id", sa.Text, primary_key=primary, nullable=False),
        sa.Column("kind", sa.Text, primary_key=primary, nullable=False),
        sa.Column("address", sa.Text, primary_key=primary, nullable=False),
    )


schema_version = sa.Table("journal_schema", metadata, sa.Column("version", sa.Integer, primary_key=True))

managed = sa.Table(
    "managed",
    metadata,
    *_key_columns(primary=True),
    sa.Column("object_id", sa.Text),
    sa.Column("first_at", Utc, nullable=False),
    sa.Column("last_at", Utc, nullable=False),
    sa.Column("forgotten_at", Utc),
)

applied = sa.Table(
    "applied",
    metadata,
    *_key_columns(primary=True),
    sa.Column("path", sa.Text, primary_key=True),  # JSON list
    sa.Column("value", sa.Text, nullable=False),  # JSON
    sa.Column("at", Utc, nullable=False),
    sa.Column("commit_id", sa.Text),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("tenant_id", sa.Text, nullable=False, index=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("commit_id", sa.Text),
    sa.Column("specs_digest", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
)

run_ends = sa.Table(
    "run_ends",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("condition", sa.Text, nullable=False),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False, index=True),
    *_key_columns(primary=False),
    sa.Column("change_id", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # JSON list
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),  # JSON
    sa.Column("after", sa.Text, nullable=False),  # JSON
    sa.Column("requests", sa.Text, nullable=False),  # JSON list
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Index("intents_by_resource", "tenant_id", "address"),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("intent_id", sa.Text, sa.ForeignKey("intents.id"), nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("request_ids", sa.Text, nullable=False),  # JSON list
)

access = sa.Table(
    "access",
    metadata,
    sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),  # JSON list, sorted
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("last_seen", Utc, nullable=False),
    sa.Index("access_by_address", "tenant_id", "address", "first_seen"),
)

auto_mapping = sa.Table(
    "auto_mapping",
    metadata,
    *_key_columns(primary=True),
    sa.Column("trustee", sa.Text, primary_key=True),
    sa.Column("value", sa.Boolean),  # NULL: there is a grant, and how it was made is not known
    sa.Column("at", Utc, nullable=False),
)


def prepare(connection: sa.Connection) -> None:
    """Creates the tables where there are none. Raises StateError if a newer release wrote them.

    The caller sees to it that no two do this at once.
    """
    metadata.create_all(connection, tables=[schema_version])
    found = connection.execute(sa.select(schema_version.c.version)).scalars().all()
    if not found:
        metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=VERSION))
    elif max(found) > VERSION:
        raise StateError(
            f"the journal was written by a newer release (its schema is {max(found)}, this release knows "
            f"{VERSION}): install that release again, or point MBX_STATE_URL at another journal"
        )
