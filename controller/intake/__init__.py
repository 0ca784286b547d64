"""Writing specs down from what a tenant has: the other direction of everything else.

`take` looks at mailboxes and lists with documents that ask about everything (`probe`), turns what was read
into documents (`draft`), lets the planner prove that they change nothing (`proof`), factors out what many
have in common (`profiles`), and writes canonical YAML (`page`). Nothing here writes to a tenant.
"""

from __future__ import annotations

from controller.intake.adopting import Adopted, adopt
from controller.intake.chosen import Choice, choose
from controller.intake.leaving import Leaving, leave
from controller.intake.restoring import restored
from controller.intake.take import Specs, Taken, take, who_can_open

__all__ = [
    "Adopted",
    "Choice",
    "Leaving",
    "Specs",
    "Taken",
    "adopt",
    "choose",
    "leave",
    "restored",
    "take",
    "who_can_open",
]
