"""Whom to tell of a tenant, and how to reach that tenant: what its document last said.

Kept in the journal, too: when the specs cannot be read after a restart, people must be told just then.
Names of variables and addresses of people stand there, and no secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.notify.channels import Channel, channels_of
from controller.spec import TenantSpecs
from controller.spec.models.notify import Notification


@dataclass(frozen=True, slots=True)
class Desk:
    """`entries` is the tenant's `notify`; `variables` its `credentials`, under which it is signed in to."""

    tenant: str
    tenant_id: str
    cloud: str
    variables: str | None
    entries: tuple[Notification, ...]

    @property
    def channels(self) -> list[Channel]:
        return channels_of(self.entries)

    def plain(self) -> dict[str, Any]:
        """`notify` as one text: the journal leaves out what stands under a name such as `secretFrom`, which
        here is the name of a variable."""
        notify = [e.model_dump(mode="json", by_alias=True, exclude_none=True) for e in self.entries]
        return {
            "tenant": self.tenant,
            "tenantId": self.tenant_id,
            "cloud": self.cloud,
            "variables": self.variables,
            "notify": json.dumps(notify, sort_keys=True),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Desk:
        """Raises ValueError or KeyError for what another release wrote."""
        entries = tuple(Notification.model_validate(entry) for entry in json.loads(plain["notify"]))
        return cls(plain["tenant"], plain["tenantId"], plain["cloud"], plain["variables"], entries)


def desk_of(specs: TenantSpecs) -> Desk:
    tenant: Any = specs.tenant.spec
    return Desk(
        str(tenant.name), str(tenant.tenant_id), str(tenant.cloud), tenant.credentials, tuple(tenant.notify)
    )
