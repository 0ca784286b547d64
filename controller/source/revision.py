"""What a source answers with, and what every source can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from controller.spec import Estate, TenantSpecs


@dataclass(frozen=True, slots=True)
class Revision:
    """Specs as they were at one moment. `commit` is None outside git."""

    commit: str | None
    estate: Estate

    def of(self, tenant_id: str) -> TenantSpecs | None:
        return next((one for one in self.estate.tenants if tenant_id_of(one) == tenant_id), None)


def tenant_id_of(specs: TenantSpecs) -> str:
    return str(specs.tenant.spec.tenant_id)  # type: ignore[attr-defined]


class Source(Protocol):
    """`shown` names it for people. All that is wrong is raised as SourceError, SpecError or UsageError."""

    shown: str

    async def newest(self) -> Revision:
        """What it says now."""

    async def vouch(self, revision: Revision, tenant_id: str, last: str | None) -> None:
        """Raises SourceError unless the revision may be applied to a tenant to which `last` was applied
        before (None: nothing was)."""

    def close(self) -> None:
        """Lets go of what it holds."""
