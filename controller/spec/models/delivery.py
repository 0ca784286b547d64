"""Who may write to a mailbox or a list, and who looks at the mail first."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from controller.spec.models.document import Path, Trouble, twice
from controller.spec.models.scalars import Address, Flag, Maybe, SpecModel


class Delivery(SpecModel):
    """Whose mail is accepted. People and groups of this tenant are named by any of their addresses; each
    list is the whole truth, [] means nobody is on it."""

    accept_only_from: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="Only these people and members of these groups may write to it. [] means that everybody "
        "may. Left out: unmanaged.",
    )
    reject_from: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="Mail of these people and members of these groups is refused. [] means nobody's. Left "
        "out: unmanaged.",
    )
    require_authenticated_senders: Maybe[Flag] = Field(
        default=None,
        description="true: only people who are signed in to this tenant may write to it, nobody from "
        "outside. Left out: unmanaged.",
    )
    moderated_by: Maybe[tuple[Address, ...]] = Field(
        default=None,
        description="These people see mail first, and let it pass or not. [] means that nothing waits. Left "
        "out: unmanaged.",
    )

    def troubles(self, path: Path) -> Iterator[Trouble]:
        for name, listed in (
            ("acceptOnlyFrom", self.accept_only_from),
            ("rejectFrom", self.reject_from),
            ("moderatedBy", self.moderated_by),
        ):
            yield from twice((*path, name), listed or ())
        refused = {address.lower() for address in self.reject_from or ()}
        for index, address in enumerate(self.accept_only_from or ()):
            if address.lower() in refused:
                yield (
                    (*path, "acceptOnlyFrom", str(index)),
                    f"{address!r} is under both 'acceptOnlyFrom' and 'rejectFrom': keep one",
                )
