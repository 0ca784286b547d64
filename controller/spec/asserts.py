"""What is wrong in the policies of an estate, told at its place inside the assert."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from controller.errors import Problem
from controller.model import Kind
from controller.spec.drafts import Draft
from controller.spec.expression import RejectedError, parse
from controller.spec.files import SpecFile
from controller.spec.kinds import MODELS
from controller.spec.merge import Merged
from controller.spec.messages import fields_at, meant
from controller.spec.models import Policy


def policy_problems(found: Iterable[Draft], home: Callable[[SpecFile], list[Draft]]) -> Iterator[Problem]:
    named: dict[tuple[int, str], Draft] = {}
    for draft in found:
        if draft.kind is not Kind.POLICY or not isinstance(draft.spec, Policy):
            continue
        tenant = id(next(iter(home(draft.file)), None))
        first = named.setdefault((tenant, draft.spec.name.lower()), draft)
        if first is not draft:
            message = f"there is a policy {draft.spec.name!r} already (at {first.origin}): rename one"
            yield Problem(draft.text.value_at(("name",)), message)
        try:
            _check(draft.spec)
        except RejectedError as error:
            assert not isinstance(draft.text, Merged)
            place = draft.text.inside(("assert",), draft.spec.assert_, error.offset)
            yield Problem(place, error.message)


def _check(policy: Policy) -> None:
    """Raises RejectedError."""
    model = MODELS[policy.applies_to.kind]
    for path, offset in parse(policy.assert_).fields:
        at = offset
        for index, name in enumerate(path):
            known = fields_at(model, path[:index])
            if not known:  # a label, an address: anybody's to name
                break
            if name not in known:
                near = meant(name, known) or f"; expected one of {', '.join(known)}"
                where = policy.applies_to.kind if not index else f"{'.'.join(path[:index])!r}"
                raise RejectedError(f"{where} has no field {name!r}{near}", at)
            at = policy.assert_.find(path[index + 1], at + len(name)) if index + 1 < len(path) else at
