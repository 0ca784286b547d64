"""A made-up company of any size, the same for a seed, and the specs that it is in sync with.

For benchmarks and for looking at big estates: shared mailboxes with three to eight people each, aliases,
groups that hold rights, a few send-on-behalf grants. What people keep in them is in `company_life`.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

from controller.sandbox import company_life, document
from controller.sandbox.scenario import (
    AppPart,
    GroupPart,
    MailboxPart,
    PersonPart,
    Right,
    Scenario,
    TenantPart,
)
from controller.sandbox.world import Entry, World


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DOMAIN = "contoso.example"
_FIRST = _words(
    "Alice Amir Anna Antoine Aylin Björn Bruno Camille Carla Chloé Clara David Diego Elena Emma Enzo "
    "Farid Fatou Félix Gaëlle Hanna Hugo Ines Ingrid Jakob Jeanne João Julia Karim Lars Léa Lucía Malik "
    "Maria Mei Milan Nadia Nina Noah Olga Omar Paul Petra Priya Rania René Sara Sofia Théo Tomas Uma "
    "Victor Wanda Yusuf Zoé"
)
_LAST = _words(
    "Adler Almeida Bauer Benali Bernard Blanc Castro Chevalier Conti Costa Diallo Dubois Dupont Eriksson "
    "Fabre Ferrari Fischer Garcia Girard Haddad Hansen Hoffmann Ivanov Jansen Keller Kowalski Lambert "
    "Larsen Laurent Lefèvre Leroy Lopez Martin Mercier Meyer Moreau Müller Nguyen Novak Olsen Petit "
    "Ricci Rossi Roux Santos Schmidt Silva Simon Sørensen Svensson Tanaka Vidal Wagner Weber Zimmermann"
)
_TEAMS = _words(
    "Support Sales Orders Billing Payroll Hiring Legal Press Returns Logistics Facilities Training "
    "Security Procurement Quality Treasury Events Partners Warranty Claims Helpdesk Export Travel Archive"
)
_PLACES = _words(
    "Amsterdam Barcelona Berlin Bruxelles Copenhagen Dublin Genève Hamburg Lisboa London Lyon Madrid "
    "Milano München Nantes Oslo Paris Porto Praha Roma Stockholm Toulouse Warszawa Wien Zürich"
)
_GROUP_EVERY = 20  # mailboxes for each group


def make(mailboxes: int, seed: int = 1) -> Scenario:
    """The scenario of a company with so many shared mailboxes."""
    drawn = random.Random(seed)  # noqa: S311 -- a simulation that must repeat
    people = _people(30 + mailboxes * 3 // 5, drawn)
    groups = _groups(mailboxes // _GROUP_EVERY, list(people), drawn)
    return Scenario(
        tenant=TenantPart(
            id="7f1b2c3d-0000-4000-8000-0000c0470500",
            name="Contoso",
            initial_domain="contoso.onmicrosoft.com",
            domains=(DOMAIN,),
        ),
        seed=seed,
        apps=(
            AppPart(
                client_id="3c5e0d6a-1111-4000-8000-00000000000c",
                secrets=("sandbox-secret-for-apply",),
                graph=(
                    "AuditLog.Read.All",
                    "Directory.Read.All",
                    "Group.Read.All",
                    "GroupMember.Read.All",
                    "LicenseAssignment.ReadWrite.All",
                    "Mail.ReadWrite",
                    "MailboxSettings.ReadWrite",
                    "Organization.Read.All",
                    "User-PasswordProfile.ReadWrite.All",
                    "User.EnableDisableAccount.All",
                    "User.ReadWrite.All",
                ),
            ),
        ),
        people=people,
        mailboxes=_mailboxes(mailboxes, people, list(groups), drawn, seed),
        groups=groups,
    )


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.lower().replace("ø", "o"))
    return "".join(c for c in bare if c.isascii() and (c.isalnum() or c in "-."))


def _people(count: int, drawn: random.Random) -> dict[str, PersonPart]:
    found: dict[str, PersonPart] = {}
    for number in range(count):
        first, last = drawn.choice(_FIRST), drawn.choice(_LAST)
        local = f"{_plain(first)}.{_plain(last)}"
        address = f"{local}@{DOMAIN}" if f"{local}@{DOMAIN}" not in found else f"{local}{number}@{DOMAIN}"
        found[address] = PersonPart(display_name=f"{first} {last}", given_name=first, surname=last)
    return found


def _groups(count: int, people: list[str], drawn: random.Random) -> dict[str, GroupPart]:
    found: dict[str, GroupPart] = {}
    for number in range(count):
        name = f"{drawn.choice(_TEAMS)} {drawn.choice(_PLACES)} team {number + 1}"
        chosen = drawn.sample(people, min(len(people), drawn.randint(5, 15)))
        found[f"{_plain(name.replace(' ', '-'))}@{DOMAIN}"] = GroupPart(
            display_name=name, members=tuple(chosen), owners=(chosen[0],)
        )
    return found


def _mailboxes(
    count: int, people: dict[str, PersonPart], groups: list[str], drawn: random.Random, seed: int
) -> dict[str, MailboxPart]:
    everybody = list(people)
    found: dict[str, MailboxPart] = {}
    for number in range(count):
        name = f"{drawn.choice(_TEAMS)} {drawn.choice(_PLACES)} {number + 1}"
        local = _plain(name.replace(" ", "-"))
        access: dict[str, tuple[Right, ...]] = {
            who: _rights(drawn) for who in drawn.sample(everybody, drawn.randint(3, 8))
        }
        if groups and drawn.random() < 0.3:
            access[drawn.choice(groups)] = ("full-access", "send-as")
        aliases = tuple(f"{local}-{each}@{DOMAIN}" for each in ("info", "team", "old")[: drawn.randint(0, 3)])
        users = [(who, people[who].given_name or who) for who in access if who in people]
        found[f"{local}@{DOMAIN}"] = MailboxPart(
            **company_life.furnished(f"{local}@{DOMAIN}", users, seed),
            display_name=name,
            aliases=aliases,
            access=access,
            properties={"MessageCopyForSentAsEnabled": True, "MessageCopyForSendOnBehalfEnabled": True},
        )
    return found


def _rights(drawn: random.Random) -> tuple[Right, ...]:
    draw = drawn.random()
    if draw < 0.15:
        return ("full-access",)
    return ("full-access", "send-as") if draw < 0.85 else ("full-access", "send-on-behalf")


# --- specs ----------------------------------------------------------------------------------------------


def specs(world: World, *, groups: bool = False) -> Iterator[tuple[str, str]]:
    """(file name, YAML text) of documents that this tenant is in sync with: the tenant itself, one file
    for each shared mailbox and, if wanted, each mail-enabled group."""
    tenant = {
        "kind": "Tenant",
        "name": world.name.lower(),
        "tenantId": world.tenant_id,
        "cloud": "global",
        "timeZone": "Europe/Paris",
        "mode": "apply",
    }
    yield "tenant.yaml", document.write(tenant)
    for entry in world.entries.values():
        if entry.deleted is not None:
            continue
        local = entry.primary.partition("@")[0]
        if entry.type == "SharedMailbox":
            yield f"mailboxes/{local}.yaml", document.write(_mailbox_spec(world, entry))
        elif groups and entry.type in ("MailUniversalSecurityGroup", "MailUniversalDistributionGroup"):
            yield f"groups/{local}.yaml", document.write(_group_spec(world, entry))


def _who(world: World, object_id: str) -> str:
    entry = world.entries[object_id]
    return entry.primary or entry.upn or entry.name


def _mailbox_spec(world: World, entry: Entry) -> dict[str, object]:
    access: dict[str, list[str]] = {}
    granted = [
        *((ace.trustee, "full-access") for ace in entry.permissions if "FullAccess" in ace.rights),
        *((ace.trustee, "send-as") for ace in entry.send_as),
        *((object_id, "send-on-behalf") for object_id in entry.send_on_behalf),
    ]
    for trustee, right in granted:
        if trustee in world.entries:
            access.setdefault(_who(world, trustee), []).append(right)
    initial = f"@{world.initial_domain}".lower()
    aliases = [a for a in entry.smtp_addresses if a != entry.primary and not a.lower().endswith(initial)]
    return {
        "kind": "SharedMailbox",
        "address": entry.primary,
        "displayName": entry.display_name,
        "aliases": aliases,
        "access": access,
        "sentItems": {
            "copySentAs": bool(entry.properties.get("MessageCopyForSentAsEnabled")),
            "copySentOnBehalf": bool(entry.properties.get("MessageCopyForSendOnBehalfEnabled")),
        },
    }


def _group_spec(world: World, entry: Entry) -> dict[str, object]:
    return {
        "kind": "DistributionList",
        "address": entry.primary,
        "displayName": entry.display_name,
        "type": "security" if entry.type == "MailUniversalSecurityGroup" else "distribution",
        "owners": [_who(world, owner) for owner in entry.owners],
        "members": [_who(world, member) for member in entry.members],
    }
