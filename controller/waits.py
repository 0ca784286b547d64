"""What a change waits for, and which changes would wait for each other for ever. Pure.

Two new lists that own each other are such a pair: Exchange wants the owners of a list when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from controller.model import Action, Change, Key


def needs_of(changes: Sequence[Change]) -> dict[str, tuple[str, ...]]:
    """By change, the others of these that must have ended before it begins."""
    grants: dict[Key, list[str]] = {}
    for change in changes:
        if change.action is Action.GRANT:
            grants.setdefault(change.key, []).append(change.id)
    known = {change.id for change in changes}
    return {
        change.id: (
            *(need for need in change.depends_on if need in known),
            # Nobody loses a way in before the others have theirs.
            *(grants.get(change.key, ()) if change.action is Action.REVOKE else ()),
        )
        for change in changes
    }


def circles(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """By change, the circle it stands in, itself first. Without these no change waits for ever; what only
    waits for one of them is not among them."""
    left = {ident: set(needs[ident]) for ident in sorted(needs)}
    found: dict[str, tuple[str, ...]] = {}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = tuple(reversed(error.args[1][:-1]))  # each before what it waits for
            for at, ident in enumerate(circle):
                found[ident] = (*circle[at:], *circle[:at])
                del left[ident]
            left = {ident: others - found.keys() for ident, others in left.items()}
        else:
            return found
