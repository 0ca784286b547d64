"""What each aspect can be asked for, once for each: the laws run over these, and fail for an aspect without.

A sample is a document that differs from the tenant in that aspect (and in what it cannot do without), with
the texts that must arrive at the service as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.rig import Rig, make_rig

SMALL = (Path(__file__).parent / "scenarios" / "small.yaml").read_text(encoding="utf-8")
# What a company has that some aspects need: seats, policies, an open door, signatures that stay.
SCENARIO = SMALL.replace(
    "  domains: [",
    "  licences: {EXCHANGEENTERPRISE: 5, EXCHANGESTANDARD: 5}\n"
    "  organization:\n"
    "    PostponeRoamingSignaturesUntilLater: true\n"
    "    RetentionPolicies: [Support — 1 an]\n"
    "    OutboundSpamPolicies: [{AutoForwardingMode: \"On\"}]\n"
    "  domains: [",
).replace("    displayName: Contact\n", "    displayName: Contact\n    graph: {usageLocation: FR}\n")
# An environment in which somebody has signed in to the connections, and a team with a plan.
ENVIRONMENT = "https://entreprise.crm.example"
SCENARIO = SCENARIO.replace("      - LicenseAssignment", "      - Channel.ReadBasic.All\n      - Tasks.Read.All\n      - LicenseAssignment")
SCENARIO = SCENARIO.replace("groups:\n", """groups:
  support@entreprise.onmicrosoft.com:
    type: m365
    displayName: Support
    team: {channels: [General, Boîte support], plans: {Support: [À traiter, Fait]}}
""", 1) + f"""
environments:
  {ENVIRONMENT}:
    connectionreferences:
      - connectionreferencelogicalname: mbx_shared_office365
        connectorid: /providers/Microsoft.PowerApps/apis/shared_office365
        connectionid: 0123456789abcdef0123456789abcde1
      - connectionreferencelogicalname: mbx_shared_teams
        connectorid: /providers/Microsoft.PowerApps/apis/shared_teams
        connectionid: 0123456789abcdef0123456789abcde2
      - connectionreferencelogicalname: mbx_shared_planner
        connectorid: /providers/Microsoft.PowerApps/apis/shared_planner
        connectionid: 0123456789abcdef0123456789abcde3
"""
LIMITS = "safety: {maxPeopleLosingAccess: 50, maxShareLosingAccess: 1, lastReader: allow}\n"
_BOX = "kind: SharedMailbox\naddress: contact@entreprise.example\n"
_LIST = "kind: DistributionList\naddress: equipe@entreprise.example\n"


@dataclass(frozen=True)
class Sample:
    text: str
    arrives: tuple[str, ...] = ()  # verbatim, in what the tenant's log has of our writes
    files: dict[str, str] = field(default_factory=dict)
    tenant: str = ""  # more of the Tenant document


def _box(text: str, *arrives: str, **files: str) -> Sample:
    return Sample(_BOX + text, arrives, {name.replace("__", "/") + ".html": said for name, said in files.items()})


SAMPLES: dict[str, Sample] = {
    "access": _box(
        "access:\n  Alice@Entreprise.example: [full-access, send-on-behalf]\n"
        "  bruno@entreprise.example: {rights: [full-access, send-as], autoMapping: false}\n"
        "  equipe@entreprise.example: [send-as]\n"
    ),
    "aliases": _box("aliases: [Info@entreprise.example, Accueil@entreprise.example]\n", "smtp:Accueil@entreprise.example"),
    "appearance": _box(
        'displayName: "Contact  Clients — Été"\nhiddenFromAddressLists: true\n', "Contact  Clients — Été"
    ),
    "archive": _box("licence: EXCHANGEENTERPRISE\narchive: true\n"),
    "audit": _box("audit: {enabled: true, ageLimit: 180 days}\n"),
    "automaticReplies": _box(
        "automaticReplies:\n  state: enabled\n  externalAudience: all\n"
        '  internal: "Bonjour,  nous répondons."\n  external: {file: replies/standard.html}\n',
        "Bonjour,  nous répondons.",
        replies__standard="<p>Bonjour,</p>\n<p>Votre demande est bien arrivée.</p>\n",
    ),
    "categories": _box("categories: {À traiter: red, En cours: yellow}\n"),
    "customAttributes": _box('customAttributes: {1: "Support  Clients", 15: x}\n', "Support  Clients"),
    "delegation": Sample(
        "kind: MailboxDelegation\nmailbox: david@entreprise.example\n"
        "access: {emma@entreprise.example: [send-on-behalf]}\n"
    ),
    "delivery": _box(
        "delivery: {acceptOnlyFrom: [alice@entreprise.example, annonces@entreprise.example], "
        "requireAuthenticatedSenders: true, moderatedBy: [bruno@entreprise.example]}\n"
    ),
    "existence": Sample(
        "kind: SharedMailbox\naddress: Nouveau@Entreprise.example\ndisplayName: Nouveau\n",
        ("Nouveau@Entreprise.example",),
    ),
    "flow": _box(
        f"handoff:\n  flow:\n    environment: {ENVIRONMENT}\n    team: Support\n    channel: Boîte support\n"
        "    mentions: [bruno.petit@entreprise.example]\n    planner: {plan: Support, bucket: À traiter}\n",
        "mbx handoff contact@entreprise.example",
    ),
    "folderPermissions": _box(
        "folderPermissions:\n  Calendar: {default: limited-details, alice@entreprise.example: editor}\n"
    ),
    "folders": _box("folders:\n  Auto-réponses:\n  Clients/Contrats:\n"),
    "forwarding": _box("forwarding: {to: Tickets@helpdesk.example, keepCopy: true}\n", "Tickets@helpdesk.example"),
    "licence": _box("licence: EXCHANGEENTERPRISE\n"),
    "limits": _box("limits: {maxSendSize: 25 MB, maxReceiveSize: 26 MB, warnAt: 45 GB}\n"),
    "listExistence": Sample(
        "kind: DistributionList\naddress: Veille@entreprise.example\ntype: distribution\n"
        "owners: [alice@entreprise.example]\n",
        ("Veille@entreprise.example",),
    ),
    "listSettings": Sample(_LIST + "displayName: Équipe  Support\njoin: closed\nhiddenFromAddressLists: true\n",
                           ("Équipe  Support",)),
    "litigationHold": _box("licence: EXCHANGEENTERPRISE\nlitigationHold: {enabled: true, duration: 2555 days}\n"),
    "mailTip": _box('mailTip: "Réponse sous  4 heures & plus"\n'),
    "members": Sample(_LIST + "members: [alice@entreprise.example, Chloe@entreprise.example]\n"),
    "organization": Sample(_BOX, tenant="organization: {sendFromAlias: true}\n"),
    "owners": Sample(_LIST + "owners: [bruno@entreprise.example]\n"),
    "protocols": _box("protocols: {imap: false, pop: false, smtpAuth: false}\n"),
    "regional": _box("regional: {language: fr-FR, timeZone: Europe/Paris}\n"),
    "retentionPolicy": _box("retentionPolicy: Support — 1 an\n"),
    "rules": _box(
        "categories: {Urgent: red}\nrules:\n  - name: Urgent\n"
        "    conditions: {subjectContains: [Urgent, très  pressé]}\n"
        "    actions: {assignCategories: [Urgent], markImportance: high}\n"
    ),
    "searchFolders": _box("searchFolders:\n  Non lus: {in: [Inbox], filter: \"isRead eq false\"}\n"),
    "senders": Sample(_LIST + "sendAs: [emma@entreprise.example]\nsendOnBehalf: [david@entreprise.example]\n"),
    "sentItems": _box("sentItems: {copySentAs: true, copySentOnBehalf: true}\n"),
    "signIn": Sample("kind: SharedMailbox\naddress: factures@entreprise.example\nsignInBlocked: true\n"),
    "signature": _box(
        "signature: {file: signatures/contact.html}\n", signatures__contact="<p>Contact — <b>Entreprise</b></p>\n"
    ),
    "workingHours": _box('workingHours: {days: [monday, tuesday], start: "09:00", end: "18:00"}\n'),
}  # fmt: skip


def rig_of(folder: Path, name: str, *, seed: int = 1) -> Rig:
    """A rig whose specs are one sample's."""
    sample = SAMPLES[name]
    made = make_rig(folder, SCENARIO, {"sample.yaml": sample.text, **sample.files}, seed=seed)
    made.write("tenant.yaml", (folder / "tenant.yaml").read_text("utf-8") + LIMITS + sample.tenant)
    made.sandbox.log.clear()
    return made
