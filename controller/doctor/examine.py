"""Gathers a `Case` from the tenant, our journal and the specs. Reads only; says what it could not read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from controller import canon
from controller.aspect import all_aspects
from controller.clients import Reader
from controller.directory import Directory
from controller.doctor.case import Case, Right, Rule
from controller.entitlements import Answers, Notes, as_lists
from controller.errors import ServiceError, UsageError
from controller.intake import choose
from controller.journal import Journal
from controller.model import Action, Key, Kind, Observation, Path, Present, Status, Unreadable
from controller.observe import Observed, observe
from controller.people.grants import FULL_ACCESS
from controller.probe import probe
from controller.rules.findings import rule_size, rules_room
from controller.rules.reading import ERROR, NUMBER, READ_ONLY, RULES
from controller.spec import TenantSpecs
from controller.survey import read_directory
from controller.tenant_facts import read_facts, with_mailboxes


async def examine(
    reader: Reader,
    address: str,
    who: str | None,
    specs: TenantSpecs | None,
    journal: Journal | None,
    tenant_id: str,
    now: datetime,
) -> Case:
    """Raises ServiceError where not even the directory can be read, UsageError for an address that is no
    shared mailbox's, or a person whom nobody knows."""
    directory = await read_directory(reader)
    (choice,) = choose(directory, [address], (), everything=False)
    if choice.key.kind is not Kind.SHARED_MAILBOX:
        raise UsageError(f"{address} is a {choice.principal.type}: doctor looks at shared mailboxes")
    person = _person(directory, who)
    observed = await observe(reader, [probe(choice.key, choice.principal.address)], directory, all_aspects())
    facts, replies_outside = await asyncio.gather(read_facts(reader, directory), _replies_outside(reader))
    facts = await with_mailboxes(facts, reader, observed.resources)
    (resource,) = observed.resources
    values, unread = _values(observed)
    if _claims(specs, choice.key):
        values[("claimCategories",)] = True
    rights = _rights(observed, journal, tenant_id, choice.key, now)
    found = observed.seen["rules"].get(choice.key)
    return Case(
        address=choice.key.address,
        now=now,
        values=values,
        rights=rights,
        kinds={address: one.type for one in directory.principals.values() for address in one.addresses},
        rules=_rules(values),
        hidden=_hidden(found),
        rules_size=sum(map(rule_size, _said(values))),
        rules_room=rules_room(resource.row or {}),
        unread=unread,
        who=person,
        send_from_alias=facts.send_from_alias,
        used=facts.sizes.get(resource.identity),
        accepted=directory.accepts(choice.key.address),
        replies_outside=replies_outside,
    )


def _person(directory: Directory, who: str | None) -> str | None:
    if who is None:
        return None
    found = directory.by_address(who)
    if len(found) != 1:
        raise UsageError(f"--user {who}: {'nobody' if not found else 'more than one'} in this tenant has it")
    return found[0].address.lower()


def _values(observed: Observed) -> tuple[dict[Path, Any], dict[str, str]]:
    values: dict[Path, Any] = {}
    unread: dict[str, str] = {}
    for aspect, answers in observed.seen.items():
        for answer in answers.values():
            if isinstance(answer, Present):
                values |= answer.fields
            elif isinstance(answer, Unreadable):
                unread[aspect] = str(answer.error)
    return values, unread


def _hidden(found: Observation | None) -> tuple[str, ...]:
    findings = found.findings if isinstance(found, Present) else ()
    return tuple(one.message for one in findings if one.code == "rule-hidden")


def _said(values: Mapping[Path, Any]) -> Iterator[Mapping[str, Any]]:
    """What the enabled rules say, as far as it counts to their size."""
    for path, value in values.items():
        if path[:1] == RULES and isinstance(value, Mapping) and value.get("enabled"):
            yield {"displayName": path[1], **value}


def _rules(values: Mapping[Path, Any]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            path[1],
            int(values.get((NUMBER, path[1]), 0)),
            bool(value.get("enabled", True)),
            value.get("conditions", {}),
            value.get("actions", {}),
            next((state for state in (ERROR, READ_ONLY) if state in value), ""),
        )
        for path, value in values.items()
        if path[:1] == RULES and len(path) == 2 and isinstance(value, Mapping)
    )


def _rights(
    observed: Observed, journal: Journal | None, tenant_id: str, key: Key, now: datetime
) -> tuple[Right, ...]:
    """Everybody behind the mailbox's entries, with what our journal knows of each entry."""
    opening = Answers(Notes.of_now(as_lists(observed), now)).opening(key.address)
    granted: dict[tuple[str, str], datetime] = {}
    ours: Mapping[str, bool | None] = {}
    if journal is not None:
        ours = journal.auto_mappings(tenant_id).get(key, {})
        for row in reversed(journal.history(tenant_id, key.address, limit=1000)):
            if row.action is Action.GRANT and row.status in (Status.APPLIED, Status.PROPAGATING):
                granted[(row.path[1], row.path[2])] = row.at
    record = _by_address(ours, observed.directory)
    return tuple(
        Right(
            holder.who, right, chain, granted.get((chain[0] if chain else holder.who, right)),
            record.get(holder.who) if right == FULL_ACCESS and not chain else None,
        )
        for holder in (opening.people if opening else ())
        for right, chains in holder.rights.items()
        for chain in chains
    )  # fmt: skip


def _by_address(record: Mapping[str, bool | None], directory: Directory) -> dict[str, bool | None]:
    known = directory.principals
    return {known[guid].address.lower(): on for guid, on in record.items() if guid in known}


def _claims(specs: TenantSpecs | None, key: Key) -> bool:
    documents: Iterable[Any] = specs.documents if specs else ()
    return any(d.key == key and d.spec.claim_categories is not None for d in documents)


async def _replies_outside(reader: Reader) -> bool | None:
    """Whether the remote domain `*` lets automatic replies out [slipstick.com/exchange/remote-domains;
    AllowedOOFType: 1ask2.com/ex2007/OOF.html, which of the texts goes out]."""
    try:
        rows = await reader.hurried.exchange("Get-RemoteDomain")
    except ServiceError:
        return None
    for row in rows:
        if row.get("DomainName") == "*":
            kind = str(row.get("AllowedOOFType") or "External").lower()
            return canon.flag(row.get("AutoReplyEnabled")) is not False and kind not in ("none", "internal")
    return None
