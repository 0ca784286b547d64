"""Which objects a filter can possibly find, by the world's index of names and addresses.

Only a short cut: whoever is left out could not have matched, whoever is left in is still asked. A filter that
says nothing of an indexed property leaves everybody in.
"""

from __future__ import annotations

from collections.abc import Sequence

from controller.sandbox.graph.filter_parser import Compare, Function, Junction, Lambda, Node
from controller.sandbox.world import World

_INDEXED = ("id", "userprincipalname", "displayname", "mailnickname")


def narrowed(node: Node, ids: Sequence[str], world: World) -> Sequence[str]:
    """The ids, in their order, without those that cannot match."""
    found = _possible(node, world)
    return ids if found is None else [object_id for object_id in ids if object_id in found]


def _possible(node: Node, world: World) -> set[str] | None:
    """Ids that may match; None where the index cannot tell."""
    match node:
        case Junction(operator, parts):
            sets = [_possible(part, world) for part in parts]
            known = [found for found in sets if found is not None]
            if operator == "or":
                return set().union(*known) if len(known) == len(sets) else None
            return set.intersection(*known) if known else None
        case Compare((name,), "eq" | "in", literals) if name.lower() in _INDEXED:
            if all(literal.kind in ("string", "word") for literal in literals):
                return {oid for literal in literals for oid in _named(world, str(literal.value))}
        case Compare(("mail",), "eq" | "in", literals) if all(x.kind == "string" for x in literals):
            plain = {entry.object_id for entry in world.entries.values() if entry.graph.get("mail")}
            return plain | {oid for literal in literals for oid in _named(world, str(literal.value))}
        case Lambda((name,), "any", _, Compare((_,), "eq", (literal,))) if name.lower() == "proxyaddresses":
            return _named(world, str(literal.value).split(":", 1)[-1])
        case Function() | Lambda():
            return None
    return None


def _named(world: World, text: str) -> set[str]:
    return {entry.object_id for entry in world.candidates(text)}
