"""Notifications that wait to be sent. From here on, release 0.1 is told to keep out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.journal.columns import SEQUENCE, Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("notifier", sa.Text, nullable=False),
        sa.Column("dedupe_key", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("ended_at", Utc),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint("tenant_id", "notifier", "dedupe_key", name="outbox_once"),
    )
    op.create_index("outbox_due", "outbox", ["state", "due_at"])
    op.execute("UPDATE journal_schema SET version = 2")
