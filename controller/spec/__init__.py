"""Specs: YAML documents to typed models, each value with the file and line that it came from.

Start at `load`. What may be written is in `models`; `dates` and `collections` say what it means.
"""

from __future__ import annotations

from controller.spec.collections import is_exclusive
from controller.spec.dates import ends_at, starts_at
from controller.spec.documents import Document, Estate, TenantSpecs
from controller.spec.estate import load
from controller.spec.models import (
    AccessEntry,
    Approval,
    Policy,
    Right,
    Safety,
    SentItems,
    SharedMailbox,
    State,
    Tenant,
)
from controller.spec.schema import json_schema

__all__ = [
    "AccessEntry",
    "Approval",
    "Document",
    "Estate",
    "Policy",
    "Right",
    "Safety",
    "SentItems",
    "SharedMailbox",
    "State",
    "Tenant",
    "TenantSpecs",
    "ends_at",
    "is_exclusive",
    "json_schema",
    "load",
    "starts_at",
]
