"""What each document said when it was applied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.journal.columns import SEQUENCE, Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("tenant_id", "kind", "address", "mark", "content")
    op.create_table(
        "documents",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("at", Utc, nullable=False),
        sa.Column("commit_id", sa.Text),
    )
    op.create_index("documents_by_resource", "documents", ["tenant_id", "address"])
