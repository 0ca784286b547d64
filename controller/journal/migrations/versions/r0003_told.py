"""What people were last told, by subject."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.journal.columns import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
    )
