"""What is remembered of a tenant from one plan to the next. `controller.journal` keeps it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from controller.model import Key, Path


@dataclass(frozen=True, slots=True)
class Awaited:
    """A change that a service accepted and that could not be seen yet, or whose end nobody recorded."""

    change_id: str
    accepted: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Flap:
    """What was put right three times within a day: to which value, the first time when, when it was seen
    changed again (None: just now), and by whom, as far as the audit log told."""

    value: Any
    since: datetime
    again_at: datetime | None
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What the journal remembers of a tenant. `known` is False where there is no journal: then every
    difference is first-seen. `applied` holds, for each resource in `settled`, every value last applied,
    and True for each collection that was managed; `object_ids` what it was, whatever its address; `agreed`
    is when a resource was last seen wholly as its document said, `born` when it first came under our care."""

    known: bool = False
    applied: Mapping[Key, Mapping[Path, Any]] = field(default_factory=dict)
    settled: Mapping[Key, datetime] = field(default_factory=dict)
    auto_mapping: Mapping[Key, Mapping[str, bool | None]] = field(default_factory=dict)
    awaited: Mapping[str, Awaited] = field(default_factory=dict)
    object_ids: Mapping[str, Key] = field(default_factory=dict)
    agreed: Mapping[Key, datetime] = field(default_factory=dict)
    born: Mapping[Key, datetime] = field(default_factory=dict)
    flapping: Mapping[str, Flap] = field(default_factory=dict)  # by change id
    suspended: Mapping[str, str] = field(default_factory=dict)  # why, by address; empty: the whole tenant

    def renamed(self, names: Mapping[Key, Key]) -> Memory:
        """The same, with what is remembered of some resources under another name; `names` gives, by the
        new key, the former one."""

        if not names:
            return self

        def under(found: Mapping[Key, Any]) -> Mapping[Key, Any]:
            moved = {new: found[old] for new, old in names.items() if old in found}
            return ChainMap(moved, cast(dict[Key, Any], found))

        return replace(
            self,
            applied=under(self.applied),
            settled=under(self.settled),
            auto_mapping=under(self.auto_mapping),
            agreed=under(self.agreed),
            born=under(self.born),
        )
