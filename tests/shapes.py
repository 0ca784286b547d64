"""Tenants of every shape, drawn from a seed: names that YAML could misread, rules that cannot be written,
twins, people who left, groups in groups, in mailboxes of three languages."""

from __future__ import annotations

import random
from typing import Any

import yaml

_NAMES = (
    "Support: clients", "# Contact", "yes", "null", "1234", "0x1F", "1e3", "- liste", "Ventes 'Nord'", 'Le "Bureau"',
    "Été — accueil", "100 %", "@equipe", "*étoile*", "[crochets]", "{accolades}", "Réception & tri", "~", "true",
    "2026-12-01", "Kundendienst (ß)", "お問い合わせ", "C:\\temp", "a, b", "Zoë’s team", "|", "> avant", "!important",
)  # fmt: skip
_CATEGORIES = ("À traiter", "yes", "1", "# urgent", "En cours: étape 2", "Größe", "null", "Pris par Zoé", "'", "- x")
_FOLDERS = ("Clients", "Clients/Contrats", "inbox/Bruit", "A\\/B", "# tri", "null", "Éléments: vus", "yes")
_TEXTS = (
    "Bonjour",
    "<p>Bonjour,</p><p>à <b>bientôt</b> &amp; merci</p>",
    "<html><body><div>Vielen Dank<br>für Ihre Nachricht</div></body></html>",
    "yes",
    "# un titre",
    "Line one\nline two",
    "<p>" + "long " * 80 + "</p>",
)
_LANGUAGES = (("fr-FR", "Romance Standard Time"), ("de-DE", "W. Europe Standard Time"), ("en-GB", "GMT Standard Time"))
_NAMED = ("alice", "bruno", "chloe.durand", "david", "emma", "farid", "o.neil", "x-y")
PEOPLE = tuple(f"{name}@entreprise.example" for name in _NAMED)


def scenario(seed: int) -> str:
    draw = random.Random(seed)
    people = list(PEOPLE)
    groups = {f"{name}@entreprise.example": _group(draw, people, name) for name in ("equipe", "noyau", "annonces")}
    groups["equipe@entreprise.example"]["members"].append("noyau@entreprise.example")
    groups["noyau@entreprise.example"]["members"].append("equipe@entreprise.example")  # each in the other
    trustees = [*people, "equipe@entreprise.example", "externe@partenaire.example"]
    boxes = {}
    for number in range(draw.randint(4, 9)):
        domain = draw.choice(("entreprise.example", "entreprise.example", "autre.example"))
        boxes[f"box{number}@{domain}"] = _mailbox(draw, number, trustees)
    tenant = {
        "tenant": {
            "id": "7f1b2c3d-0000-4000-8000-000000000001",
            "name": "entreprise",
            "initialDomain": "entreprise.onmicrosoft.com",
            "domains": ["entreprise.example", "autre.example"],
            "licences": {"EXCHANGEENTERPRISE": 5, "EXCHANGESTANDARD": 5},
            "organization": {
                "PostponeRoamingSignaturesUntilLater": draw.random() < 0.5,
                "RetentionPolicies": ["Support — 1 an"],
                "OutboundSpamPolicies": [{"AutoForwardingMode": "On"}],
            },
        },
        "seed": seed,
        "apps": [
            {
                "clientId": "11111111-0000-4000-8000-000000000001",
                "name": "mailbox-controller",
                "secrets": ["not-used-here"],
                "graph": ["User.Read.All", "MailboxSettings.ReadWrite", "Mail.ReadWrite", "Organization.Read.All",
                          "LicenseAssignment.Read.All", "Group.Read.All"],
            }
        ],
        "people": {
            one: {"displayName": draw.choice(_NAMES), "signIn": draw.random() < 0.8} for one in people
        },
        "guests": {"externe@partenaire.example": {"displayName": "Externe"}},
        "contacts": {"tickets@helpdesk.example": {"displayName": "Helpdesk"}},
        "groups": groups,
        "mailboxes": boxes,
    }
    return yaml.safe_dump(tenant, allow_unicode=True, sort_keys=False)


def _group(draw: random.Random, people: list[str], name: str) -> dict[str, Any]:
    return {
        "type": "distribution" if name == "annonces" else "security",
        "displayName": draw.choice(_NAMES),
        "members": draw.sample(people, draw.randint(0, 4)),
        "owners": draw.sample(people, draw.randint(0, 2)),
        "aliases": [f"{name}-alias@entreprise.example"] if draw.random() < 0.5 else [],
        "sendAs": draw.sample(people, draw.randint(0, 2)),
    }


def _mailbox(draw: random.Random, number: int, trustees: list[str]) -> dict[str, Any]:
    language, zone = draw.choice(_LANGUAGES)
    rights = ("full-access", "send-as", "send-on-behalf")
    box: dict[str, Any] = {
        "displayName": draw.choice(_NAMES),
        "signIn": draw.random() < 0.3,
        "language": language,
        "timeZone": zone,
        "aliases": [f"alias{number}{letter}@entreprise.example" for letter in "abc"[: draw.randint(0, 3)]],
        "access": {
            who: draw.sample(rights, draw.randint(1, 3))
            for who in draw.sample(trustees, draw.randint(0, 5))
            if who != "externe@partenaire.example" or draw.random() < 0.5
        },
        "categories": {
            name: draw.choice(("red", "dark-blue", "none", "grey"))
            for name in draw.sample(_CATEGORIES, draw.randint(0, 6))
        },
        "folders": {name: {"items": 1} for name in draw.sample(_FOLDERS, draw.randint(3, len(_FOLDERS)))},
        "graph": {"usageLocation": "FR"},
        "properties": _properties(draw),
    }
    box["rules"] = _rules(draw, sorted(box["folders"]))
    if draw.random() < 0.3:
        box["entries"] = [{"sid": f"S-1-5-21-1111111111-2222222222-3333333333-{7000 + number}"}]
    if draw.random() < 0.7:
        state = draw.choice(("Enabled", "Disabled", "Scheduled"))
        box["automaticReplies"] = {"state": state, "internal": draw.choice(_TEXTS), "external": draw.choice(_TEXTS)}
    return box


def _properties(draw: random.Random) -> dict[str, Any]:
    every = {
        "MessageCopyForSentAsEnabled": True,
        "MessageCopyForSendOnBehalfEnabled": True,
        "HiddenFromAddressListsEnabled": True,
        "MailTip": draw.choice(_TEXTS[:1] + _TEXTS[3:5]),
        "CustomAttribute1": draw.choice(_NAMES),
        "CustomAttribute15": "yes",
        "RequireSenderAuthenticationEnabled": True,
        "RetentionPolicy": "Support — 1 an",
        "AuditLogAgeLimit": "180.00:00:00",
        "ForwardingSmtpAddress": "smtp:tickets@helpdesk.example",
        "DeliverToMailboxAndForward": True,
    }
    return {name: every[name] for name in draw.sample(sorted(every), draw.randint(0, 6))}


def _rules(draw: random.Random, folders: list[str]) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = [
        {"name": "yes", "conditions": {"subjectContains": ["# urgent", "null"]}, "actions": {"markImportance": "high"}},
        {"name": "Tri", "conditions": {"isAutomaticReply": True}, "actions": {"moveToFolder": draw.choice(folders)}},
        {"name": "Vers la corbeille", "conditions": {"senderContains": ["spam"]},
         "actions": {"moveToFolder": "deleteditems", "stopProcessingRules": True}},
        {"name": "Twin", "conditions": {"importance": "high"}, "actions": {"markAsRead": True}},
        {"name": "Twin", "conditions": {"importance": "low"}, "actions": {"markAsRead": True}},
        {"name": "Copie", "conditions": {"hasAttachments": True}, "actions": {"forwardTo": ["alice@entreprise.example"]}},
        {"name": "Dehors", "actions": {"redirectTo": ["tickets@helpdesk.example"]}},
        {"name": "Cassée", "actions": {"moveToFolder": "!gone"}},
        {"name": "Vieux", "actions": {"markAsRead": True}, "beyond": {"ReceivedBeforeDate": "2024-01-01"}},
        {"name": "Taille", "conditions": {"withinSizeRange": {"minimumSize": 10, "maximumSize": 20}},
         "exceptions": {"fromAddresses": ["bruno@entreprise.example"]}, "actions": {"assignCategories": ["yes"]}},
    ]  # fmt: skip
    return draw.sample(every, draw.randint(0, len(every)))
