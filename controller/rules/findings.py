"""What is worth telling of the rules of a mailbox, whether or not its document speaks of them.

Mail that leaves the organisation by a rule that nobody wrote down; rules that Microsoft Graph cannot show or
change; rules that hide from Graph and that Exchange shows; the room that is left for rules. Only Exchange
lists hidden rules (`IncludeHidden`), among them the system's own [doc: Get-InboxRule].
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from controller import canon
from controller.aspect import Resource
from controller.directory import Directory
from controller.handoff import part_of, rules_of
from controller.model import Finding, Severity
from controller.rules.forms import SENDING, body, destinations

_SYSTEM: Final = re.compile(r"junk e-?mail rule$|microsoft\.exchange\.oof\.", re.IGNORECASE)
_SMTP: Final = re.compile(r"\[SMTP:([^\]]+)\]", re.IGNORECASE)
_BARE: Final = re.compile(r"[^\s<>\[\]\"]+@[^\s<>\[\]\"]+")
_SENDING: Final = tuple(name[0].upper() + name[1:] for name in SENDING)  # as Exchange names them
_QUOTA: Final = 256 * 1024  # bytes, all enabled rules together [doc: Set-Mailbox, RulesQuota]
_QUOTED: Final = re.compile(r"\(([\d,]+) bytes\)")
_NEAR: Final = 0.8  # of the quota: an estimate, so that it is told well before
_OVERHEAD: Final = 200  # bytes of a rule besides its texts; an estimate
_NAMELESS: Final = "(no name)"
_OUTSIDE: Final = frozenset({"MailContact", "GuestMailUser"})


def outside(addresses: Iterable[str], directory: Directory) -> tuple[str, ...]:
    """Those that are not of this organisation: by domain, or a contact or guest behind one of ours."""
    found = (address for address in addresses if "@" in address)
    return tuple(address for address in found if _is_outside(address, directory))


def _is_outside(address: str, directory: Directory) -> bool:
    if not directory.accepts(address):
        return True
    return any(holder.type in _OUTSIDE for holder in directory.by_address(address))


def leak(resource: Resource, name: str, away: Sequence[str], *, enabled: bool = True) -> Finding:
    off = "" if enabled else ", and is switched off at the moment"
    return Finding(
        "rule-forwards-outside",
        f"{resource.key.address}/{name or _NAMELESS}",
        Severity.WARNING,
        f"the rule “{name}” sends mail of {resource.key.address} outside the organisation, to "
        f"{', '.join(away)}{off}; no document asks for it: find out who made it, then write it down or "
        "remove it",
        resource.key,
        resource.at("rules"),
    )


def read_only(resource: Resource, name: str) -> Finding:
    return Finding(
        "rule-read-only",
        f"{resource.key.address}/{name}",
        Severity.WARNING,
        f"the rule “{name}” says things that Microsoft Graph cannot express; it is left as it is, and so is "
        "its place in the order: change or delete it in Outlook",
        resource.key,
        resource.at("rules"),
    )


def in_error(resource: Resource, name: str) -> Finding:
    return Finding(
        "rule-in-error",
        f"{resource.key.address}/{name}",
        Severity.WARNING,
        f"the rule “{name}” is in error: a folder, category or person that it names is gone. It is not "
        "listed here, and is left as it is: mend or delete it in Outlook, or list it",
        resource.key,
        resource.at("rules"),
    )


def twin(resource: Resource, name: str, count: int) -> Finding:
    return Finding(
        "rule-twins",
        f"{resource.key.address}/{name}",
        Severity.WARNING,
        f"{count} rules are called “{name}”: the one most like the document's is taken for it",
        resource.key,
        resource.at("rules"),
    )


def of_exchange(
    resource: Resource, rows: Sequence[Mapping[str, Any]], graph_names: Iterable[str], directory: Directory
) -> Iterator[Finding]:
    """What Exchange tells of rules that Graph hides or does not show whole."""
    shown = Counter(graph_names)
    for row in rows:
        name = str(row.get("Name") or "")
        if _SYSTEM.match(name):
            continue
        away = outside(_addresses(row), directory)
        shown[name] -= 1
        if shown[name] < 0:
            yield _hidden(resource, name, away)
        if away:
            yield leak(resource, name, away, enabled=canon.flag(row.get("Enabled")) is not False)


def _addresses(row: Mapping[str, Any]) -> list[str]:
    """`"Name" [SMTP:who@where]`, or a bare address; `[EX:…]` is somebody of the organisation
    [reference: Exchange admin API, identities]."""
    found: list[str] = []
    for field in _SENDING:
        value = row.get(field)
        for text in value if isinstance(value, list) else [value] if value else []:
            if "[ex:" not in str(text).lower():
                found += _SMTP.findall(str(text)) or _BARE.findall(str(text))
    return [canon.address(address) for address in found]


def _hidden(resource: Resource, name: str, away: Sequence[str]) -> Finding:
    where = f" and sends mail to {', '.join(away)}" if away else ""
    return Finding(
        "rule-hidden",
        f"{resource.key.address}/{name or _NAMELESS}",
        Severity.WARNING,
        f"the rule “{name}” is hidden from Outlook and Microsoft Graph{where}: that is how intruders keep "
        "reading. Look at it with Get-InboxRule -IncludeHidden, and remove it unless it is known",
        resource.key,
        resource.at("rules"),
    )


def before_handoffs(resource: Resource, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Rules that nobody manages, and that keep mail from a hand-off by running before it and stopping."""
    managed = {rule.name for rule in rules_of(resource.spec) or ()}
    stopping: list[str] = []
    for row in rows:  # in their order
        name = str(row.get("displayName") or "")
        part = part_of(name, resource.spec)
        if part and stopping:
            yield Finding(
                "handoff-behind-rule",
                f"{resource.key.address}/{part}",
                Severity.WARNING,
                f"“{stopping[0]}” runs before “{name}” and stops: mail that it fits is not handed on. List "
                "the rules of this mailbox under `rules`, then hand-offs come first; or move it in Outlook",
                resource.key,
                resource.at("handoff", part),
            )
        stops = canon.flag((row.get("actions") or {}).get("stopProcessingRules"))
        if stops and name not in managed and canon.flag(row.get("isEnabled")) is not False:
            stopping.append(name)


def quota(resource: Resource, others: Iterable[Mapping[str, Any]]) -> Finding | None:
    """Whether the rules that the mailbox will have come near what it may hold. `others` are rules of the
    service that stay."""
    ours = [body(rule, lambda path: "x" * 120) for rule in rules_of(resource.spec) or () if rule.enabled]
    rest = [row for row in others if canon.flag(row.get("isEnabled")) is not False]
    size = sum(map(rule_size, ours)) + sum(map(rule_size, rest))
    limit = rules_room(resource.row or {})
    if size < _NEAR * limit:
        return None
    verdict = "more than" if size > limit else "nearly"
    return Finding(
        "rules-quota",
        resource.key.address,
        Severity.WARNING,
        f"the rules of {resource.key.address} take about {size // 1024} KB, {verdict} the {limit // 1024} KB "
        "that all enabled rules of a mailbox may take (RulesQuota): the service refuses what does not fit. "
        "Put several texts into one rule, or shorten the lists",
        resource.key,
        resource.at("rules"),
    )


def rule_size(rule: Mapping[str, Any]) -> int:
    """Bytes that a rule takes. Texts are stored as UTF-16; the rest is an estimate."""
    parts = {name: rule.get(name) for name in ("displayName", "conditions", "exceptions", "actions")}
    return _OVERHEAD + 2 * len(json.dumps(parts, ensure_ascii=False, separators=(",", ":")))


def rules_room(row: Mapping[str, Any]) -> int:
    """Bytes that all enabled rules of a mailbox may take."""
    found = _QUOTED.search(str(row.get("RulesQuota") or ""))
    return int(found[1].replace(",", "")) if found else _QUOTA


def risky(value: Mapping[str, Any] | None, directory: Directory) -> tuple[str, ...]:
    """Whom outside the organisation a rule in its compared form sends mail to."""
    return outside(destinations(value or {}), directory)
