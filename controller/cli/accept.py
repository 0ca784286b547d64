"""`mbx accept`."""

from __future__ import annotations

from controller.cli.orders import accept as command

__all__ = ["command"]
