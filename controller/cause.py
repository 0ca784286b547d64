"""Why a difference exists, as far as the journal can tell."""

from __future__ import annotations

from dataclasses import replace

from controller import canon
from controller.aspect import Context
from controller.model import Cause, Change, ident


def cause_of(change: Change, context: Context) -> Change:
    """The change, with its cause.

    What the tenant has is held against what was last applied: if that differs, somebody changed the
    tenant; if not, the document changed, or a date in it came since."""
    return replace(change, cause=_cause(change, context))


def _cause(change: Change, context: Context) -> Cause:
    memory = context.memory
    settled = memory.settled.get(change.key)
    if not memory.known or settled is None:
        return Cause.FIRST_SEEN
    applied = memory.applied.get(change.key, {})
    if _ours(change, context):
        return Cause.SPEC
    came = change.due is not None and settled < change.due <= context.now
    if change.path not in applied and not any(
        change.path[:length] in applied for length in range(1, len(change.path))
    ):
        return Cause.TIME if came else Cause.SPEC  # the document did not speak of it before
    if canon.plain(applied.get(change.path)) != canon.plain(change.before):
        faded = change.fades and change.before is None
        return Cause.TIME if faded else Cause.DRIFT  # 45 days went by, say, and nobody did anything
    return Cause.TIME if came else Cause.SPEC


def _ours(change: Change, context: Context) -> bool:
    """Whether we may have brought this about ourselves: a request about the same person or field went out
    in a run that was cut off."""
    return any(
        not awaited.accepted and awaited.change_id.startswith(ident(change.key, change.path[:2]))
        for awaited in context.memory.awaited.values()
    )
