"""SharedMailbox: a team's mailbox, as its documents describe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Literal

from pydantic import Field

from controller.spec.collections import MailboxAdditive, MailboxExclusive
from controller.spec.models.access import Access, access_troubles
from controller.spec.models.categories import Categories, ClaimCategories, category_troubles, claim_troubles
from controller.spec.models.delivery import Delivery
from controller.spec.models.document import KIND, Path, ResourceModel, State, Trouble, both_ways, twice
from controller.spec.models.folder_permissions import FolderPermissions, folder_troubles
from controller.spec.models.folders import Folders, SearchFolders, mail_folder_troubles, search_troubles
from controller.spec.models.handoff import Handoff, handoff_troubles
from controller.spec.models.mailbox_settings import (
    Audit,
    CustomAttributes,
    Forwarding,
    Licence,
    Limits,
    LitigationHold,
    Protocols,
    mail_tip_troubles,
)
from controller.spec.models.regional import Regional, WorkingHours
from controller.spec.models.replies import AutomaticReplies
from controller.spec.models.rules import Rules, rule_troubles
from controller.spec.models.scalars import Address, DisplayName, Flag, Maybe, Name, SpecModel, Words
from controller.spec.models.wording import Wording


class SentItems(SpecModel):
    """Whether mail that people send as the mailbox is kept in its own Sent Items too, for all to see."""

    copy_sent_as: Maybe[Flag] = Field(
        default=None,
        description="Mail sent with send-as is copied to the mailbox's Sent Items. Left out: unmanaged.",
    )
    copy_sent_on_behalf: Maybe[Flag] = Field(
        default=None,
        description="Mail sent on behalf of it is copied to the mailbox's Sent Items. Left out: unmanaged.",
    )


class SharedMailbox(ResourceModel):
    """A mailbox that a team shares. A field that is left out is unmanaged: neither planned nor changed."""

    kind: Literal["SharedMailbox"] = Field(default="SharedMailbox", description=KIND)
    address: Address = Field(
        description="The primary SMTP address; it identifies the mailbox, without regard to case.",
        examples=["support@entreprise.example"],
    )
    previous_addresses: tuple[Address, ...] = Field(
        default=(),
        description="Addresses it had before. A mailbox found under one of them is renamed, not created "
        "anew; they count as listed aliases for as long as they stand here.",
    )
    profile: Maybe[Name] = Field(
        default=None,
        description="The name of a Profile, merged underneath this document: its scalars are defaults, "
        "mappings merge key by key, lists are concatenated, the profile's first.",
        examples=["team-inbox"],
    )
    display_name: Maybe[DisplayName] = Field(
        default=None, description="The name that address books and recipients see."
    )
    aliases: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="Further addresses that deliver here. Whole truth by default: an alias that is not "
        "listed is removed ([] removes all). The onmicrosoft.com address, X500, SIP and SPO addresses are "
        "never touched.",
    )
    hidden_from_address_lists: Maybe[Flag] = Field(
        default=None, description="true: people do not find it in address books; mail still arrives."
    )
    convert: Flag = Field(
        default=False,
        description="true: a user mailbox found at this address becomes a shared one: its password is made "
        "worthless, its sessions end, and sign-in is blocked unless signInBlocked says otherwise. The "
        "licence stays unless licence says otherwise. Always needs an Approval.",
    )
    state: State = Field(
        default=State.PRESENT,
        description="absent deletes the mailbox, and only where the tenant's safety.allowDelete is true. "
        "Taking the document out of git never deletes anything.",
    )
    access: Maybe[Access] = Field(
        default=None,
        description="Who may open it and send as it: person or group, by any address, to rights. Whole "
        "truth by default: whoever is not listed loses access ({} means nobody). Left out: unmanaged.",
        examples=[{"alice@entreprise.example": ["full-access", "send-as"]}],
    )
    sent_items: Maybe[SentItems] = Field(
        default=None, description="Whether mail sent as the mailbox is also kept in its own Sent Items."
    )
    sign_in_blocked: Maybe[Flag] = Field(
        default=None,
        description="true: nobody signs in as the mailbox itself (people open it with their own account). "
        "Recommended.",
    )
    folder_permissions: Maybe[FolderPermissions] = Field(
        default=None,
        description="Who may do what in single folders: folder to person or group to role. Folders by path; "
        "well-known names (Inbox, Calendar, SentItems…) work in any mailbox language. Whole truth for each "
        "folder that is listed; default and anonymous are left alone unless written.",
        examples=[{"Calendar": {"default": "limited-details", "alice@entreprise.example": "editor"}}],
    )
    protocols: Maybe[Protocols] = Field(default=None, description="By which ways it can be opened.")
    limits: Maybe[Limits] = Field(
        default=None, description="How large a message may be, and the mailbox: sizes such as 35 MB."
    )
    licence: Maybe[Licence] = Field(
        default=None,
        description="The licence assigned to it: none, or a SKU part number as Graph has it "
        "(EXCHANGEENTERPRISE). Needed for more than 50 GB, an archive or a hold.",
        examples=["none", "EXCHANGEENTERPRISE"],
    )
    archive: Maybe[Flag] = Field(
        default=None, description="Whether it has an archive mailbox. It needs a licence."
    )
    retention_policy: Maybe[Words] = Field(
        default=None,
        description="The retention policy by its name in Exchange; none takes it away.",
        examples=["Support — 1 an"],
    )
    litigation_hold: Maybe[LitigationHold] = Field(
        default=None, description="Whether everything is kept, whatever people delete."
    )
    audit: Maybe[Audit] = Field(
        default=None, description="Whether Exchange records what people do in it, and for how long."
    )
    delivery: Maybe[Delivery] = Field(
        default=None, description="Who may write to it, and who looks at its mail first."
    )
    mail_tip: Maybe[str] = Field(
        default=None,
        description='What people see while they write to it: up to 175 characters; "" for nothing.',
        examples=["Réponse sous 4 heures ouvrées"],
    )
    forwarding: Maybe[Forwarding] = Field(
        default=None,
        description="Where Exchange sends what arrives: {to, keepCopy}, or none. Outside the organisation it "
        "is shown at high risk.",
    )
    custom_attributes: Maybe[CustomAttributes] = Field(
        default=None,
        description='CustomAttribute1 to 15, by number. "" empties one; those left out are unmanaged.',
        examples=[{"1": "support"}],
    )
    categories: Maybe[Categories] = Field(
        default=None,
        description="Colour categories, name to Outlook's colour. A minimum by default: people make their "
        "own. A name cannot be changed later: a new name is a new category.",
        examples=[{"À traiter": "red", "Répondu": "green"}],
    )
    claim_categories: Maybe[ClaimCategories] = Field(
        default=None,
        description="One category for each person whom 'access' gives full access, groups' members included. "
        "It follows who joins and leaves; a leaver's goes only if the controller made it.",
    )
    folders: Maybe[Folders] = Field(
        default=None,
        description="Folders that shall be there, by path; with nothing after the path, or what is said of "
        "the folder. Always a minimum: a folder holds mail and is never deleted.",
        examples=[{"Clients/Contrats": {"retentionTag": "Contrats 3 ans"}}],
    )
    search_folders: Maybe[SearchFolders] = Field(
        default=None,
        description="Saved searches, by name. Exchange drops those that nobody used for 45 days; they are "
        "put back. Others than these are left alone.",
    )
    rules: Maybe[Rules] = Field(
        default=None,
        description="Inbox rules, in the order in which they run. Whole truth by default: a rule that is not "
        "listed is removed ([] removes all). Rules that Microsoft Graph cannot express are never touched.",
    )
    automatic_replies: Maybe[AutomaticReplies] = Field(
        default=None,
        description="What whoever writes to it gets back, with holiday versions that come and go by "
        "themselves.",
    )
    regional: Maybe[Regional] = Field(
        default=None,
        description="Language, time zone and formats of the mailbox.",
        examples=[{"language": "fr-FR", "timeZone": "Europe/Paris"}],
    )
    working_hours: Maybe[WorkingHours] = Field(
        default=None, description="On which days and between which times somebody is there."
    )
    signature: Maybe[Wording] = Field(
        default=None,
        description="The signature that Outlook on the web puts under new mail: text, HTML or a file. Where "
        "the organisation has roaming signatures on, Exchange ignores it: a finding.",
        examples=[{"file": "signatures/support.html"}],
    )
    handoff: Maybe[Handoff] = Field(
        default=None,
        description="Where new mail goes besides this mailbox: to a help desk's address (ticketing), to a "
        "Teams channel's address (teamsChannel), or by a Power Automate flow (flow).",
        examples=[{"ticketing": {"address": "tickets@helpdesk.example", "keepCopy": True}}],
    )
    exclusive: tuple[MailboxExclusive, ...] = Field(
        default=(),
        description="Collections of this document that are the whole truth: what is not listed is "
        "removed. Folders hold mail and cannot be among them.",
    )
    additive: tuple[MailboxAdditive, ...] = Field(
        default=(),
        description="Collections of this document that are a minimum: what is not listed is left alone.",
    )

    def identity(self) -> str:
        return self.address

    @property
    def former_addresses(self) -> tuple[str, ...]:
        return self.previous_addresses

    @property
    def is_unwanted(self) -> bool:
        return self.state is State.ABSENT

    @property
    def trustees(self) -> Iterable[str]:
        yield from self.access or ()
        for holders in (self.folder_permissions or {}).values():
            yield from holders

    def claims(self) -> Iterator[tuple[Path, str]]:
        yield ("address",), self.address
        for name, addresses in (
            ("aliases", self.aliases or ()),
            ("previousAddresses", self.previous_addresses),
        ):
            for index, address in enumerate(addresses):
                yield (name, str(index)), address

    def wordings(self) -> Iterator[tuple[Path, Wording]]:
        if self.automatic_replies:
            yield from self.automatic_replies.wordings(("automaticReplies",))
        if self.signature:
            yield ("signature",), self.signature

    def troubles(self, zone: tzinfo) -> Iterator[Trouble]:
        if self.convert and self.state is State.ABSENT:
            yield ("convert",), "'convert: true' contradicts 'state: absent': convert it, or delete it"
        yield from twice(("aliases",), self.aliases or ())
        yield from twice(("previousAddresses",), self.previous_addresses)
        yield from both_ways(self.exclusive, self.additive)
        if self.folder_permissions:
            yield from folder_troubles(self.folder_permissions)
        if self.access:
            yield from access_troubles(self.access, zone)
        yield from category_troubles(self.categories or {})
        if self.claim_categories:
            yield from claim_troubles(self.claim_categories)
        yield from mail_folder_troubles(self.folders or {})
        yield from search_troubles(self.search_folders or {})
        yield from rule_troubles(self.rules or ())
        own = (address for _, address in self.claims())
        yield from handoff_troubles(self.handoff, self.forwarding, self.rules or (), own)
        if self.limits:
            yield from self.limits.troubles(("limits",))
        if self.litigation_hold:
            yield from self.litigation_hold.troubles(("litigationHold",))
        if self.delivery:
            yield from self.delivery.troubles(("delivery",))
        if self.forwarding:
            yield from self.forwarding.troubles(("forwarding",))
        if self.automatic_replies:
            yield from self.automatic_replies.troubles(("automaticReplies",), zone)
        if self.working_hours:
            yield from self.working_hours.troubles(("workingHours",))
        yield from mail_tip_troubles(("mailTip",), self.mail_tip or "")
