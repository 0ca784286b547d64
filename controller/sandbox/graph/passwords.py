"""Whether a password may be set, and that it was: the directory keeps no more of one than its digest.

The facts a reader would not guess: an application with User.ReadWrite.All alone may not set the password of
somebody who exists [doc: graph/api/user-update, passwordProfile], and what is too simple is refused with one
text for every reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from controller.sandbox.graph import permissions
from controller.sandbox.graph.errors import bad_request, denied
from controller.sandbox.state import Caller
from controller.sandbox.world import Entry

_LENGTHS = range(8, 257)  # [doc: entra password policies for cloud accounts]
_KINDS = 3  # of lower case, upper case, digits, symbols [doc: the same]

# With one of these, User.ReadWrite.All is enough [doc: graph/api/user-update].
_ROLES = frozenset({"User Administrator", "Privileged Authentication Administrator", "Global Administrator"})


def authorise(caller: Caller) -> None:
    """Raises GraphError for an application that may not set passwords."""
    by_role = permissions.allowed(caller, permissions.USERS_WRITE) and not _ROLES.isdisjoint(
        caller.app.directory_roles
    )
    if not (by_role or permissions.allowed(caller, permissions.PASSWORDS_WRITE)):
        raise denied()


def check(profile: Mapping[str, Any] | None) -> None:
    """Raises GraphError where a profile's password is too short, too long or too simple, or not there."""
    password = str((profile or {}).get("password") or "")
    kinds = (
        any(c.islower() for c in password),
        any(c.isupper() for c in password),
        any(c.isdigit() for c in password),
        any(not c.isalnum() for c in password),
    )
    if len(password) not in _LENGTHS or sum(kinds) < _KINDS:
        raise bad_request("The specified password does not comply with password complexity requirements.")


def take(entry: Entry, profile: Mapping[str, Any], now: str) -> None:
    """Sets the password of a profile that was checked."""
    if password := profile.get("password"):
        entry.graph["passwordDigest"] = hashlib.sha256(str(password).encode()).hexdigest()
        entry.graph["lastPasswordChangeDateTime"] = now
