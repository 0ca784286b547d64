"""Which commits of the specs repository the loop trusts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from controller.spec.models.scalars import Address, Maybe, SpecModel, Words


class TrustedSource(SpecModel):
    """A commit that is not trusted is not applied, and told."""

    verify: Maybe[Literal["ssh", "gpg"]] = Field(
        default=None,
        description="How commits are signed: ssh or gpg. Left out: signatures are not looked at.",
    )
    allowed_signers: Maybe[Words] = Field(
        default=None,
        description="File of allowed signers, relative to the top of the repository: in the form that "
        "ssh-keygen reads (ssh), or public keys, armoured, one after another (gpg). It counts as it was "
        "before the commit that is checked.",
        examples=[".allowed_signers"],
    )
    by_path: dict[Words, tuple[Address, ...]] = Field(
        default_factory=dict,
        description="For files that match a pattern: who of the allowed signers may change them.",
        examples=[{"mailboxes/rh/**": ["chef@entreprise.example"]}],
    )
