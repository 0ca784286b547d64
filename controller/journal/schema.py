"""The tables, as the newest of the migrations leaves them.

`runs`, `run_ends`, `intents`, `outcomes`, `seen` and `documents` are only ever added to: how an intent
stands is its last outcome. `chain` seals them, and `access` with them. Only retention takes something away.
The others say how things stand, and are rewritten in place.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from controller.journal.columns import SEQUENCE, Utc

metadata = sa.MetaData()


def _key_columns(*, primary: bool) -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("tenant_id", sa.Text, primary_key=primary, nullable=False),
        sa.Column("kind", sa.Text, primary_key=primary, nullable=False),
        sa.Column("address", sa.Text, primary_key=primary, nullable=False),
    )


# Read by release 0.1 alone, which knew no revisions: it keeps out of a journal whose number is above 1.
sa.Table("journal_schema", metadata, sa.Column("version", sa.Integer, primary_key=True))

managed = sa.Table(
    "managed",
    metadata,
    *_key_columns(primary=True),
    sa.Column("object_id", sa.Text),
    sa.Column("first_at", Utc, nullable=False),
    sa.Column("last_at", Utc, nullable=False),
    sa.Column("forgotten_at", Utc),
)

applied = sa.Table(
    "applied",
    metadata,
    *_key_columns(primary=True),
    sa.Column("path", sa.Text, primary_key=True),  # JSON list
    sa.Column("value", sa.Text, nullable=False),  # JSON
    sa.Column("at", Utc, nullable=False),
    sa.Column("commit_id", sa.Text),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("tenant_id", sa.Text, nullable=False, index=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("commit_id", sa.Text),
    sa.Column("specs_digest", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("token", sa.BigInteger),  # of the lead it was made under; NULL: nobody has to lead here
)

run_ends = sa.Table(
    "run_ends",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("condition", sa.Text, nullable=False),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False, index=True),
    *_key_columns(primary=False),
    sa.Column("change_id", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # JSON list
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),  # JSON
    sa.Column("after", sa.Text, nullable=False),  # JSON
    sa.Column("requests", sa.Text, nullable=False),  # JSON list
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("cause", sa.Text),  # NULL: written before this was
    sa.Index("intents_by_resource", "tenant_id", "address"),
    sa.Index("intents_by_cause", "tenant_id", "cause"),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("intent_id", sa.Text, sa.ForeignKey("intents.id"), nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("request_ids", sa.Text, nullable=False),  # JSON list
)

access = sa.Table(
    "access",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),  # JSON list, sorted
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("last_seen", Utc, nullable=False),
    sa.Index("access_by_address", "tenant_id", "address", "first_seen"),
)

auto_mapping = sa.Table(
    "auto_mapping",
    metadata,
    *_key_columns(primary=True),
    sa.Column("trustee", sa.Text, primary_key=True),
    sa.Column("value", sa.Boolean),  # NULL: there is a grant, and how it was made is not known
    sa.Column("at", Utc, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("tenant_id", sa.Text, nullable=False),
    sa.Column("notifier", sa.Text, nullable=False),
    sa.Column("dedupe_key", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),  # JSON
    sa.Column("state", sa.Text, nullable=False),  # an Errand
    sa.Column("at", Utc, nullable=False),
    sa.Column("due_at", Utc, nullable=False),  # a claim moves it to when the claim lapses
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("reason", sa.Text),
    sa.UniqueConstraint("tenant_id", "notifier", "dedupe_key", name="outbox_once"),
    sa.Index("outbox_due", "state", "due_at"),
)

told = sa.Table(
    "told",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),  # JSON
    sa.Column("at", Utc, nullable=False),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    sa.Column("tenant_id", sa.Text, nullable=False, index=True),
    sa.Column("will", sa.Text, nullable=False),  # a Will
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
)

leads = sa.Table(
    "leads",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),  # one more at each change of leader
    sa.Column("replica", sa.Text, nullable=False),  # what all its sessions are called
    sa.Column("name", sa.Text, nullable=False),  # for people
    sa.Column("since", Utc, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),  # by the server's clock, as `since`
)

seen = sa.Table(  # what somebody changed by hand
    "seen",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    *_key_columns(primary=False),
    sa.Column("change_id", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # JSON list
    sa.Column("before", sa.Text, nullable=False),  # JSON: as it was to stay
    sa.Column("after", sa.Text, nullable=False),  # JSON: as it was found
    sa.Column("at", Utc, nullable=False),
    sa.Column("who", sa.Text),
    sa.Column("who_at", Utc),
    sa.Column("operation", sa.Text),
    sa.Index("seen_by_change", "tenant_id", "change_id"),
    sa.Index("seen_by_resource", "tenant_id", "address"),
)

documents = sa.Table(  # what each said when it was applied
    "documents",
    metadata,
    sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    *_key_columns(primary=False),
    sa.Column("mark", sa.Text, nullable=False),  # another one when it says something else
    sa.Column("content", sa.Text, nullable=False),  # JSON
    sa.Column("at", Utc, nullable=False),
    sa.Column("commit_id", sa.Text),
    sa.Index("documents_by_resource", "tenant_id", "address"),
)

chain = sa.Table(
    "chain",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("part", sa.Text, nullable=False),  # a Part
    sa.Column("ref", sa.BigInteger, nullable=False),  # the row's `seq`
    sa.Column("at", Utc, nullable=False),  # the row's moment
    sa.Column("content", sa.Text, nullable=False),  # SHA-256 of the row
    sa.Column("digest", sa.Text, nullable=False),  # SHA-256 of this link and the one before
    sa.Column("pruned", sa.Boolean, nullable=False),
    sa.Index("chain_by_row", "tenant_id", "part", "ref"),
)

chain_heads = sa.Table(
    "chain_heads",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)
