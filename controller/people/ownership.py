"""Who may own a list: one question that creating a list and keeping its owners both ask."""

from __future__ import annotations

from typing import Final

from controller.aspect import Context, Resource
from controller.directory import Principal
from controller.model import Finding
from controller.people.whom import Part, whom

OWNERS: Final = ("owners",)
OWNER: Final = Part(
    "invalid-owner",
    "owners",
    "owners",
    lambda one: one.can_hold_rights,
    "a mailbox, a mail user or a mail-enabled security group can own a list",
)


def owner(who: str, resource: Resource, context: Context) -> Principal | Finding:
    """Whoever an entry of `owners` means [doc: Set-DistributionGroup ManagedBy]."""
    return whom(who, OWNER, resource, context, resource.at(*OWNERS, who))
