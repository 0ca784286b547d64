"""The rows of groups, contacts, recipients in general, and users."""

from __future__ import annotations

from typing import Any

from controller.sandbox.exchange import directory, rows
from controller.sandbox.exchange.identity_columns import IDENTITY, MAIL, recipient_type
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.rows import Column
from controller.sandbox.exchange.values import Guid
from controller.sandbox.world import MAILBOX_TYPES, Entry

_ATTRIBUTES: dict[str, Any] = {
    **{f"CustomAttribute{number}": "" for number in range(1, 16)},
    **{f"ExtensionCustomAttribute{number}": [] for number in range(1, 6)},
}
_DELIVERY: dict[str, Any] = {
    "HiddenFromAddressListsEnabled": False,
    "ModerationEnabled": False,
    "SendModerationNotifications": "Always",
    "MailTip": None,
    "MailTipTranslations": [],
    "SimpleDisplayName": "",
    "MaxSendSize": "Unlimited",
    "MaxReceiveSize": "Unlimited",
    "EmailAddressPolicyEnabled": False,
    "PoliciesIncluded": [],
    "PoliciesExcluded": ["{26491cfc-9e50-4857-861b-0cb8df22b5d7}"],
    "ExchangeVersion": "0.10 (14.0.100.0)",
    "AdministrativeUnits": [],
    "UMDtmfMap": [],
    "AddressListMembership": ["\\All Recipients(VLV)", "\\Offline Global Address List"],
    **_ATTRIBUTES,
}


def _group_type(_call: Invocation, seen: Entry) -> str:
    return "Universal, SecurityEnabled" if "Security" in seen.type else "Universal"


def _managers_shown(call: Invocation, seen: Entry) -> list[str]:
    if not call.arguments.on("IncludeManagedByWithDisplayNames"):
        return []
    return directory.display_names_of(call, seen.owners)


GROUP = rows.Layout(
    {
        **_DELIVERY,
        "RequireSenderAuthenticationEnabled": True,  # external mail is rejected by default [doc]
        "MemberJoinRestriction": "Closed",
        "MemberDepartRestriction": "Open",
        "HiddenGroupMembershipEnabled": False,
        "BypassNestedModerationEnabled": False,
        "ReportToOriginatorEnabled": True,
        "ReportToManagerEnabled": False,
        "SendOofMessageToOriginatorEnabled": False,
        "BccBlocked": False,
        "Description": [],
        "Notes": "",
        "ExpansionServer": "",
        "MigrationToUnifiedGroupInProgress": False,
        "ArbitrationMailbox": None,
        "DefaultPublicFolderMailbox": None,
    },
    {
        **IDENTITY,
        **MAIL,
        **rows.reference_columns(),
        "GroupType": _group_type,
        "SamAccountName": lambda _call, seen: f"{seen.alias}{seen.guid[:6]}",
        "ManagedBy": lambda call, seen: directory.names_of(call, seen.owners),
        "ManagedByWithDisplayNames": _managers_shown,
        "ExchangeObjectId": lambda _call, seen: Guid(seen.guid),
        "IsExchangeCloudManaged": lambda _call, seen: seen.cloud_managed,
    },
)


def _external(_call: Invocation, seen: Entry) -> str:
    stored = seen.properties.get("ExternalEmailAddress")
    return str(stored) if stored else f"SMTP:{seen.primary}"


CONTACT = rows.Layout(
    {
        **_DELIVERY,
        "RequireSenderAuthenticationEnabled": False,
        "MessageFormat": "Mime",
        "MessageBodyFormat": "TextAndHtml",
        "MacAttachmentFormat": "BinHex",
        "UseMapiRichTextFormat": "UseDefaultSettings",
        "UsePreferMessageFormat": False,
        "UserCertificate": [],
        "UserSMimeCertificate": [],
    },
    {**IDENTITY, **MAIL, **rows.reference_columns(), "ExternalEmailAddress": _external},
)


def _sign_in(_call: Invocation, seen: Entry) -> str:
    return seen.upn or ""


def _graph(attribute: str) -> Column:
    return lambda _call, seen: seen.graph.get(attribute) or ""


_PERSON: dict[str, Column] = {
    "FirstName": _graph("givenName"),
    "LastName": _graph("surname"),
    "Title": _graph("jobTitle"),
    "Department": _graph("department"),
    "Company": _graph("companyName"),
    "City": _graph("city"),
    "StateOrProvince": _graph("state"),
    "PostalCode": _graph("postalCode"),
    "CountryOrRegion": _graph("country"),
    "Office": lambda _call, seen: seen.properties.get("Office") or seen.graph.get("officeLocation") or "",
    "Phone": lambda _call, seen: next(iter(seen.graph.get("businessPhones") or ()), ""),
    "MobilePhone": _graph("mobilePhone"),
    "WindowsLiveID": _sign_in,
}


def _recipient_sender_auth(_call: Invocation, seen: Entry) -> bool:
    by_default = seen.type.startswith("MailUniversal")
    return bool(seen.properties.get("RequireSenderAuthenticationEnabled", by_default))


RECIPIENT = rows.Layout(
    {
        "HiddenFromAddressListsEnabled": False,
        "ArchiveStatus": "None",
        "ArchiveState": "None",
        "ArchiveGuid": Guid("00000000-0000-0000-0000-000000000000"),
        "AddressBookPolicy": None,
        "AddressListMembership": ["\\All Recipients(VLV)"],
        "Capabilities": [],
        "EmailAddressPolicyEnabled": False,
        "ExpansionServer": "",
        "ExchangeVersion": "0.20 (15.0.0.0)",
        "HasActiveSyncDevicePartnership": False,
        "LitigationHoldEnabled": False,
        "MailboxMoveStatus": "None",
        "MailboxRegion": None,
        "OwaMailboxPolicy": None,
        "PoliciesIncluded": [],
        "PoliciesExcluded": [],
        "ProtocolSettings": [],
        "RetentionPolicy": None,
        "SharingPolicy": None,
        "UMEnabled": False,
        "UsageLocation": None,
        **_ATTRIBUTES,
    },
    {
        **IDENTITY,
        **MAIL,
        **_PERSON,
        "ExchangeGuid": lambda _call, seen: Guid(seen.exchange_guid),
        "ExchangeObjectId": lambda _call, seen: Guid(seen.guid),
        "ManagedBy": lambda call, seen: directory.names_of(call, seen.owners),
        "Notes": lambda _call, seen: seen.properties.get("Notes", ""),
        "RequireAllSendersAreAuthenticated": _recipient_sender_auth,
        "ResourceType": lambda _call, seen: {"RoomMailbox": "Room", "EquipmentMailbox": "Equipment"}.get(
            seen.type
        ),
        "SamAccountName": lambda _call, seen: f"${seen.guid[:6].upper()}-{seen.guid[9:13].upper()}00000000",
        "ExternalEmailAddress": lambda call, seen: (
            _external(call, seen) if seen.type in ("MailContact", "MailUser", "GuestMailUser") else None
        ),
        "WhenMailboxCreated": lambda _call, seen: seen.created if seen.type in MAILBOX_TYPES else None,
        "WhenSoftDeleted": lambda _call, seen: seen.deleted,
        # Filterable: `Members -eq '<DN>'` lists the groups that contain an object [doc: Get-Recipient].
        "Members": lambda call, seen: [
            call.world.distinguished_name(member)
            for member in (directory.lookup(call, oid) for oid in seen.members)
            if member is not None
        ],
    },
)


def _user_details(call: Invocation, seen: Entry) -> str:
    """A bare Entra user is `User`, or `DisabledUser` where sign-in is blocked [doc: Get-User's types]."""
    details = call.type_of(call.world.entries.get(seen.object_id, seen))
    return "DisabledUser" if details == "User" and not seen.account_enabled else details


USER = rows.Layout(
    {
        "SidHistory": [],
        "IsVIP": False,
        "IsSecurityPrincipal": True,
        "IsLinked": False,
        "Notes": "",
        "Initials": "",
        "Fax": "",
        "HomePhone": "",
        "Manager": None,
        "DirectReports": [],
        "SKUAssigned": None,
        "StsRefreshTokensValidFrom": None,
        "UsageLocation": None,
        "WebPage": "",
        "AdministrativeUnits": [],
        "RemotePowerShellEnabled": True,
    },
    {
        **IDENTITY,
        **_PERSON,
        "RecipientType": lambda call, seen: (
            "User" if seen.type == "User" else recipient_type(_user_details(call, seen))
        ),
        "RecipientTypeDetails": _user_details,
        "Sid": lambda _call, seen: seen.sid,
        "UserPrincipalName": _sign_in,
        "MicrosoftOnlineServicesID": _sign_in,
        "AccountDisabled": lambda _call, seen: not seen.account_enabled,
        "IsDirSynced": lambda _call, seen: seen.dir_synced,
        "SamAccountName": lambda _call, seen: f"${seen.guid[:6].upper()}-{seen.guid[9:13].upper()}00000000",
    },
)
