"""Mailboxes that name a profile: found, merged over it, and only then checked as a whole.

A profile is looked for among those of the document's own tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from controller.errors import Problem
from controller.model import Kind
from controller.spec.drafts import Draft, read
from controller.spec.files import SpecFile
from controller.spec.merge import Merged, merge
from controller.spec.messages import meant
from controller.spec.models import Profile

Home = Callable[[SpecFile], list[Draft]]


def merge_profiles(found: Iterable[Draft], home: Home, problems: list[Problem]) -> None:
    """Reads every document that waits for its profile. What is wrong goes to `problems`, at its place: in
    the profile, where the value stands there."""
    drafts = list(found)
    profiles: dict[int, dict[str, Draft]] = {}
    for draft in drafts:
        if draft.kind is Kind.PROFILE and isinstance(draft.spec, Profile):
            named = profiles.setdefault(_tenant(draft, home), {})
            first = named.setdefault(draft.spec.name, draft)
            if first is not draft:
                message = f"there is a profile {draft.spec.name!r} already (at {first.origin}): rename one"
                problems.append(Problem(draft.text.value_at(("name",)), message))
    for draft in drafts:
        if draft.waiting is not None:
            _complete(draft, profiles, home, problems)


def _complete(
    draft: Draft, profiles: Mapping[int, Mapping[str, Draft]], home: Home, problems: list[Problem]
) -> None:
    own = draft.waiting
    assert own is not None
    draft.waiting = None
    name = own["profile"]
    known = profiles.get(_tenant(draft, home), {})
    if isinstance(name, str) and name in known:
        profile = known[name]
        contents = profile.text.contents()
        problems += _nothing_left(draft, own, profile, contents)
        assert not isinstance(draft.text, Merged)
        assert not isinstance(profile.text, Merged)
        merged = merge(draft.text, own, profile.text, contents)
        draft.text = Merged(draft.text, profile.text)
        read(draft, merged.value, problems)
        return
    if isinstance(name, str) and name:
        problems.append(_unknown(draft, name, known, profiles))
    read(draft, own, problems)


def _unknown(
    draft: Draft, name: str, known: Mapping[str, Draft], profiles: Mapping[int, Mapping[str, Draft]]
) -> Problem:
    place = draft.text.value_at(("profile",))
    elsewhere = next((named[name] for named in profiles.values() if name in named), None)
    if elsewhere is not None:
        message = f"no profile {name!r} in this tenant: the one at {elsewhere.origin} belongs to another"
        return Problem(place, message)
    expected = f"; there is {', '.join(known)}" if known else ": there is no Profile document here"
    return Problem(place, f"unknown profile {name!r}{meant(name, known) or expected}")


def _nothing_left(
    draft: Draft, own: Mapping[str, Any], profile: Draft, below: Mapping[str, Any]
) -> Iterator[Problem]:
    """An empty collection is a wish for nothing, which a profile that fills it contradicts."""
    for name, value in own.items():
        theirs = below.get(name)
        if isinstance(value, dict | list) and not value and isinstance(theirs, type(value)) and theirs:
            yield Problem(
                draft.text.at((name,)),
                f"{name!r} is empty here, and its profile fills it (at {profile.text.at((name,))}): what a "
                "profile gives cannot be taken away; leave the line out, or do without the profile",
            )


def _tenant(draft: Draft, home: Home) -> int:
    return id(next(iter(home(draft.file)), None))
