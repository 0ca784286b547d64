"""What no document speaks of, or none any more. Taking a document out of git deletes nothing: it is told,
and left alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from controller.memory import Memory
from controller.model import Finding, Key, Kind, Severity
from controller.observe import Observed


def unmanaged(observed: Observed, memory: Memory, spoken: frozenset[Key]) -> Iterator[Finding]:
    """`spoken` are the keys of all documents. Every shared mailbox that none describes is told of; of lists
    and people's mailboxes, which nobody is asked to describe, only those that were managed."""
    ours = {resource.principal.guid for resource in observed.resources if resource.principal}
    formerly = {key.address for key in memory.settled}
    for one in observed.directory.principals.values():
        if one.is_shared and one.guid not in ours:
            address = one.address.lower()
            was = " any more: it was managed until its document went" if address in formerly else ""
            message = f"{one.address} is a shared mailbox that no document describes{was}; it is left alone"
            yield Finding("unmanaged-mailbox", address, Severity.WARNING, message)
    for key in sorted(memory.settled.keys() - spoken):
        if any(one.guid not in ours for one in observed.directory.by_address(key.address)):
            yield from _left(key)


def _left(key: Key) -> Iterator[Finding]:
    if key.kind is Kind.DISTRIBUTION_LIST:
        code, what = "unmanaged-list", f"the list {key.address} was managed"
    elif key.kind is Kind.MAILBOX_DELEGATION:
        code, what = "unmanaged-delegation", f"who has rights on {key.address} was managed"
    else:
        return
    message = f"{what} until its document went: it is left alone"
    yield Finding(code, key.address, Severity.WARNING, message)
