"""What a scenario file may say. Shapes and checks only: `build` makes a world of it, `snapshot` writes one.

People write `people`, `mailboxes`, `groups`, `contacts` and `guests`, keyed by address; `objects`, `audit`
and `random` are what a saved tenant has instead, exact to the last id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, PlainSerializer, model_validator

from controller.sandbox.forecast import Forecast, Part, duration, moment, spell_duration

Right = Literal["full-access", "send-as", "send-on-behalf"]


def _start(value: Any) -> datetime | timedelta:
    if isinstance(value, str) and value.strip().startswith("-"):
        return -duration(value.strip()[1:])
    return moment(value)


def _spell_start(value: datetime | timedelta) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"-{spell_duration(-value)}" if value < timedelta() else f"+{spell_duration(value)}"


# When the tenant's clock starts: a moment, or so much off the wall clock (`+2d`, `-1h`).
ClockStart = Annotated[datetime | timedelta, BeforeValidator(_start), PlainSerializer(_spell_start)]


class QuirksPart(Part):
    """Oddities of the services that are switches (see `world.Quirks`)."""

    duplicate_category: Literal[400, 409] = 409
    duplicate_folder: Literal[400, 409] = 409
    upper_case_rules: bool = True
    dense_sequences: bool = False
    rewrite_filters: bool = False


class TenantPart(Part):
    id: str
    name: str
    initial_domain: str = Field(description="The …onmicrosoft.com domain.")
    domains: tuple[str, ...] = Field((), description="Accepted domains; the first is the default one.")
    organization: dict[str, Any] = Field(default_factory=dict, description="Get-OrganizationConfig.")
    licences: dict[str, int] = Field(default_factory=dict, description="Seats by SKU part number.")
    quirks: QuirksPart = QuirksPart()


class FederatedPart(Part):
    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"
    key: str | None = Field(None, description="Issuer's public key (PEM); its tokens are then verified.")


class AppPart(Part):
    client_id: str
    name: str = "mailbox-controller"
    object_id: str | None = None
    secrets: tuple[str, ...] = ()
    secret_ends: dict[str, AwareDatetime] = Field(default_factory=dict)
    certificates: tuple[str, ...] = Field((), description="PEM texts.")
    federated: tuple[FederatedPart, ...] = ()
    graph: tuple[str, ...] = Field((), description="Application permissions of Microsoft Graph.")
    exchange: bool = Field(True, description="Whether it has Exchange.ManageAsApp.")
    directory_roles: tuple[str, ...] = ("Exchange Administrator",)
    managed_identity: bool = False
    enabled: bool = True
    consented: bool = True
    blocked: bool = False


class AcePart(Part):
    """An entry of an access list as it is: `trustee` an address, or the text that is shown."""

    trustee: str | None = None
    sid: str | None = Field(None, description="Of somebody deleted.")
    rights: tuple[str, ...] = ("FullAccess",)
    deny: bool = False
    inherited: bool = False
    auto_mapping: bool | None = None

    @model_validator(mode="after")
    def _named(self) -> AcePart:
        if (self.trustee is None) == (self.sid is None):
            raise ValueError("one of trustee and sid")
        return self


class ObjectPart(Part):
    """What all objects of the directory have in common; the key above it is its primary address (for a
    person without a mailbox the sign-in name)."""

    id: str | None = Field(None, description="Entra object id; made from the address where left out.")
    name: str | None = Field(None, description="Directory name; new objects have their id there.")
    alias: str | None = None
    display_name: str | None = None
    aliases: tuple[str, ...] = Field((), description="Further SMTP addresses.")
    addresses: tuple[str, ...] = Field((), description="Others, with prefix (`X500:…`, `SIP:…`).")
    created: AwareDatetime | None = None
    deleted: AwareDatetime | None = Field(None, description="Soft-deleted since.")
    dir_synced: bool = False
    cloud_managed: bool = False
    graph: dict[str, Any] = Field(default_factory=dict, description="Properties that Entra has.")
    properties: dict[str, Any] = Field(default_factory=dict, description="Exchange's, PowerShell names.")
    send_as: tuple[str, ...] = ()
    send_on_behalf: tuple[str, ...] = ()
    send_as_entries: tuple[AcePart, ...] = ()


class FolderPart(Part):
    """A folder that somebody made. Its place is the key above it."""

    hidden: bool = False
    items: int = Field(0, ge=0)
    unread: int = Field(0, ge=0)
    properties: dict[str, str] = Field(
        default_factory=dict, description="Extended ones, `Binary 0x3019: <base64>`."
    )


class SearchPart(Part):
    """A search folder."""

    sources: tuple[str, ...] = Field(("inbox",), alias="in", description="Paths of folders.")
    filter: str
    nested: bool = False
    used: AwareDatetime | None = Field(None, description="Last use; 45 days later Exchange drops it.")


class RulePart(Part):
    """An inbox rule in Graph's words; folders are paths, recipients addresses."""

    name: str
    sequence: int | None = Field(None, ge=1, description="Its place in the list where left out.")
    enabled: bool = True
    conditions: dict[str, Any] = Field(default_factory=dict)
    exceptions: dict[str, Any] = Field(default_factory=dict)
    actions: dict[str, Any] = Field(default_factory=dict)
    beyond: dict[str, Any] = Field(
        default_factory=dict, description="What only Exchange's parameters say; read-only to Graph."
    )
    hidden: bool = Field(False, description="The system's own: Graph does not list it.")
    client_only: bool = Field(False, description="Made in Outlook, and runs there alone.")


class RepliesPart(Part):
    """Automatic replies; texts are stored as the service would."""

    state: Literal["Disabled", "Enabled", "Scheduled"] = "Enabled"
    audience: Literal["None", "Known", "All"] = "All"
    internal: str = ""
    external: str = ""
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class MailPart(Part):
    """A message that lies in a mailbox, without its body."""

    author: str = Field(alias="from")
    sender: str | None = Field(None, description="Who pressed send, where that was somebody else.")
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    received: ClockStart = Field(description="A moment, or so long before the tenant's clock starts: `-2d`.")
    subject: str = ""
    folder: str = Field("inbox", description="A well-known name, or a path from the root.")
    read: bool = False
    draft: bool = False
    categories: tuple[str, ...] = ()
    conversation: str | None = Field(None, description="What belongs together has the same.")
    message_id: str | None = Field(None, description="RFC 5322; made of the message where left out.")
    headers: dict[str, str] = Field(default_factory=dict)


class MailboxPart(ObjectPart):
    type: Literal["shared", "user", "room", "equipment", "discovery"] = "shared"
    upn: str | None = None
    given_name: str | None = None
    surname: str | None = None
    sign_in: bool | None = Field(None, description="Whether sign-in is allowed; shared: false.")
    access: dict[str, tuple[Right, ...]] = Field(default_factory=dict)
    entries: tuple[AcePart, ...] = Field((), description="Further entries of the mailbox's access list.")
    opened: bool = Field(True, description="Whether somebody has opened it yet.")
    language: str | None = Field(None, description="`fr-FR`: of default folders and regional settings.")
    time_zone: str | None = None
    categories: dict[str, str] | None = Field(
        None, description="The master list by name, colours as Outlook calls them; else its first six."
    )
    folders: dict[str, FolderPart | None] | tuple[str, ...] = Field(
        (), description="By path from the root (`Clients/Contrats`); `inbox` and its like in any language."
    )
    search_folders: dict[str, SearchPart] = Field(default_factory=dict)
    rules: tuple[RulePart, ...] = ()
    automatic_replies: RepliesPart | None = None
    mail: tuple[MailPart, ...] = ()
    stores: dict[str, Any] = Field(
        default_factory=dict, description="What else lives in it, as `mailbox_store` has it."
    )


class PersonPart(MailboxPart):
    type: Literal["shared", "user", "room", "equipment", "discovery"] = "user"
    mailbox: bool = Field(True, description="false: somebody without Exchange.")


class TeamPart(Part):
    """What makes a Microsoft 365 group a team."""

    channels: tuple[str, ...] = ("General",)
    plans: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Of Planner: title to buckets."
    )


class EnvironmentPart(Part):
    """A Power Platform environment with Dataverse; rows as the Web API shows them, ids may be left out."""

    application_users: tuple[str, ...] | None = Field(
        None, description="Client ids of the apps that may use it; left out: all."
    )
    workflows: tuple[dict[str, Any], ...] = ()
    connectionreferences: tuple[dict[str, Any], ...] = ()


class GroupPart(ObjectPart):
    type: Literal["security", "distribution", "m365", "entra"] = Field(
        "security", description="entra: a security group without mail."
    )
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    team: TeamPart | None = Field(None, description="Of a Microsoft 365 group: its channels and plans.")


class AuditPart(Part):
    """An audit record, as saved."""

    id: str
    at: AwareDatetime
    visible: AwareDatetime
    actor: str
    operation: str
    workload: str
    object_id: str
    parameters: tuple[tuple[str, str], ...] = ()
    app_id: str = ""
    request_id: str = ""


class Scenario(Part):
    """A whole file."""

    tenant: TenantPart
    seed: int = 1
    clock: ClockStart | None = None
    weather: str | Forecast | None = Field(None, description="A weather's name, or a forecast.")
    apps: tuple[AppPart, ...] = ()
    people: dict[str, PersonPart] = Field(default_factory=dict)
    mailboxes: dict[str, MailboxPart] = Field(default_factory=dict)
    groups: dict[str, GroupPart] = Field(default_factory=dict)
    contacts: dict[str, ObjectPart] = Field(default_factory=dict)
    guests: dict[str, ObjectPart] = Field(default_factory=dict)
    environments: dict[str, EnvironmentPart] = Field(
        default_factory=dict, description="Of Power Platform, by https address."
    )
    objects: tuple[dict[str, Any], ...] = Field((), description="Saved objects, exact.")
    audit: tuple[AuditPart, ...] = ()
    random: str | None = Field(None, description="State of the tenant's random numbers, as saved.")

    @model_validator(mode="after")
    def _addresses_once(self) -> Scenario:
        seen = set[str]()
        sections = (self.people, self.mailboxes, self.groups, self.contacts, self.guests)
        for address in (key for section in sections for key in section):
            if "@" not in address and address not in self.groups:
                raise ValueError(f"'{address}' is not an address")
            if address.lower() in seen:
                raise ValueError(f"'{address}' stands twice")
            seen.add(address.lower())
        return self
