"""Kinds of columns that SQLite and PostgreSQL both know. Revisions stand on them: change none, add one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa


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


# In SQLite only INTEGER counts up by itself.
SEQUENCE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
