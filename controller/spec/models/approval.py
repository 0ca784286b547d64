"""Approval: lets one finding of a refused plan pass, in git, where it is reviewed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import tzinfo
from typing import Final, Literal

from pydantic import Field

from controller.spec.models.document import KIND, DocumentModel, Trouble
from controller.spec.models.scalars import FindingId, Maybe, Moment, Words

# What the guard refuses, and so what can be approved. `delete` is here for completeness of the plan's
# ids; an approval never stands in for `safety.allowDelete`.
APPROVABLE: Final = (
    "last-reader",
    "share-losing-access",
    "people-losing-access",
    "max-changes",
    "delete",
    "convert",
    "empty-list",
    "policy",
    "flapping",
)


class Approval(DocumentModel):
    """One finding of a refused plan that is let through, by its id. There is no blanket force."""

    kind: Literal["Approval"] = Field(default="Approval", description=KIND)
    finding: FindingId = Field(
        description="The id that the refused plan prints, such as last-reader/archive@entreprise.example.",
        examples=["last-reader/archive@entreprise.example"],
    )
    reason: Words = Field(description="Why it is right this time: a sentence or a ticket, for the reviewers.")
    until: Maybe[Moment] = Field(
        default=None,
        description="The last day on which it counts (included, in the tenant's time zone), or a "
        "timestamp. Left out, it counts for as long as the document is there.",
    )

    def troubles(self, zone: tzinfo) -> Iterator[Trouble]:
        code = self.finding.partition("/")[0]
        if code not in APPROVABLE:
            near = difflib.get_close_matches(code, APPROVABLE, 1)
            meant = f" — did you mean {near[0]!r}?" if near else ""
            yield (
                ("finding",),
                f"no finding {code!r} can be approved: expected the id that a refused plan prints, one of "
                f"{', '.join(APPROVABLE)}, then / and what it is about{meant}",
            )
