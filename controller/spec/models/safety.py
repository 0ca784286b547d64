"""The Tenant's safety limits: how much one run may take away before a person has to agree."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import AllowInfNan, Field
from pydantic.types import Strict

from controller.spec.models.scalars import Address, Count, Flag, SpecModel

Share = Annotated[float, Strict(), Ge(0), Le(1), AllowInfNan(False)]


class LastReader(StrEnum):
    """forbid: a change after which nobody can read the mailbox is held. allow: it passes."""

    FORBID = "forbid"
    ALLOW = "allow"


class Safety(SpecModel):
    """Limits on what one run may take away, judged over the whole plan before the first write. People are
    counted, not entries: who loses the last way to read one mailbox, groups expanded."""

    max_changes: Count = Field(
        default=200, description="The most changes that one run may make. Default 200."
    )
    max_people_losing_access: Count = Field(
        default=10,
        description="The most people who may lose access in one run, over all mailboxes. Default 10.",
    )
    max_share_losing_access: Share = Field(
        default=0.5,
        description="The largest share (0 to 1) of its people that one mailbox may lose in one run, where "
        "it has 4 or more; refused when exceeded. Default 0.5.",
    )
    last_reader: LastReader = Field(
        default=LastReader.FORBID,
        description="Whether a run may leave a mailbox with nobody who can read it: forbid (default) or "
        "allow.",
    )
    allow_delete: Flag = Field(
        default=False,
        description="Whether 'state: absent' is applied. false (default): such a deletion is shown and held.",
    )
    protect: tuple[Address, ...] = Field(
        default=(),
        description="People who never lose access, whatever a document says: a finding instead of a change.",
    )
