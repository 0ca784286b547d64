"""A whole tenant written down, exact to the last id, and read back: the same bytes come out again.

Everything of the world's dataclasses that is not at its default is kept, except what replicas have not seen
yet: a tenant that is loaded has settled.
"""

from __future__ import annotations

import base64
import dataclasses
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from controller.sandbox.document import FileError
from controller.sandbox.environment import Environment
from controller.sandbox.forecast import spell_duration
from controller.sandbox.world import Ace, App, AuditRecord, Entry, Quirks, World

if TYPE_CHECKING:
    from controller.sandbox.forecast import Forecast
    from controller.sandbox.scenario import AuditPart

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_FIELDS = {each.name for each in dataclasses.fields(Entry)} - {"history"}
_RANDOM = struct.Struct("<626I")  # Mersenne Twister: 624 words, the position; one word for the version


def dump(world: World, clock: timedelta | datetime, weather: str | Forecast) -> dict[str, Any]:
    """The scenario document of a world. `clock` is how far it is off the wall clock, or where it stands."""
    document: dict[str, Any] = {
        "tenant": _full(
            {
                "id": world.tenant_id,
                "name": world.name,
                "initialDomain": world.initial_domain,
                "domains": [domain for domain in world.domains if domain != world.initial_domain],
                "organization": world.organization,
                "licences": world.skus,
                "quirks": _quirks(world),
            }
        ),
        "seed": world.seed,
    }
    if isinstance(clock, datetime):
        document["clock"] = clock.isoformat()
    elif clock:
        document["clock"] = f"{'-' if clock < timedelta() else '+'}{spell_duration(abs(clock))}"
    if isinstance(weather, str):
        document["weather"] = weather
    else:
        document["weather"] = weather.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    document["apps"] = [_app(app) for app in world.apps.values()]
    if world.environments:
        document["environments"] = {name: _environment(each) for name, each in world.environments.items()}
    document["objects"] = [plain_entry(entry) for entry in world.entries.values()]
    document["audit"] = [_record(record) for record in world.audit]
    document["random"] = _random(world)
    return document


def _quirks(world: World) -> dict[str, Any]:
    """The switches that are not where they usually are."""
    usual = Quirks()
    return {
        to_camel(each.name): getattr(world.quirks, each.name)
        for each in dataclasses.fields(Quirks)
        if getattr(world.quirks, each.name) != getattr(usual, each.name)
    }


def _full(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], {}, "", ())}


def _app(app: App) -> dict[str, Any]:
    federated = [
        _full({"issuer": i, "subject": s, "audience": a, "key": app.issuer_keys.get(i)})
        for i, s, a in app.federated
    ]
    values = {
        "clientId": app.client_id,
        "name": app.name,
        "objectId": app.object_id,
        "secrets": app.secrets,
        "secretEnds": {secret: ends.isoformat() for secret, ends in app.secret_ends.items()},
        "certificates": app.certificates,
        "federated": federated,
        "graph": app.graph_roles,
    }
    flags = {
        "managedIdentity": app.managed_identity,
        "enabled": app.enabled,
        "consented": app.consented,
        "blocked": app.blocked,
    }
    # Written even where empty: left out it would mean the default role.
    return _full(values) | {"exchange": app.exchange_app, "directoryRoles": app.directory_roles} | flags


def _environment(environment: Environment) -> dict[str, Any]:
    users = {} if environment.users is None else {"applicationUsers": environment.users}
    tables = sorted(environment.tables.items())
    return users | {name: [_plain(row) for row in rows.values()] for name, rows in tables if rows}


def plain_entry(entry: Entry) -> dict[str, Any]:
    """An object's fields that are not at their default, as plain values."""
    values: dict[str, Any] = {}
    for each in dataclasses.fields(Entry):
        value = getattr(entry, each.name)
        if each.name == "history" or _is_default(each, value):
            continue
        values[each.name] = _plain(value)
    return values


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    return field.default_factory is not dataclasses.MISSING and not value


def _plain(value: Any) -> Any:
    match value:
        case Ace():
            return {
                each.name: _plain(getattr(value, each.name))
                for each in dataclasses.fields(Ace)
                if not _is_default(each, getattr(value, each.name))
            }
        case datetime():
            return value.astimezone(UTC)
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case str() | int() | float() | bool() | bytes() | None:
            return value
    raise TypeError(f"the world holds a {type(value).__name__}, which cannot be saved")


def _record(record: AuditRecord) -> dict[str, Any]:
    return _full(
        {
            "id": record.id,
            "at": record.at.isoformat(),
            "visible": record.visible.isoformat(),
            "actor": record.actor,
            "operation": record.operation,
            "workload": record.workload,
            "parameters": [list(pair) for pair in record.parameters],
            "appId": record.app_id,
            "requestId": record.request_id,
        }
    ) | {"objectId": record.object_id}


def _random(world: World) -> str:
    version, words, _ = world.random.getstate()
    return base64.b64encode(zlib.compress(_RANDOM.pack(version, *words), 9)).decode()


# --- back ---------------------------------------------------------------------------------------------


def restore_entry(saved: Mapping[str, Any], name: str) -> Entry:
    """One of the file's `objects`; FileError where it is not what was written."""
    label = saved.get("object_id", "?")
    unknown = sorted(set(saved) - _FIELDS)
    if unknown:
        raise FileError([f"{name}: objects.{label}: unknown field '{each}'" for each in unknown])
    try:
        return _ENTRY.validate_python(dict(saved))
    except ValidationError as error:
        complaints = [
            f"{name}: objects.{label}.{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors()
        ]
        raise FileError(complaints) from error


def restore_record(part: AuditPart) -> AuditRecord:
    return AuditRecord(
        id=part.id,
        at=part.at,
        visible=part.visible,
        actor=part.actor,
        operation=part.operation,
        workload=part.workload,
        object_id=part.object_id,
        parameters=[*part.parameters],
        app_id=part.app_id,
        request_id=part.request_id,
    )


def restore_random(world: World, saved: str, name: str) -> None:
    """Puts the random numbers where they were, so that a loaded tenant goes on as the saved one would."""
    try:
        version, *words = _RANDOM.unpack(zlib.decompress(base64.b64decode(saved, validate=True)))
        world.random.setstate((version, tuple(words), None))
    except (ValueError, struct.error, zlib.error) as error:
        raise FileError([f"{name}: random: not the state of a saved tenant"]) from error
