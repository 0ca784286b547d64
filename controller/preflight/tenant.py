"""What the Tenant document says and nothing acts on yet: told, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from controller.model import Finding, Severity
from controller.preflight.view import View

_FOR_THE_LOOP = {"source": "source", "notify": "notify", "apply_windows": "applyWindows"}  # field to spelling


def for_the_loop(view: View) -> Iterator[Finding]:
    """A trust setting that is checked and not enforced would be worse than none."""
    document = view.tenant
    for field, name in _FOR_THE_LOOP.items():
        if field in document.spec.model_fields_set:
            yield Finding(
                "not-acted-on",
                f"{view.context.tenant.name}/{name}",
                Severity.WARNING if name == "source" else Severity.INFO,
                f"`{name}` is for the loop, which this release does not have: it is checked, and nothing "
                "acts on it",
                None,
                document.at(name),
            )


CHECKS = (for_the_loop,)
