"""Random weather, over and over: `python -m tests.soak --runs 1000 --seed 1`.

Each run plans and applies one of a few estates in a weather drawn from its seed, until the weather clears and
everything agrees. Held against the same estate in fair weather: no write that was not made there, the same
tenant in the end, no drift blamed on anybody, and nothing raised that is not one of our own errors.
`make test` runs a seeded handful of the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from controller.errors import ControllerError
from controller.model import Cause, Cycle, Plan
from controller.sandbox import mailbox_store as store
from controller.sandbox.forecast import FaultRule, Forecast, Latency
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import FairWeather, ForecastWeather
from controller.sandbox.world import Entry, World
from tests.rig import TENANT, KilledError, Rig, make_rig
from tests.samples import SCENARIO

ESTATES: dict[str, dict[str, str]] = {
    "create": {
        "support.yaml": """\
kind: SharedMailbox
address: support@entreprise.example
displayName: Support Clients
aliases: [aide@entreprise.example]
hiddenFromAddressLists: true
access:
  alice@entreprise.example: [full-access, send-as, send-on-behalf]
  bruno@entreprise.example: {rights: [full-access], autoMapping: false}
  equipe@entreprise.example: [send-as]
sentItems: {copySentAs: true, copySentOnBehalf: true}
signInBlocked: true
"""
    },
    "change": {
        "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
displayName: Contact Clients
aliases: [vieux@entreprise.example, accueil@entreprise.example]
access:
  alice@entreprise.example: {rights: [full-access], autoMapping: false}
  bruno@entreprise.example: [full-access, send-on-behalf]
  chloe@entreprise.example: [full-access, send-as]
  emma@entreprise.example: [full-access]
sentItems: {copySentAs: true}
""",
        "libre.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
aliases: [info@entreprise.example]
access: {equipe@entreprise.example: {rights: [full-access], expand: true}}
signInBlocked: false
""",
    },
    "rename": {
        "facturation.yaml": """\
kind: SharedMailbox
address: facturation@entreprise.example
previousAddresses: [factures@entreprise.example]
aliases: [compta@entreprise.example]
access: {emma@entreprise.example: [full-access, send-as], noyau@entreprise.example: [full-access]}
signInBlocked: true
sentItems: {copySentAs: true, copySentOnBehalf: false}
"""
    },
    "lists": {
        "lists.yaml": """\
kind: DistributionList
address: support-team@entreprise.example
displayName: Équipe support
type: security
owners: [alice@entreprise.example]
members: [chloe@entreprise.example, noyau@entreprise.example, externe@partenaire.example]
join: approval
acceptExternal: true
sendAs: [emma@entreprise.example]
sendOnBehalf: [david@entreprise.example]
aliases: [equipe-support@entreprise.example]
---
kind: DistributionList
address: nouvelles@entreprise.example
previousAddresses: [annonces@entreprise.example]
members: [alice@entreprise.example]
redirectTo: support@entreprise.example
hiddenFromAddressLists: true
""",
        "mailboxes.yaml": """\
kind: SharedMailbox
address: support@entreprise.example
access: {support-team@entreprise.example: [full-access, send-as]}
---
kind: SharedMailbox
address: libre@entreprise.example
access: {support-team@entreprise.example: {rights: [full-access], expand: true}}
---
kind: MailboxDelegation
mailbox: alice@entreprise.example
access: {bruno@entreprise.example: [send-on-behalf], support-team@entreprise.example: [full-access]}
folderPermissions: {Calendar: {emma@entreprise.example: {role: editor, delegate: true}}}
""",
    },
    "settings": {
        "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
protocols: {imap: false, pop: false, smtpAuth: false, owa: true}
limits: {maxSendSize: 25 MB, warnAt: 20 GB, prohibitSendAt: 21.5 GB, prohibitSendReceiveAt: 22 GB}
retentionPolicy: none
audit: {enabled: true, ageLimit: 180 days}
delivery:
  acceptOnlyFrom: [alice@entreprise.example, annonces@entreprise.example]
  rejectFrom: []
  requireAuthenticatedSenders: true
  moderatedBy: [bruno@entreprise.example]
mailTip: Réponse sous 4 heures
forwarding: {to: alice@entreprise.example}
customAttributes: {1: support, 2: ""}
""",
        "neuf.yaml": """\
kind: SharedMailbox
address: neuf@entreprise.example
protocols: {imap: false, mapi: false}
limits: {warnAt: 1 GB, prohibitSendAt: 2 GB, prohibitSendReceiveAt: 3 GB}
archive: false
litigationHold: {enabled: false}
delivery: {rejectFrom: [externe@partenaire.example]}
mailTip: Bonjour
forwarding: {to: tickets@helpdesk.example, keepCopy: false}
customAttributes: {15: "4711"}
""",
    },
    "outlook": {
        "libre.yaml": """kind: SharedMailbox
address: libre@entreprise.example
access: {equipe@entreprise.example: [full-access]}
categories: {À traiter: red, Urgent: dark-red}
claimCategories: {name: "Pris par {givenName}", colour: blue}
folders:
  Auto-réponses:
  Inbox/Fournisseurs: {retentionTag: 1 Year Delete}
searchFolders:
  Non lus: {in: [Inbox, Auto-réponses], filter: isRead eq false}
rules:
  - name: Urgent
    conditions: {subjectContains: [urgent]}
    actions: {assignCategories: [Urgent], markImportance: high}
  - name: Fournisseurs
    conditions: {fromAddresses: [alice@entreprise.example]}
    actions: {moveToFolder: Inbox/Fournisseurs}
  - name: Absences
    conditions: {isAutomaticReply: true}
    exceptions: {isSigned: true}
    actions: {moveToFolder: Auto-réponses, stopProcessingRules: true}
""",
        "neuf.yaml": """kind: SharedMailbox
address: neuf@entreprise.example
displayName: Neuf
categories: {Répondu: green}
folders: {Clients/Contrats: {}}
rules:
  - {name: Contrats, conditions: {subjectContains: [contrat]}, actions: {moveToFolder: Clients/Contrats}}
""",
    },
    "handoff": {
        "libre.yaml": """kind: SharedMailbox
address: libre@entreprise.example
handoff:
  ticketing: {address: tickets@helpdesk.example}
  teamsChannel: {address: 1a2b.entreprise.example@emea.teams.ms, conditions: {subjectContains: [urgent]}}
  flow: {environment: https://entreprise.crm.example, team: Support, channel: Boîte support}
rules:
  - {name: Bruit, conditions: {senderContains: [noreply@]}, actions: {delete: true, stopProcessingRules: true}}
""",
        "contact.yaml": """kind: SharedMailbox
address: contact@entreprise.example
handoff: {ticketing: {address: tickets@helpdesk.example, keepCopy: true}, teamsChannel: none}
""",
        "neuf.yaml": """kind: SharedMailbox
address: neuf@entreprise.example
handoff:
  ticketing: {address: tickets@helpdesk.example, keepCopy: false, conditions: {hasAttachments: true}}
  flow:
    environment: https://entreprise.crm.example
    team: Support
    channel: General
    mentions: [alice@entreprise.example]
    planner: {plan: Support, bucket: Fait}
""",
    },
    "replies": {
        "reponses.yaml": """\
kind: SharedMailbox
address: reponses@entreprise.example
automaticReplies:
  state: enabled
  externalAudience: known
  internal: "Bonjour, nous répondons sous 4 h ouvrées."
  external: {file: replies/standard.html}
  periods: [{name: Fêtes, from: 2027-12-24, until: 2027-12-26, external: Fermé}]
regional: {language: fr-FR, timeZone: Europe/Paris, dateFormat: dd/MM/yyyy}
workingHours: {days: [saturday, monday], start: "18:00", end: "22:00"}
signature: Bien à vous
""",
        "libre.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
automaticReplies: {state: disabled, externalAudience: none, internal: "<p>Absents</p>"}
regional: {language: de-DE, timeZone: Europe/Berlin}
workingHours: {end: "12:30"}
""",
        "replies/standard.html": "<p>Bonjour,</p>\n<p>Votre demande est bien arrivée.</p>\n",
    },
    "convert": {
        "emma.yaml": """\
kind: SharedMailbox
address: emma@entreprise.example
convert: true
displayName: Emma, pour l'équipe
licence: none
access: {alice@entreprise.example: [full-access, send-as]}
---
kind: Approval
finding: convert/emma@entreprise.example
reason: départ
""",
    },
    "bought": {
        "tenant.yaml": TENANT + "organization: {sendFromAlias: true}\n",
        "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
licence: EXCHANGEENTERPRISE
archive: true
litigationHold: {enabled: true, duration: 2555 days}
limits: {warnAt: 60 GB, prohibitSendAt: 70 GB, prohibitSendReceiveAt: 80 GB}
""",
        "equipe.yaml": """\
kind: DistributionList
address: equipe@entreprise.example
owners: [bruno@entreprise.example, chloe@entreprise.example]
""",
    },
}
_CLOCKED = frozenset({"LitigationHoldDate"})  # says when, and storms take their time
_STRIKES = (
    FaultKind.THROTTLED,
    FaultKind.UNAVAILABLE,
    FaultKind.GATEWAY,
    FaultKind.TRANSIENT,
    FaultKind.DENIED,
    FaultKind.EXPIRED,
    FaultKind.LOST_BEFORE,
    FaultKind.LOST_AFTER,
    FaultKind.CUT_PAGE,
)
_OWN = ("automatic_replies", "regional", "working_hours", "messages", "calendar")  # of a mailbox's store
_CYCLES = 12  # enough for any weather to clear; it is fair from the sixth on


class Broken(AssertionError):  # noqa: N818 -- it is what an assertion raises
    """A law that did not hold, with the run that shows it."""


def picture(world: World) -> dict[str, Any]:
    """The tenant as a person would describe it: by address, without ids."""
    return dict(sorted((*_objects(world), *_flows(world))))


def _flows(world: World) -> Iterator[tuple[str, Any]]:
    for address, environment in world.environments.items():
        for row in environment.rows("workflows").values():
            held = json.loads(row["clientdata"])
            for step in held["properties"]["definition"]["actions"].values():
                del step["metadata"]
            del held["properties"]["definition"]["triggers"]["When_mail_arrives"]["metadata"]
            yield f"{address} {row['name']}", {"on": row["statecode"], "does": held}


def _objects(world: World) -> Iterator[tuple[str, Any]]:
    def named(ident: str) -> str:
        other = world.entries.get(ident)
        return (other.primary or other.upn or other.name).lower() if other else ident

    for entry in world.entries.values():
        key = f"{entry.primary or entry.upn or entry.name}{' (deleted)' if entry.deleted else ''}".lower()
        yield key, {
            "type": entry.type,
            "name": entry.display_name,
            "addresses": sorted(a.lower() for a in entry.addresses if a[:4].upper() != "SPO:"),
            "enabled": entry.account_enabled,
            "properties": {k: v for k, v in entry.properties.items() if k not in _CLOCKED},
            "settings": {part: entry.stores.get(part) for part in _OWN},
            "full": sorted(
                (named(a.trustee), sorted(a.rights), a.deny, a.auto_mapping) for a in entry.permissions
            ),
            "as": sorted((named(a.trustee), a.deny) for a in entry.send_as),
            "behalf": sorted(map(named, entry.send_on_behalf)),
            "members": sorted(map(named, entry.members)),
            **_kept_in(entry),
        }


def _kept_in(entry: Entry) -> dict[str, Any]:
    """Categories, folders and rules of a mailbox."""
    found = store.folders(entry)

    def placed(part: str, name: str, value: Any) -> Any:
        folder = found.get(value) if part == "actions" and name in ("moveToFolder", "copyToFolder") else None
        return store.path_of(found, folder) if folder else value

    return {
        "categories": sorted((each["displayName"], each["color"]) for each in store.categories(entry)),
        "folders": sorted(
            (store.path_of(found, each), sorted(each.properties.items()), (each.search or {}).get("filter"))
            for each in found.values()
        ),
        "rules": [
            {
                part: {name: placed(part, name, value) for name, value in rule[part].items()}
                for part in ("conditions", "exceptions", "actions")
            }
            | {"name": rule["name"], "enabled": rule.get("enabled", True)}
            for rule in store.rules(entry)
        ],
    }


def writes(world: World) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Every write that the tenant saw, with its parameters; objects by address, however they were named."""
    names = {
        ident: (entry.primary or entry.name).lower()
        for entry in world.entries.values()
        for ident in (entry.guid, entry.object_id)
    }
    return {
        (
            record.operation,
            tuple(sorted((k, names.get(v, v).lower()) for k, v in record.parameters if k != "RuleId")),
        )
        for record in world.audit
    }


def weather(seed: int, rig: Rig) -> ForecastWeather:
    chance = random.Random(seed)
    rules = [
        FaultRule(kind=kind, rate=chance.uniform(0.02, 0.35), on=chance.choice(("any", "read", "write")))
        for kind in chance.sample(_STRIKES, chance.randint(1, 4))
    ]
    slow = {
        what: timedelta(seconds=chance.choice((0, 2, 20, 400)))
        for what in ("object", "type", "permission", "member", "graph/object")
    }
    forecast = Forecast(
        seed=seed,
        latency=Latency(seconds=chance.choice((0.0, 0.1, 3.0))),
        propagation=slow,
        pinned_reads=chance.random() < 0.5,
        faults=tuple(rules),
    )
    return ForecastWeather(forecast, rig.clock)


def fair_run(folder: Path, estate: str) -> Rig:
    rig = make_rig(folder, SCENARIO, ESTATES[estate])
    asyncio.run(rig.apply())
    return rig


async def _converge(rig: Rig, first: Any) -> None:
    rig.sandbox.weather = first
    for number in range(_CYCLES):
        if number == _CYCLES // 2:
            rig.sandbox.weather = FairWeather()
        try:
            cycle: Cycle = await rig.apply()
        except ControllerError:
            rig.clock.advance(timedelta(minutes=15))
            continue
        _blameless(cycle.plan)
        rig.clock.advance(timedelta(minutes=15))
        if number >= _CYCLES // 2 and not cycle.plan.changes:
            return
    raise Broken("it never settled")


def _blameless(plan: Plan) -> None:
    for change in plan.changes:
        if change.cause is Cause.DRIFT:
            raise Broken(f"drift that nobody made: {change.id}")


def _compare(rig: Rig, fair: Rig) -> None:
    extra = writes(rig.sandbox.world) - writes(fair.sandbox.world)
    if extra:
        raise Broken(f"writes that fair weather does not make: {sorted(extra)}")
    ours, theirs = picture(rig.sandbox.world), picture(fair.sandbox.world)
    if ours != theirs:
        raise Broken("\n".join(_told_apart(ours, theirs)))


def _told_apart(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for key in sorted(ours | theirs):
        here, there = ours.get(key) or {}, theirs.get(key) or {}
        for part in sorted(here | there):
            if here.get(part) != there.get(part):
                yield f"{key}: {part} is {here.get(part)}, not {there.get(part)}"


def stormy_run(folder: Path, estate: str, seed: int, fair: Rig) -> None:
    """One weather; raises Broken where a law does not hold."""
    rig = make_rig(folder, SCENARIO, ESTATES[estate], seed=seed)
    asyncio.run(_converge(rig, weather(seed, rig)))
    _compare(rig, fair)


def killed_run(folder: Path, estate: str, at: int, when: str, fair: Rig) -> bool:
    """Killed at one request boundary, then run again; False where there are fewer requests than that."""
    rig = make_rig(folder, SCENARIO, ESTATES[estate])

    def strike(number: int, moment: str) -> None:
        if (number, moment) == (at, when):
            raise KilledError

    rig.wire.strike = strike
    try:
        asyncio.run(rig.apply())
        return False
    except BaseExceptionGroup as group:
        if group.split(KilledError)[1] is not None:
            raise
    except KilledError:
        pass
    rig.wire.strike = lambda number, moment: None
    asyncio.run(_converge(rig, FairWeather()))
    _compare(rig, fair)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fair = {estate: fair_run(folder / f"fair-{estate}", estate) for estate in ESTATES}
        for number in range(arguments.runs):
            broken += not _weathered(folder, arguments.seed + number, fair)
            if (number + 1) % 100 == 0:
                print(f"{number + 1} weathers, {broken} broken", flush=True)
        for estate in sorted(ESTATES):
            print(f"{estate}: killed before and after each of {_killed(folder, estate, fair)} requests")
    print(f"{arguments.runs - broken} passed, {broken} failed")
    return 1 if broken else 0


def _weathered(folder: Path, seed: int, fair: dict[str, Rig]) -> bool:
    estate = sorted(ESTATES)[seed % len(ESTATES)]
    try:
        stormy_run(folder / str(seed), estate, seed, fair[estate])
    except Exception as error:
        print(f"seed {seed} ({estate}): {type(error).__name__}: {error}", file=sys.stderr)
        return False
    return True


def _killed(folder: Path, estate: str, fair: dict[str, Rig]) -> int:
    at = 1
    while all(
        killed_run(folder / f"{estate}-{at}-{when}", estate, at, when, fair[estate])
        for when in ("before", "after")
    ):
        at += 1
    return at - 1


if __name__ == "__main__":
    sys.exit(main())
