"""Estates whose end the weather must not change: between them they ask something of every aspect that writes.

What comes later, as commits and dates bring it, is in `tests/soak/stories.py`.
"""

from __future__ import annotations

from tests.rig import TENANT

ESTATES: dict[str, dict[str, str]] = {
    "create": {
        "support.yaml": """\
kind: SharedMailbox
address: support@entreprise.example
displayName: Support Clients
aliases: [aide@entreprise.example]
hiddenFromAddressLists: true
access:
  alice@entreprise.example: [full-access, send-as, send-on-behalf]
  bruno@entreprise.example: {rights: [full-access], autoMapping: false}
  equipe@entreprise.example: [send-as]
sentItems: {copySentAs: true, copySentOnBehalf: true}
signInBlocked: true
"""
    },
    "change": {
        "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
displayName: Contact Clients
aliases: [vieux@entreprise.example, accueil@entreprise.example]
access:
  alice@entreprise.example: {rights: [full-access], autoMapping: false}
  bruno@entreprise.example: [full-access, send-on-behalf]
  chloe@entreprise.example: [full-access, send-as]
  emma@entreprise.example: [full-access]
sentItems: {copySentAs: true}
""",
        "libre.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
aliases: [info@entreprise.example]
access: {equipe@entreprise.example: {rights: [full-access], expand: true}}
signInBlocked: false
""",
    },
    "rename": {
        "facturation.yaml": """\
kind: SharedMailbox
address: facturation@entreprise.example
previousAddresses: [factures@entreprise.example]
aliases: [compta@entreprise.example]
access: {emma@entreprise.example: [full-access, send-as], noyau@entreprise.example: [full-access]}
signInBlocked: true
sentItems: {copySentAs: true, copySentOnBehalf: false}
"""
    },
    "lists": {
        "lists.yaml": """\
kind: DistributionList
address: support-team@entreprise.example
displayName: Équipe support
type: security
owners: [alice@entreprise.example]
members: [chloe@entreprise.example, noyau@entreprise.example, externe@partenaire.example]
join: approval
acceptExternal: true
sendAs: [emma@entreprise.example]
sendOnBehalf: [david@entreprise.example]
aliases: [equipe-support@entreprise.example]
---
kind: DistributionList
address: nouvelles@entreprise.example
previousAddresses: [annonces@entreprise.example]
members: [alice@entreprise.example]
redirectTo: support@entreprise.example
hiddenFromAddressLists: true
""",
        "mailboxes.yaml": """\
kind: SharedMailbox
address: support@entreprise.example
access: {support-team@entreprise.example: [full-access, send-as]}
---
kind: SharedMailbox
address: libre@entreprise.example
access: {support-team@entreprise.example: {rights: [full-access], expand: true}}
---
kind: MailboxDelegation
mailbox: alice@entreprise.example
access: {bruno@entreprise.example: [send-on-behalf], support-team@entreprise.example: [full-access]}
folderPermissions: {Calendar: {emma@entreprise.example: {role: editor, delegate: true}}}
""",
    },
    "settings": {
        "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
protocols: {imap: false, pop: false, smtpAuth: false, owa: true}
limits: {maxSendSize: 25 MB, warnAt: 20 GB, prohibitSendAt: 21.5 GB, prohibitSendReceiveAt: 22 GB}
retentionPolicy: none
audit: {enabled: true, ageLimit: 180 days}
delivery:
  acceptOnlyFrom: [alice@entreprise.example, annonces@entreprise.example]
  rejectFrom: []
  requireAuthenticatedSenders: true
  moderatedBy: [bruno@entreprise.example]
mailTip: Réponse sous 4 heures
forwarding: {to: alice@entreprise.example}
customAttributes: {1: support, 2: ""}
""",
        "neuf.yaml": """\
kind: SharedMailbox
address: neuf@entreprise.example
protocols: {imap: false, mapi: false}
limits: {warnAt: 1 GB, prohibitSendAt: 2 GB, prohibitSendReceiveAt: 3 GB}
archive: false
litigationHold: {enabled: false}
delivery: {rejectFrom: [externe@partenaire.example]}
mailTip: Bonjour
forwarding: {to: tickets@helpdesk.example, keepCopy: false}
customAttributes: {15: "4711"}
""",
    },
    "outlook": {
        "libre.yaml": """kind: SharedMailbox
address: libre@entreprise.example
access: {equipe@entreprise.example: [full-access]}
categories: {À traiter: red, Urgent: dark-red}
claimCategories: {name: "Pris par {givenName}", colour: blue}
folders:
  Auto-réponses:
  Inbox/Fournisseurs: {retentionTag: 1 Year Delete}
searchFolders:
  Non lus: {in: [Inbox, Auto-réponses], filter: isRead eq false}
rules:
  - name: Urgent
    conditions: {subjectContains: [urgent]}
    actions: {assignCategories: [Urgent], markImportance: high}
  - name: Fournisseurs
    conditions: {fromAddresses: [alice@entreprise.example]}
    actions: {moveToFolder: Inbox/Fournisseurs}
  - name: Absences
    conditions: {isAutomaticReply: true}
    exceptions: {isSigned: true}
    actions: {moveToFolder: Auto-réponses, stopProcessingRules: true}
""",
        "neuf.yaml": """kind: SharedMailbox
address: neuf@entreprise.example
displayName: Neuf
categories: {Répondu: green}
folders: {Clients/Contrats: {}}
rules:
  - {name: Contrats, conditions: {subjectContains: [contrat]}, actions: {moveToFolder: Clients/Contrats}}
""",
    },
    "handoff": {
        "libre.yaml": """kind: SharedMailbox
address: libre@entreprise.example
handoff:
  ticketing: {address: tickets@helpdesk.example}
  teamsChannel: {address: 1a2b.entreprise.example@emea.teams.ms, conditions: {subjectContains: [urgent]}}
  flow: {environment: https://entreprise.crm.example, team: Support, channel: Boîte support}
rules:
  - {name: Bruit, conditions: {senderContains: [noreply@]}, actions: {delete: true, stopProcessingRules: true}}
""",
        "contact.yaml": """kind: SharedMailbox
address: contact@entreprise.example
handoff: {ticketing: {address: tickets@helpdesk.example, keepCopy: true}, teamsChannel: none}
""",
        "neuf.yaml": """kind: SharedMailbox
address: neuf@entreprise.example
handoff:
  ticketing: {address: tickets@helpdesk.example, keepCopy: false, conditions: {hasAttachments: true}}
  flow:
    environment: https://entreprise.crm.example
    team: Support
    channel: General
    mentions: [alice@entreprise.example]
    planner: {plan: Support, bucket: Fait}
""",
    },
    "replies": {
        "reponses.yaml": """\
kind: SharedMailbox
address: reponses@entreprise.example
automaticReplies:
  state: enabled
  externalAudience: known
  internal: "Bonjour, nous répondons sous 4 h ouvrées."
  external: {file: replies/standard.html}
  periods: [{name: Fêtes, from: 2027-12-24, until: 2027-12-26, external: Fermé}]
regional: {language: fr-FR, timeZone: Europe/Paris, dateFormat: dd/MM/yyyy}
workingHours: {days: [saturday, monday], start: "18:00", end: "22:00"}
signature: Bien à vous
""",
        "libre.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
automaticReplies: {state: disabled, externalAudience: none, internal: "<p>Absents</p>"}
regional: {language: de-DE, timeZone: Europe/Berlin}
workingHours: {end: "12:30"}
""",
        "replies/standard.html": "<p>Bonjour,</p>\n<p>Votre demande est bien arrivée.</p>\n",
    },
    "convert": {
        "emma.yaml": """\
kind: SharedMailbox
address: emma@entreprise.example
convert: true
displayName: Emma, pour l'équipe
licence: none
access: {alice@entreprise.example: [full-access, send-as]}
---
kind: Approval
finding: convert/emma@entreprise.example
reason: départ
""",
    },
    "bought": {
        "tenant.yaml": TENANT + "organization: {sendFromAlias: true}\n",
        "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
licence: EXCHANGEENTERPRISE
archive: true
litigationHold: {enabled: true, duration: 2555 days}
limits: {warnAt: 60 GB, prohibitSendAt: 70 GB, prohibitSendReceiveAt: 80 GB}
""",
        "equipe.yaml": """\
kind: DistributionList
address: equipe@entreprise.example
owners: [bruno@entreprise.example, chloe@entreprise.example]
""",
    },
}
