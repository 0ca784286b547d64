"""A scenario made into a world: addresses resolved, ids made, access lists written out.

Ids come from seed and address alone, so that editing one line of a scenario leaves the other ids as they
were. What a new object is born with (its own rights, its onmicrosoft.com address) is here; the wire is not.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.sandbox import furnish, snapshot
from controller.sandbox.document import FileError
from controller.sandbox.environment import Environment
from controller.sandbox.scenario import (
    AcePart,
    AppPart,
    EnvironmentPart,
    GroupPart,
    MailboxPart,
    ObjectPart,
    PersonPart,
    Right,
    Scenario,
    TeamPart,
)
from controller.sandbox.world import Ace, App, Entry, Quirks, World

SELF, SELF_SID = "NT AUTHORITY\\SELF", "S-1-5-10"
BORN = datetime(2024, 1, 15, 8, tzinfo=UTC)  # objects whose scenario gives no date
_FOREST = "EURPR01A002"
_MAILBOX_TYPES = {
    "shared": "SharedMailbox",
    "user": "UserMailbox",
    "room": "RoomMailbox",
    "equipment": "EquipmentMailbox",
    "discovery": "DiscoveryMailbox",
}
_GROUP_TYPES = {
    "security": "MailUniversalSecurityGroup",
    "distribution": "MailUniversalDistributionGroup",
    "m365": "GroupMailbox",
    "entra": "SecurityGroup",
}


def build(scenario: Scenario, name: str = "scenario", now: datetime | None = None) -> World:
    """The world that a scenario describes, whose clock starts at `now`; FileError (naming the file `name`)
    for references to nobody and addresses of domains that the tenant does not have."""
    start = scenario.clock if isinstance(scenario.clock, datetime) else now
    return _Builder(scenario, name, start).world()


class _Builder:
    def __init__(self, scenario: Scenario, name: str, start: datetime | None) -> None:
        self._scenario = scenario
        self._name = name
        self._start = start
        self._complaints: list[str] = []
        tenant = scenario.tenant
        self._world = World(tenant.id, tenant.name, tenant.initial_domain, scenario.seed)
        self._world.domains = [tenant.initial_domain, *tenant.domains]
        self._world.default_domain = tenant.domains[0] if tenant.domains else tenant.initial_domain
        self._world.organization = dict(tenant.organization)
        self._world.skus = dict(tenant.licences)
        self._world.quirks = Quirks(**tenant.quirks.model_dump())
        self._ids: dict[str, str] = {}  # by what the file calls them; all objects are in by then
        self._sids: set[str] = set()
        self._parts: list[tuple[str, ObjectPart, Entry]] = []

    def world(self) -> World:
        for app in self._scenario.apps:
            self._world.apps[app.client_id.lower()] = self._app(app)
        for address, held in self._scenario.environments.items():
            self._world.environments[address.rstrip("/").lower()] = self._environment(address, held)
        for saved in self._scenario.objects:
            self._world.add(snapshot.restore_entry(saved, self._name))
        self._add_objects()
        for where, part, entry in self._parts:
            self._link(where, part, entry)
        if self._complaints:
            raise FileError(self._complaints)
        self._world.audit = [snapshot.restore_record(part) for part in self._scenario.audit]
        if self._scenario.random is not None:
            snapshot.restore_random(self._world, self._scenario.random, self._name)
        return self._world

    def _complain(self, where: str, what: str) -> None:
        self._complaints.append(f"{self._name}: {where}: {what}")

    # --- objects -------------------------------------------------------------------------------------

    def _add_objects(self) -> None:
        scenario = self._scenario
        for address, person in scenario.people.items():
            entry = self._mailbox(address, person) if person.mailbox else self._plain_user(address, person)
            self._add("people", address, person, entry)
        for address, mailbox in scenario.mailboxes.items():
            self._add("mailboxes", address, mailbox, self._mailbox(address, mailbox))
        for address, guest in scenario.guests.items():
            self._add("guests", address, guest, self._guest(address, guest))
        for address, contact in scenario.contacts.items():
            self._add("contacts", address, contact, self._contact(address, contact))
        for address, group in scenario.groups.items():
            self._add("groups", address, group, self._group(address, group))

    def _add(self, section: str, address: str, part: ObjectPart, entry: Entry) -> None:
        where = f"{section}.{address}"
        outside = section in ("guests", "contacts")
        for each in entry.smtp_addresses:
            domain = each.rpartition("@")[2].lower()
            if not outside and domain not in (known.lower() for known in self._world.domains):
                self._complain(where, f"'{domain}' is not a domain of the tenant")
            holder = self._world.holder(each)
            if holder is not None:
                self._complain(where, f"'{each}' is held by '{holder.primary or holder.name}' already")
        self._world.add(entry)
        self._parts.append((where, part, entry))

    def _entry(self, address: str, part: ObjectPart, kind: str) -> Entry:
        local = address.partition("@")[0]
        object_id = part.id or self._made_id(address, "object")
        alias = part.alias or local
        return Entry(
            object_id=object_id,
            guid=self._made_id(address, "guid"),
            exchange_guid=self._made_id(address, "store"),
            sid=self._made_sid(address),
            type=kind,
            name=part.name or object_id,
            alias=alias,
            display_name=part.display_name or local.replace(".", " ").title(),
            created=part.created or BORN,
            addresses=[f"SMTP:{address}", *(f"smtp:{each}" for each in part.aliases), *part.addresses],
            legacy_dn=(
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/"
                f"cn={self._made_id(address, 'legacy').replace('-', '')}-{alias}"
            ),
            dir_synced=part.dir_synced,
            cloud_managed=part.cloud_managed,
            graph=dict(part.graph),
            properties=dict(part.properties),
            deleted=part.deleted,
        )

    def _mailbox(self, address: str, part: MailboxPart) -> Entry:
        entry = self._entry(address, part, _MAILBOX_TYPES[part.type])
        self._route_inside(entry)
        entry.addresses.append(f"SPO:SPO_{self._made_id(address, 'spo')}@SPO_{self._world.tenant_id}")
        self._account(address, part, entry)
        entry.permissions = own_permissions()
        entry.send_as = own_send_as()
        entry.stores = furnish.stores(entry, part, self._start, lambda what: self._complain(address, what))
        return entry

    def _plain_user(self, address: str, part: PersonPart) -> Entry:
        entry = self._entry(address, part, "User")
        entry.addresses = []
        self._account(address, part, entry)
        return entry

    def _account(self, address: str, part: MailboxPart, entry: Entry) -> None:
        entry.upn = part.upn or address
        # A shared mailbox's account is made disabled by default [doc: New-Mailbox].
        entry.account_enabled = part.sign_in if part.sign_in is not None else part.type == "user"
        for key, value in (("givenName", part.given_name), ("surname", part.surname)):
            if value is not None:
                entry.graph[key] = value

    def _guest(self, address: str, part: ObjectPart) -> Entry:
        entry = self._entry(address, part, "GuestMailUser")
        entry.upn = f"{address.replace('@', '_')}#EXT#@{self._world.initial_domain}"
        entry.alias = part.alias or f"{address.replace('@', '_')}#EXT#"
        entry.properties.setdefault("ExternalEmailAddress", f"SMTP:{address}")
        entry.graph.setdefault("userType", "Guest")
        return entry

    def _contact(self, address: str, part: ObjectPart) -> Entry:
        entry = self._entry(address, part, "MailContact")
        entry.name = part.name or entry.display_name
        entry.properties.setdefault("ExternalEmailAddress", f"SMTP:{address}")
        return entry

    def _group(self, address: str, part: GroupPart) -> Entry:
        entry = self._entry(address, part, _GROUP_TYPES[part.type])
        entry.name = part.name or entry.alias
        if part.type == "entra":
            entry.addresses = []
        else:
            self._route_inside(entry)
        if part.team is not None:
            entry.graph.setdefault("resourceProvisioningOptions", ["Team"])
            entry.stores["team"] = self._team(address, part.team)
        return entry

    def _team(self, address: str, part: TeamPart) -> dict[str, Any]:
        def short(what: str) -> str:
            return base64.urlsafe_b64encode(self._digest(address, what)[:21]).decode()

        return {
            "channels": [
                {"id": f"19:{self._digest(address, name).hex()[:32]}@thread.tacv2", "displayName": name}
                for name in part.channels
            ],
            "plans": [
                {
                    "id": short(title),
                    "title": title,
                    "buckets": [{"id": short(f"{title}/{name}"), "name": name} for name in buckets],
                }
                for title, buckets in part.plans.items()
            ],
        }

    def _environment(self, address: str, part: EnvironmentPart) -> Environment:
        """Rows keep what they say; ids that are left out are made from their names."""
        users = None if part.application_users is None else [each.lower() for each in part.application_users]
        made = Environment(users=users)
        for table, key, rows in (
            ("workflows", "workflowid", part.workflows),
            ("connectionreferences", "connectionreferenceid", part.connectionreferences),
        ):
            for given in rows:
                row = dict(given)
                name = str(row.get("name") or row.get("connectionreferencelogicalname"))
                ident = str(row.get(key) or self._made_id(f"{address}/{table}/{name}", "row"))
                started = {"statecode": 0, "statuscode": 1, "ismanaged": False, "versionnumber": made.version}
                made.rows(table)[ident] = row = {**row, key: ident}
                row |= {name: value for name, value in started.items() if name not in row}
                made.version = max(made.version, int(row["versionnumber"]))
        return made

    def _route_inside(self, entry: Entry) -> None:
        """Every mailbox and group has an address of the initial domain."""
        initial = self._world.initial_domain.lower()
        if not any(each.lower().endswith(f"@{initial}") for each in entry.smtp_addresses):
            entry.addresses.append(f"smtp:{entry.alias}@{self._world.initial_domain}")

    # --- links ---------------------------------------------------------------------------------------

    def _link(self, where: str, part: ObjectPart, entry: Entry) -> None:
        entry.send_as += [self._grant(where, who, ["SendAs"]) for who in part.send_as]
        entry.send_as += [self._ace(where, ace) for ace in part.send_as_entries]
        entry.send_on_behalf += [self._id(where, who) for who in part.send_on_behalf]
        if isinstance(part, MailboxPart):
            self._link_access(where, part.access, entry)
            entry.permissions += [self._ace(where, ace) for ace in part.entries]
        if isinstance(part, GroupPart):
            entry.members = [self._id(where, who) for who in part.members]
            entry.owners = [self._id(where, who) for who in part.owners]

    def _link_access(self, where: str, access: Mapping[str, Iterable[Right]], entry: Entry) -> None:
        for who, rights in access.items():
            if "full-access" in rights:
                entry.permissions.append(self._grant(where, who, ["FullAccess"]))
            if "send-as" in rights:
                entry.send_as.append(self._grant(where, who, ["SendAs"]))
            if "send-on-behalf" in rights:
                entry.send_on_behalf.append(self._id(where, who))

    def _grant(self, where: str, who: str, rights: list[str]) -> Ace:
        object_id = self._id(where, who)
        holder = self._world.entries.get(object_id)
        return Ace(object_id, rights, sid=holder.sid if holder else "")

    def _ace(self, where: str, part: AcePart) -> Ace:
        if part.sid is not None:
            trustee, sid = part.sid, part.sid
        elif part.trustee is not None and "@" in part.trustee:
            trustee = self._id(where, part.trustee)
            holder = self._world.entries.get(trustee)
            sid = holder.sid if holder else ""
        else:
            trustee, sid = str(part.trustee), ""
        return Ace(trustee, list(part.rights), part.deny, part.inherited, sid, part.auto_mapping)

    def _id(self, where: str, who: str) -> str:
        """The object id behind an address, UPN or name of the file."""
        if who in self._ids:
            return self._ids[who]
        found = self._world.find(who) or self._world.find(who, deleted=True)
        if len(found) != 1:
            self._complain(where, f"'{who}' is {'nobody' if not found else 'several objects'} in this file")
            return who
        self._ids[who] = found[0].object_id
        return found[0].object_id

    # --- apps and ids --------------------------------------------------------------------------------

    def _app(self, part: AppPart) -> App:
        return App(
            client_id=part.client_id.lower(),
            name=part.name,
            object_id=part.object_id or self._made_id(part.client_id, "app"),
            secrets=list(part.secrets),
            certificates=list(part.certificates),
            federated=[(each.issuer, each.subject, each.audience) for each in part.federated],
            graph_roles=list(part.graph),
            exchange_app=part.exchange,
            directory_roles=list(part.directory_roles),
            enabled=part.enabled,
            secret_ends=dict(part.secret_ends),
            issuer_keys={each.issuer: each.key for each in part.federated if each.key},
            managed_identity=part.managed_identity,
            consented=part.consented,
            blocked=part.blocked,
        )

    def _made_id(self, address: str, purpose: str) -> str:
        return str(uuid.UUID(bytes=self._digest(address, purpose)[:16], version=4))

    def _made_sid(self, address: str) -> str:
        """No two have the same: among ten thousand, chance alone would give some the same number."""
        number = int.from_bytes(self._digest(address, "sid")[:8]) % (10**8 - 10**6) + 10**6
        while (sid := f"S-1-5-21-1111111111-2222222222-3333333333-{number}") in self._sids:
            number += 1
        self._sids.add(sid)
        return sid

    def _digest(self, address: str, purpose: str) -> bytes:
        return hashlib.sha256(f"{self._scenario.seed}|{address.lower()}|{purpose}".encode()).digest()


def own_permissions() -> list[Ace]:
    """What every mailbox's access list starts with: its owner, the service's own inherited entries and
    the documented denials for administrators [doc: Get-MailboxPermission; which rights the service's
    own entries hold is inferred]."""
    inherited = [
        ("NT AUTHORITY\\SYSTEM", "S-1-5-18", ["FullAccess"], False),
        ("NT AUTHORITY\\NETWORK SERVICE", "S-1-5-20", ["ReadPermission"], False),
        (f"{_FOREST}\\Administrator", f"{_ROLE_SID}-500", ["FullAccess"], True),
        (f"{_FOREST}\\Domain Admins", f"{_ROLE_SID}-512", ["FullAccess"], True),
        (f"{_FOREST}\\Enterprise Admins", f"{_ROLE_SID}-519", ["FullAccess"], True),
        (f"{_FOREST}\\Organization Management", f"{_ROLE_SID}-1117", ["FullAccess"], True),
    ]
    return [
        Ace(SELF, ["FullAccess", "ReadPermission"], sid=SELF_SID),
        *(Ace(who, list(rights), deny, True, sid) for who, sid, rights, deny in inherited),
    ]


_ROLE_SID = "S-1-5-21-4000000000-4000000001-4000000002"


def own_send_as() -> list[Ace]:
    """Every mailbox may send as itself."""
    return [Ace(SELF, ["SendAs"], sid=SELF_SID)]
