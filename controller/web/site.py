"""What the pages are served from, handed to every route as `request.app.state.site`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from controller.board import Board
from controller.journal import Journal
from controller.metrics import Metrics
from controller.notify.links import Pages
from controller.settings import Settings
from controller.web.view import Views


@dataclass(frozen=True, slots=True)
class Site:
    """`look` asks the loop for a look at every tenant, now; it returns at once, and asking twice is asking
    once. Its argument says who asked, for the log. `journal` opens it where it is not open yet, may
    block, and raises StateError. `exposed`: it can be reached from beyond this machine. `pages` of the
    repository at its forge, where the specs come from one."""

    board: Board
    settings: Settings
    now: Callable[[], datetime]
    look: Callable[[str], None]
    journal: Callable[[], Journal]
    exposed: bool = True
    views: Views = field(default_factory=Views)
    metrics: Metrics | None = None
    pages: Pages | None = None
