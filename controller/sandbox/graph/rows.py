"""Directory objects as Graph shows them: a row answers for one object, property by property.

Lazy on purpose: a filter over ten thousand users asks each for one property, not for seventy. How far
behind the world a row is was decided by whoever made it (`tenant.py`). The fact a reader would not guess:
`onPremisesSyncEnabled` is null, not false, for what was never synchronised [reference: Graph API, users].
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.sandbox.graph import entities
from controller.sandbox.graph.permissions import BASIC_PROPERTIES, Sight
from controller.sandbox.world import GROUP_TYPES, USER_TYPES, Entry, World

_COLLECTIONS = {
    "user": "users",
    "group": "groups",
    "orgContact": "contacts",
    "servicePrincipal": "servicePrincipals",
}


def type_of(entry: Entry) -> str | None:
    """Graph's type of an entry; None for what Entra does not have as an object."""
    if entry.type in USER_TYPES:
        return "user"
    if entry.type in GROUP_TYPES:
        return "group"
    return "orgContact" if entry.type == "MailContact" else None


def collection_of(type_name: str) -> str:
    """The set a type's objects belong to, as @odata.context names it."""
    return _COLLECTIONS.get(type_name, f"{type_name}s")


def instant(at: datetime) -> str:
    """Directory times: UTC, whole seconds, Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Row:
    """One object. `values` overrides nothing: it is the whole truth of a row without an entry (an
    application's service principal, a domain)."""

    type: str
    id: str
    world: World
    entry: Entry | None = None
    values: Mapping[str, Any] | None = None
    sight: Sight = Sight.FULL

    @property
    def collection(self) -> str:
        return collection_of(self.type)

    def get(self, name: str) -> Any:
        """The property of that name (any case), blank where it was never set or may not be seen."""
        prop = entities.entity(self.type).find(name)
        if prop is None:
            return None
        if prop.name == "id":
            return self.id
        if self.sight is not Sight.FULL and not self._visible(prop.name):
            return prop.blank
        value = self._read(prop.name)
        return prop.blank if value is None else value

    def _visible(self, name: str) -> bool:
        return self.sight is Sight.BASIC and name in BASIC_PROPERTIES.get(self.type, frozenset())

    def _read(self, name: str) -> Any:
        if self.values is not None:
            return self.values.get(name)
        assert self.entry is not None
        getter = _GETTERS[self.type].get(name)
        return getter(self.world, self.entry) if getter else self.entry.graph.get(name)


def _mail(_: World, entry: Entry) -> str | None:
    return entry.primary or entry.graph.get("mail")


def _sid(_: World, entry: Entry) -> str:
    """Entra's own SID is the object id in another spelling: S-1-12-1 and four 32-bit numbers."""
    digest = bytes.fromhex(entry.object_id.replace("-", "")) if _is_guid(entry.object_id) else _digest(entry)
    words = [int.from_bytes(digest[at : at + 4], "little") for at in range(0, 16, 4)]
    return "S-1-12-1-" + "-".join(str(word) for word in words)


def _is_guid(text: str) -> bool:
    bare = text.replace("-", "")
    return len(bare) == 32 and all(c in "0123456789abcdefABCDEF" for c in bare)


def _digest(entry: Entry) -> bytes:
    return hashlib.sha256(entry.object_id.encode()).digest()[:16]


def _extension_attributes(_: World, entry: Entry) -> dict[str, Any]:
    """Exchange's CustomAttribute1..15 under Entra's names."""
    return {
        f"extensionAttribute{n}": entry.properties.get(f"CustomAttribute{n}") or None for n in range(1, 16)
    }


def _principal_name(_: World, entry: Entry) -> str | None:
    """A soft-deleted user's name is prefixed with its id, so that the name is free [doc: deleteditems]."""
    if entry.deleted is not None and entry.upn:
        return entry.object_id.replace("-", "") + entry.upn
    return entry.upn


def _identities(world: World, entry: Entry) -> list[dict[str, str | None]]:
    return [
        {
            "signInType": "userPrincipalName",
            "issuer": world.initial_domain,
            "issuerAssignedId": entry.upn,
        }
    ]


def _group_types(_: World, entry: Entry) -> list[str]:
    found = ["Unified"] if entry.type == "GroupMailbox" else []
    return [*found, *(["DynamicMembership"] if entry.graph.get("membershipRule") else [])]


def _security_enabled(_: World, entry: Entry) -> bool:
    if entry.type == "GroupMailbox":
        return bool(entry.graph.get("securityEnabled", False))
    return entry.type in ("MailUniversalSecurityGroup", "SecurityGroup")


def _visibility(_: World, entry: Entry) -> str | None:
    default = "Public" if entry.type == "GroupMailbox" else None
    return entry.graph.get("visibility", default)


def _deleted(_: World, entry: Entry) -> str | None:
    return instant(entry.deleted) if entry.deleted else None


def _synced(_: World, entry: Entry) -> bool | None:
    return True if entry.dir_synced else None


def _last_sync(_: World, entry: Entry) -> str | None:
    return entry.graph.get("onPremisesLastSyncDateTime", instant(entry.created)) if entry.dir_synced else None


Getters = dict[str, Callable[[World, Entry], Any]]
_SHARED: Getters = {
    "displayName": lambda _, entry: entry.display_name,
    "mail": _mail,
    "mailNickname": lambda _, entry: entry.alias or None,
    "proxyAddresses": lambda _, entry: list(entry.addresses),
    "createdDateTime": lambda _, entry: instant(entry.created),
    "deletedDateTime": _deleted,
    "onPremisesSyncEnabled": _synced,
    "onPremisesLastSyncDateTime": _last_sync,
}
_GETTERS: dict[str, Getters] = {
    "user": {
        **_SHARED,
        "accountEnabled": lambda _, entry: entry.account_enabled,
        "userPrincipalName": _principal_name,
        "userType": lambda _, e: e.graph.get("userType", "Guest" if e.type == "GuestMailUser" else "Member"),
        "creationType": lambda _, e: (
            "Invitation" if e.type == "GuestMailUser" else e.graph.get("creationType")
        ),
        "externalUserState": lambda _, e: e.graph.get(
            "externalUserState", "Accepted" if e.type == "GuestMailUser" else None
        ),
        "securityIdentifier": _sid,
        "onPremisesExtensionAttributes": _extension_attributes,
        "identities": _identities,
        "passwordProfile": lambda _, entry: None,  # never returned
    },
    "group": {
        **_SHARED,
        "mail": lambda _, entry: entry.primary or None,
        "mailEnabled": lambda _, entry: entry.type != "SecurityGroup",
        "securityEnabled": _security_enabled,
        "groupTypes": _group_types,
        "visibility": _visibility,
        "securityIdentifier": _sid,
        "renewedDateTime": lambda _, entry: entry.graph.get("renewedDateTime", instant(entry.created)),
    },
    "orgContact": {**_SHARED},
}
