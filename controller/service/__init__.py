"""How a team answers its mail: what `mbx report service` reads, reckons and prints.

`reading` asks Graph for headers, `hours` knows when somebody is there, `threads` who answered whom, `figures`
what is reckoned of it, `pages` how it is told. Nothing here asks for a subject or a body, or writes.
"""

from __future__ import annotations

from controller.service.figures import Figures, Period, reckon
from controller.service.hours import Hours
from controller.service.reading import Read, read
from controller.service.threads import Mail

__all__ = ["Figures", "Hours", "Mail", "Period", "Read", "read", "reckon"]
