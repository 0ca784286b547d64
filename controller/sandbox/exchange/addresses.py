"""Proxy addresses: which one is primary, what replaces what, and who may have which.

Upper-case `SMTP:` marks the primary address; a plain list replaces everything, X500, SIP and the
onmicrosoft.com address included [doc: Set-Mailbox, EmailAddresses].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.directory import holder_of
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.values import Delta, is_email
from controller.sandbox.world import Entry

_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9]{0,8}):(.+)", re.DOTALL)


def split(address: str) -> tuple[str, str]:
    """(prefix, rest); the prefix is empty where there is none, which means SMTP."""
    found = _PREFIX.fullmatch(address.strip())
    return (found[1], found[2]) if found else ("", address.strip())


def is_smtp(address: str) -> bool:
    return split(address)[0].lower() in ("", "smtp")


def _key(address: str) -> tuple[str, str]:
    prefix, rest = split(address)
    return prefix.lower() or "smtp", rest.lower()


def proxies(entry: Entry) -> set[tuple[str, str]]:
    return {_key(address) for address in entry.addresses}


def applied(entry: Entry, wish: Sequence[str] | Delta) -> list[str]:
    """The address list after `EmailAddresses` was set to a list or changed by a table."""
    return _changed(entry.addresses, wish) if isinstance(wish, Delta) else _replaced(wish)


def with_primary(addresses: Sequence[str], primary: str) -> list[str]:
    """The list with another primary address; the former one stays as a secondary [doc; obs: M365DSC]."""
    wanted = ("smtp", primary.lower())
    kept = [_secondary(address) for address in addresses if _key(address) != wanted]
    return [f"SMTP:{primary}", *kept]


def _secondary(address: str) -> str:
    return f"smtp:{address[5:]}" if address.startswith("SMTP:") else address


def _replaced(wish: Iterable[str]) -> list[str]:
    listed: list[str] = []
    for text in wish:
        prefix, rest = split(text)
        spelt = f"{prefix or 'smtp'}:{rest}"
        if prefix.lower() == "smtp" and prefix != "SMTP":
            spelt = f"smtp:{rest}"
        if _key(spelt) not in {_key(other) for other in listed}:
            listed.append(spelt)
        elif prefix == "SMTP":
            listed = [spelt if _key(other) == _key(spelt) else other for other in listed]
    primaries = [address for address in listed if address.startswith("SMTP:")]
    if len(primaries) > 1:
        raise refusals.validation("There are multiple primary email addresses of type SMTP.")
    if not primaries:  # the first one without a prefix becomes primary [doc]
        bare = next((split(text)[1].lower() for text in wish if not split(text)[0]), None)
        if bare is None:
            raise refusals.validation("There must be one primary SMTP address among the email addresses.")
        listed = [f"SMTP:{a[5:]}" if _key(a) == ("smtp", bare) else a for a in listed]
    return listed


def _changed(addresses: Sequence[str], wish: Delta) -> list[str]:
    listed = list(addresses)
    for text in wish.remove:
        gone = [address for address in listed if _key(address) == _key(text)]
        # A primary address cannot go unless another one comes in the same call [inf].
        if any(a.startswith("SMTP:") for a in gone) and not any(a.startswith("SMTP:") for a in wish.add):
            raise refusals.invalid(f"The primary SMTP address '{split(text)[1]}' can't be removed.")
        listed = [address for address in listed if address not in gone]
    for text in wish.add:
        prefix, rest = split(text)
        if prefix == "SMTP":
            listed = with_primary(listed, rest)
        elif _key(text) not in {_key(address) for address in listed}:
            listed.append(f"{'smtp' if prefix.lower() in ('', 'smtp') else prefix}:{rest}")
    return listed


def check(call: Invocation, addresses: Iterable[str], *, owner: Entry | None, creating: bool = False) -> None:
    """Whether an object may have these addresses on top of those it has. CmdletError (400): not an SMTP
    address, a domain that is not accepted, an address that somebody holds, deleted ones included."""
    held = proxies(owner) if owner is not None else set()
    for address in addresses:
        if not is_smtp(address) or _key(address) in held:
            continue
        rest = split(address)[1]
        if not is_email(rest):
            raise refusals.validation(f'The address "{rest}" is not a valid SMTP address.')
        check_domain(call, rest)
        holder = holder_of(call, rest, besides=owner)
        if holder is None:
            continue
        if creating and holder.deleted is not None:
            raise refusals.held_by_deleted(f"SMTP:{rest}")
        raise refusals.address_in_use(f"SMTP:{rest}", holder.name)


def check_domain(call: Invocation, address: str) -> None:
    domain = address.rsplit("@", 1)[1].lower()
    if domain not in {accepted.lower() for accepted in call.world.domains}:
        raise refusals.foreign_domain(domain)
