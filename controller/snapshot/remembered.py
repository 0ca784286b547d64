"""The journal's memory of a tenant in a snapshot: without it each change would look as if it were the first.

What it holds was in the specs before, and is what the controller applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.memory import Awaited, Flap, Memory
from controller.model import Key, Kind


def written(memory: Memory) -> dict[str, Any]:
    return {
        "known": memory.known,
        "applied": {
            str(key): [[list(path), value] for path, value in sorted(memory.applied[key].items())]
            for key in memory.applied
        },
        "settled": _moments(memory.settled),
        "agreed": _moments(memory.agreed),
        "born": _moments(memory.born),
        "autoMapping": {str(key): dict(found) for key, found in memory.auto_mapping.items()},
        "awaited": [[one.change_id, one.accepted, one.since.isoformat()] for one in memory.awaited.values()],
        "objectIds": {ident: str(key) for ident, key in memory.object_ids.items()},
        "flapping": {change_id: _flap(flap) for change_id, flap in memory.flapping.items()},
        "suspended": dict(memory.suspended),
    }


def read(written: Mapping[str, Any]) -> Memory:
    """Raises KeyError, TypeError or ValueError for what `written` did not make."""
    awaited = [Awaited(i, bool(accepted), _moment(since)) for i, accepted, since in written["awaited"]]
    return Memory(
        known=bool(written["known"]),
        applied={
            _key(key): {tuple(path): value for path, value in values}
            for key, values in written["applied"].items()
        },
        settled=_times(written["settled"]),
        agreed=_times(written["agreed"]),
        born=_times(written["born"]),
        auto_mapping={_key(key): found for key, found in written["autoMapping"].items()},
        awaited={one.change_id: one for one in awaited},
        object_ids={ident: _key(key) for ident, key in written["objectIds"].items()},
        flapping={change_id: _read_flap(flap) for change_id, flap in written["flapping"].items()},
        suspended=written["suspended"],
    )


def _flap(flap: Flap) -> list[Any]:
    again = flap.again_at.isoformat() if flap.again_at else None
    return [flap.value, flap.since.isoformat(), again, list(flap.who)]


def _read_flap(written: Sequence[Any]) -> Flap:
    value, since, again, who = written
    return Flap(value, _moment(since), _moment(again) if again else None, tuple(who))


def _moments(found: Mapping[Key, datetime]) -> dict[str, str]:
    return {str(key): at.isoformat() for key, at in found.items()}


def _times(found: Mapping[str, str]) -> dict[Key, datetime]:
    return {_key(key): _moment(at) for key, at in found.items()}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _key(text: str) -> Key:
    kind, _, address = text.partition("/")
    return Key(Kind(kind), address)
