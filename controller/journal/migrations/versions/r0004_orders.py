"""What an operator ordered: suspend, resume, accept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.journal.columns import SEQUENCE, Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("tenant_id", sa.Text, nullable=False, index=True),
        sa.Column("will", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
    )
