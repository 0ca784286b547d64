"""Whether what was written down changes nothing: loaded and planned like any other specs, and mended until
it does. The planner decides, not a second opinion of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from controller.clients import Reader
from controller.errors import Problem, SpecError
from controller.intake.draft import Draft
from controller.intake.giving_up import give_up
from controller.intake.places import path_at
from controller.model import Change, Finding, Plan, Severity
from controller.reconciler import Setting, prepare
from controller.spec import TenantSpecs, load

# What depends on the day, so that the next import would say something else; a plan tells it at its time.
_OF_THE_DAY: Final = frozenset({"mailbox-filling", "propagating", "not-visible", "idle-approval"})
_SAID: Final = (Severity.WARNING, Severity.ERROR)


def loaded(folder: Path, drafts: Mapping[str, Draft]) -> TenantSpecs | None:
    """The specs in `folder`; None where something of the drafts (by the path of their file) had to be taken
    out first, and they have to be written again. Raises SpecError for trouble that is not theirs."""
    try:
        (specs,) = load(folder, root=folder).tenants
        return specs
    except SpecError as error:
        if not all(_mended(problem, folder, drafts) for problem in error.problems):
            raise
        return None


def _mended(problem: Problem, folder: Path, drafts: Mapping[str, Draft]) -> bool:
    draft = drafts.get(problem.origin.path)
    if draft is None:
        return False
    text = (folder / problem.origin.path).read_text(encoding="utf-8")
    path = path_at(text, problem.origin.line, problem.origin.column)
    why = f"left out, as no document can say it: {problem.message}"
    return give_up(draft, path, why) or give_up(draft, path[:1], why)


async def proved(
    specs: TenantSpecs, reader: Reader, drafts: Iterable[Draft], now: datetime
) -> tuple[bool, Plan]:
    """Plans the drafts' documents as they stand in `specs`, and takes out whatever would change. True where
    nothing had to be."""
    by_key = {draft.key: draft for draft in drafts}
    setting = Setting(
        specs=specs,
        commit=None,
        now=lambda: now,
        targets=frozenset(key.address for key in by_key),
    )
    plan = (await prepare(setting, reader)).plan
    clean = True
    for change in plan.changes:
        if draft := by_key.get(change.key):
            clean &= not _settled(draft, change)
    for finding in plan.findings:
        if finding.key and finding.blocks and (draft := by_key.get(finding.key)):
            clean &= not _unblocked(draft, finding)
    return clean, plan


def _settled(draft: Draft, change: Change) -> bool:
    why = f"left to itself, as it cannot be said in full: the plan was to {change.action} {change.field}"
    return give_up(draft, change.path, why) or give_up(draft, change.path[:1], why)


def _unblocked(draft: Draft, finding: Finding) -> bool:
    """What holds an aspect back would hold every later change of it, too."""
    assert finding.blocks is not None
    heads = [head for head, aspect in draft.aspects.items() if aspect == finding.blocks[1]]
    gone = [give_up(draft, (head,), f"left out: {finding.message}") for head in heads]
    return any(gone)


def decisions(plan: Plan, drafts: Iterable[Draft]) -> Iterator[tuple[Draft, str]]:
    """What the plan has to tell of each document, and a person has to decide."""
    by_key: dict[Any, Draft] = {draft.key: draft for draft in drafts}
    for finding in plan.findings:
        if finding.severity in _SAID and finding.code not in _OF_THE_DAY and finding.key in by_key:
            yield by_key[finding.key], f"{finding.code}: {finding.message}"
