"""Which permissions the specs in use need, and what it takes to grant the missing ones. Pure.

Names tell where a permission belongs: cmdlets are Exchange's, permissions with a dot are Graph's, privileges
that begin with `prv` are Dataverse's, which only an environment can tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller.aspect import Resource, all_aspects
from controller.doctor.verdicts import Line, bad, good, warning
from controller.people.grants import ACCESS
from controller.spec import Document

PAGE: Final = "docs/reference/permissions.md"
GROUP: Final = "Permissions"
# Asked in every run [docs/reference/permissions.md, "For every run"].
_ALWAYS: Final = ("Get-Recipient", "Get-User", "Get-AcceptedDomain", "Get-DistributionGroupMember",
                  "Get-Mailbox")  # fmt: skip
# A permission that holds another, by the table of permissions on the page of each call: learn.microsoft.com,
# /graph/api/subscribedsku-list, /graph/api/user-assignlicense, /graph/api/plannergroup-list-plans;
# microsoftgraph/microsoft-graph-docs-contrib, api-reference/v1.0/includes/permissions,
# group-list-transitivemembers and channel-list. Of users and mail: /graph/permissions-reference.
_WIDER: Final[Mapping[str, tuple[str, ...]]] = {
    "User.Read.All": ("User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    "User.EnableDisableAccount.All": ("User.ReadWrite.All", "Directory.ReadWrite.All"),
    "GroupMember.Read.All": ("GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All",
                             "Directory.Read.All"),
    "MailboxSettings.Read": ("MailboxSettings.ReadWrite",),
    "Mail.ReadBasic.All": ("Mail.Read", "Mail.ReadWrite"),
    "LicenseAssignment.Read.All": ("Organization.Read.All", "Organization.ReadWrite.All",
                                   "Directory.Read.All", "Directory.ReadWrite.All"),
    "LicenseAssignment.ReadWrite.All": ("User.ReadWrite.All", "Directory.ReadWrite.All"),
    "Channel.ReadBasic.All": ("ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All", "Group.Read.All",
                              "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    "Tasks.Read.All": ("Tasks.ReadWrite.All",),
}  # fmt: skip
# What only warnings or a name rest on, or is held back from an identity on purpose.
_OPTIONAL: Final = frozenset(
    {
        "Get-HostedOutboundSpamFilterPolicy",
        "Get-RemoteDomain",
        "Get-InboxRule",
        "Search-UnifiedAuditLog",
        "New-Mailbox",
        "Remove-Mailbox",
    }
)
_LOOKED_AT_ANYWAY: Final[Mapping[str, tuple[str, ...]]] = {
    "access": ("access",),
    "forwarding": ("forwarding", "handoff"),
    "rules": ("rules", "handoff"),
}
_VIEW_CONFIGURATION: Final = frozenset(
    {"Get-OrganizationConfig", "Get-AcceptedDomain", "Get-RetentionPolicy", "Get-RetentionPolicyTag",
     "Get-HostedOutboundSpamFilterPolicy", "Get-RemoteDomain"}
)  # fmt: skip


@dataclass(slots=True)
class Need:
    """One permission: which aspects and documents need it to be read, and to be written. `vital`: without
    it something cannot be read that a document speaks of, rather than only looked at for warnings."""

    name: str
    reading: bool = False
    vital: bool = False
    aspects: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)

    @property
    def why(self) -> str:
        shown = sorted(self.documents)
        rest = f" and {len(shown) - 2} more" if len(shown) > 2 else ""
        about = f" of {', '.join(shown[:2])}{rest}" if shown else ""
        return f"to {'read' if self.reading else 'write'} {', '.join(sorted(self.aspects))}{about}"


def needs(tenant: Any, documents: Iterable[Document]) -> list[Need]:
    """Of the documents in use; `tenant` is the Tenant's model, None where there is none yet."""
    found: dict[str, Need] = {}

    def note(name: str, aspect: str, document: str = "", *, reading: bool, vital: bool = True) -> None:
        need = found.setdefault(name, Need(name))
        need.reading = need.reading or reading
        need.vital = need.vital or (vital and name not in _OPTIONAL)
        need.aspects.add(aspect)
        if document:
            need.documents.add(document)

    for name in _ALWAYS:
        note(name, "who is who", reading=True)
    for document in documents:
        if document.key is None:
            continue
        spec: Any = document.spec
        resource = Resource(document.key, spec, document)
        for aspect in all_aspects():
            if document.key.kind in aspect.kinds and aspect.concerns(resource):
                spoken = _is_spoken_of(aspect.name, spec)
                converts = aspect.name != "existence" or spec.convert
                for reading, names in ((True, aspect.permissions.read), (False, aspect.permissions.write)):
                    for name in names if reading or spoken else ():
                        if converts or is_cmdlet(name):  # other accounts are left alone
                            vital = spoken or aspect.name == ACCESS[0]
                            note(name, aspect.name, document.key.address, reading=reading, vital=vital)
    for one in getattr(tenant, "notify", None) or ():
        if one.mail is not None:
            note("Mail.Send", "notify (mail)", one.mail.from_, reading=False)
    if tenant is not None:
        note("Search-UnifiedAuditLog", "drift: who did it, and when", reading=True)
    return sorted(found.values(), key=lambda need: (not need.reading, need.name))


def _is_spoken_of(aspect: str, spec: Any) -> bool:
    """Some aspects are looked at whatever a document says."""
    fields = _LOOKED_AT_ANYWAY.get(aspect, ())
    return not fields or any(getattr(spec, name, None) is not None for name in fields)


def judged(wanted: Sequence[Need], roles: Collection[str], cmdlets: Collection[str] | None) -> list[Line]:
    """`roles`: of Graph's token; `cmdlets`: what the identity may run, in lower case, None if untold. What
    one and the same grant gives is told in one line."""
    lines = []
    if cmdlets is None:
        text = "Exchange does not tell which cmdlets this identity may run"
        todo = f"Compare its roles with {PAGE}; a missing cmdlet shows when it is called."
        lines.append(warning(GROUP, text, todo))
    known = [
        n for n in wanted if not n.name.startswith("prv") and (cmdlets is not None or not is_cmdlet(n.name))
    ]
    held = [need for need in known if has(need.name, roles, cmdlets)]
    writes = [need for need in known if not need.reading]
    only_reads = bool(writes) and not any(need in held for need in writes)
    missing: dict[tuple[str, bool, bool], list[Need]] = {}
    for need in known:
        if need not in held:
            missing.setdefault((_grant(need.name), need.reading, need.vital), []).append(need)
    for (grant, reading, vital), them in missing.items():
        needed = vital and (reading or not only_reads) and not _may_be_confined(them[0].name)
        lines.append(_missing(grant, them, needed=needed))
    if flows := sorted(need.name for need in wanted if need.name.startswith("prv")):
        text = f"privileges of Dataverse are not looked at: {', '.join(flows)}"
        lines.append(
            warning(
                GROUP, text, "A security role of the environment gives them: docs/how-to/hand-mail-on.md."
            )
        )
    if only_reads:
        lines.append(warning(GROUP, "this identity may only read: enough for plan and drift, not for apply"))
    return [good(GROUP, f"{len(held)} of {len(known)} permissions that these specs need are there"), *lines]


def is_cmdlet(name: str) -> bool:
    return "-" in name and "." not in name


def has(name: str, roles: Collection[str], cmdlets: Collection[str] | None) -> bool:
    if is_cmdlet(name):
        return cmdlets is not None and name.lower() in cmdlets
    return name in roles or any(wider in roles for wider in _WIDER.get(name, ()))


def _may_be_confined(name: str) -> bool:
    """What Exchange can grant for some mailboxes alone (RBAC for Applications): such a grant does not show in
    the token, so that its absence there proves nothing [Graph reference, "Permissions and scoping"]."""
    return name.startswith(("Mail.", "MailboxSettings."))


def _missing(grant: str, them: Sequence[Need], *, needed: bool) -> Line:
    """Not being able to write is no fault of an identity that only plans."""
    names = ", ".join(need.name for need in them)
    whole = Need(names, them[0].reading)
    for need in them:
        whole.aspects |= need.aspects
        whole.documents |= need.documents
    text = f"{names}: not granted, needed {whole.why}"
    todo = f"{grant} ({PAGE})"
    return bad(GROUP, text, todo) if needed else warning(GROUP, text, todo)


def _grant(name: str) -> str:
    """What gives it."""
    if is_cmdlet(name):
        return f"Give the app {_role(name)}; {_command()}"
    scoped = (
        "; where Exchange grants it for some mailboxes alone, no token shows it, and all is well"
        if _may_be_confined(name)
        else ""
    )
    return (
        f"Entra admin centre, the app, API permissions, Microsoft Graph, Application permissions: add {name}"
        f", then Grant admin consent{scoped}"
    )


def _role(cmdlet: str) -> str:
    """The least built-in role that holds it, as the permissions page has them. Tenants differ, hence
    `_command` beside it. Of lists and mailboxes also: Microsoft365DSC, settings.json of EXODistributionGroup,
    EXOSharedMailbox and EXORecipientPermission (powershellgallery.com/packages/Microsoft365DSC)."""
    if cmdlet == "Search-UnifiedAuditLog":
        return "the Exchange role View-Only Audit Logs"
    if cmdlet in _VIEW_CONFIGURATION:
        return "the Exchange role View-Only Configuration"
    if cmdlet.startswith("Get-"):
        return "the Exchange role View-Only Recipients (or the Entra role Global Reader)"
    if cmdlet in ("New-Mailbox", "Remove-Mailbox"):
        return "the Exchange role Mail Recipient Creation"
    if "DistributionGroup" in cmdlet:
        return "the Exchange roles Distribution Groups and Security Group Creation and Membership"
    if cmdlet == "Set-OrganizationConfig":
        return "the Exchange role Organization Configuration"
    return "the Exchange role Mail Recipients"


def _command() -> str:
    """How an administrator finds and assigns it [learn.microsoft.com/powershell/module/exchange/
    get-managementrole, Cmdlet; microsoft365dsc.com/resources/exchange/EXOManagementRoleAssignment, App: "the
    ServiceId GUID value from the output of the Get-ServicePrincipal cmdlet"]."""
    return (
        "Get-ManagementRole -Cmdlet <cmdlet> tells which roles have one, "
        'New-ManagementRoleAssignment -App <id, as Get-ServicePrincipal has it> -Role "<role>" gives one'
    )
