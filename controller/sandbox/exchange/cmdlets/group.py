"""Get-, New-, Set-, Remove-DistributionGroup.

An app never owns a group, so every write needs BypassSecurityGroupManagerCheck [obs: M365DSC issue 6435];
a removed group is gone, there is no recycle bin.
"""

from __future__ import annotations

from controller.sandbox.exchange import addresses, directory, refusals, selection
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.naming import LENGTH, alias_for, first_addresses, legacy_dn
from controller.sandbox.exchange.recipient_layouts import GROUP
from controller.sandbox.exchange.recipient_settings import SHARED, Draft, merged, referenced
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import Entry

TYPES = frozenset({"MailUniversalDistributionGroup", "MailUniversalSecurityGroup"})
OWNER_TYPES = frozenset(
    {
        "UserMailbox",
        "SharedMailbox",
        "RoomMailbox",
        "EquipmentMailbox",
        "MailUser",
        "GuestMailUser",
        "MailUniversalSecurityGroup",
    }
)
MEMBER_TYPES = frozenset({*OWNER_TYPES, "MailContact", "MailUniversalDistributionGroup"})
_SET = frozenset(
    {
        "RequireSenderAuthenticationEnabled",
        "BccBlocked",
        "BypassNestedModerationEnabled",
        "ReportToManagerEnabled",
        "ReportToOriginatorEnabled",
        "SendOofMessageToOriginatorEnabled",
        "MemberJoinRestriction",
        "MemberDepartRestriction",
        "ModerationEnabled",
        "SendModerationNotifications",
    }
)
_NEW = frozenset(
    {
        "RequireSenderAuthenticationEnabled",
        "BccBlocked",
        "BypassNestedModerationEnabled",
        "ModerationEnabled",
        "SendModerationNotifications",
        "MemberJoinRestriction",
        "MemberDepartRestriction",
        "Notes",
    }
)
_INCLUDES = frozenset(
    f"Include{name}WithDisplayNames"
    for name in (
        "AcceptMessagesOnlyFrom",
        "AcceptMessagesOnlyFromDLMembers",
        "GrantSendOnBehalfTo",
        "AcceptMessagesOnlyFromSendersOrMembers",
        "BypassModerationFromSendersOrMembers",
        "ManagedBy",
        "ModeratedBy",
    )
)


@cmdlet("Get-DistributionGroup", honours={*selection.HONOURED, *_INCLUDES, "ManagedBy"})
def get_distribution_group(call: Invocation) -> Result:
    listing = selection.select(call, GROUP, TYPES)
    manager = call.arguments.text("ManagedBy")
    if not manager:
        return listing
    owner = directory.find(call, manager, directory.PRINCIPAL_TYPES)
    return [
        GROUP.row(call, seen)
        for seen in (call.view(entry) for entry in listing.items)
        if seen is not None and owner.object_id in seen.owners
    ]


def require_ownership(call: Invocation, group: Entry) -> None:
    """CmdletError where the caller is no owner and does not say that it need not be one."""
    if call.arguments.on("BypassSecurityGroupManagerCheck"):
        return
    owners = (call.world.entries.get(oid) for oid in group.owners)
    if not any(owner is not None and owner.upn == call.actor.name for owner in owners):
        raise refusals.not_group_owner()


def require_cloud(call: Invocation, group: Entry, what: str) -> None:
    if group.dir_synced and not group.cloud_managed:
        raise refusals.synced(call.cmdlet, what, group.name)


def _restrict(security: bool, join: str, depart: str) -> None:
    if security and "Open" in (join, depart):
        raise refusals.invalid("A security group can't be open for joining or leaving.")


@cmdlet(
    "New-DistributionGroup",
    target="Name",
    honours={
        *_NEW,
        "DisplayName",
        "Alias",
        "PrimarySmtpAddress",
        "Type",
        "ManagedBy",
        "Members",
        "ModeratedBy",
        "Description",
        "HiddenGroupMembershipEnabled",
        "CopyOwnerToMember",
        "IgnoreNamingPolicy",
    },
)
def new_distribution_group(call: Invocation) -> Result:
    """The created group. Without ManagedBy it has no owner, since an app cannot be one [inf]."""
    arguments = call.arguments
    name = _named(call, str(arguments["Name"]))
    if any(other.type in TYPES for other in directory.matches(call, name, TYPES) if other.name == name):
        raise refusals.already_exists(name)
    alias = alias_for(call, arguments.text("Alias"), name)
    wanted = first_addresses(call, alias, arguments.text("PrimarySmtpAddress"))
    addresses.check(call, wanted, owner=None, creating=True)
    security = arguments.get("Type") == "Security"
    depart = "Closed" if security else "Open"
    _restrict(
        security,
        arguments.get("MemberJoinRestriction", "Closed"),
        arguments.get("MemberDepartRestriction", depart),
    )
    entry = _entry(call, name, alias, wanted, security=security)
    call.world.add(entry)
    call.writing(entry, created=True)
    call.subject = entry.name
    return [GROUP.row(call, entry)]


def _entry(call: Invocation, name: str, alias: str, wanted: list[str], *, security: bool) -> Entry:
    arguments, world = call.arguments, call.world
    owners = referenced(call, arguments.get("ManagedBy") or (), OWNER_TYPES)
    members = referenced(call, arguments.get("Members") or (), MEMBER_TYPES)
    if arguments.on("CopyOwnerToMember"):
        members = merged(members, [*members, *owners])
    object_id, guid = world.new_id(), world.new_id()
    properties = {key: arguments[key] for key in _NEW if arguments.get(key) is not None}
    properties.setdefault("MemberDepartRestriction", "Closed" if security else "Open")
    if arguments.get("Description"):
        properties["Description"] = list(arguments["Description"])
    if arguments.on("HiddenGroupMembershipEnabled"):
        properties["HiddenGroupMembershipEnabled"] = True
    if arguments.get("ModeratedBy"):
        properties["ModeratedBy"] = referenced(call, arguments["ModeratedBy"])
    return Entry(
        object_id=object_id,
        guid=guid,
        exchange_guid="00000000-0000-0000-0000-000000000000",
        sid=world.new_sid(),
        type="MailUniversalSecurityGroup" if security else "MailUniversalDistributionGroup",
        name=name,
        alias=alias,
        display_name=arguments.text("DisplayName") or name,
        created=call.now,
        addresses=wanted,
        legacy_dn=legacy_dn(guid, alias),
        properties=properties,
        owners=owners,
        members=members,
    )


def _named(call: Invocation, name: str) -> str:
    """The name under the organisation's naming policy, which may add to it or refuse it [doc]."""
    if len(name) > LENGTH:
        raise refusals.validation(f"The value of Name is longer than {LENGTH} characters.")
    if call.arguments.on("IgnoreNamingPolicy"):
        return name
    blocked = call.world.organization.get("DistributionGroupNameBlockedWordsList") or ()
    if any(word.lower() in name.lower() for word in blocked):
        raise refusals.invalid(f'The group name "{name}" contains a word that is blocked.')
    policy = str(call.world.organization.get("DistributionGroupNamingPolicy") or "<GroupName>")
    return policy.replace("<GroupName>", name) if "<GroupName>" in policy else name


@cmdlet(
    "Set-DistributionGroup",
    honours={
        *SHARED,
        *_SET,
        "PrimarySmtpAddress",
        "ManagedBy",
        "Description",
        "IgnoreNamingPolicy",
        "HiddenGroupMembershipEnabled",
        "BypassSecurityGroupManagerCheck",
        "ForceUpgrade",
    },
)
def set_distribution_group(call: Invocation) -> Result:
    """No rows. Hidden membership can be turned on and never off [doc: New-DistributionGroup]."""
    entry = directory.find_target(call, TYPES)
    require_cloud(call, entry, ",".join(sorted(call.arguments.values)))
    require_ownership(call, entry)
    arguments, draft = call.arguments, Draft(call, entry, GROUP)
    draft.take_shared()
    for name in _SET:
        if arguments.get(name) is not None:
            draft.put(name, arguments[name])
    _restrict(
        "Security" in entry.type,
        arguments.get("MemberJoinRestriction") or draft.held("MemberJoinRestriction"),
        arguments.get("MemberDepartRestriction") or _departs(entry),
    )
    if "Description" in arguments:
        draft.put("Description", merged(draft.held("Description"), arguments["Description"]))
    if arguments.on("HiddenGroupMembershipEnabled"):
        draft.put("HiddenGroupMembershipEnabled", True)
    if "ManagedBy" in arguments:
        owners = referenced(call, arguments["ManagedBy"], OWNER_TYPES, entry.owners)
        if not owners:
            raise refusals.invalid("A group must have at least one owner.")
        draft.fields["owners"] = owners
    draft.commit()
    return None


def _departs(entry: Entry) -> str:
    by_default = "Closed" if "Security" in entry.type else "Open"
    return str(entry.properties.get("MemberDepartRestriction", by_default))


@cmdlet("Remove-DistributionGroup", honours={"BypassSecurityGroupManagerCheck"})
def remove_distribution_group(call: Invocation) -> Result:
    """Gone for good; the rights it held stay on lists as its SID."""
    entry = directory.find_target(call, TYPES)
    require_cloud(call, entry, "Identity")
    require_ownership(call, entry)
    directory.forget(call.world, entry)
    return None
