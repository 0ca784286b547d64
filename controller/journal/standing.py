"""How things stand: what was last applied, what is managed, who had access, what AutoMapping was set to.

Statements only, inside a transaction that the caller holds. A value that is found unchanged keeps the
moment and the commit that brought it, and costs no write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa

from controller.journal import schema
from controller.journal.chain import Part, seal
from controller.journal.forms import decode, digest, encode
from controller.journal.records import AccessRecord, Applied, Managed
from controller.journal.statements import insert, upsert
from controller.model import Key, Kind

Path = tuple[str, ...]
_CHUNK: Final = 200  # keys in one statement: SQLite and PostgreSQL both bound the number of parameters


def _of_key(table: sa.Table, tenant_id: str, key: Key) -> sa.ColumnElement[bool]:
    c = table.c
    return sa.and_(c.tenant_id == tenant_id, c.kind == key.kind.value, c.address == key.address)


def _columns(tenant_id: str, key: Key) -> dict[str, Any]:
    return {"tenant_id": tenant_id, "kind": key.kind.value, "address": key.address}


def _key(row: sa.Row[Any]) -> Key:
    return Key(Kind(row.kind), row.address)


# --- applied and managed ----------------------------------------------------------------------------


def last_applied(connection: sa.Connection, tenant_id: str) -> dict[tuple[Key, Path], Applied]:
    table = schema.applied
    rows = connection.execute(sa.select(table).where(table.c.tenant_id == tenant_id))
    return {
        (_key(row), tuple(decode(row.path))): Applied(decode(row.value), row.at, row.commit_id)
        for row in rows
    }


def applied_to(connection: sa.Connection, tenant_id: str, key: Key) -> dict[Path, Any]:
    table = schema.applied
    rows = connection.execute(sa.select(table.c.path, table.c.value).where(_of_key(table, tenant_id, key)))
    return {tuple(decode(row.path)): decode(row.value) for row in rows}


def settle(
    connection: sa.Connection,
    tenant_id: str,
    wanted: Mapping[Key, Mapping[Path, Any]],
    object_ids: Mapping[Key, str],
    *,
    at: datetime,
    commit: str | None,
) -> None:
    """Makes the record of each resource in `wanted` exactly what stands there. A few at a time: as texts,
    the whole of a large tenant would take more memory than all that was observed of it."""
    _care_for(connection, tenant_id, wanted, object_ids, at)
    rest = iter(wanted)
    while chunk := list(islice(rest, _CHUNK)):
        _settle_some(connection, tenant_id, {key: wanted[key] for key in chunk}, at, commit)


def _settle_some(
    connection: sa.Connection,
    tenant_id: str,
    wanted: Mapping[Key, Mapping[Path, Any]],
    at: datetime,
    commit: str | None,
) -> None:
    """At most _CHUNK resources."""
    texts = {
        (key, encode(path)): encode(value) for key, values in wanted.items() for path, value in values.items()
    }
    recorded = _recorded(connection, tenant_id, wanted)
    gone = [
        {"gone_kind": key.kind.value, "gone_address": key.address, "gone_path": path}
        for key, path in recorded
        if (key, path) not in texts
    ]
    if gone:
        c = schema.applied.c
        one = sa.and_(
            c.tenant_id == tenant_id,
            c.kind == sa.bindparam("gone_kind"),
            c.address == sa.bindparam("gone_address"),
            c.path == sa.bindparam("gone_path"),
        )
        connection.execute(schema.applied.delete().where(one), gone)
    changed = [
        _columns(tenant_id, key) | {"path": path, "value": text, "at": at, "commit_id": commit}
        for (key, path), text in texts.items()
        if recorded.get((key, path)) != text
    ]
    upsert(connection, schema.applied, changed, {})


def settle_one(
    connection: sa.Connection,
    tenant_id: str,
    key: Key,
    path: Path,
    value: Any,
    *,
    at: datetime,
    commit: str | None,
) -> None:
    _care_for(connection, tenant_id, [key], {}, at)
    row = {"path": encode(path), "value": encode(value), "at": at, "commit_id": commit}
    upsert(connection, schema.applied, [_columns(tenant_id, key) | row], {})


def unsettle_one(connection: sa.Connection, tenant_id: str, key: Key, path: Path) -> None:
    table = schema.applied
    connection.execute(table.delete().where(_of_key(table, tenant_id, key), table.c.path == encode(path)))


def _recorded(connection: sa.Connection, tenant_id: str, keys: Iterable[Key]) -> dict[tuple[Key, str], str]:
    table = schema.applied
    by_name = {(key.kind.value, key.address): key for key in keys}
    statement = sa.select(table.c.kind, table.c.address, table.c.path, table.c.value).where(
        table.c.tenant_id == tenant_id, sa.tuple_(table.c.kind, table.c.address).in_(list(by_name))
    )
    rows = connection.execute(statement).all()
    return {(by_name[kind, address], path): value for kind, address, path, value in rows}


def _care_for(
    connection: sa.Connection,
    tenant_id: str,
    keys: Iterable[Key],
    object_ids: Mapping[Key, str],
    at: datetime,
) -> None:
    """Notes that these resources are managed; one that had been forgotten starts anew."""
    table = schema.managed
    rows = [
        _columns(tenant_id, key)
        | {"object_id": object_ids.get(key), "first_at": at, "last_at": at, "forgotten_at": None}
        for key in keys
    ]
    new = insert(connection, table).excluded
    known = table.c.forgotten_at.is_(None)
    keep = {
        "first_at": sa.case((known, table.c.first_at), else_=new.first_at),
        "object_id": sa.case(
            (known, sa.func.coalesce(new.object_id, table.c.object_id)), else_=new.object_id
        ),
    }
    upsert(connection, table, rows, keep)


def forget(connection: sa.Connection, tenant_id: str, key: Key, at: datetime) -> None:
    for table in (schema.applied, schema.auto_mapping):
        connection.execute(table.delete().where(_of_key(table, tenant_id, key)))
    managed_table = schema.managed
    connection.execute(
        managed_table.update().where(_of_key(managed_table, tenant_id, key)).values(forgotten_at=at)
    )


def rename(connection: sa.Connection, tenant_id: str, old: Key, new: Key) -> None:
    """Whatever an earlier resource left under the new key makes room."""
    for table in (schema.applied, schema.auto_mapping, schema.managed):
        connection.execute(table.delete().where(_of_key(table, tenant_id, new)))
        connection.execute(table.update().where(_of_key(table, tenant_id, old)).values(address=new.address))


def managed(connection: sa.Connection, tenant_id: str) -> dict[Key, Managed]:
    table = schema.managed
    rows = connection.execute(
        sa.select(table).where(table.c.tenant_id == tenant_id, table.c.forgotten_at.is_(None))
    )
    return {_key(row): Managed(row.object_id, row.first_at, row.last_at) for row in rows}


# --- access -----------------------------------------------------------------------------------------


def record_access(
    connection: sa.Connection,
    tenant_id: str,
    lists: Mapping[str, Sequence[Mapping[str, Any]]],
    at: datetime,
) -> None:
    table = schema.access
    latest = _latest_access(connection, tenant_id, lists)
    confirmed: list[int] = []
    added: list[int] = []
    for address, rows in lists.items():
        content = sorted(rows, key=encode)  # the services promise no order
        mark = digest(content)
        last = latest.get(address)
        if last is not None and last.digest == mark:
            confirmed.append(last.seq)
            continue
        row = {"tenant_id": tenant_id, "address": address, "digest": mark, "content": encode(content)}
        statement = table.insert().values(**row, first_seen=at, last_seen=at)
        added.append(int(connection.scalar(statement.returning(table.c.seq)) or 0))
    for start in range(0, len(added), _CHUNK):
        seal(connection, tenant_id, Part.ACCESS, added[start : start + _CHUNK])
    for start in range(0, len(confirmed), _CHUNK):
        chunk = confirmed[start : start + _CHUNK]
        connection.execute(
            table.update().where(table.c.seq.in_(chunk), table.c.last_seen < at).values(last_seen=at)
        )


def _latest_access(
    connection: sa.Connection, tenant_id: str, addresses: Iterable[str]
) -> dict[str, sa.Row[Any]]:
    table = schema.access
    found: dict[str, sa.Row[Any]] = {}
    rest = iter(addresses)
    while chunk := list(islice(rest, _CHUNK)):
        newest = (
            sa.select(sa.func.max(table.c.seq))
            .where(table.c.tenant_id == tenant_id, table.c.address.in_(chunk))
            .group_by(table.c.address)
        )
        statement = sa.select(table.c.seq, table.c.address, table.c.digest).where(table.c.seq.in_(newest))
        found |= {row.address: row for row in connection.execute(statement)}
    return found


def access_at(connection: sa.Connection, tenant_id: str, address: str, at: datetime) -> AccessRecord | None:
    table = schema.access
    row = connection.execute(
        sa.select(table)
        .where(table.c.tenant_id == tenant_id, table.c.address == address, table.c.first_seen <= at)
        .order_by(table.c.first_seen.desc(), table.c.seq.desc())
        .limit(1)
    ).first()
    return None if row is None else AccessRecord(tuple(decode(row.content)), row.first_seen, row.last_seen)


def access_lists_at(connection: sa.Connection, tenant_id: str, at: datetime) -> dict[str, AccessRecord]:
    table = schema.access
    newest = (
        sa.select(sa.func.max(table.c.seq))
        .where(table.c.tenant_id == tenant_id, table.c.first_seen <= at)
        .group_by(table.c.address)
    )
    rows = connection.execute(sa.select(table).where(table.c.seq.in_(newest)))
    return {
        row.address: AccessRecord(tuple(decode(row.content)), row.first_seen, row.last_seen) for row in rows
    }


# --- AutoMapping ------------------------------------------------------------------------------------


def auto_mapping(connection: sa.Connection, tenant_id: str, key: Key) -> dict[str, bool | None]:
    table = schema.auto_mapping
    rows = connection.execute(sa.select(table.c.trustee, table.c.value).where(_of_key(table, tenant_id, key)))
    return {row.trustee: row.value for row in rows}


def auto_mappings(connection: sa.Connection, tenant_id: str) -> dict[Key, dict[str, bool | None]]:
    table = schema.auto_mapping
    found: dict[Key, dict[str, bool | None]] = {}
    for row in connection.execute(sa.select(table).where(table.c.tenant_id == tenant_id)):
        found.setdefault(_key(row), {})[row.trustee] = row.value
    return found


def record_auto_mapping(
    connection: sa.Connection, tenant_id: str, key: Key, trustee: str, value: bool | None, *, at: datetime
) -> None:
    row = _columns(tenant_id, key) | {"trustee": trustee, "value": value, "at": at}
    upsert(connection, schema.auto_mapping, [row], {})
