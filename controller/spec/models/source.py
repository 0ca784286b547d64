"""Which commits of the specs repository the loop trusts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from controller.spec.models.scalars import Address, Maybe, SpecModel, Words


class TrustedSource(SpecModel):
    """A commit that is not trusted is not applied, and told."""

    verify: Maybe[Literal["ssh"]] = Field(
        default=None, description="How commits are signed: ssh. Left out: signatures are not looked at."
    )
    allowed_signers: Maybe[Words] = Field(
        default=None,
        description="File of allowed signers in the form that ssh-keygen reads, relative to the repository.",
        examples=[".allowed_signers"],
    )
    by_path: dict[Words, tuple[Address, ...]] = Field(
        default_factory=dict,
        description="For files that match a pattern: who of the allowed signers may change them.",
        examples=[{"mailboxes/rh/**": ["chef@entreprise.example"]}],
    )
