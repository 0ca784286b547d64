"""What the Tenant document says and nothing acts on yet: told, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from controller.model import Finding, Severity
from controller.preflight.view import View

_NOT_YET = {"notify": "notify"}  # field to spelling


def not_yet(view: View) -> Iterator[Finding]:
    document = view.tenant
    for field, name in _NOT_YET.items():
        if field in document.spec.model_fields_set:
            yield Finding(
                "not-acted-on",
                f"{view.context.tenant.name}/{name}",
                Severity.INFO,
                f"`{name}` is checked, and nothing acts on it in this release",
                None,
                document.at(name),
            )


CHECKS = (not_yet,)
