"""What a tenant answered, kept in a signed file, so that a plan can be made where nobody can sign in.

Not what was observed is kept but what was read: `take` looks at a tenant with documents that ask about
everything and notes each question with its answer (`tape`), `Replay` is a Reader that answers from there.
So a plan is made by the very code that plans online, and a question that was never asked is an error, which
makes a part of a plan unreadable and is never taken for absence.
"""

from __future__ import annotations

from controller.snapshot.planning import Offline, check_age, open_snapshot, plan_offline
from controller.snapshot.sealed import LARGEST, seal
from controller.snapshot.taking import take

__all__ = ["LARGEST", "Offline", "check_age", "open_snapshot", "plan_offline", "seal", "take"]
