"""A tenant as a person would describe it, and every write that it saw: to be held against another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.world import Entry, World

_CLOCKED = frozenset({"LitigationHoldDate"})  # says when, and storms take their time
_OWN = ("automatic_replies", "regional", "working_hours", "messages", "calendar")  # of a mailbox's store


def picture(world: World) -> dict[str, Any]:
    """The tenant as a person would describe it: by address, without ids."""
    return dict(sorted((*_objects(world), *_flows(world))))


def _flows(world: World) -> Iterator[tuple[str, Any]]:
    for address, environment in world.environments.items():
        for row in environment.rows("workflows").values():
            held = json.loads(row["clientdata"])
            for step in held["properties"]["definition"]["actions"].values():
                del step["metadata"]
            del held["properties"]["definition"]["triggers"]["When_mail_arrives"]["metadata"]
            yield f"{address} {row['name']}", {"on": row["statecode"], "does": held}


def _objects(world: World) -> Iterator[tuple[str, Any]]:
    def named(ident: str) -> str:
        other = world.entries.get(ident)
        return (other.primary or other.upn or other.name).lower() if other else ident

    for entry in world.entries.values():
        key = f"{entry.primary or entry.upn or entry.name}{' (deleted)' if entry.deleted else ''}".lower()
        yield key, {
            "type": entry.type,
            "name": entry.display_name,
            "addresses": sorted(a.lower() for a in entry.addresses if a[:4].upper() != "SPO:"),
            "enabled": entry.account_enabled,
            "properties": {k: v for k, v in entry.properties.items() if k not in _CLOCKED},
            "settings": {part: entry.stores.get(part) for part in _OWN},
            "full": sorted(
                (named(a.trustee), sorted(a.rights), a.deny, a.auto_mapping) for a in entry.permissions
            ),
            "as": sorted((named(a.trustee), a.deny) for a in entry.send_as),
            "behalf": sorted(map(named, entry.send_on_behalf)),
            "members": sorted(map(named, entry.members)),
            **_kept_in(entry),
        }


def _kept_in(entry: Entry) -> dict[str, Any]:
    """Categories, folders and rules of a mailbox."""
    found = store.folders(entry)

    def placed(part: str, name: str, value: Any) -> Any:
        folder = found.get(value) if part == "actions" and name in ("moveToFolder", "copyToFolder") else None
        return store.path_of(found, folder) if folder else value

    return {
        "categories": sorted((each["displayName"], each["color"]) for each in store.categories(entry)),
        "folders": sorted(
            (store.path_of(found, each), sorted(each.properties.items()), (each.search or {}).get("filter"))
            for each in found.values()
        ),
        "rules": [
            {
                part: {name: placed(part, name, value) for name, value in rule[part].items()}
                for part in ("conditions", "exceptions", "actions")
            }
            | {"name": rule["name"], "enabled": rule.get("enabled", True)}
            for rule in store.rules(entry)
        ],
    }


def writes(world: World) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Every write that the tenant saw, with its parameters; objects by address, however they were named."""
    names = {
        name.lower(): (entry.primary or entry.name).lower()
        for entry in world.entries.values()
        for name in (entry.guid, entry.object_id, *entry.smtp_addresses)
    }
    return {
        (
            record.operation,
            tuple(sorted((k, names.get(v.lower(), v.lower())) for k, v in record.parameters if k != "RuleId")),
        )
        for record in world.audit
    }


def told_apart(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for key in sorted(ours | theirs):
        here, there = ours.get(key) or {}, theirs.get(key) or {}
        for part in sorted(here | there):
            if here.get(part) != there.get(part):
                yield f"{key}: {part} is {here.get(part)}, not {there.get(part)}"
