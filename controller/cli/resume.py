"""`mbx resume`."""

from __future__ import annotations

from controller.cli.orders import resume as command

__all__ = ["command"]
