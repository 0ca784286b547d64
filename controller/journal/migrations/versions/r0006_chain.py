"""The history is sealed, knows why a change was made, and what was changed by hand.

The one revision that uses code of the release: the forms of `controller.journal.chain` are for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.journal.chain import seal_all
from controller.journal.columns import SEQUENCE, Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intents", sa.Column("cause", sa.Text))
    op.create_index("intents_by_cause", "intents", ["tenant_id", "cause"])
    texts = ("tenant_id", "kind", "address", "change_id", "path", "before", "after")
    op.create_table(
        "seen",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("at", Utc, nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("who_at", Utc),
        sa.Column("operation", sa.Text),
    )
    op.create_index("seen_by_change", "seen", ["tenant_id", "change_id"])
    op.create_index("seen_by_resource", "seen", ["tenant_id", "address"])
    op.create_table(
        "chain",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("ref", sa.BigInteger, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("pruned", sa.Boolean, nullable=False),
    )
    op.create_index("chain_by_row", "chain", ["tenant_id", "part", "ref"])
    op.create_table(
        "chain_heads",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    seal_all(op.get_bind())
