"""Who can read and send as what: noted whenever a tenant was looked at, and answered from the notes.

`notes` says what is kept of an observation, `answers` works out people from it, through groups. The answers
are the same whether they come from the journal or from the tenant.
"""

from __future__ import annotations

from controller.entitlements.answers import Answers, Holder, Opening
from controller.entitlements.notes import Notes, as_lists, noted

__all__ = ["Answers", "Holder", "Notes", "Opening", "as_lists", "noted"]
