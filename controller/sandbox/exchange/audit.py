"""Every write, as the unified audit log will tell it.

The log is not real time [doc: Search-UnifiedAuditLog]: a search finds a record when the weather's lag of
`audit` has passed. The object is named as the directory names it, which is no address.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.world import AuditRecord


def record(call: Invocation, sent: Iterable[tuple[str, Any]], request_id: str) -> AuditRecord:
    """Appends the record of a cmdlet that has just run."""
    number = len(call.world.audit)
    digest = hashlib.sha256(f"{call.now.isoformat()}|{call.cmdlet}|{number}".encode()).digest()
    delay = call.sandbox.weather.lag("exchange", "audit")
    entry = AuditRecord(
        id=str(uuid.UUID(bytes=digest[:16], version=4)),
        at=call.now,
        visible=call.now + delay,
        actor=call.actor.name,
        operation=call.cmdlet,
        workload="Exchange",
        object_id=call.subject,
        parameters=[(name, "******" if "Password" in name else text(value)) for name, value in sent],
        app_id=call.actor.app_id,
        request_id=request_id,
    )
    call.world.audit.append(entry)
    return entry


def text(value: Any) -> str:
    """A parameter's value as the log writes it: lists joined by semicolons, no secrets."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ";".join(text(item) for item in value)
    if isinstance(value, dict):
        parts = (f"{key}={text(item)}" for key, item in value.items() if "@" not in key)
        return "; ".join(parts)
    return str(value)
