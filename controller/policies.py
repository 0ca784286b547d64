"""What the estate's policies say of each document, and of what a plan does with it. Pure.

A policy that cannot be judged counts as broken: nobody can say that it was kept. Whether an Approval stands,
and what is held, is for `controller.guard`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from controller.model import Change, Finding, Key, Kind, Origin, Plan, Severity
from controller.report.as_json import change_document
from controller.spec import Document, Policy, TenantSpecs
from controller.spec.expression import Expression, Given, UndecidedError, parse
from controller.spec.judged import judged

_JUDGED = frozenset({Kind.SHARED_MAILBOX, Kind.DISTRIBUTION_LIST, Kind.MAILBOX_DELEGATION})


def of_specs(specs: TenantSpecs) -> list[Finding]:
    """What the documents break by themselves: policies that ask for changes are left out."""
    policies = [policy for policy in specs.policies if not _parsed(policy).reads_changes]
    return list(_judged(policies, specs.documents, {}, _zone(specs)))


def of_plan(specs: TenantSpecs, documents: Iterable[Document], plan: Plan) -> list[Finding]:
    """What these documents break, or what the plan does with them."""
    changes: dict[Key, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(change.key, []).append(change)
    return list(_judged(specs.policies, documents, changes, _zone(specs)))


def _judged(
    policies: Sequence[Document],
    documents: Iterable[Document],
    changes: Mapping[Key, Sequence[Change]],
    zone: tzinfo,
) -> Iterator[Finding]:
    for document in documents if policies else ():
        concerning = [policy for policy in policies if _concerns(policy, document)]
        if not concerning:
            continue
        assert document.key is not None
        given = _given([_parsed(policy) for policy in concerning], document, changes, zone)
        for policy in concerning:
            if (why := _broken(policy, given)) is not None:
                yield _finding(policy, document, why)


def _given(
    expressions: Sequence[Expression],
    document: Document,
    changes: Mapping[Key, Sequence[Change]],
    zone: tzinfo,
) -> Given:
    """What these expressions read of the document and its changes, and no more: most read little."""
    assert document.key is not None
    only = {path[0] for expression in expressions for path, _ in expression.fields}
    whole = any(expression.whole for expression in expressions)
    wanted = any(expression.reads_changes for expression in expressions)
    planned = changes.get(document.key, ()) if wanted else ()
    return Given(
        judged(document.spec, zone, None if whole else only), [_as_planned(change) for change in planned]
    )


def _broken(policy: Document, given: Given) -> str | None:
    """What to say where the policy is not kept."""
    try:
        return None if _parsed(policy).holds(given) else str(_spec(policy).message)
    except UndecidedError as error:
        return f"the policy {_spec(policy).name} could not be judged: {error}"


def _finding(policy: Document, document: Document, why: str) -> Finding:
    spec = _spec(policy)
    assert document.key is not None
    return Finding(
        f"policy/{spec.name}",
        document.key.address,
        Severity(spec.severity.value),
        f"{document.key.address}: {why} (policy at {policy.origin})",
        document.key,
        _place(_parsed(policy), document),
    )


def _place(expression: Expression, document: Document) -> Origin:
    """Where the first field that the policy asks for is written; where none is, the document."""
    for path, _ in expression.fields:
        found = document.at(path[0])
        if found != document.origin:
            return found
    return document.origin


def _as_planned(change: Change) -> dict[str, Any]:
    """The change as the plan's JSON has it."""
    shown: dict[str, Any] = json.loads(json.dumps(change_document(change)))
    return shown


def _concerns(policy: Document, document: Document) -> bool:
    spec: Any = document.spec
    return (
        document.kind in _JUDGED
        and document.kind.value == _spec(policy).applies_to.kind
        and all(spec.labels.get(name) == value for name, value in _spec(policy).labels.items())
    )


def _parsed(policy: Document) -> Expression:
    return parse(_spec(policy).assert_)


def _spec(policy: Document) -> Policy:
    assert isinstance(policy.spec, Policy)
    return policy.spec


def _zone(specs: TenantSpecs) -> tzinfo:
    tenant: Any = specs.tenant.spec
    zone: tzinfo = tenant.zone
    return zone
