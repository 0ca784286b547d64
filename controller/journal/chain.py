"""The history's seal: each of its rows is hashed together with all that came before it in its tenant.

A row that was altered, taken away, put in or moved past the journal does not fit its link any more. Each link
holds the digest of one row, and a hash of that and the link before; so a row that retention took away leaves
its link, and the chain still closes. Somebody who rewrites the whole chain is found out by whoever noted an
earlier head (`mbx history --verify --head`).

The forms here are for ever: what was hashed under them has to hash the same in every later release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.forms import digest
from controller.journal.statements import insert_or_ignore

START: Final = "0" * 64
_CHUNK: Final = 200


class Part(StrEnum):
    """What a link is about."""

    INTENT = "intent"
    OUTCOME = "outcome"
    SEEN = "seen"  # what somebody changed by hand
    ACCESS = "access"
    DOCUMENT = "document"  # as it was applied
    PRUNED = "pruned"  # retention took away what was older than `at`; no row stands behind it


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first link that does not close: where it stands, what it is about, and what is wrong with it."""

    position: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What walking the chain found. `head` is what to note down elsewhere, `links` how many were walked,
    `pruned` how many of them are of rows that retention took away."""

    head: str
    links: int
    pruned: int
    misfit: Misfit | None = None


# In the words of the tables, and for ever: a column that is added later is no part of an older link.
_COLUMNS: Final[Mapping[Part, tuple[str, ...]]] = {
    Part.INTENT: (
        "id", "tenant_id", "kind", "address", "change_id", "path", "action", "before", "after",
        "requests", "step", "at", "cause", "run_id", "commit_id", "mode",
    ),
    Part.OUTCOME: ("intent_id", "status", "at", "error", "request_ids"),
    Part.SEEN: (
        "tenant_id", "kind", "address", "change_id", "path", "before", "after", "at", "who", "who_at",
        "operation",
    ),
    Part.ACCESS: ("tenant_id", "address", "content", "first_seen"),
    Part.DOCUMENT: ("tenant_id", "kind", "address", "content", "at", "commit_id"),
}  # fmt: skip


_TABLES: Final[Mapping[Part, sa.Table]] = {
    Part.INTENT: schema.intents,
    Part.OUTCOME: schema.outcomes,
    Part.SEEN: schema.seen,
    Part.ACCESS: schema.access,
    Part.DOCUMENT: schema.documents,
}


def _rows_of(part: Part) -> sa.Select[Any]:
    """Every row of a part: `ref`, `moment` and the columns that are hashed, and none that came later."""
    table, runs = _TABLES[part], schema.runs
    moment = table.c.first_seen if part is Part.ACCESS else table.c.at
    beside = {"commit_id": runs.c.commit_id, "mode": runs.c.mode} if part is Part.INTENT else {}
    columns = [beside[name] if name in beside else table.c[name] for name in _COLUMNS[part]]
    statement = sa.select(table.c.seq.label("ref"), moment.label("moment"), *columns)
    return statement.join(runs, runs.c.id == table.c.run_id) if beside else statement


def _tenant_is(part: Part, tenant_id: str) -> sa.ColumnElement[bool]:
    if part is Part.OUTCOME:
        of_tenant = sa.select(schema.intents.c.id).where(schema.intents.c.tenant_id == tenant_id)
        return schema.outcomes.c.intent_id.in_(of_tenant)
    column: sa.Column[Any] = _TABLES[part].c.tenant_id
    return column == tenant_id


def _seq_of(part: Part) -> sa.Column[Any]:
    return _TABLES[part].c.seq


def _content(part: Part, row: sa.Row[Any]) -> str:
    found = row._mapping
    return digest([part.value, {name: _spelt(found[name]) for name in _COLUMNS[part]}])


def _spelt(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _link(before: str, position: int, part: str, ref: int, at: datetime, content: str) -> str:
    text = "\n".join((before, str(position), part, str(ref), _spelt(at), content))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


# --- adding -----------------------------------------------------------------------------------------


def seal(connection: sa.Connection, tenant_id: str, part: Part, refs: Sequence[int]) -> None:
    """Adds a link for each of these rows, which were written in the same transaction. They are read back, so
    that what is hashed is what the database holds."""
    if not refs:
        return
    statement = _rows_of(part).where(_seq_of(part).in_(refs)).order_by(_seq_of(part))
    rows = [(part, row.ref, row.moment, _content(part, row)) for row in connection.execute(statement)]
    _append(connection, tenant_id, rows)


def seal_all(connection: sa.Connection) -> None:
    """For a journal that was written without a chain: links for all that it holds."""
    for tenant_id in _tenants(connection):
        for part in (Part.INTENT, Part.OUTCOME, Part.ACCESS):
            statement = sa.select(_seq_of(part)).where(_tenant_is(part, tenant_id)).order_by(_seq_of(part))
            refs = connection.scalars(statement).all()
            for start in range(0, len(refs), _CHUNK):
                seal(connection, tenant_id, part, refs[start : start + _CHUNK])


def note_pruning(connection: sa.Connection, tenant_id: str, before: datetime) -> None:
    """What is taken away after this has to be older than `before`."""
    noted = _pruned_until(connection, tenant_id)
    if noted is not None and noted >= before:
        return
    _append(connection, tenant_id, [(Part.PRUNED, 0, before, digest([Part.PRUNED.value, _spelt(before)]))])


def _tenants(connection: sa.Connection) -> list[str]:
    tables = (schema.intents, schema.access)
    asked = [sa.select(table.c.tenant_id).distinct() for table in tables]
    return sorted({tenant for statement in asked for tenant in connection.scalars(statement)})


def _append(
    connection: sa.Connection, tenant_id: str, rows: Iterable[tuple[Part, int, datetime, str]]
) -> None:
    """One writer of a tenant's chain after another: whoever has its head locked."""
    heads, links = schema.chain_heads, schema.chain
    insert_or_ignore(connection, heads, {"tenant_id": tenant_id, "position": 0, "digest": START})
    mine = heads.c.tenant_id == tenant_id
    head = connection.execute(sa.select(heads).where(mine).with_for_update()).one()
    position, last, new = head.position, head.digest, []
    for part, ref, at, content in rows:
        position += 1
        last = _link(last, position, part.value, ref, at, content)
        new.append(
            {"tenant_id": tenant_id, "position": position, "part": part.value, "ref": ref, "at": at}
            | {"content": content, "digest": last, "pruned": False}
        )
    connection.execute(links.insert(), new)
    connection.execute(heads.update().where(mine).values(position=position, digest=last))


# --- walking ----------------------------------------------------------------------------------------


def verify(connection: sa.Connection, tenant_id: str, noted: str | None = None) -> Proof:
    """Walks the whole chain of a tenant, oldest link first, and stops at the first that does not close.
    `noted`: a head that somebody wrote down earlier, and that has to be on the way."""
    links = schema.chain
    position, last, walked, pruned = 0, START, 0, 0
    pruned_until, passed = _pruned_until(connection, tenant_id), noted in (None, START)
    while True:
        chunk = connection.execute(
            sa.select(links)
            .where(links.c.tenant_id == tenant_id, links.c.position > position)
            .order_by(links.c.position)
            .limit(_CHUNK)
        ).all()
        if not chunk:
            break
        rows = _behind(connection, chunk)
        for link in chunk:
            position += 1
            why = _fault(link, position, last, rows.get((link.part, link.ref)), pruned_until)
            if why:
                return Proof(last, walked, pruned, Misfit(position, _told(link, rows), why))
            last, walked, pruned = link.digest, walked + 1, pruned + bool(link.pruned)
            passed = passed or link.digest == noted
    misfit = _ending(connection, tenant_id, position, last) or _unsealed(connection, tenant_id, position)
    if misfit is None and not passed:
        why = f"it never had the head {noted}: it was written anew, or that is another journal's"
        misfit = Misfit(position, "the whole chain", why)
    return Proof(last, walked, pruned, misfit)


def _behind(connection: sa.Connection, chunk: Sequence[sa.Row[Any]]) -> dict[tuple[str, int], sa.Row[Any]]:
    found: dict[tuple[str, int], sa.Row[Any]] = {}
    by_part = sorted(chunk, key=lambda link: str(link.part))
    for name, some in groupby(by_part, key=lambda link: str(link.part)):
        if name in _TABLES:
            part = Part(name)
            statement = _rows_of(part).where(_seq_of(part).in_([link.ref for link in some]))
            found |= {(name, row.ref): row for row in connection.execute(statement)}
    return found


def _fault(
    link: sa.Row[Any], position: int, last: str, row: sa.Row[Any] | None, pruned_until: datetime | None
) -> str:
    """What is wrong with a link; empty: nothing."""
    if link.position != position:
        return f"the links {position} to {link.position - 1} are gone"
    if link.digest != _link(last, position, link.part, link.ref, link.at, link.content):
        return "its link was altered"
    if link.part == Part.PRUNED:
        return ""
    if link.pruned:
        kept = row is not None or pruned_until is None or link.at >= pruned_until
        return "it is marked as taken away by retention, and was not" if kept else ""
    if row is None:
        return "the row is gone"
    return "" if _content(Part(link.part), row) == link.content else "the row was altered"


def _told(link: sa.Row[Any], rows: Mapping[tuple[str, int], sa.Row[Any]]) -> str:
    row = rows.get((link.part, link.ref))
    found = {} if row is None else row._mapping
    name = found.get("change_id") or found.get("intent_id") or found.get("address") or ""
    return " ".join(filter(None, (link.part, name, f"of {link.at:%Y-%m-%d %H:%M:%S} UTC")))


def _pruned_until(connection: sa.Connection, tenant_id: str) -> datetime | None:
    links = schema.chain
    mine = sa.and_(links.c.tenant_id == tenant_id, links.c.part == Part.PRUNED.value)
    found: datetime | None = connection.scalar(sa.select(sa.func.max(links.c.at)).where(mine))
    return found


def _ending(connection: sa.Connection, tenant_id: str, position: int, last: str) -> Misfit | None:
    heads = schema.chain_heads
    head = connection.execute(sa.select(heads).where(heads.c.tenant_id == tenant_id)).first()
    stands = (0, START) if head is None else (head.position, head.digest)
    if stands == (position, last):
        return None
    why = f"{stands[0]} links were written, and {position} are there"
    return Misfit(position + 1, "the end of the chain", why)


def _unsealed(connection: sa.Connection, tenant_id: str, position: int) -> Misfit | None:
    """A row that no link knows was put in past the journal."""
    links = schema.chain
    for part in _TABLES:
        linked = sa.exists().where(
            links.c.tenant_id == tenant_id, links.c.part == part.value, links.c.ref == _seq_of(part)
        )
        row = connection.execute(_rows_of(part).where(_tenant_is(part, tenant_id), ~linked).limit(1)).first()
        if row is not None:
            what = f"{part.value} of {row.moment:%Y-%m-%d %H:%M:%S} UTC"
            return Misfit(position, what, "it was put in past the journal: no link knows it")
    return None
