"""The tenant's state: every object Entra and Exchange know, who may do what, and what was done.

One `Entry` is one directory object seen through both doors: Entra (Graph) and Exchange. Properties
that cmdlets read and write verbatim live in `Entry.properties` under their PowerShell names; only what
differs from the default of the object's type is stored. The world knows no wire format and no weather.

Reads may be served from a replica that has not seen a write yet [reference: Exchange admin API,
consistency after writes]: `World.before_write` keeps the former state of what is about to change, and
`World.seen` answers with what a reader at a given replica lag sees.
"""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.sandbox.environment import Environment

NEVER = datetime(9999, 12, 31, tzinfo=UTC)

MAILBOX_TYPES = frozenset(
    {"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "DiscoveryMailbox"}
)
GROUP_TYPES = frozenset(
    {"MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "GroupMailbox", "SecurityGroup"}
)
RECIPIENT_TYPES = (
    MAILBOX_TYPES | {"MailUser", "GuestMailUser", "MailContact"} | (GROUP_TYPES - {"SecurityGroup"})
)
USER_TYPES = (MAILBOX_TYPES - {"DiscoveryMailbox"}) | {"MailUser", "GuestMailUser", "User"}


@dataclass(slots=True)
class Ace:
    """One entry of an access list. `trustee` is an object id where there is one, else the text that is
    shown for it: `NT AUTHORITY\\SELF`, a role group's name, or the SID of somebody deleted."""

    trustee: str
    rights: list[str]
    deny: bool = False
    inherited: bool = False
    sid: str = ""
    auto_mapping: bool | None = None  # kept, never returned: AutoMapping is write-only


@dataclass(slots=True)
class Entry:
    """A directory object. `type` is Exchange's RecipientTypeDetails, or `User` / `SecurityGroup` for
    what Exchange does not mail-enable."""

    object_id: str  # Entra id, Exchange's ExternalDirectoryObjectId
    guid: str
    exchange_guid: str
    sid: str
    type: str
    name: str
    alias: str
    display_name: str
    created: datetime
    upn: str | None = None
    addresses: list[str] = field(default_factory=list)  # "SMTP:a@b" once, "smtp:…", "SPO:…", "X500:…"
    legacy_dn: str = ""
    account_enabled: bool = True
    dir_synced: bool = False
    cloud_managed: bool = False  # IsExchangeCloudManaged: writable here although dir-synced
    graph: dict[str, Any] = field(default_factory=dict)  # Entra-only: givenName, surname, usageLocation…
    properties: dict[str, Any] = field(default_factory=dict)  # Exchange, by PowerShell name
    permissions: list[Ace] = field(default_factory=list)  # mailbox access list (FullAccess…)
    send_as: list[Ace] = field(default_factory=list)
    send_on_behalf: list[str] = field(default_factory=list)  # object ids
    members: list[str] = field(default_factory=list)  # object ids
    owners: list[str] = field(default_factory=list)  # object ids
    stores: dict[str, Any] = field(default_factory=dict)  # what lives in the mailbox: folders, rules…
    deleted: datetime | None = None  # soft-deleted since
    history: list[tuple[datetime, str, Entry | None]] = field(default_factory=list, repr=False)

    @property
    def primary(self) -> str:
        """The primary SMTP address, as spelt; empty where there is none."""
        return next((a[5:] for a in self.addresses if a.startswith("SMTP:")), "")

    @property
    def smtp_addresses(self) -> list[str]:
        return [a[5:] for a in self.addresses if a[:5].lower() == "smtp:"]


@dataclass(slots=True)
class App:
    """An app registration that may sign in. `certificates` are PEM texts; `federated` holds
    (issuer, subject, audience); `graph_roles` are application permissions of Graph; `exchange_app` is
    the permission Exchange.ManageAsApp; `directory_roles` are what Exchange derives its RBAC from.
    `secret_ends` says of some secrets when they end; `issuer_keys` holds public keys (PEM) of outside
    issuers, where their tokens' signatures are to be checked; `consented` is false for a registration
    without a service principal here; `blocked` is conditional access for workload identities."""

    client_id: str
    name: str
    object_id: str
    secrets: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    federated: list[tuple[str, str, str]] = field(default_factory=list)
    graph_roles: list[str] = field(default_factory=list)
    exchange_app: bool = True
    directory_roles: list[str] = field(default_factory=lambda: ["Exchange Administrator"])
    enabled: bool = True
    secret_ends: dict[str, datetime] = field(default_factory=dict)
    issuer_keys: dict[str, str] = field(default_factory=dict)
    managed_identity: bool = False
    consented: bool = True
    blocked: bool = False


@dataclass(slots=True)
class Quirks:
    """Oddities of the services that are not settled, or differ between tenants: switches for tests. Status
    codes for a name that is taken; whether Graph shows texts of rules in upper case; whether it numbers
    rules anew after each write; whether it respells a search folder's filter [reference: Graph API, 25.6
    and 26]."""

    duplicate_category: int = 409
    duplicate_folder: int = 409
    upper_case_rules: bool = True
    dense_sequences: bool = False
    rewrite_filters: bool = False


@dataclass(slots=True)
class AuditRecord:
    """One write, as the unified audit log tells it. `visible` is when a search finds it: the log is not
    real time, and what the service does not audit stands in the sandbox's own list alone (`NEVER`)."""

    id: str
    at: datetime
    visible: datetime
    actor: str  # UPN of a person, or the app's name/id as Exchange writes it
    operation: str  # the cmdlet, or Entra's activity ("Update user.")
    workload: str  # "Exchange" | "AzureActiveDirectory" | "Dataverse"
    object_id: str  # what the record calls its object (directory name or id)
    parameters: list[tuple[str, str]]
    app_id: str = ""
    request_id: str = ""


class AddressConflictError(Exception):
    """An address, name or alias that somebody else holds. `holder` is that entry."""

    def __init__(self, value: str, holder: Entry) -> None:
        super().__init__(value)
        self.value = value
        self.holder = holder


class World:
    """All of it. Iterating over entries follows insertion order, so that one seed gives one tenant."""

    def __init__(self, tenant_id: str, name: str, initial_domain: str, seed: int = 1) -> None:
        self.tenant_id = tenant_id
        self.name = name
        self.initial_domain = initial_domain  # contoso.onmicrosoft.com
        self.domains: list[str] = [initial_domain]  # accepted domains; the default one comes first after it
        self.default_domain = initial_domain
        self.organization: dict[str, Any] = {}  # Get-OrganizationConfig, what differs from default
        self.quirks = Quirks()
        self.skus: dict[str, int] = {}  # licences: seats by SKU part number
        self.apps: dict[str, App] = {}  # by client id
        self.entries: dict[str, Entry] = {}  # by object id
        self.environments: dict[str, Environment] = {}  # of Power Platform, by address
        self.audit: list[AuditRecord] = []
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 -- a simulation that must repeat
        self._index: dict[str, dict[str, None]] = {}

    # --- identifiers ---------------------------------------------------------------------------------

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def new_sid(self) -> str:
        sid = ""
        while not sid or self.candidates(sid):
            sid = f"S-1-5-21-1111111111-2222222222-3333333333-{self.random.randrange(10**6, 10**8)}"
        return sid

    # --- finding -------------------------------------------------------------------------------------

    def add(self, entry: Entry) -> Entry:
        self.entries[entry.object_id] = entry
        self.reindex(entry)
        return entry

    def purge(self, entry: Entry) -> None:
        """Gone for good: no soft-deleted copy stays."""
        self.entries.pop(entry.object_id, None)
        for holders in self._index.values():
            holders.pop(entry.object_id, None)

    def reindex(self, entry: Entry) -> None:
        """To be called after anything that identifies an entry has changed."""
        for key in self.identities(entry):
            self._index.setdefault(key, {})[entry.object_id] = None

    def identities(self, entry: Entry) -> Iterator[str]:
        """Every form that Exchange accepts as an identity, in lower case."""
        forms: Iterable[str | None] = (
            entry.object_id,
            entry.guid,
            entry.exchange_guid,
            entry.name,
            entry.alias,
            entry.upn,
            entry.display_name,
            entry.sid,
            entry.legacy_dn,
            self.distinguished_name(entry),
            *(address.split(":", 1)[-1] for address in entry.addresses),
        )
        return (form.lower() for form in forms if form)

    def distinguished_name(self, entry: Entry) -> str:
        return (
            f"CN={entry.name},OU={self.initial_domain},OU=Microsoft Exchange Hosted Organizations,"
            "DC=EURPR01A002,DC=PROD,DC=OUTLOOK,DC=COM"
        )

    def find(self, identity: str, *, deleted: bool = False) -> list[Entry]:
        """Every entry that `identity` names, by any of its forms; live ones, or the soft-deleted."""
        wanted = identity.lower()
        return [
            entry
            for entry in self.candidates(identity)
            if (entry.deleted is not None) is deleted and wanted in self.identities(entry)
        ]

    def candidates(self, identity: str) -> list[Entry]:
        """Every entry that `identity` names or once named: what a reader that lags may still see."""
        return [self.entries[oid] for oid in self._index.get(identity.lower(), ()) if oid in self.entries]

    def holder(self, address: str, *, besides: Entry | None = None) -> Entry | None:
        """Who holds an SMTP address, the soft-deleted included (their addresses stay reserved)."""
        for deleted in (False, True):
            for entry in self.find(address, deleted=deleted):
                if entry is not besides and address.lower() in (a.lower() for a in entry.smtp_addresses):
                    return entry
        return None

    # --- what a reader sees --------------------------------------------------------------------------

    def before_write(self, entry: Entry, at: datetime, anchor: str, *, created: bool = False) -> None:
        """Keeps what `entry` was, for readers that lag. `anchor` is the writer's routing hint."""
        former = None
        if not created:
            former = copy.copy(entry)
            for name in ("addresses", "members", "owners", "send_on_behalf"):
                setattr(former, name, list(getattr(entry, name)))
            for name in ("graph", "properties", "permissions", "send_as", "stores"):
                setattr(former, name, copy.deepcopy(getattr(entry, name)))
            former.history = []
        entry.history.append((at, anchor, former))
        del entry.history[:-16]

    def seen(self, entry: Entry, now: datetime, lag: timedelta, anchor: str = "") -> Entry | None:
        """The entry as a reader sees it that learns of writes `lag` later; None where it is not there
        yet. A reader with the writer's own anchor sees the writer's work at once."""
        view: Entry | None = entry
        for at, writer, former in reversed(entry.history):
            if now - at >= lag or (anchor and writer == anchor):
                break
            view = former
        return view
