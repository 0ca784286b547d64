"""What Alembic runs for an upgrade: on the connection of whoever opens a journal, in its transaction."""

from __future__ import annotations

from alembic import context

from controller.journal.migrations import REVISION_TABLE
from controller.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
