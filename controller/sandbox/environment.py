"""A Power Platform environment as the world keeps it: rows of Dataverse tables, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(slots=True)
class Environment:
    """`tables` holds rows by id, by the name of their entity set. `users` are the client ids of its
    application users; None: every app that may sign in is one."""

    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    users: list[str] | None = None
    version: int = 1_000_000  # of the row written last: what etags are made of

    def rows(self, table: str) -> dict[str, Row]:
        return self.tables.setdefault(table, {})
