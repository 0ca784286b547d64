"""Everything that a plan needs to know of a tenant, read in one go: objects, aspects, groups.

A failed read is kept as `Unreadable`, next to what could be read; only a directory that cannot be read
leaves nothing to plan on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from controller.aspect import Aspect, Resource
from controller.clients import Reader
from controller.directory import Directory, Principal
from controller.model import Key, Observation, Present, Unreadable
from controller.people.grants import ACCESS
from controller.spec import Document
from controller.survey import read_members, survey
from controller.tenant_facts import TenantFacts

NAMING: Final = (ACCESS[0], "folderPermissions", "senders")  # the aspects that name people and groups


@dataclass(frozen=True, slots=True)
class Observed:
    """`seen` holds, by aspect and resource, what was read. `directory_error` is set where not even the
    directory could be read."""

    directory: Directory
    resources: tuple[Resource, ...] = ()
    seen: Mapping[str, Mapping[Key, Observation]] = field(default_factory=dict)
    directory_error: Exception | None = None
    facts: TenantFacts = field(default_factory=TenantFacts)


async def observe(
    reader: Reader, documents: Iterable[Document], directory: Directory, aspects: Sequence[Aspect]
) -> Observed:
    """Reads every aspect of every document's object."""
    first = await survey(reader, documents, directory, aspects)
    readable = [r for r in first.resources if r.key not in first.errors]
    answers = await asyncio.gather(*(_read(aspect, reader, readable, directory) for aspect in aspects))
    seen: dict[str, dict[Key, Observation]] = {}
    for aspect, answer in zip(aspects, answers, strict=True):
        seen[aspect.name] = {**answer, **{key: Unreadable(error) for key, error in first.errors.items()}}
    await read_members(reader, _groups(first.resources, seen, directory), directory)
    return Observed(directory, first.resources, seen)


async def _read(
    aspect: Aspect, reader: Reader, resources: Sequence[Resource], directory: Directory
) -> Mapping[Key, Observation]:
    wanted = [r for r in resources if r.key.kind in aspect.kinds and aspect.concerns(r)]
    return await aspect.read(reader, wanted, directory) if wanted else {}


def _groups(
    resources: Iterable[Resource], seen: Mapping[str, Mapping[Key, Observation]], directory: Directory
) -> Iterator[Principal]:
    """Every group that a spec or an access list names: who is behind it decides who gains and loses."""
    names = {who for r in resources for who in r.spec.trustees}
    for aspect in NAMING:
        for observation in seen.get(aspect, {}).values():
            if isinstance(observation, Present):
                names.update(observation.ids)
    for name in sorted(names):
        for found in directory.by_address(name):
            if found.is_group:
                yield found
