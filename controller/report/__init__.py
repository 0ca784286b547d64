"""A plan, put into words or data. Pure: nothing here reads, writes or prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.model import Plan
from controller.report.as_json import as_json
from controller.report.schema import plan_schema
from controller.report.text import as_text

__all__ = ["FORMATS", "as_json", "as_text", "plan_schema"]

FORMATS: dict[str, Callable[[Plan], Any]] = {"text": as_text, "json": as_json}
