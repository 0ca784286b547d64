"""DistributionList: a group with an address, as its documents describe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from annotated_types import MinLen
from pydantic import Field

from controller.spec.collections import ListCollection
from controller.spec.dates import ends_at, starts_at
from controller.spec.models.delivery import Delivery
from controller.spec.models.document import KIND, Path, ResourceModel, State, Trouble, both_ways, twice
from controller.spec.models.scalars import Address, DisplayName, Flag, Maybe, Moment, Words
from controller.spec.models.two_forms import OrText


class ListType(StrEnum):
    """distribution: mail alone. security: it can hold rights on mailboxes, too."""

    DISTRIBUTION = "distribution"
    SECURITY = "security"


class Join(StrEnum):
    """open: whoever wants. closed: owners add people. approval: owners are asked."""

    OPEN = "open"
    CLOSED = "closed"
    APPROVAL = "approval"


class Leave(StrEnum):
    """open: members leave by themselves. closed: owners take them off."""

    OPEN = "open"
    CLOSED = "closed"


class Member(OrText):
    """Somebody on the list: an address, or a mapping that says for how long."""

    alone: ClassVar[str] = "who"

    who: Address = Field(description="A person, a contact or another list, by any of its addresses.")
    from_: Maybe[Moment] = Field(
        default=None,
        alias="from",
        description="On the list from this date on (start of the day in the tenant's time zone), or from a "
        "timestamp. Left out: at once.",
    )
    until: Maybe[Moment] = Field(
        default=None,
        description="Taken off after this date (the day is included, in the tenant's time zone), or at a "
        "timestamp. Left out: for as long as it is written here.",
    )
    reason: Maybe[Words] = Field(
        default=None, description="Why: a sentence or a ticket, for whoever reviews it."
    )


Owners = Annotated[tuple[Address, ...], MinLen(1)]
_SAME_SWITCH: Final = (
    "'requireAuthenticatedSenders' and 'acceptExternal' are one switch, and contradict each other: keep one"
)


class DistributionList(ResourceModel):
    """A group that mail is sent to. A field that is left out is unmanaged: neither planned nor changed."""

    kind: Literal["DistributionList"] = Field(default="DistributionList", description=KIND)
    address: Address = Field(
        description="The primary SMTP address; it identifies the list, without regard to case.",
        examples=["equipe-support@entreprise.example"],
    )
    previous_addresses: tuple[Address, ...] = Field(
        default=(),
        description="Addresses it had before. A list found under one of them is renamed, not created anew; "
        "they count as listed aliases for as long as they stand here.",
    )
    display_name: Maybe[DisplayName] = Field(
        default=None, description="The name that address books and recipients see."
    )
    type: Maybe[ListType] = Field(
        default=None,
        description="distribution, or security for a list that can hold rights. Exchange cannot change it "
        "later: a list of the other type is left alone. Left out, a new list is a distribution list.",
    )
    owners: Maybe[Owners] = Field(
        default=None,
        description="Who owns it: at least one person. Whole truth by default. A new list needs owners, as "
        "the controller cannot own it itself.",
    )
    members: Maybe[tuple[Member, ...]] = Field(
        default=None,
        description="Who is on it: people, contacts, other lists. Whole truth by default: whoever is not "
        "listed is taken off ([] empties it). Left out: unmanaged.",
        examples=[["alice@entreprise.example", {"who": "x@entreprise.example", "until": "2027-06-30"}]],
    )
    join: Maybe[Join] = Field(
        default=None, description="Who may join by themselves. A security list cannot be open."
    )
    leave: Maybe[Leave] = Field(
        default=None, description="Who may leave by themselves. A security list cannot be open."
    )
    accept_external: Maybe[Flag] = Field(
        default=None,
        description="true: people outside the organisation may write to it. A new list refuses them.",
    )
    delivery: Maybe[Delivery] = Field(
        default=None, description="Who may write to it, and who looks at its mail first."
    )
    send_as: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="Who may send as the list itself. The whole truth: [] means nobody. Left out: unmanaged.",
    )
    send_on_behalf: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="Who may send on behalf of the list. The whole truth: [] means nobody. Left out: "
        "unmanaged.",
    )
    hidden_from_address_lists: Maybe[Flag] = Field(
        default=None, description="true: people do not find it in address books; mail still arrives."
    )
    redirect_to: Maybe[Address] = Field(
        default=None,
        description="The mailbox that the list only feeds from now on: it becomes the only member. The "
        "members stay on record under 'members', and come back when this line goes.",
        examples=["support@entreprise.example"],
    )
    aliases: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="Further addresses that deliver here. Whole truth by default: an alias that is not "
        "listed is removed ([] removes all). The onmicrosoft.com address, X500, SIP and SPO addresses are "
        "never touched.",
    )
    state: State = Field(
        default=State.PRESENT,
        description="absent deletes the list, for good, and only where the tenant's safety.allowDelete is "
        "true. Taking the document out of git never deletes anything.",
    )
    exclusive: tuple[ListCollection, ...] = Field(
        default=(),
        description="Collections of this document that are the whole truth: what is not listed is removed.",
    )
    additive: tuple[ListCollection, ...] = Field(
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
        yield from (member.who for member in self.members or ())
        yield from self.send_as or ()
        yield from self.send_on_behalf or ()

    def claims(self) -> Iterator[tuple[Path, str]]:
        yield ("address",), self.address
        for name, addresses in (
            ("aliases", self.aliases or ()),
            ("previousAddresses", self.previous_addresses),
        ):
            for index, address in enumerate(addresses):
                yield (name, str(index)), address

    def troubles(self, zone: tzinfo) -> Iterator[Trouble]:
        for name, addresses in (
            ("aliases", self.aliases),
            ("previousAddresses", self.previous_addresses),
            ("owners", self.owners),
            ("sendAs", self.send_as),
            ("sendOnBehalf", self.send_on_behalf),
        ):
            yield from twice((name,), addresses or ())
        yield from both_ways(self.exclusive, self.additive)
        yield from member_troubles(self.members or (), self.address, zone)
        yield from self._contradictions()
        if self.delivery:
            yield from self.delivery.troubles(("delivery",))

    def _contradictions(self) -> Iterator[Trouble]:
        if self.type is ListType.SECURITY:
            for name, value in (("join", self.join), ("leave", self.leave)):
                if value == "open":
                    yield (name,), f"a security list cannot be open: who may {name} it decides who has access"
        if self.redirect_to and self.members is None:
            yield (
                ("redirectTo",),
                "'redirectTo' takes the members off the list: list them under 'members', which brings them "
                "back when this line goes",
            )
        if self.redirect_to and self.redirect_to.lower() == self.address.lower():
            yield ("redirectTo",), "a list cannot feed itself: name a mailbox"
        asked = self.delivery.require_authenticated_senders if self.delivery else None
        if asked is not None and self.accept_external is asked:
            yield ("delivery", "requireAuthenticatedSenders"), _SAME_SWITCH


def member_troubles(members: Sequence[Member], own: str, zone: tzinfo) -> Iterator[Trouble]:
    seen: set[str] = set()
    for index, member in enumerate(members):
        path, who = ("members", str(index)), member.who.lower()
        if who in seen:
            yield path, f"{member.who!r} is listed twice in 'members'"
        seen.add(who)
        if who == own.lower():
            yield path, "a list cannot be a member of itself"
        if (
            member.from_ is not None
            and member.until is not None
            and starts_at(member.from_, zone) >= ends_at(member.until, zone)
        ):
            yield (
                (*path, "until"),
                f"'until' ({member.until.isoformat()}) is before 'from' ({member.from_.isoformat()}): they "
                "would never be on the list",
            )
