"""An import from beginning to end: look, write down, prove, factor out, write again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from controller.aspect import all_aspects
from controller.clients import Reader
from controller.directory import Directory
from controller.errors import ControllerError, ServiceError
from controller.intake.chosen import Choice, choose
from controller.intake.draft import Draft, Tree, drafts
from controller.intake.page import page
from controller.intake.profiles import factored
from controller.intake.proof import decisions, loaded, proved
from controller.intake.wordings import put_beside
from controller.model import Key, Kind, Plan
from controller.observe import NAMING, Observed, observe
from controller.people.membership import MEMBERS
from controller.probe import probe, probe_rights
from controller.survey import read_directory

_FOLDERS: Final = {
    Kind.SHARED_MAILBOX: "mailboxes",
    Kind.DISTRIBUTION_LIST: "lists",
    Kind.MAILBOX_DELEGATION: "delegations",
}
_AT_ONCE: Final = 500  # objects, so that a large tenant is never held in memory whole
_ROUNDS: Final = 8  # of mending; each takes something out, and two or three are enough
_WINDOWS_KEEPS: Final = '<>:"/\\|?*'


@dataclass(frozen=True, slots=True)
class Specs:
    """The specs folder that the documents are to stand in, if there is one yet; and what else is written to
    it: the Tenant document, where it has none."""

    folder: Path | None
    beginning: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """`files` are texts by their path from the top of the specs folder. `remarks` is everything that a
    person must know or decide, by document; it stands in the files, too. `plan` is the proof."""

    files: Mapping[str, str]
    remarks: Mapping[Key, tuple[str, ...]]
    plan: Plan


@dataclass(slots=True)
class _Desk:
    """Where documents are written, read again and proved: a copy of the specs folder."""

    folder: Path
    reader: Reader
    now: datetime
    beginning: Mapping[str, str]
    files: dict[str, str] = field(default_factory=dict)

    def lay_out(
        self, places: Mapping[str, Draft], profiles: Mapping[str, Tree], beside: Mapping[str, str]
    ) -> None:
        for name in self.files:
            (self.folder / name).unlink()
        self.files = {**self.beginning}
        self.files |= {place: page(draft.values, draft.remarks) for place, draft in places.items()}
        self.files |= {f"profiles/{name}.yaml": page(tree, {}) for name, tree in profiles.items()}
        self.files |= beside
        for name, text in self.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")

    async def prove(
        self, places: Mapping[str, Draft], profiles: Mapping[str, Tree], beside: Mapping[str, str]
    ) -> Plan:
        """Raises SpecError or ControllerError where what was written cannot be made to hold."""
        for _ in range(_ROUNDS):
            self.lay_out(places, profiles, beside)
            specs = loaded(self.folder, places)
            if specs is None:
                continue
            clean, plan = await proved(specs, self.reader, places.values(), self.now)
            if clean:
                return plan
        raise ControllerError("what was read would not hold still: the tenant is changing; import again")


async def who_can_open(reader: Reader, addresses: Sequence[str] = ()) -> Observed:
    """Who may do what with these mailboxes and lists; without any, with every shared one of the tenant.

    Raises ServiceError, and UsageError for an address nobody has."""
    directory = await read_directory(reader)
    choices = choose(directory, addresses, (), everything=not addresses)
    naming = [aspect for aspect in all_aspects() if aspect.name in (*NAMING, MEMBERS[0]) or aspect.founds]
    asked = [probe_rights(choice.key, choice.principal.address) for choice in choices]
    return await observe(reader, asked, directory, naming)


async def take(
    reader: Reader,
    directory: Directory,
    choices: Sequence[Choice],
    specs: Specs,
    now: datetime,
    *,
    with_profiles: bool,
    told: Callable[[int], None] = lambda count: None,
) -> Taken:
    """Documents for the chosen objects, to stand beside what `specs` has, which says nothing about them yet.
    `told` hears how many objects have been looked at.

    Raises ServiceError where the tenant cannot be asked, SpecError where the folder itself is wrong."""
    found: list[Draft] = []
    for start in range(0, len(choices), _AT_ONCE):
        documents = [probe(each.key, each.principal.address) for each in choices[start : start + _AT_ONCE]]
        found += drafts(await observe(reader, documents, directory, all_aspects()), all_aspects())
        told(len(found))
    await _tell_of_disabled(reader, directory, found)
    places = _places(found, directory.default_domain)
    beside: dict[str, str] = {}
    for place, draft in places.items():
        beside |= put_beside(draft, Path(place).stem)
    with tempfile.TemporaryDirectory(prefix="mbx-import-") as scratch:
        desk = _Desk(Path(scratch) / "specs", reader, now, specs.beginning)
        if specs.folder:
            shutil.copytree(specs.folder, desk.folder, ignore=shutil.ignore_patterns(".*"))
        plan = await desk.prove(places, {}, beside)
        for draft, text in decisions(plan, found):
            draft.remark("", text)
        profiles = factored(found) if with_profiles else {}
        plan = await desk.prove(places, profiles, _named(beside, found))
        files = dict(desk.files)
    remarks = {draft.key: tuple(_all(draft)) for draft in found if draft.remarks}
    return Taken(files, remarks, plan)


def _all(draft: Draft) -> Iterator[str]:
    for head, texts in sorted(draft.remarks.items()):
        yield from (f"{head}: {text}" if head else text for text in texts)


def _named(beside: Mapping[str, str], found: Iterable[Draft]) -> dict[str, str]:
    """Those of the texts that a document still names."""
    named = {str(one["file"]) for draft in found for one in _references(draft.values)}
    return {place: text for place, text in beside.items() if place in named}


def _references(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if set(value) == {"file"}:
            yield value
        for each in value.values():
            yield from _references(each)


def _places(found: Iterable[Draft], home: str) -> dict[str, Draft]:
    """The file of each document: called by what stands before the @, with the domain where that is not the
    tenant's default one, so that no name depends on what else there is."""
    places: dict[str, Draft] = {}
    for draft in found:
        local, _, domain = draft.key.address.partition("@")
        name = local if domain == home.lower() else draft.key.address
        plain = "".join("_" if letter in _WINDOWS_KEEPS else letter for letter in name).strip(".")
        stem = f"{_FOLDERS[draft.key.kind]}/{plain}"
        place = f"{stem}.yaml"
        while place in places:
            stem += "_"
            place = f"{stem}.yaml"
        places[place] = draft
    return places


async def _tell_of_disabled(reader: Reader, directory: Directory, found: Iterable[Draft]) -> None:
    """People with access whose accounts are disabled: leavers, most likely."""
    try:
        rows = await reader.exchange(
            "Get-User", {"ResultSize": "Unlimited"}, select=("Guid", "AccountDisabled")
        )
    except ServiceError:
        return
    disabled = {str(row.get("Guid")) for row in rows if row.get("AccountDisabled") is True}
    for draft in found:
        for who in draft.values.get("access", ()):
            if any(one.guid in disabled and not one.is_shared for one in directory.by_address(who)):
                draft.remark("access", f"{who} has access, and the account is disabled: did somebody leave?")
