"""Get-AcceptedDomain, Get- and Set-OrganizationConfig: what the tenant is and has turned on.

Several organisation settings are null until somebody sets them, which is not the same as false [obs:
graph2otel].
"""

from __future__ import annotations

import uuid
from typing import Any

from controller.sandbox.exchange import refusals
from controller.sandbox.exchange.invocation import Invocation, Result, Row
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import Guid

_DOMAIN: dict[str, Any] = {
    "DomainType": "Authoritative",
    "MatchSubDomains": False,
    "AuthenticationType": "Managed",
    "PendingRemoval": False,
    "PendingCompletion": False,
    "FederatedOrganizationLink": None,
    "MailFlowPartner": None,
    "OutboundOnly": False,
    "PendingFederatedAccountNamespace": False,
    "PendingFederatedDomain": False,
    "IsCoexistenceDomain": False,
    "PerimeterDuplicateDetected": False,
    "IsDefaultFederatedDomain": False,
    "EnableNego2Authentication": False,
    "AddressBookEnabled": True,
    "ExternallyManaged": False,
    "EmailOnly": False,
    "SendingFromDomainDisabled": False,
    "SendingToDomainDisabled": False,
    "RawAuthenticationType": "Managed",
    "LiveIdInstanceType": "Business",
    "CanHaveCloudCache": False,
    "CatchAllRecipientID": None,
    "DualProvisioningEnabled": False,
    "ExchangeVersion": "0.1 (8.0.535.0)",
    "IsValid": True,
    "ObjectState": "Unchanged",
}

_ORGANIZATION: dict[str, Any] = {
    "ActivityBasedAuthenticationTimeoutEnabled": True,
    "ActivityBasedAuthenticationTimeoutInterval": "06:00:00",
    "AdfsIssuer": None,
    "AppsForOfficeEnabled": True,
    "AsyncSendEnabled": True,
    "AuditDisabled": False,
    "AutodiscoverPartialDirSync": False,
    "AutoEnableArchiveMailbox": False,
    "AutoExpandingArchiveEnabled": False,
    "BlockMoveMessagesForGroupFolders": False,
    "BookingsEnabled": True,
    "ConnectorsEnabled": True,
    "CustomerLockboxEnabled": False,
    "DefaultAuthenticationPolicy": None,
    "DefaultGroupAccessType": "Private",
    "DefaultMinutesToReduceLongEventsBy": 10,
    "DefaultPublicFolderMailbox": None,
    "DirectReportsGroupAutoCreationEnabled": False,
    "DisablePlusAddressInRecipients": False,
    "DistributionGroupDefaultOU": None,
    "DistributionGroupNameBlockedWordsList": [],
    "DistributionGroupNamingPolicy": "",
    "ElcProcessingDisabled": False,
    "EwsAllowList": [],
    "EwsApplicationAccessPolicy": None,
    "EwsBlockList": [],
    "EwsEnabled": None,
    "FocusedInboxOn": None,
    "HierarchicalAddressBookRoot": None,
    "IPListBlocked": [],
    "IsDehydrated": False,
    "IsGroupFoldersAndRulesEnabled": False,
    "IsMixedMode": False,
    "LinkPreviewEnabled": True,
    "MailTipsAllTipsEnabled": True,
    "MailTipsExternalRecipientsTipsEnabled": False,
    "MailTipsGroupMetricsEnabled": True,
    "MailTipsLargeAudienceThreshold": 25,
    "MailTipsMailboxSourcedTipsEnabled": True,
    "MessageRecallEnabled": None,
    "MessageRemindersEnabled": True,
    "OAuth2ClientProfileEnabled": True,
    "OnlineMeetingsByDefaultEnabled": None,
    "OutlookMobileGCCRestrictionsEnabled": False,
    "OutlookPayEnabled": True,
    "PostponeRoamingSignaturesUntilLater": False,
    "PublicFoldersEnabled": "Local",
    "ReadTrackingEnabled": False,
    "RejectDirectSend": False,
    "SendFromAliasEnabled": False,
    "SharedDomainEmailAddressFlowEnabled": False,
    "ShortenEventScopeDefault": "None",
    "SIPEnabled": True,
    "WebPushNotificationsDisabled": False,
    "WorkspaceTenantEnabled": True,
}


# What of it Set-OrganizationConfig changes here [doc: Set-OrganizationConfig].
_SETTABLE = frozenset(
    {
        "AuditDisabled",
        "DisablePlusAddressInRecipients",
        "FocusedInboxOn",
        "MailTipsAllTipsEnabled",
        "MailTipsExternalRecipientsTipsEnabled",
        "MailTipsLargeAudienceThreshold",
        "MessageRecallEnabled",
        "PostponeRoamingSignaturesUntilLater",
        "ReadTrackingEnabled",
        "SendFromAliasEnabled",
    }
)
# Kept with the organisation by scenarios, and shown by other cmdlets or by Graph.
_ELSEWHERE = frozenset(
    {"RetentionPolicies", "RetentionTags", "OutboundSpamPolicies", "RemoteDomains", "graph"}
)


def _domain(call: Invocation, name: str) -> Row:
    world = call.world
    return {
        "Name": name,
        "Identity": name,
        "Id": name,
        "DomainName": name,
        "Default": name.lower() == world.default_domain.lower(),
        "InitialDomain": name.lower() == world.initial_domain.lower(),
        "Guid": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, f"{world.tenant_id}/{name}")),
        "OrganizationId": world.initial_domain,
        "DistinguishedName": f"CN={name},CN=Accepted Domains,CN=Configuration,CN={world.initial_domain}",
        **_DOMAIN,
    }


@cmdlet("Get-AcceptedDomain", honours={"Identity", "ResultSize"})
def get_accepted_domain(call: Invocation) -> Result:
    wanted = call.arguments.text("Identity")
    found = [name for name in call.world.domains if wanted is None or name.lower() == wanted.lower()]
    if not found:
        raise refusals.not_found(str(wanted))
    return [selected(call, _domain(call, name)) for name in found]


@cmdlet("Get-OrganizationConfig", honours=())
def get_organization_config(call: Invocation) -> Result:
    world = call.world
    row: dict[str, Any] = {
        "Name": world.initial_domain,
        "Identity": world.initial_domain,
        "Id": world.initial_domain,
        "Guid": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, world.tenant_id)),
        "DisplayName": world.name,
        "ExchangeObjectId": Guid(uuid.uuid5(uuid.NAMESPACE_DNS, world.tenant_id)),
        **_ORGANIZATION,
    }
    row.update({name: value for name, value in world.organization.items() if name not in _ELSEWHERE})
    return [selected(call, row)]


@cmdlet("Set-OrganizationConfig", honours=_SETTABLE, target="Name")
def set_organization_config(call: Invocation) -> Result:
    """No rows; it takes no Identity, as there is one organisation."""
    world = call.world
    given = {name: call.arguments[name] for name in _SETTABLE if name in call.arguments}
    there = {**_ORGANIZATION, **world.organization}
    changed = {name: value for name, value in given.items() if there.get(name) != value}
    if not changed:
        call.warn(
            f"The command completed successfully but no settings of '{world.initial_domain}' have been "
            "modified."
        )
    call.subject = world.initial_domain
    world.organization.update(changed)
    return None


def selected(call: Invocation, row: Row) -> Row:
    """What of a row the call selects."""
    if call.select is None:
        return row
    return {name: value for name, value in row.items() if name.lower() in call.select}
