"""The tables of release 0.1, which made them by itself: where they are, they are left as they are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from controller.journal.columns import SEQUENCE, Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("journal_schema"):
        return
    op.create_table("journal_schema", sa.Column("version", sa.Integer, primary_key=True))
    op.execute("INSERT INTO journal_schema (version) VALUES (1)")
    _standing()
    _trail()


def _key(*, primary: bool) -> tuple[sa.Column[Any], ...]:
    names = ("tenant_id", "kind", "address")
    return tuple(sa.Column(name, sa.Text, primary_key=primary, nullable=False) for name in names)


def _standing() -> None:
    op.create_table(
        "managed",
        *_key(primary=True),
        sa.Column("object_id", sa.Text),
        sa.Column("first_at", Utc, nullable=False),
        sa.Column("last_at", Utc, nullable=False),
        sa.Column("forgotten_at", Utc),
    )
    op.create_table(
        "applied",
        *_key(primary=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("commit_id", sa.Text),
    )
    op.create_table(
        "access",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("first_seen", Utc, nullable=False),
        sa.Column("last_seen", Utc, nullable=False),
    )
    op.create_index("access_by_address", "access", ["tenant_id", "address", "first_seen"])
    op.create_table(
        "auto_mapping",
        *_key(primary=True),
        sa.Column("trustee", sa.Text, primary_key=True),
        sa.Column("value", sa.Boolean),
        sa.Column("at", Utc, nullable=False),
    )


def _trail() -> None:
    op.create_table(
        "runs",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("tenant_id", sa.Text, nullable=False, index=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("commit_id", sa.Text),
        sa.Column("specs_digest", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
    )
    op.create_table(
        "run_ends",
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("condition", sa.Text, nullable=False),
    )
    op.create_table(
        "intents",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False, index=True),
        *_key(primary=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("change_id", "path", "action")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("before", "after", "requests")),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("at", Utc, nullable=False),
    )
    op.create_index("intents_by_resource", "intents", ["tenant_id", "address"])
    op.create_table(
        "outcomes",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("intent_id", sa.Text, sa.ForeignKey("intents.id"), nullable=False, index=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("request_ids", sa.Text, nullable=False),
    )
