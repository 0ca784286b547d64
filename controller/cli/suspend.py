"""`mbx suspend`."""

from __future__ import annotations

from controller.cli.orders import suspend as command

__all__ = ["command"]
