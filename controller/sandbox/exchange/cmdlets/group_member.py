"""Get-, Add-, Remove-, Update-DistributionGroupMember: the direct members of a group.

Adding a member twice and removing one who is not there are errors, unlike with permissions [obs: CIPP].
"""

from __future__ import annotations

from controller.sandbox.exchange import directory, refusals
from controller.sandbox.exchange.cmdlets.group import MEMBER_TYPES, TYPES, require_cloud, require_ownership
from controller.sandbox.exchange.invocation import Invocation, Listing, Result, Row
from controller.sandbox.exchange.recipient_layouts import RECIPIENT
from controller.sandbox.exchange.recipient_settings import merged, referenced
from controller.sandbox.exchange.refusals import CmdletError
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import Entry

_TASKS = "Microsoft.Exchange.Management.Tasks."
_MOST = 10_000  # entries in one Update call [doc]
_ANY = MEMBER_TYPES | {"User", "GroupMailbox", "SecurityGroup"}


@cmdlet("Get-DistributionGroupMember", honours={"ResultSize", "IncludeSoftDeletedObjects"})
def get_distribution_group_member(call: Invocation) -> Result:
    """Full recipient rows. A bare Entra user has no PrimarySmtpAddress, but a WindowsLiveID [obs: CIPP]."""
    group = directory.find_target(call, TYPES)
    seen = call.view(group, "member") or call.view(group) or group

    gone_too = call.arguments.on("IncludeSoftDeletedObjects")

    def member(object_id: str) -> Entry | None:
        entry = call.world.entries.get(object_id)
        found = call.view(entry) if entry is not None else None
        return found if found is not None and (gone_too or found.deleted is None) else None

    def render(object_id: str) -> Row | None:
        found = member(object_id)
        return RECIPIENT.row(call, found) if found is not None else None

    return Listing([oid for oid in seen.members if member(oid) is not None], render)


def _group(call: Invocation) -> Entry:
    group = directory.find_target(call, TYPES)
    require_cloud(call, group, "Members")
    require_ownership(call, group)
    return group


def _member(call: Invocation) -> str:
    member = call.arguments.text("Member")
    if not member:
        raise refusals.missing_parameters(["Member"])
    return member


@cmdlet("Add-DistributionGroupMember", honours={"Member", "BypassSecurityGroupManagerCheck"})
def add_distribution_group_member(call: Invocation) -> Result:
    """No rows. CmdletError (400): already a member; a type that cannot be one."""
    group, text = _group(call), _member(call)
    member = directory.find(call, text, _ANY, status=400)
    if member.type not in MEMBER_TYPES or member is group:
        raise refusals.invalid(
            f'"{text}" can\'t be added to the group "{group.name}": its type isn\'t allowed.'
        )
    if member.object_id in group.members:
        raise CmdletError(
            400,
            f"{_TASKS}MemberAlreadyExistsException",
            f'The recipient "{member.name}" is already a member of the group "{group.name}".',
            code="Ex9B7CC1",
        )
    call.writing(group).members = [*group.members, member.object_id]
    return None


@cmdlet("Remove-DistributionGroupMember", honours={"Member", "BypassSecurityGroupManagerCheck"})
def remove_distribution_group_member(call: Invocation) -> Result:
    """No rows. CmdletError (400): not a member."""
    group, text = _group(call), _member(call)
    member = directory.find(call, text, _ANY, status=400)
    if member.object_id not in group.members:
        raise CmdletError(
            400,
            f"{_TASKS}MemberNotFoundException",
            f'The recipient "{member.name}" isn\'t a member of the group "{group.name}".',
            code="Ex5D7FF0",
        )
    call.writing(group).members = [oid for oid in group.members if oid != member.object_id]
    return None


@cmdlet(
    "Update-DistributionGroupMember", honours={"Members", "BypassSecurityGroupManagerCheck"}, prompts=True
)
def update_distribution_group_member(call: Invocation) -> Result:
    """Replaces the whole list, 10,000 entries at most [doc]; null empties it, a table changes it."""
    group = _group(call)
    if "Members" not in call.arguments:
        raise refusals.missing_parameters(["Members"])
    wish = call.arguments["Members"]
    if isinstance(wish, tuple) and len(wish) > _MOST:
        raise refusals.invalid(f"The list of members is longer than {_MOST:,} entries.")
    members = referenced(call, wish, MEMBER_TYPES, group.members)
    call.writing(group).members = merged(members, members)
    return None
