"""What an app's directory roles let it run: Exchange derives its own RBAC from them.

A reader's session simply lacks the write cmdlets, so they fail as not found; what a role may not read is
refused with 403 [obs: graph2otel]. Role groups with custom scopes are not played.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

APP_ROLE = "Exchange.ManageAsApp"
APP_ROLE_V2 = "Exchange.ManageAsAppV2"

_FULL = frozenset({"exchange administrator", "global administrator"})
_RECIPIENTS = frozenset({"exchange recipient administrator"})
_READERS = frozenset({"global reader"})
_VIEWERS = frozenset({"helpdesk administrator"})
_SECURITY = frozenset({"security administrator", "security reader", "compliance administrator"})

# What a recipient administrator does not manage [doc: role groups; inf: the exact list].
_NOT_RECIPIENT = (
    *("transportrule", "organizationconfig", "accepteddomain", "retentionpolicy", "audit"),
    *("spamfilter", "remotedomain"),
)
# …but its role Mail Recipients holds these [obs: Microsoft365DSC, settings of EXOAcceptedDomain and
# EXOOrganizationConfig, `requiredroles`; office-docs-powershell issue 10085].
_RECIPIENT_READS = frozenset({"get-accepteddomain", "get-organizationconfig"})
_SECURITY_READS = frozenset({"get-transportrule", "get-adminauditlogconfig", "search-unifiedauditlog"})
# The switch needs Organization Management or its own role [obs: M365DSC issue 6435, issue 9985].
_MANAGER_CHECK = frozenset({"bypasssecuritygroupmanagercheck"})


class Leave(StrEnum):
    GRANTED = "granted"
    ABSENT = "absent"  # as if there were no such cmdlet
    REFUSED = "refused"  # 403


@dataclass(frozen=True, slots=True)
class Grants:
    """The union of what an app's directory roles give."""

    roles: frozenset[str]

    @classmethod
    def of(cls, directory_roles: Iterable[str]) -> Grants:
        known = _FULL | _RECIPIENTS | _READERS | _VIEWERS | _SECURITY
        return cls(frozenset(role.lower() for role in directory_roles) & known)

    @property
    def any(self) -> bool:
        return bool(self.roles)

    @property
    def hidden_parameters(self) -> frozenset[str]:
        """Parameters that are trimmed from every cmdlet, in lower case."""
        return frozenset() if self.roles & _FULL else _MANAGER_CHECK

    def leave(self, cmdlet: str) -> Leave:
        name = cmdlet.lower()
        if self.roles & _FULL:
            return Leave.GRANTED
        reads = name.startswith(("get-", "search-"))
        about_recipients = not any(noun in name for noun in _NOT_RECIPIENT)
        if (
            (reads and self.roles & _READERS)
            or ((about_recipients or name in _RECIPIENT_READS) and self.roles & _RECIPIENTS)
            or (reads and about_recipients and self.roles & _VIEWERS)
            or (name in _SECURITY_READS and self.roles & _SECURITY)
        ):
            return Leave.GRANTED
        return Leave.REFUSED if reads else Leave.ABSENT
