"""The retention policy of the mailbox: what moves to the archive and what is deleted, and when.

Policies are named, and only read here (Get-RetentionPolicy); a mailbox answers with the policy's name, and
null takes it away [doc: Set-Mailbox RetentionPolicy].
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller import canon
from controller.aspect import Context, MailboxFields, Permissions, Resource
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ServiceError
from controller.fields import Field
from controller.model import (
    Absent,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Observation,
    Path,
    Present,
    Risk,
    Severity,
    Unreadable,
)

PATH = ("retentionPolicy",)
NONE = "none"


def _name(value: Any) -> str:
    name = canon.text(value)
    return NONE if _key(name) in ("", NONE) else name


def _key(value: Any) -> str:
    """Names are found whatever their case."""
    return canon.text(value).casefold()


def _or_null(written: Any) -> Any:
    return None if _name(written) == NONE else written


def _may_delete(before: Any, after: Any) -> Risk:
    """A policy deletes mail by its age; having none deletes nothing."""
    return Risk.LOW if after == NONE else Risk.HIGH


class Retention(MailboxFields):
    name = "retentionPolicy"
    permissions = Permissions(read=("Get-Mailbox", "Get-RetentionPolicy"), write=("Set-Mailbox",))
    table = (
        Field(
            PATH,
            "retention_policy",
            "RetentionPolicy",
            canon=_name,
            risk=_may_delete,
            default="Default MRM Policy",
            encode=_or_null,
        ),
    )

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        """`ids` holds the names of all policies, by their names in lower case."""
        seen = await super().read(reader, resources, directory)
        try:
            rows = await reader.exchange("Get-RetentionPolicy", select=("Name",))
        except ServiceError as error:
            return {key: Unreadable(error) for key in seen}
        names = {_key(row.get("Name")): str(row.get("Name")) for row in rows}
        of = {resource.key: resource for resource in resources}
        return {
            key: replace(self.fresh(of[key]) if isinstance(one, Absent) else one, ids=names)
            for key, one in seen.items()
            if isinstance(one, Present | Absent)
        }

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        wished = desired.wants[PATH].value
        return {PATH: wished} if _key(present.fields[PATH]) == _key(wished) else present.fields

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        wished = str(delta.after)
        known = wished == NONE or _key(wished) in present.ids
        change = self.update(
            delta,
            resource,
            notes=()
            if wished == NONE
            else ("mail older than its tags allow is deleted, or moved to the archive",),
            obstacle=None if known else _unknown(delta, present, resource),
        )
        return change if resource.row is not None else replace(change, risk=Risk.LOW)  # a new one is empty


def _unknown(delta: Delta, present: Present, resource: Resource) -> Finding:
    near = difflib.get_close_matches(_key(delta.after), present.ids, 1)
    names = ", ".join(sorted(present.ids.values()))
    meant = f" — did you mean {present.ids[near[0]]!r}?" if near else f"; it has {names or 'none'}"
    written = delta.want.verbatim if delta.want else delta.after
    return Finding(
        "unknown-retention-policy",
        resource.key.address,
        Severity.ERROR,
        f"the tenant has no retention policy {written!r}{meant}",
        resource.key,
        delta.origin,
    )
