"""Desired against observed, as deltas. Equality of canonical values decides; deepdiff explains, and is
asked only about what is known to differ (it costs a thousand times as much as `==`).

The sole importer of deepdiff. It is used without `ignore_order`, which pairs unlike grants ("changed from
bob to alice"), and without `ignore_string_case`, which hides a swap of `SMTP:` and `smtp:`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from controller.model import Delta, Desired, Path


def compare(desired: Desired, observed: Mapping[Path, Any]) -> list[Delta]:
    """Every path on which they differ, in the order of the paths. What is not declared is not looked
    at; members of a collection that is a minimum are never missed."""
    wanted = {path: want.value for path, want in desired.wants.items()}
    relevant = {path: value for path, value in observed.items() if path in wanted or _unwanted(path, desired)}
    if wanted == relevant:
        return []
    return sorted(_deltas(desired, wanted, relevant), key=lambda delta: delta.path)


def _unwanted(path: Path, desired: Desired) -> bool:
    """Whether `path`, observed and not wished for, shall go."""
    if path in desired.gone or path in desired.ended:
        return True
    return any(desired.collections.get(path[:length], False) for length in range(1, len(path)))


def _deltas(desired: Desired, wanted: Mapping[Path, Any], observed: Mapping[Path, Any]) -> Iterator[Delta]:
    from deepdiff import DeepDiff  # noqa: PLC0415 - most plans have nothing to explain

    tree = DeepDiff(observed, wanted, view="tree", threshold_to_diff_deeper=0, max_diffs=None)
    paths = {node.path(output_format="list")[0] for nodes in tree.values() for node in nodes}
    for path in paths:
        want = desired.wants.get(path)
        ended = desired.ended.get(path)
        yield Delta(
            path=path,
            before=observed.get(path),
            after=want.value if want else None,
            want=want,
            origin=want.origin if want else (ended[1] if ended else _written(path, desired)),
            due=want.due if want else (ended[0] if ended else None),
        )


def _written(path: Path, desired: Desired) -> Any:
    for length in range(len(path), -1, -1):
        if origin := desired.origins.get(path[:length]):
            return origin
    return None
