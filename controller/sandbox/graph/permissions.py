"""Which application permission opens what.

The lists follow Microsoft's permission table [github microsoftgraph/microsoft-graph-devx-content,
permissions.json]; least first is not needed here, any one suffices. `*` in a caller's roles stands for the
sandbox's own operator.
"""

from __future__ import annotations

from enum import IntEnum

from controller.sandbox.graph.errors import denied
from controller.sandbox.state import Caller

DIRECTORY_WRITE = frozenset({"Directory.ReadWrite.All"})
DIRECTORY_READ = DIRECTORY_WRITE | {"Directory.Read.All"}
USERS_WRITE = DIRECTORY_WRITE | {"User.ReadWrite.All"}
USERS_FULL = DIRECTORY_READ | USERS_WRITE | {"User.Read.All"}
USERS_READ = USERS_FULL | {"User.ReadBasic.All"}
USERS_DELETE = USERS_WRITE | {"User.DeleteRestore.All"}
PASSWORDS_WRITE = frozenset({"User-PasswordProfile.ReadWrite.All"})
SIGN_INS_READ = frozenset({"AuditLog.Read.All"})
USERS_REVOKE = USERS_WRITE | {"User.RevokeSessions.All"}
GROUPS_WRITE = DIRECTORY_WRITE | {"Group.ReadWrite.All"}
GROUPS_CREATE = GROUPS_WRITE | {"Group.Create"}
GROUPS_FULL = (
    DIRECTORY_READ | GROUPS_WRITE | {"Group.Read.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All"}
)
GROUPS_READ = GROUPS_FULL | {"Group.ReadBasic.All"}
OWNERS_READ = GROUPS_FULL
MEMBERS_READ = GROUPS_FULL | {"GroupMember.ReadBasic.All"}
MEMBERS_WRITE = GROUPS_WRITE | {"GroupMember.ReadWrite.All"}
MEMBER_OF_READ = DIRECTORY_READ | {"User.Read.All", "User.ReadWrite.All", "GroupMember.Read.All"}
CONTACTS_READ = DIRECTORY_READ | {"OrgContact.Read.All"}
APPS_READ = DIRECTORY_READ | {"Application.Read.All", "Application.ReadWrite.All"}
OBJECTS_READ = DIRECTORY_READ | USERS_READ | GROUPS_READ | APPS_READ
ORGANIZATION_READ = DIRECTORY_READ | {"Organization.Read.All", "Organization.ReadWrite.All"}
DOMAINS_READ = DIRECTORY_READ | {"Domain.Read.All", "Domain.ReadWrite.All"}
LICENCES_READ = ORGANIZATION_READ | {"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All"}
LICENCES_WRITE = USERS_WRITE | {"LicenseAssignment.ReadWrite.All"}
LICENCE_DETAILS_READ = LICENCES_READ | USERS_FULL
SETTINGS_WRITE = frozenset({"MailboxSettings.ReadWrite"})
SETTINGS_READ = SETTINGS_WRITE | {"MailboxSettings.Read"}
FOLDERS_WRITE = frozenset({"Mail.ReadWrite"})
FOLDERS_READ = FOLDERS_WRITE | {"Mail.Read", "Mail.ReadBasic", "Mail.ReadBasic.All"}
BODIES_READ = FOLDERS_WRITE | {"Mail.Read"}
MAIL_SEND = frozenset({"Mail.Send"})
CHANNELS_READ = frozenset(
    {"Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All"}
) | {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
PLANNER_READ = frozenset({"Tasks.Read.All", "Tasks.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All"})
MAILBOX_FOLDERS_WRITE = frozenset({"MailboxFolder.ReadWrite.All"})
MAILBOX_FOLDERS_READ = MAILBOX_FOLDERS_WRITE | {"MailboxFolder.Read.All"}

_FULL = {
    "user": USERS_FULL,
    "group": GROUPS_FULL,
    "orgContact": CONTACTS_READ,
    "servicePrincipal": APPS_READ,
}
_BASIC = {"user": frozenset({"User.ReadBasic.All"}), "group": frozenset({"Group.ReadBasic.All"})}
BASIC_PROPERTIES = {
    "user": frozenset({"id", "displayName", "givenName", "surname", "mail", "userPrincipalName", "photo"}),
    "group": frozenset(
        {"id", "displayName", "description", "groupTypes", "mail", "mailEnabled", "mailNickname",
         "securityEnabled", "visibility", "createdDateTime"}
    ),
}  # fmt: skip


class Sight(IntEnum):
    """How much of an object a caller is shown; what it may not see comes back null."""

    ID_ONLY = 0
    BASIC = 1
    FULL = 2


def allowed(caller: Caller, roles: frozenset[str]) -> bool:
    return "*" in caller.roles or not roles.isdisjoint(caller.roles)


def require(caller: Caller, roles: frozenset[str]) -> None:
    """Raises Authorization_RequestDenied where the caller has none of `roles`."""
    if not allowed(caller, roles):
        raise denied()


def sight(caller: Caller, type_name: str) -> Sight:
    if type_name not in _FULL or allowed(caller, _FULL[type_name]):
        return Sight.FULL
    if allowed(caller, _BASIC.get(type_name, frozenset())):
        return Sight.BASIC
    return Sight.ID_ONLY
