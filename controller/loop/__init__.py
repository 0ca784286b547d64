"""The loop: looks at the source and at each tenant, for years; tells everybody who listens how it went.

Start at `following`. It is the only part, besides the command line, that knows what time it is.
"""

from __future__ import annotations

from controller.loop.alarms import Alarms, ScheduledAlarms
from controller.loop.clock import Onward
from controller.loop.following import Loop
from controller.loop.halt import Halt
from controller.loop.noticing import Noticing
from controller.loop.pruning import Pruning
from controller.loop.timetable import Timetable
from controller.loop.turning import Means, Traced, untraced

__all__ = [
    "Alarms",
    "Halt",
    "Loop",
    "Means",
    "Noticing",
    "Onward",
    "Pruning",
    "ScheduledAlarms",
    "Timetable",
    "Traced",
    "untraced",
]
