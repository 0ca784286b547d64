"""What the loop answers over HTTP: probes, hooks of the forges, and pages that only show."""

from __future__ import annotations

from controller.web.app import create_app
from controller.web.site import Site

__all__ = ["Site", "create_app"]
