"""Taking out of a document what it cannot say, so that the rest of it changes nothing."""

from __future__ import annotations

from typing import Any, Final

from controller.intake.draft import Draft
from controller.model import Kind, Path

_ADDITIVE: Final = {
    Kind.SHARED_MAILBOX: frozenset({"access", "aliases", "rules"}),
    Kind.DISTRIBUTION_LIST: frozenset({"members", "owners", "aliases"}),
    Kind.MAILBOX_DELEGATION: frozenset({"access"}),
}
_IDENTITY: Final = frozenset({"kind", "address", "mailbox", "name"})


def give_up(draft: Draft, path: Path, why: str) -> bool:
    """Leaves out what stands at a path. Of a collection that is the whole truth, one member less makes it a
    minimum, so that what cannot be said is left alone. False where there was nothing to leave out."""
    head = path[0] if path else ""
    if head in _IDENTITY or head not in draft.values:
        return False
    value = draft.values[head]
    if len(path) > 1 and head in _ADDITIVE[draft.key.kind]:
        _take_out(value, path[1])
        _make_minimum(draft, head)
    elif len(path) > 1 and isinstance(value, dict) and path[1] in value:
        del value[path[1]]
        if not value:
            del draft.values[head]
    else:
        del draft.values[head]
    draft.remark(head, why)
    return True


def _take_out(value: Any, member: str) -> None:
    if isinstance(value, dict):
        value.pop(member, None)
        return
    named = [one for one in value if (one["name"] if isinstance(one, dict) else one) == member]
    for one in named:
        value.remove(one)


def _make_minimum(draft: Draft, head: str) -> None:
    draft.values["additive"] = sorted({*draft.values.get("additive", ()), head})
    if not draft.values[head]:
        del draft.values[head]
        draft.values["additive"].remove(head)
    if not draft.values["additive"]:
        del draft.values["additive"]
