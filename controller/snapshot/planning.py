"""A plan from a snapshot: the same as online, with what the snapshot cannot tell said to be so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.errors import SnapshotError
from controller.memory import Memory
from controller.model import Finding, Plan, Severity
from controller.reconciler import Setting, prepare
from controller.snapshot import remembered
from controller.snapshot.readers import Replay
from controller.snapshot.sealed import unseal
from controller.snapshot.tape import Answer, Tape

MAX_AGE: Final = timedelta(hours=24)
_SKEW: Final = timedelta(minutes=5)  # by which the clocks of two machines may differ
_SHOWN: Final = 5  # questions that are named


@dataclass(frozen=True, slots=True)
class Offline:
    """A snapshot, opened. `taken_at` is when the looking began."""

    tenant_id: str
    taken_at: datetime
    memory: Memory
    tape: Tape


def open_snapshot(file: bytes, trusted: Ed25519PublicKey) -> Offline:
    """Raises SnapshotError."""
    content = unseal(file, trusted)
    try:
        return Offline(
            str(content["tenantId"]),
            datetime.fromisoformat(content["takenAt"]),
            remembered.read(content["memory"]),
            _tape(content),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(f"the snapshot cannot be read ({type(error).__name__}: {error})") from error


def check_age(taken_at: datetime, now: datetime, longest: timedelta) -> None:
    """Raises SnapshotError for one that is too old, or from the future."""
    if now - taken_at > longest:
        raise SnapshotError(
            f"the snapshot is {_age(now - taken_at)} old, and --max-age allows {_age(longest)}: publish a "
            "new one, or allow more"
        )
    if taken_at - now > _SKEW:
        raise SnapshotError(
            f"the snapshot was taken at {taken_at:%Y-%m-%d %H:%M} UTC, which is still to come: set the clocks"
        )


async def plan_offline(setting: Setting, offline: Offline) -> Plan:
    """Raises SnapshotError for the snapshot of another tenant."""
    if offline.tenant_id.lower() != setting.tenant_id.lower():
        raise SnapshotError(
            f"the snapshot is of tenant {offline.tenant_id}, and the specs are for {setting.tenant_id}"
        )
    reader = Replay(offline.tape)
    prepared = await prepare(replace(setting, journal=None, memory=offline.memory), reader)
    plan, name = prepared.plan, setting.tenant.name
    told = [_marker(name, offline.taken_at, setting.now())]
    if reader.unseen:
        told.append(_unseen(name, reader.unseen))
    return replace(plan, findings=(*plan.findings, *told))


def _tape(content: Mapping[str, Any]) -> Tape:
    tape = Tape()
    for each in content["answers"]:
        way, what, asked = json.loads(each["asked"])
        columns = frozenset(each["columns"]) if "columns" in each else None
        tape.note(way, what, asked, Answer(columns, each.get("value"), each.get("error")))
    return tape


def _marker(tenant: str, taken_at: datetime, now: datetime) -> Finding:
    message = (
        f"planned from a snapshot of {taken_at:%Y-%m-%d %H:%M} UTC, {_age(now - taken_at)} old, and not from "
        "the tenant: what changed there since is not in this plan"
    )
    return Finding("from-snapshot", tenant, Severity.INFO, message)


def _unseen(tenant: str, questions: set[str]) -> Finding:
    listed = sorted(questions)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    message = (
        f"the snapshot did not look at what this plan asks for: {', '.join(listed[:_SHOWN])}{more}. What "
        "rests on that is not in this plan; the next snapshot after the merge has it"
    )
    return Finding("not-in-snapshot", tenant, Severity.WARNING, message)


def _age(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = minutes // 1440, minutes % 1440 // 60
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than a minute"
