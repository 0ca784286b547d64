"""Estates that change: each chapter is a commit, a moment, or both, and the weather of each is its own.

Dates lie days apart, so that no storm reaches from one chapter into the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tests.rig import TENANT
from tests.soak.estates import ESTATES


@dataclass(frozen=True)
class Chapter:
    """What is written in git, and how long after the beginning it is by then. A file written as "" goes."""

    files: Mapping[str, str] = field(default_factory=dict)
    after: timedelta = timedelta()


def _days(count: float) -> timedelta:
    return timedelta(days=count)


_TEAM = """\
kind: Profile
name: team
signInBlocked: true
sentItems: {copySentAs: true, copySentOnBehalf: true}
access: {equipe@entreprise.example: [full-access]}
aliases: [bonjour@entreprise.example]
rules: [{name: Bruit, conditions: {senderContains: [noreply@]}, actions: {markAsRead: true}}]
"""
_GOVERNED = (
    Chapter(
        {
            "profile.yaml": _TEAM,
            "libre.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
profile: team
labels: {team: support}
aliases: [accueil@entreprise.example]
access: {bruno@entreprise.example: [send-as]}
""",
            "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
access: {alice@entreprise.example: [full-access, send-as]}
---
kind: Approval
finding: share-losing-access/contact@entreprise.example
reason: the team was split
until: 2026-12-03
""",
            "policies.yaml": """\
kind: Policy
name: lists-are-frozen
appliesTo: DistributionList
assert: changes.size() == 0
message: Lists are frozen this month.
severity: error
---
kind: Policy
name: no-aliases
appliesTo: {kind: SharedMailbox, selector: {team: support}}
assert: object.aliases.size() == 0
message: Aliases hide who writes.
severity: warning
""",
            "list.yaml": "kind: DistributionList\naddress: annonces@entreprise.example\ndisplayName: Gelée\n",
        }
    ),
    # The approval has ended: what it let through stays, and the next loss needs another.
    Chapter(
        {
            "profile.yaml": _TEAM.replace("[full-access]", "[full-access, send-on-behalf]"),
            "factures.yaml": "kind: SharedMailbox\naddress: factures@entreprise.example\nmailTip: Bonjour\naccess: {}\n",
            "report.yaml": "kind: MailboxDelegation\nmailbox: alice@entreprise.example\nmode: report\n"
            "access: {bruno@entreprise.example: [send-on-behalf]}\n",
        },
        _days(4),
    ),
)
_DATED = (
    Chapter(
        {
            "contact.yaml": """\
kind: SharedMailbox
address: contact@entreprise.example
access:
  alice@entreprise.example: {rights: [full-access, send-as], until: 2026-12-05T12:00}
  bruno@entreprise.example: [full-access, send-as, send-on-behalf]
  chloe@entreprise.example: [full-access]
  david@entreprise.example: [full-access]
  externe@partenaire.example: {rights: [full-access], from: 2026-12-03, until: 2026-12-10}
automaticReplies:
  state: enabled
  externalAudience: all
  internal: Bonjour
  external: Bonjour
  periods:
    - {name: Inventaire, from: 2026-12-06, until: 2026-12-08, external: Fermé}
    - {name: Fêtes, from: 2026-12-24, until: 2027-01-04, internal: Absents, external: Fermé}
""",
            "lists.yaml": """\
kind: DistributionList
address: renfort@entreprise.example
type: security
owners: [alice@entreprise.example]
members: [bruno@entreprise.example, {who: chloe@entreprise.example, until: 2026-12-05}]
""",
            "libre.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
access: {renfort@entreprise.example: {rights: [full-access, send-as], expand: true, until: 2026-12-11}}
claimCategories: {name: "Pris par {givenName}", colour: blue}
""",
        }
    ),
    Chapter(after=_days(3)),
    Chapter(after=_days(6)),
    Chapter(after=_days(8)),
    Chapter(after=_days(12)),
)
_BOUTIQUE = """\
kind: SharedMailbox
address: boutique@entreprise.example
displayName: Boutique
aliases: [ventes@entreprise.example]
access: {alice@entreprise.example: [full-access, send-as]}
handoff: {ticketing: {address: tickets@helpdesk.example}}
"""
_MAGASIN = _BOUTIQUE.replace("boutique@", "magasin@").replace(
    "displayName: Boutique", "previousAddresses: [boutique@entreprise.example]\ndisplayName: Magasin"
)
_CAREER = (
    Chapter({"box.yaml": _BOUTIQUE}),
    Chapter(
        {
            "box.yaml": _MAGASIN.replace(
                "helpdesk.example}", "helpdesk.example, conditions: {subjectContains: [panne]}}"
            )
        },
        _days(1),
    ),
    Chapter(
        {
            "box.yaml": _MAGASIN.replace("{address: tickets@helpdesk.example}", "none"),
            "emma.yaml": ESTATES["convert"]["emma.yaml"],
        },
        _days(2),
    ),
    Chapter(
        {
            "tenant.yaml": TENANT + "safety: {allowDelete: true}\n",
            "box.yaml": "kind: SharedMailbox\naddress: magasin@entreprise.example\nstate: absent\n",
        },
        _days(3),
    ),
)
_OUTER = """\
kind: DistributionList
address: tous@entreprise.example
displayName: Tous
type: security
owners: [alice@entreprise.example]
members: [coeur@entreprise.example, emma@entreprise.example]
sendAs: [coeur@entreprise.example]
"""
_RENAMED = _OUTER.replace("tous@", "equipes@").replace(
    "displayName: Tous", "previousAddresses: [tous@entreprise.example]"
)
_INNER = """\
kind: DistributionList
address: coeur@entreprise.example
type: security
owners: [bruno@entreprise.example]
members: [chloe@entreprise.example, noyau@entreprise.example]
"""
_NESTED = (
    Chapter(
        {
            "a-outer.yaml": _OUTER,
            "b-inner.yaml": _INNER,
            "boxes.yaml": """\
kind: SharedMailbox
address: libre@entreprise.example
access:
  tous@entreprise.example: {rights: [full-access], expand: true}
  coeur@entreprise.example: [send-as]
---
kind: MailboxDelegation
mailbox: alice@entreprise.example
access: {coeur@entreprise.example: [full-access], bruno@entreprise.example: [send-on-behalf]}
folderPermissions:
  Inbox: {tous@entreprise.example: reviewer}
  Calendar: {emma@entreprise.example: {role: editor, delegate: true}}
""",
        }
    ),
    Chapter(
        {
            "a-outer.yaml": _RENAMED,
            "b-inner.yaml": _INNER.replace("chloe@", "david@"),
        },
        _days(1),
    ),
    Chapter(
        {
            "a-outer.yaml": _RENAMED.replace("coeur@entreprise.example, emma@", "emma@"),
            "approval.yaml": "kind: Approval\nfinding: share-losing-access/libre@entreprise.example\n"
            "reason: the core has a mailbox of its own\nuntil: 2026-12-04\n",
        },
        _days(2),
    ),
)

STORIES: dict[str, tuple[Chapter, ...]] = {
    **{name: (Chapter(files),) for name, files in ESTATES.items()},
    "governed": _GOVERNED,
    "dated": _DATED,
    "career": _CAREER,
    "nested": _NESTED,
}
