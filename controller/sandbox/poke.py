"""What is typed after `mbx sandbox poke`, turned into cmdlets and Graph calls. Pure; nothing is sent here.

Shorthands are for readers of a demo; whatever they cannot say is said by the cmdlet itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_RIGHTS = ("full-access", "send-as", "send-on-behalf")
_TABLE = "#Exchange.GenericHashTable"
_WORDS = {"true": True, "$true": True, "false": False, "$false": False, "null": None, "$null": None}


class PokeError(ValueError):
    """Words that mean no poke."""


@dataclass(frozen=True, slots=True)
class Poke:
    """One request to the control endpoint: its path and its body, without the actor."""

    path: str
    body: dict[str, Any]


def parse(words: Sequence[str]) -> list[Poke]:
    """The pokes that the words ask for, in order; PokeError where they make none."""
    if not words:
        raise PokeError("nothing to do: name a cmdlet, `graph` or a shorthand")
    first, rest = words[0], list(words[1:])
    if first == "graph":
        return [_graph(rest)]
    if first in SHORTHANDS:
        usage, make = SHORTHANDS[first]
        try:
            return make(*rest)
        except TypeError as error:
            raise PokeError(f"{first} is written: {usage}") from error
    if "-" not in first or not first[0].isupper():
        raise PokeError(f"'{first}' is no cmdlet and no shorthand ({', '.join(SHORTHANDS)})")
    return [_cmdlet(first, **_parameters(rest))]


def _cmdlet(name: str, **parameters: Any) -> Poke:
    return Poke("poke", {"cmdlet": name, "parameters": parameters})


def _parameters(words: Sequence[str]) -> dict[str, Any]:
    """`Name=value`, `Name+=value` and `Name-=value` (for lists); a value may be JSON."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise PokeError(f"'{word}' is not NAME=VALUE")
        if name[-1:] in ("+", "-"):
            change = found.setdefault(name[:-1], {"@odata.type": _TABLE})
            if not isinstance(change, dict):
                raise PokeError(f"'{name[:-1]}' is both set and changed")
            change.setdefault("Add" if name.endswith("+") else "Remove", []).append(value)
        else:
            found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if text[:1] in ("[", "{", '"'):
        return _json(text)
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise PokeError(f"not JSON: {text}") from error


def _graph(words: Sequence[str]) -> Poke:
    if len(words) not in (2, 3):
        raise PokeError("graph is written: graph METHOD PATH [JSON]")
    method, path = words[0].upper(), words[1]
    body = _json(words[2]) if len(words) == 3 else None
    return Poke("graph", {"method": method, "path": path, "body": body})


def _rights(given: Sequence[str]) -> tuple[str, ...]:
    for right in given:
        if right not in _RIGHTS:
            raise PokeError(f"'{right}' is no right ({', '.join(_RIGHTS)})")
    return tuple(given) or ("full-access",)


def _grant(mailbox: str, who: str, *rights: str) -> list[Poke]:
    return [_access(mailbox, who, right, "Add") for right in _rights(rights)]


def _revoke(mailbox: str, who: str, *rights: str) -> list[Poke]:
    return [_access(mailbox, who, right, "Remove") for right in _rights(rights)]


def _access(mailbox: str, who: str, right: str, verb: str) -> Poke:
    if right == "send-on-behalf":
        change = {"@odata.type": _TABLE, verb: [who]}
        return _cmdlet("Set-Mailbox", Identity=mailbox, GrantSendOnBehalfTo=change)
    if right == "send-as":
        return _cmdlet(
            f"{verb}-RecipientPermission",
            Identity=mailbox,
            Trustee=who,
            AccessRights=["SendAs"],
            Confirm=False,
        )
    given: dict[str, Any] = {"Identity": mailbox, "User": who, "AccessRights": ["FullAccess"]}
    return _cmdlet(f"{verb}-MailboxPermission", **given, InheritanceType="All", Confirm=False)


def _member(verb: str) -> Callable[..., list[Poke]]:
    def make(group: str, who: str) -> list[Poke]:
        name = f"{verb}-DistributionGroupMember"
        return [
            _cmdlet(name, Identity=group, Member=who, BypassSecurityGroupManagerCheck=True, Confirm=False)
        ]

    return make


def _alias(verb: str) -> Callable[..., list[Poke]]:
    def make(mailbox: str, address: str) -> list[Poke]:
        change = {"@odata.type": _TABLE, verb: [f"smtp:{address}"]}
        return [_cmdlet("Set-Mailbox", Identity=mailbox, EmailAddresses=change)]

    return make


def _rename(mailbox: str, address: str) -> list[Poke]:
    return [_cmdlet("Set-Mailbox", Identity=mailbox, WindowsEmailAddress=address)]


def _forward(mailbox: str, to: str) -> list[Poke]:
    given = {"ForwardingSmtpAddress": f"smtp:{to}", "DeliverToMailboxAndForward": True}
    return [_cmdlet("Set-Mailbox", Identity=mailbox, **given)]


def _delete(mailbox: str) -> list[Poke]:
    return [_cmdlet("Remove-Mailbox", Identity=mailbox, Confirm=False)]


def _sign_in(*, enabled: bool) -> Callable[..., list[Poke]]:
    def make(who: str) -> list[Poke]:
        return [
            Poke("graph", {"method": "PATCH", "path": f"/users/{who}", "body": {"accountEnabled": enabled}})
        ]

    return make


def _revoke_tokens() -> list[Poke]:
    return [Poke("revoke-tokens", {})]


SHORTHANDS: dict[str, tuple[str, Callable[..., list[Poke]]]] = {
    "grant": ("grant MAILBOX WHO [full-access|send-as|send-on-behalf]…", _grant),
    "revoke": ("revoke MAILBOX WHO [full-access|send-as|send-on-behalf]…", _revoke),
    "add-member": ("add-member GROUP WHO", _member("Add")),
    "remove-member": ("remove-member GROUP WHO", _member("Remove")),
    "add-alias": ("add-alias MAILBOX ADDRESS", _alias("Add")),
    "remove-alias": ("remove-alias MAILBOX ADDRESS", _alias("Remove")),
    "rename": ("rename MAILBOX NEW-ADDRESS", _rename),
    "forward": ("forward MAILBOX ADDRESS", _forward),
    "delete": ("delete MAILBOX", _delete),
    "block": ("block WHO", _sign_in(enabled=False)),
    "unblock": ("unblock WHO", _sign_in(enabled=True)),
    "revoke-tokens": ("revoke-tokens", _revoke_tokens),
}
