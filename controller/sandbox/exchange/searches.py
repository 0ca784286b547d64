"""The state of one session of audit searches: what was found when it began, and how far it has been told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controller.sandbox.world import AuditRecord


@dataclass(slots=True)
class AuditSearch:
    found: Sequence[AuditRecord]
    command: str
    told: int = 0
    mixed: bool = False  # both session commands were used: it caps at 10,000 [doc]
