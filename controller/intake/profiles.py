"""What many mailboxes have in common, said once.

Only single values are factored out: lists of a profile are put before a document's own, and who has access
is said where it holds. A mailbox takes a profile only if it has every value that the profile speaks of, its
own or another, since a document cannot take back what a profile manages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from controller.intake.draft import Draft, Tree, in_order
from controller.model import Kind, Path

_ENOUGH: Final = 3  # mailboxes that are alike, and values that they share
_ALIKE: Final = 2 / 3  # of the profile's values, for a mailbox that takes it
# Who it is and who may use it; and texts, of which each mailbox has its own.
_OWN: Final = frozenset(
    {"kind", "address", "displayName", "access", "folderPermissions", "folders", "automaticReplies",
     "signature", "mailTip", "forwarding", "hiddenFromAddressLists", "profile"}
)  # fmt: skip


def factored(drafts: Sequence[Draft]) -> dict[str, Tree]:
    """Profiles by name, taken out of the documents that share them."""
    profiles: dict[str, Tree] = {}
    rest = [draft for draft in drafts if draft.key.kind is Kind.SHARED_MAILBOX]
    while shared := _shared_by_most(rest):
        name = f"standard-{len(profiles) + 1}" if profiles else "standard"
        takers = [draft for draft in rest if _takes(draft, shared)]
        tree: Tree = {}
        for path, value in sorted(shared.items()):
            _put(tree, path, value)
        profiles[name] = {"kind": Kind.PROFILE.value, "name": name, **in_order(Kind.SHARED_MAILBOX, tree)}
        for draft in takers:
            for path, value in shared.items():
                if dict(_leaves(draft.values))[path] == value:
                    _take_out(draft.values, path)
            draft.values = in_order(draft.key.kind, {**draft.values, "profile": name})
        rest = [draft for draft in rest if draft not in takers]
    return profiles


def _shared_by_most(drafts: Sequence[Draft]) -> dict[Path, Any]:
    """The values of the largest set of mailboxes that agree in all of them, if enough others are alike."""
    if len(drafts) < _ENOUGH:
        return {}
    leaves = [dict(_leaves(draft.values)) for draft in drafts]
    signatures = Counter(tuple(sorted(each.items(), key=repr)) for each in leaves)
    best, _ = min(signatures.items(), key=lambda item: (-item[1], repr(item[0])))
    shared = dict(best)
    takers = [each for each in leaves if _fits(each, shared)]
    return shared if len(takers) >= _ENOUGH and len(shared) >= _ENOUGH else {}


def _takes(draft: Draft, shared: dict[Path, Any]) -> bool:
    return _fits(dict(_leaves(draft.values)), shared)


def _fits(leaves: dict[Path, Any], shared: dict[Path, Any]) -> bool:
    same = sum(leaves.get(path) == value for path, value in shared.items())
    return shared.keys() <= leaves.keys() and same >= _ALIKE * len(shared)


def _leaves(tree: Tree) -> Iterator[tuple[Path, Any]]:
    for head, value in tree.items():
        if head in _OWN or isinstance(value, list):
            continue
        if not isinstance(value, dict):
            yield (head,), value
            continue
        for name, each in value.items():
            if not isinstance(each, dict | list):
                yield (head, name), each


def _put(tree: Tree, path: Path, value: Any) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = value


def _take_out(tree: Tree, path: Path) -> None:
    if len(path) == 1:
        del tree[path[0]]
        return
    del tree[path[0]][path[1]]
    if not tree[path[0]]:
        del tree[path[0]]
