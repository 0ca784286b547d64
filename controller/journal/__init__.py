"""What the controller remembers between runs: a database of its own, SQLite or PostgreSQL.

Only this package knows SQL. It knows no service and no file format; secrets never reach it. It is a record,
not the truth: without it the controller still converges, and only the causes of differences are lost.
"""

from __future__ import annotations

from controller.journal.chain import Misfit, Proof
from controller.journal.documents import Said
from controller.journal.forms import as_recorded
from controller.journal.journal import Journal
from controller.journal.lease import Leader
from controller.journal.lock import Patience
from controller.journal.orders import Order, Orders, Will
from controller.journal.outbox import Errand, Message, Outbox
from controller.journal.recall import LastApplied
from controller.journal.records import AccessRecord, Applied, HistoryRow, Managed, Pending, RunRow
from controller.journal.sightings import Author, Sighting
from controller.journal.told import Draft, Told

__all__ = [
    "AccessRecord",
    "Applied",
    "Author",
    "Draft",
    "Errand",
    "HistoryRow",
    "Journal",
    "LastApplied",
    "Leader",
    "Managed",
    "Message",
    "Misfit",
    "Order",
    "Orders",
    "Outbox",
    "Patience",
    "Pending",
    "Proof",
    "RunRow",
    "Said",
    "Sighting",
    "Told",
    "Will",
    "as_recorded",
]
