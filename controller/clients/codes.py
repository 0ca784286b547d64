"""The service's codes that say "it is already so" or "it is not there": for a reconciler, often success.

Exception types of Exchange and codes of Graph, as they stand in `ServiceError.code`. A refusal known only
by its text carries the code of the type it belongs to, so callers compare codes and never texts.
"""

from __future__ import annotations

from typing import Final

from controller.errors import ServiceError

# Exchange: last segment of the exception type [reference: Exchange, catalogue]
OBJECT_NOT_FOUND: Final = "ManagementObjectNotFoundException"
MEMBER_EXISTS: Final = "MemberAlreadyExistsException"
MEMBER_ABSENT: Final = "MemberNotFoundException"
FOLDER_ENTRY_EXISTS: Final = "UserAlreadyExistsInPermissionEntryException"
FOLDER_ENTRY_ABSENT: Final = "UserNotFoundInPermissionEntryException"
OBJECT_EXISTS: Final = "ADObjectAlreadyExistsException"
ADDRESS_IN_USE: Final = "ProxyAddressExistsException"
AMBIGUOUS: Final = "ManagementObjectAmbiguousException"
ACL_FULL: Final = "AccessControlListFull"
NOT_GROUP_MANAGER: Final = "NotGroupManager"
DIRECTORY_SYNCED: Final = "DirectorySynchronized"
SOFT_DELETED_HOLDER: Final = "SoftDeletedHolder"
INVALID_TRUSTEE: Final = "InvalidExternalUserIdException"
PAGE_EXPIRED: Final = "PageExpired"
NO_SUCH_CMDLET: Final = "CommandNotFoundException"  # a typo, or not in the role [obs: graph2otel]

# Graph [reference: Graph, errors]
FOLDER_EXISTS: Final = "ErrorFolderExists"
REFERENCE_EXISTS: Final = "ReferenceAlreadyExists"
EXCHANGE_OWNED_GROUP: Final = "ExchangeOwnedGroup"
MAILBOX_NOT_READY: Final = "MailboxNotEnabledForRESTAPI"

# Dataverse [doc: Web API, errors; obs: coe-starter-kit issue 3535]
ROW_EXISTS: Final = "RowExists"
NO_ROW: Final = "0x80040217"
NO_CONNECTION: Final = "XrmConnectionReferenceMissingConnection"

# Ours: what the client itself refuses
IDENTITY_MISMATCH: Final = "IdentityMismatch"
BLANK_IDENTITY: Final = "BlankIdentity"
TRUNCATED: Final = "Truncated"
CONFIRMATION: Final = "ConfirmationRequired"
NOT_SHARED_YET: Final = "NotSharedYet"

ALREADY: Final = frozenset(
    {MEMBER_EXISTS, FOLDER_ENTRY_EXISTS, OBJECT_EXISTS, FOLDER_EXISTS, REFERENCE_EXISTS, ROW_EXISTS}
)
ABSENT: Final = frozenset(
    {OBJECT_NOT_FOUND, MEMBER_ABSENT, FOLDER_ENTRY_ABSENT, "ADObjectNotFoundException",
     "ObjectNotFoundException", "ErrorItemNotFound", "itemNotFound", "Request_ResourceNotFound", NO_ROW}
)  # fmt: skip


def already_so(error: ServiceError) -> bool:
    """The write asked for what is there already."""
    return error.code in ALREADY


def not_there(error: ServiceError) -> bool:
    """The removal asked for the end of what is not there."""
    return error.code in ABSENT
