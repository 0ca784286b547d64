"""What documents of every kind share: `kind`, `mode`, and questions that the loader asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from controller.model import Mode
from controller.spec.models.scalars import Address, LabelName, Maybe, SpecModel, Words
from controller.spec.models.wording import Wording

Path = tuple[str, ...]
Trouble = tuple[Path, str]  # where in the document, and what is wrong there

KIND = "What the document describes; it decides which other fields there are."


class State(StrEnum):
    """present: it shall be there. absent: it shall be deleted, a mailbox with its mail."""

    PRESENT = "present"
    ABSENT = "absent"


class DocumentModel(SpecModel):
    """A document of any kind, which narrows `kind` to its one word."""

    refused: ClassVar[Mapping[str, str]] = {}  # fields that one could expect here, and why there are none

    kind: str = Field(default="", description=KIND)
    mode: Maybe[Mode] = Field(
        default=None,
        description="report lowers the tenant's mode for this document alone: its differences are shown and "
        "never written. Left out, or apply: the tenant's mode holds.",
    )

    def identity(self) -> str | None:
        """The address of what it describes, as written; None for a document that describes nothing."""
        return None

    def claims(self) -> Iterator[tuple[Path, str]]:
        """Every address that no other document may claim, and where it is written."""
        yield from ()

    def wordings(self) -> Iterator[tuple[Path, Wording]]:
        """Every text that may be kept in a file beside the spec, and where it is written."""
        yield from ()

    def troubles(self, zone: tzinfo) -> Iterator[Trouble]:
        """What is wrong although every field by itself is right. `zone` is the tenant's."""
        yield from ()

    @property
    def former_addresses(self) -> tuple[str, ...]:
        """Under these it is looked for as well, and is then renamed."""
        return ()

    @property
    def is_unwanted(self) -> bool:
        """Whether it shall be deleted."""
        return False

    @property
    def trustees(self) -> Iterable[str]:
        """Everybody whom it names as a holder of rights or as a member, as written: who is behind the
        groups among them decides who gains and loses."""
        return ()


class ResourceModel(DocumentModel):
    """A document about something in the tenant."""

    labels: dict[LabelName, Words] = Field(
        default_factory=dict,
        description="Free labels, name to text. Choose documents by them with --selector, and in policies. "
        "They are never written to the tenant.",
        examples=[{"team": "support"}],
    )


def twice(path: Path, values: Sequence[str]) -> Iterator[Trouble]:
    """Addresses of one list that are written more than once, whatever their case."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        before = len(seen)
        seen.add(value.lower())
        if len(seen) == before:
            yield (*path, str(index)), f"{value!r} is listed twice in {path[-1]!r}"


def both_ways(exclusive: Sequence[str], additive: Sequence[str]) -> Iterator[Trouble]:
    for index, name in enumerate(additive):
        if name in exclusive:
            yield ("additive", str(index)), f"{name!r} is under both 'exclusive' and 'additive': keep one"


__all__ = [
    "KIND",
    "Address",
    "DocumentModel",
    "Path",
    "ResourceModel",
    "State",
    "Trouble",
    "both_ways",
    "twice",
]
