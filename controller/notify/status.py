"""The status of the commit that a turn was about, for the forge. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.clients.forge import State
from controller.guard import refused
from controller.model import Condition
from controller.turn import Turn

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the status says, of which commit."""

    sha: str
    state: State
    words: str

    def plain(self) -> dict[str, Any]:
        return {"sha": self.sha, "state": str(self.state), "words": self.words}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Verdict:
        return cls(plain["sha"], State(plain["state"]), plain["words"])


def verdict_of(turn: Turn) -> Verdict | None:
    """None where there is no whole commit to set it on, or nothing is known."""
    if turn.condition is None or not turn.commit or not _COMMIT.fullmatch(turn.commit):
        return None
    state, words = _judged(turn)
    return Verdict(turn.commit, state, words)


def _judged(turn: Turn) -> tuple[State, str]:
    if turn.reason is not None:
        return State.ERROR, f"nothing could be done: {turn.reason}"
    if not turn.looked or turn.condition is Condition.STALLED:
        return State.ERROR, "nothing could be done: see the log"
    if turn.cycle is not None and refused(turn.cycle.plan):
        return State.FAILURE, "a safety limit or policy refuses something"
    match turn.condition:
        case Condition.DEGRADED:
            return State.FAILURE, "something failed, is blocked or could not be read"
        case Condition.DRIFTED:
            return State.PENDING, "reported, not applied"
        case _:
            return State.SUCCESS, "the tenant is as this commit says"
