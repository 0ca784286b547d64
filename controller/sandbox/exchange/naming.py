"""Names of recipients: what is well-formed, what is free, what is made up where none is given."""

from __future__ import annotations

import re

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.directory import holder_of, is_past_keeping, matches
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.world import RECIPIENT_TYPES, Entry

LENGTH = 64  # of a Name and of an alias [doc: New-Mailbox]
_ALIAS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def checked_name(call: Invocation, name: str, *, besides: Entry | None = None) -> str:
    """A Name nobody has. CmdletError (400): too long, or taken."""
    if len(name) > LENGTH:
        raise refusals.validation(
            f"The length of the property is too long. The maximum length is {LENGTH} and the length of the "
            f"value provided is {len(name)}."
        )
    for other in call.world.candidates(name):
        if other is not besides and other.name.lower() == name.lower() and other.deleted is None:
            raise refusals.value_in_use("name", name)
    return name


def checked_alias(call: Invocation, alias: str, *, besides: Entry | None = None) -> str:
    """An alias that is well-formed and free. CmdletError (400)."""
    if len(alias) > LENGTH or not _ALIAS.fullmatch(alias):
        raise refusals.validation(f'The value "{alias}" of property "Alias" is not valid.')
    if _alias_taken(call, alias, besides):
        raise refusals.value_in_use("alias", alias)
    return alias


def alias_for(call: Invocation, alias: str | None, name: str) -> str:
    """The alias given; without one, what the name leaves of itself, numbered where that is taken [inf:
    the number]."""
    if alias is not None:
        return checked_alias(call, alias)
    stem = re.sub(r"[^A-Za-z0-9._-]", "", name).strip(".")[:60] or "mailbox"
    free, number = stem, 1
    while _alias_taken(call, free, None):
        free, number = f"{stem}{number}", number + 1
    return free


def _alias_taken(call: Invocation, alias: str, besides: Entry | None) -> bool:
    return any(
        entry is not besides and entry.alias.lower() == alias.lower()
        for entry in matches(call, alias, RECIPIENT_TYPES)
    )


def free_address(call: Invocation, alias: str) -> str:
    """The onmicrosoft.com address that comes with every mailbox and group; numbered where it is taken
    [inf]."""
    domain, number = call.world.initial_domain, 0
    while holder_of(call, address := f"{alias}{number or ''}@{domain}") is not None:
        number += 1
    return address


def first_addresses(call: Invocation, alias: str, primary: str | None) -> list[str]:
    """What a new object gets: its primary address (`alias@default domain` unless given) and the
    onmicrosoft.com one [doc: New-Mailbox]."""
    first = primary or f"{alias}@{call.world.default_domain}"
    routing = free_address(call, alias)
    return [f"SMTP:{first}", *([f"smtp:{routing}"] if routing.lower() != first.lower() else [])]


def upn_taken(call: Invocation, upn: str) -> bool:
    return any(
        (other.upn or "").lower() == upn.lower() and not is_past_keeping(call, other)
        for other in call.world.candidates(upn)
    )


def legacy_dn(guid: str, alias: str) -> str:
    return (
        "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/"
        f"cn={guid.replace('-', '')}-{alias}"
    )
