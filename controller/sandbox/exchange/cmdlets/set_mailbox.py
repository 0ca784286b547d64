"""Set-Mailbox: the directory settings of a mailbox.

PrimarySmtpAddress is no parameter of it online; the primary address changes by WindowsEmailAddress or by
adding `SMTP:new`, and the former one stays [doc: Set-Mailbox; obs: M365DSC].
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from controller.sandbox.exchange import addresses, directory, refusals
from controller.sandbox.exchange.cmdlets.retention import policies
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.mailbox_layout import AUDIT_DEFAULTS, AUDIT_SETS, GB, KB, MAILBOX
from controller.sandbox.exchange.naming import upn_taken
from controller.sandbox.exchange.recipient_settings import SHARED, Draft, merged
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import is_email
from controller.sandbox.world import MAILBOX_TYPES, RECIPIENT_TYPES, Entry

# ConvertibleMailboxSubType to RecipientTypeDetails [doc; obs]; desks and workspaces are rooms of a kind.
TYPES = {
    "Regular": "UserMailbox",
    "Shared": "SharedMailbox",
    "Room": "RoomMailbox",
    "Equipment": "EquipmentMailbox",
}
_STORED = frozenset(
    {
        "DeliverToMailboxAndForward",
        "MessageCopyForSentAsEnabled",
        "MessageCopyForSendOnBehalfEnabled",
        "MessageCopyForSMTPClientSubmissionEnabled",
        "MessageTrackingReadStatusEnabled",
        "RetentionHoldEnabled",
        "RetentionComment",
        "RetentionUrl",
        "SingleItemRecoveryEnabled",
        "AuditEnabled",
        "Office",
        "UseDatabaseQuotaDefaults",
        "CalendarRepairDisabled",
        "CalendarVersionStoreDisabled",
        "ResourceCapacity",
        "RoleAssignmentPolicy",
        "SharingPolicy",
        "AddressBookPolicy",
        "ElcProcessingDisabled",
        "LitigationHoldOwner",
        "StartDateForRetentionHold",
        "EndDateForRetentionHold",
        "ExternalOofOptions",
        "IssueWarningQuota",
        "ProhibitSendQuota",
        "ProhibitSendReceiveQuota",
        "MaxSendSize",
        "MaxReceiveSize",
    }
)
_LISTS = frozenset({"Languages", "ResourceCustom", "ArchiveName"})
# What the directory on premises rules over, where it is the source [obs: CIPP issues; the list is inf].
_SYNCED = frozenset(
    {*SHARED, "Type", "ForwardingAddress", "Office", "MicrosoftOnlineServicesID", "AccountDisabled"}
)
_ENTERPRISE = ("BPOS_S_Enterprise", "EXCHANGE_S_ENTERPRISE", "ArchiveAddOn")


@cmdlet(
    "Set-Mailbox",
    honours={
        *SHARED,
        *_STORED,
        *_LISTS,
        *AUDIT_DEFAULTS,
        "DefaultAuditSet",
        "Type",
        "AccountDisabled",
        "MicrosoftOnlineServicesID",
        "ForwardingAddress",
        "ForwardingSmtpAddress",
        "RecipientLimits",
        "RulesQuota",
        "RetainDeletedItemsFor",
        "LitigationHoldEnabled",
        "LitigationHoldDuration",
        "LitigationHoldDate",
        "AuditLogAgeLimit",
        "RetentionPolicy",
        "IsExchangeCloudManaged",
        "Force",
        "ApplyMandatoryProperties",
    },
)
def set_mailbox(call: Invocation) -> Result:
    """No rows. A warning where nothing changes. CmdletError (400): each value outside its bounds."""
    entry = directory.find_target(call, MAILBOX_TYPES)
    _refuse_synced(call, entry)
    draft = Draft(call, entry, MAILBOX)
    draft.take_shared()
    for name in _STORED:
        if name in call.arguments:
            draft.put(name, call.arguments[name])
    for name in _LISTS:
        if name in call.arguments:
            draft.put(name, merged(draft.held(name), call.arguments[name]))
    _take_account(call, draft)
    _take_forwarding(call, draft)
    _take_bounded(call, draft)
    _take_hold(call, draft)
    _take_audit(call, draft)
    _check_quotas(call, draft)
    draft.commit()
    return None


def _refuse_synced(call: Invocation, entry: Entry) -> None:
    if not entry.dir_synced or entry.cloud_managed:
        return
    refused = sorted(_SYNCED & set(call.arguments.values))
    if refused:
        raise refusals.synced("Set-Mailbox", ",".join(refused), entry.name)


def _take_account(call: Invocation, draft: Draft) -> None:
    arguments = call.arguments
    if arguments.get("Type") is not None:
        kind = TYPES.get(arguments["Type"])
        if kind is None:
            raise refusals.not_offered(f"mailboxes of the type {arguments['Type']}")
        draft.fields["type"] = kind
        if kind == "SharedMailbox" and draft.entry.type != kind:  # [inf: informational]
            call.warn("A shared mailbox over 50 GB, or with an archive or a hold, still needs a license.")
    if "AccountDisabled" in arguments:
        draft.fields["account_enabled"] = not arguments["AccountDisabled"]
    if "IsExchangeCloudManaged" in arguments:
        draft.fields["cloud_managed"] = arguments["IsExchangeCloudManaged"]
    upn = arguments.text("MicrosoftOnlineServicesID")
    if upn and upn.lower() != (draft.entry.upn or "").lower():
        addresses.check_domain(call, upn)
        if upn_taken(call, upn):
            raise refusals.value_in_use("UserPrincipalName", upn)
        draft.fields["upn"] = upn


def _take_forwarding(call: Invocation, draft: Draft) -> None:
    arguments = call.arguments
    if "ForwardingAddress" in arguments:
        target = arguments.text("ForwardingAddress")
        found = directory.find(call, target, RECIPIENT_TYPES, status=400) if target else None
        draft.put("ForwardingAddress", found.object_id if found else None)
    if "ForwardingSmtpAddress" in arguments:
        text = arguments.text("ForwardingSmtpAddress")
        rest = addresses.split(text)[1] if text else ""
        if text and not is_email(rest):
            raise refusals.validation(f'The address "{rest}" is not a valid SMTP address.')
        draft.put("ForwardingSmtpAddress", f"smtp:{rest}" if rest else None)


def _take_bounded(call: Invocation, draft: Draft) -> None:
    """Bounds from the parameters' descriptions [doc: Set-Mailbox]."""
    arguments = call.arguments
    limits = arguments.get("RecipientLimits")
    if limits is not None:
        if isinstance(limits, int) and not 1 <= limits <= 1000:
            raise refusals.validation("The value of RecipientLimits must be between 1 and 1000.")
        draft.put("RecipientLimits", str(limits))
    rules = arguments.get("RulesQuota")
    if rules is not None:
        if not 32 * KB <= rules <= 256 * KB:
            raise refusals.validation("The value of RulesQuota must be between 32 KB and 256 KB.")
        draft.put("RulesQuota", rules)
    kept = arguments.get("RetainDeletedItemsFor")
    if kept is not None:
        if kept > timedelta(days=30):
            raise refusals.validation("The value of RetainDeletedItemsFor can't be more than 30 days.")
        draft.put("RetainDeletedItemsFor", kept)
    if "RetentionPolicy" in arguments:
        draft.put("RetentionPolicy", _policy(call, arguments.text("RetentionPolicy")))


def _policy(call: Invocation, wanted: str | None) -> str | None:
    if not wanted:
        return None
    for row in policies(call.world):
        if wanted.lower() in (str(row["Name"]).lower(), str(row["Guid"]).lower()):
            return str(row["Name"])
    raise refusals.not_found(wanted, status=400)


def _take_hold(call: Invocation, draft: Draft) -> None:
    """Litigation hold wants a licence that has it on the mailbox [doc]."""
    arguments, entry = call.arguments, draft.entry
    if arguments.get("LitigationHoldEnabled"):
        if not (entry.graph.get("assignedLicenses") or _capable(entry.properties)):
            raise refusals.invalid(
                "The mailbox doesn't have a license for litigation hold: Exchange Online Plan 2 is needed."
            )
        draft.put("LitigationHoldDate", arguments.get("LitigationHoldDate") or call.now)
        if not draft.held("LitigationHoldEnabled"):
            draft.put("LitigationHoldOwner", arguments.text("LitigationHoldOwner") or call.actor.name)
        elif "LitigationHoldDate" not in arguments:
            draft.properties.pop("LitigationHoldDate")
    elif arguments.get("LitigationHoldEnabled") is False:
        draft.put("LitigationHoldDate", None)
        draft.put("LitigationHoldOwner", None)
    for name in ("LitigationHoldEnabled", "LitigationHoldDuration"):
        if arguments.get(name) is not None:
            draft.put(name, arguments[name])


def _capable(properties: Mapping[str, Any]) -> bool:
    return any(
        capability.endswith(kind)
        for capability in properties.get("PersistedCapabilities", ())
        for kind in _ENTERPRISE
    )


def _take_audit(call: Invocation, draft: Draft) -> None:
    """A list of one's own takes that logon type out of the managed defaults; DefaultAuditSet puts it
    back [doc: AuditAdmin, DefaultAuditSet]."""
    arguments = call.arguments
    if arguments.get("AuditLogAgeLimit") is not None:
        draft.put("AuditLogAgeLimit", arguments["AuditLogAgeLimit"])
    managed = list(draft.held("DefaultAuditSet"))
    for kind in AUDIT_SETS:
        name = f"Audit{kind}"
        if name in arguments:
            draft.put(name, merged(draft.held(name), arguments[name]))
            managed = [other for other in managed if other != kind]
    if arguments.get("DefaultAuditSet"):
        managed = sorted({*managed, *merged(managed, arguments["DefaultAuditSet"])})
        for kind in managed:
            draft.put(f"Audit{kind}", list(AUDIT_DEFAULTS[f"Audit{kind}"]))
    draft.put("DefaultAuditSet", managed)


def _check_quotas(call: Invocation, draft: Draft) -> None:
    """Warning at most prohibit-send at most prohibit-send-receive, and no more than the licence gives:
    50 GB without one [doc: Set-Mailbox, about-shared-mailboxes; 100 GB with one]."""
    names = ("IssueWarningQuota", "ProhibitSendQuota", "ProhibitSendReceiveQuota")
    if not any(name in call.arguments for name in names):
        return
    sizes = [draft.bytes_of(name) for name in names]
    if sizes != sorted(sizes):
        raise refusals.validation(
            "The value of IssueWarningQuota must be less than or equal to ProhibitSendQuota, and that one "
            "less than or equal to ProhibitSendReceiveQuota."
        )
    licensed = bool(draft.entry.graph.get("assignedLicenses")) or draft.entry.type == "UserMailbox"
    most = (100 if licensed else 50) * GB
    if sizes[-1] > most:
        raise refusals.validation(
            f"The value of ProhibitSendReceiveQuota exceeds the limit of {most:,} bytes."
        )
