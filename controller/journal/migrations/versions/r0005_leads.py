"""Who leads which tenant, and under which lead a run was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.journal.columns import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leads",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("replica", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("since", Utc, nullable=False),
        sa.Column("expires_at", Utc, nullable=False),
    )
    op.add_column("runs", sa.Column("token", sa.BigInteger))
