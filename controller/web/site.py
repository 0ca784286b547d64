"""What the pages are served from, handed to every route as `request.app.state.site`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from controller.board import Board
from controller.journal import Journal
from controller.settings import Settings


@dataclass(frozen=True, slots=True)
class Site:
    """`look` asks the loop for a look at every tenant, now; it returns at once, and asking twice is asking
    once. Its argument says who asked, for the log. `journal` opens it where it is not open yet, may
    block, and raises StateError."""

    board: Board
    settings: Settings
    now: Callable[[], datetime]
    look: Callable[[str], None]
    journal: Callable[[], Journal]
