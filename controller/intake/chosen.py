"""Which objects of a tenant are imported, and as documents of which kind."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from controller.directory import Directory, Principal
from controller.errors import UsageError
from controller.model import Key, Kind

# Lists of rooms are for the room finder, not for mail.
_LISTS = frozenset({"MailUniversalDistributionGroup", "MailUniversalSecurityGroup"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a document will be about."""

    key: Key
    principal: Principal


def choose(
    directory: Directory, addresses: Sequence[str], patterns: Sequence[str], *, everything: bool
) -> list[Choice]:
    """By address, by pattern over addresses and display names (`support*`), or every shared mailbox and
    list. A person's mailbox is taken only by its address: as a MailboxDelegation. Sorted.

    Raises UsageError for an address nobody has, or that no document can be about."""
    found = {one.guid: one for one in (_named(address, directory) for address in addresses)}
    for one in directory.principals.values():
        if _is_team(one) and (everything or any(_fits(one, pattern) for pattern in patterns)):
            found.setdefault(one.guid, one)
    return sorted((Choice(_key(one), one) for one in found.values()), key=lambda choice: choice.key)


def _is_team(one: Principal) -> bool:
    return one.is_shared or one.type in _LISTS


def _fits(one: Principal, pattern: str) -> bool:
    names = (*one.addresses, one.display_name.lower())
    return any(fnmatchcase(name, pattern.lower()) for name in names)


def _key(one: Principal) -> Key:
    kind = Kind.SHARED_MAILBOX if one.is_shared else Kind.MAILBOX_DELEGATION
    return Key(Kind.DISTRIBUTION_LIST if one.is_list else kind, one.address.lower())


def _named(address: str, directory: Directory) -> Principal:
    holders = directory.by_address(address)
    if len(holders) > 1:
        raise UsageError(f"{address} is claimed by several: {', '.join(sorted(h.name for h in holders))}")
    if not holders:
        raise UsageError(f"nobody in this tenant has {address}{_meant(address, directory)}")
    (one,) = holders
    if not (one.is_mailbox or one.type in _LISTS):
        what = "a mailbox, a distribution list or a mail-enabled security group"
        raise UsageError(f"{address} is a {one.type}: only {what} can be imported")
    return one


def _meant(address: str, directory: Directory) -> str:
    known: Iterable[str] = (one.address.lower() for one in directory.principals.values() if _is_team(one))
    near = difflib.get_close_matches(address.lower(), list(known), 1)
    return f" — did you mean {near[0]}?" if near else ""
