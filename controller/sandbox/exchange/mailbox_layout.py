"""The row of `Get-Mailbox`: what a mailbox may store, with defaults, and what is worked out.

Absent values differ by property: null, an empty text, a zero GUID, an empty list [obs: graph2otel]. Size
and audit defaults are illustrative [reference: section 15.1].
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from controller.sandbox.exchange import directory, rows
from controller.sandbox.exchange.identity_columns import IDENTITY, MAIL
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.values import Guid, print_span
from controller.sandbox.world import Entry

GB, MB, KB = 1024**3, 1024**2, 1024
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
AUDIT_SETS = ("Admin", "Delegate", "Owner")
_ADMIN = [
    "Update",
    "MoveToDeletedItems",
    "SoftDelete",
    "HardDelete",
    "SendAs",
    "SendOnBehalf",
    "Create",
    "UpdateFolderPermissions",
    "UpdateInboxRules",
    "UpdateCalendarDelegation",
    "ApplyRecord",
]
_OWNER = [
    "Update",
    "MoveToDeletedItems",
    "SoftDelete",
    "HardDelete",
    "UpdateFolderPermissions",
    "UpdateInboxRules",
    "UpdateCalendarDelegation",
    "ApplyRecord",
]
AUDIT_DEFAULTS = {
    "AuditAdmin": _ADMIN,
    "AuditDelegate": [action for action in _ADMIN if action != "UpdateCalendarDelegation"],
    "AuditOwner": _OWNER,
}

SIZES = frozenset(
    {
        "IssueWarningQuota",
        "ProhibitSendQuota",
        "ProhibitSendReceiveQuota",
        "MaxSendSize",
        "MaxReceiveSize",
        "RulesQuota",
        "RecoverableItemsQuota",
        "RecoverableItemsWarningQuota",
        "ArchiveQuota",
        "ArchiveWarningQuota",
        "CalendarLoggingQuota",
    }
)

DATES = frozenset({"LitigationHoldDate", "StartDateForRetentionHold", "EndDateForRetentionHold"})

STORED: dict[str, Any] = {
    "HiddenFromAddressListsEnabled": False,
    "RequireSenderAuthenticationEnabled": False,
    "ModerationEnabled": False,
    "SendModerationNotifications": "Always",
    "MailTip": None,
    "MailTipTranslations": [],
    "SimpleDisplayName": "",
    "ForwardingSmtpAddress": None,
    "DeliverToMailboxAndForward": False,
    "MessageCopyForSentAsEnabled": False,
    "MessageCopyForSendOnBehalfEnabled": False,
    "MessageCopyForSMTPClientSubmissionEnabled": True,
    "MessageTrackingReadStatusEnabled": True,
    "MessageRecallProcessingEnabled": True,
    "IssueWarningQuota": 49 * GB,
    "ProhibitSendQuota": int(49.5 * GB),
    "ProhibitSendReceiveQuota": 50 * GB,
    "RecoverableItemsQuota": 30 * GB,
    "RecoverableItemsWarningQuota": 20 * GB,
    "CalendarLoggingQuota": 6 * GB,
    "UseDatabaseQuotaDefaults": False,
    "UseDatabaseRetentionDefaults": False,
    "MaxSendSize": 35 * MB,
    "MaxReceiveSize": 36 * MB,
    "RecipientLimits": "500",
    "RulesQuota": 256 * KB,
    "ArchiveStatus": "None",
    "ArchiveState": "None",
    "ArchiveGuid": Guid(ZERO_GUID),
    "ArchiveName": [],
    "ArchiveQuota": 100 * GB,
    "ArchiveWarningQuota": 90 * GB,
    "ArchiveDatabase": None,
    "ArchiveDatabaseGuid": Guid(ZERO_GUID),
    "ArchiveDomain": None,
    "ArchiveRelease": "",
    "AutoExpandingArchiveEnabled": False,
    "LitigationHoldEnabled": False,
    "LitigationHoldDate": None,
    "LitigationHoldOwner": "",
    "LitigationHoldDuration": "Unlimited",
    "InPlaceHolds": [],
    "ComplianceTagHoldApplied": False,
    "DelayHoldApplied": False,
    "DelayReleaseHoldApplied": False,
    "RetentionPolicy": "Default MRM Policy",
    "RetentionHoldEnabled": False,
    "RetentionComment": "",
    "RetentionUrl": "",
    "StartDateForRetentionHold": None,
    "EndDateForRetentionHold": None,
    "RetainDeletedItemsFor": "14.00:00:00",
    "RetainDeletedItemsUntilBackup": False,
    "SingleItemRecoveryEnabled": True,
    "ElcProcessingDisabled": False,
    "CalendarRepairDisabled": False,
    "CalendarVersionStoreDisabled": False,
    "AuditEnabled": True,
    "AuditLogAgeLimit": "90.00:00:00",
    "DefaultAuditSet": list(AUDIT_SETS),
    **AUDIT_DEFAULTS,
    "RoleAssignmentPolicy": "Default Role Assignment Policy",
    "SharingPolicy": "Default Sharing Policy",
    "AddressBookPolicy": None,
    "ThrottlingPolicy": None,
    "MailboxPlan": None,
    "MailboxRegion": None,
    "MailboxRegionLastUpdateTime": None,
    "PersistedCapabilities": [],
    "SKUAssigned": None,
    "Languages": [],
    "UsageLocation": None,
    "Office": "",
    "ResourceCapacity": None,
    "ResourceCustom": [],
    "RoomMailboxAccountEnabled": None,
    "EmailAddressPolicyEnabled": False,
    "EmailAddressDisplayNames": [],
    "ExternalOofOptions": "External",
    "ImmutableId": "",
    "UMEnabled": False,
    "UMDtmfMap": [],
    "AntispamBypassEnabled": False,
    "AccountDisabledReason": None,
    "AddressListMembership": ["\\All Recipients(VLV)", "\\Offline Global Address List"],
    "AdminDisplayVersion": "Version 15.20 (Build 9000.0)",
    "AdministrativeUnits": [],
    "AggregatedMailboxGuids": [],
    "ArbitrationMailbox": None,
    "CalendarAutomaticProcessing": None,
    "ConsumerMailbox": None,
    "DataEncryptionPolicy": None,
    "DefaultPublicFolderMailbox": None,
    "EffectivePublicFolderMailbox": None,
    "DisabledArchiveDatabase": None,
    "DisabledArchiveGuid": Guid(ZERO_GUID),
    "DisabledMailboxLocations": False,
    "EnforcedTimestamps": None,
    "Extensions": [],
    "ExchangeSecurityDescriptor": "System.Security.AccessControl.RawSecurityDescriptor",
    "ExchangeVersion": "0.20 (15.0.0.0)",
    "ExchangeUserAccountControl": "None",
    "GeneratedOfflineAddressBooks": [],
    "HasPicture": False,
    "HasSnackyAppData": False,
    "HasSpokenName": False,
    "IncludeInGarbageCollection": False,
    "IsExcludedFromServingHierarchy": False,
    "IsHierarchyReady": True,
    "IsHierarchySyncEnabled": True,
    "IsLinked": False,
    "IsMachineToPersonTextMessagingEnabled": False,
    "IsMailboxEnabled": True,
    "IsMonitoringMailbox": False,
    "IsPersonToPersonTextMessagingEnabled": False,
    "IsRootPublicFolderMailbox": False,
    "IsSoftDeletedByDisable": False,
    "IsSpecialMailbox": False,
    "JournalArchiveAddress": "",
    "LastExchangeChangedTime": None,
    "LinkedMasterAccount": "",
    "MailboxContainerGuid": None,
    "MailboxLocations": [],
    "MailboxMoveBatchName": "",
    "MailboxMoveFlags": "None",
    "MailboxMoveRemoteHostName": "",
    "MailboxMoveSourceMDB": None,
    "MailboxMoveStatus": "None",
    "MailboxMoveTargetMDB": None,
    "MailboxProvisioningConstraint": None,
    "MailboxProvisioningPreferences": [],
    "MaxBlockedSenders": None,
    "MaxSafeSenders": None,
    "NetID": "",
    "NonCompliantDevices": [],
    "OfflineAddressBook": None,
    "OrphanSoftDeleteTrackingTime": None,
    "PitrEnabled": False,
    "PoliciesExcluded": ["{26491cfc-9e50-4857-861b-0cb8df22b5d7}"],
    "PoliciesIncluded": [],
    "ProtocolSettings": [],
    "ProvisionedForOfficeGraph": False,
    "QueryBaseDN": None,
    "QueryBaseDNRestrictionEnabled": False,
    "ReconciliationId": None,
    "RemoteAccountPolicy": None,
    "RemoteRecipientType": "None",
    "ResetPasswordOnNextLogon": False,
    "SCLDeleteEnabled": None,
    "SCLDeleteThreshold": None,
    "SCLJunkEnabled": None,
    "SCLJunkThreshold": None,
    "SCLQuarantineEnabled": None,
    "SCLQuarantineThreshold": None,
    "SCLRejectEnabled": None,
    "SCLRejectThreshold": None,
    "ServerLegacyDN": "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Servers",
    "ServerName": "dc01mb0001",
    "SiloName": "",
    "SourceAnchor": "",
    "StsRefreshTokensValidFrom": None,
    "UnifiedMailbox": None,
    "UniqueRecipientsCountLimitLevel": "None",
    "UserCertificate": [],
    "UserSMimeCertificate": [],
    "WasInactiveMailbox": False,
    **{f"CustomAttribute{number}": "" for number in range(1, 16)},
    **{f"ExtensionCustomAttribute{number}": [] for number in range(1, 6)},
}


def _forwarding(call: Invocation, seen: Entry) -> str | None:
    target = seen.properties.get("ForwardingAddress")
    return next(iter(directory.names_of(call, [target])), None) if target else None


def _forwarding_companion(call: Invocation, seen: Entry) -> str | None:
    target = seen.properties.get("ForwardingAddress")
    if not target or not call.arguments.on("IncludeForwardingAddressWithDisplayNames"):
        return None
    return next(iter(directory.display_names_of(call, [target])), None)


def _resource(_call: Invocation, seen: Entry) -> str | None:
    return {"RoomMailbox": "Room", "EquipmentMailbox": "Equipment"}.get(seen.type)


def _hold_days(_call: Invocation, seen: Entry) -> str:
    """Days go in, a TimeSpan comes out [doc: LitigationHoldDuration]."""
    days = seen.properties.get("LitigationHoldDuration", "Unlimited")
    return print_span(timedelta(days=days)) if isinstance(days, int) else str(days)


def _audit_set(_call: Invocation, seen: Entry) -> list[str]:
    stored = seen.properties.get("DefaultAuditSet")
    return list(stored) if stored is not None else list(AUDIT_SETS)


def _inactive(_call: Invocation, seen: Entry) -> bool:
    """Deleted while on hold: the mailbox stays as an inactive one [doc: Remove-Mailbox]."""
    return seen.deleted is not None and bool(seen.properties.get("LitigationHoldEnabled"))


MAILBOX = rows.Layout(
    STORED,
    {
        **IDENTITY,
        **MAIL,
        **rows.reference_columns(),
        "ExchangeGuid": lambda _call, seen: Guid(seen.exchange_guid),
        "ExchangeObjectId": lambda _call, seen: Guid(seen.guid),
        "UserPrincipalName": lambda _call, seen: seen.upn or "",
        "WindowsLiveID": lambda _call, seen: seen.upn or "",
        "MicrosoftOnlineServicesID": lambda _call, seen: seen.upn or "",
        "SamAccountName": lambda _call, seen: f"${seen.guid[:6].upper()}-{seen.guid[9:13].upper()}00000000",
        "AccountDisabled": lambda _call, seen: not seen.account_enabled,
        "IsShared": lambda _call, seen: seen.type == "SharedMailbox",
        "IsResource": lambda call, seen: _resource(call, seen) is not None,
        "ResourceType": _resource,
        "IsExchangeCloudManaged": lambda _call, seen: seen.cloud_managed,
        "IsInactiveMailbox": _inactive,
        "WhenSoftDeleted": lambda _call, seen: seen.deleted,
        "IsSoftDeletedByRemove": lambda _call, seen: seen.deleted is not None,
        "WhenMailboxCreated": lambda _call, seen: seen.created,
        "ForwardingAddress": _forwarding,
        "ForwardingAddressWithDisplayNames": _forwarding_companion,
        "LitigationHoldDuration": _hold_days,
        "DefaultAuditSet": _audit_set,
        "OrganizationalUnit": lambda call, _seen: (
            "eurpr01a002.prod.outlook.com/Microsoft Exchange Hosted Organizations/"
            f"{call.world.initial_domain}"
        ),
        "OriginatingServer": lambda _call, _seen: "DC01A002.EURPR01A002.PROD.OUTLOOK.COM",
        "Database": lambda _call, seen: f"EURPR01DG{int(seen.guid[:2], 16):03}-db001",
    },
    SIZES,
    DATES,
)
