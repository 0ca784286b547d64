"""A plan, put into words or data. Pure: nothing here reads, writes or prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from controller.model import Plan
from controller.report.annotations import as_github, as_gitlab
from controller.report.as_json import as_json
from controller.report.html import as_html
from controller.report.markdown import as_markdown
from controller.report.sarif import as_sarif
from controller.report.schema import plan_schema
from controller.report.text import as_text

__all__ = ["FORMATS", "SINGLE", "as_json", "as_text", "plan_schema"]

FORMATS: Final[dict[str, Callable[[Plan], str]]] = {
    "text": as_text,
    "markdown": as_markdown,
    "html": as_html,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "gitlab": as_gitlab,
}
SINGLE: Final = frozenset({"html", "json", "sarif", "gitlab"})  # one file holds one tenant's plan
