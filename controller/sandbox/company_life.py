"""What people have made of the mailboxes of a made-up company: their own categories, folders and rules.

Each mailbox has a language (half are French, the rest German and English) and habits drawn from it; its draws
depend on seed and address alone, so that one mailbox more leaves the others as they were. Nothing of this is
in the specs that go with the company: it is there to be left alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from controller.sandbox.scenario import FolderPart, RulePart, SearchPart


@dataclass(frozen=True, slots=True)
class Habits:
    """What mailboxes of one language are likely to have. `claimed` is a category of the form that teams give
    to who took a message."""

    culture: str
    zone: str
    first: dict[str, str]  # what a client made of itself, with Outlook's colours
    categories: dict[str, str]
    claimed: str
    folders: tuple[str, ...]
    noise: str  # a folder below the inbox
    words: tuple[str, ...]  # looked for in subjects
    rules: tuple[str, str, str, str]  # names: noise, words, colleague, old mail
    search: str


_FRENCH = Habits(
    "fr-FR",
    "Romance Standard Time",
    {
        "Catégorie rouge": "red",
        "Catégorie orange": "orange",
        "Catégorie jaune": "yellow",
        "Catégorie verte": "green",
        "Catégorie bleue": "blue",
        "Catégorie violette": "purple",
    },
    {
        "À rappeler": "orange",
        "En attente client": "yellow",
        "Facturé": "dark-green",
        "Litige": "dark-red",
        "Perso": "none",
        "Salon 2026": "teal",
        "À traiter": "steel",
    },
    "Pris par {0}",
    (
        "Clients/Grands comptes",
        "Clients/Particuliers",
        "Fournisseurs",
        "Devis 2026",
        "Archives\\/2024",
        "À classer",
    ),
    "Lettres d'information",
    ("facture", "relance", "réclamation"),
    ("Lettres d'info", "Factures à part", "Copie du chef", "Vieux messages"),
    "Non lus importants",
)
_GERMAN = Habits(
    "de-DE",
    "W. Europe Standard Time",
    {
        "Rote Kategorie": "red",
        "Orange Kategorie": "orange",
        "Gelbe Kategorie": "yellow",
        "Grüne Kategorie": "green",
        "Blaue Kategorie": "blue",
        "Lila Kategorie": "purple",
    },
    {
        "Rückruf": "orange",
        "Wartet auf Kunde": "yellow",
        "Erledigt": "dark-green",
        "Reklamation": "dark-red",
        "Privat": "none",
        "Messe 2026": "teal",
        "Prüfen": "steel",
    },
    "Bei {0}",
    ("Kunden/Großkunden", "Kunden/Privat", "Lieferanten", "Angebote 2026", "Ablage\\/2024", "Zu sortieren"),
    "Rundschreiben",
    ("Rechnung", "Mahnung", "Reklamation"),
    ("Rundschreiben weg", "Rechnungen", "Kopie an Leitung", "Alte Post"),
    "Ungelesen wichtig",
)
_ENGLISH = Habits(
    "en-GB",
    "GMT Standard Time",
    {
        "Red category": "red",
        "Orange category": "orange",
        "Yellow category": "yellow",
        "Green category": "green",
        "Blue category": "blue",
        "Purple category": "purple",
    },
    {
        "Call back": "orange",
        "Waiting for customer": "yellow",
        "Done": "dark-green",
        "Complaint": "dark-red",
        "Private": "none",
        "Trade fair 2026": "teal",
        "To check": "steel",
    },
    "Taken by {0}",
    ("Customers/Key accounts", "Customers/Private", "Suppliers", "Quotes 2026", "Old\\/2024", "To file"),
    "Newsletters",
    ("invoice", "reminder", "complaint"),
    ("Newsletters away", "Invoices", "Copy to boss", "Old mail"),
    "Unread and important",
)
_LANGUAGES = (_FRENCH, _FRENCH, _GERMAN, _ENGLISH)


def furnished(address: str, people: Sequence[tuple[str, str]], seed: int) -> dict[str, Any]:
    """Fields of a `MailboxPart` for one mailbox; `people` are addresses and given names of who uses it."""
    drawn = random.Random(f"{seed}|{address}|life")  # noqa: S311 -- a simulation that must repeat
    habits = drawn.choice(_LANGUAGES)
    if drawn.random() < 0.05:  # nobody opened it yet
        return {"opened": False}
    folders = _folders(habits, drawn)
    return {
        "language": habits.culture,
        "time_zone": habits.zone,
        "categories": _categories(habits, people, drawn),
        "folders": folders,
        "search_folders": _searches(habits, drawn),
        "rules": _rules(habits, folders, people, drawn),
    }


def _categories(
    habits: Habits, people: Sequence[tuple[str, str]], drawn: random.Random
) -> dict[str, str] | None:
    """None leaves the first six alone; others have deleted or added some, and given some another colour."""
    if drawn.random() < 0.2:
        return None
    first = dict(drawn.sample(list(habits.first.items()), drawn.randint(2, 6)))
    own = dict(drawn.sample(list(habits.categories.items()), drawn.randint(0, 5)))
    taken = {habits.claimed.format(name): "blue" for _, name in people[: drawn.choice((0, 0, 2))]}
    return {**first, **own, **taken}


def _folders(habits: Habits, drawn: random.Random) -> dict[str, FolderPart | None]:
    chosen = drawn.sample(habits.folders, drawn.randint(1, len(habits.folders)))
    found: dict[str, FolderPart | None] = {
        path: FolderPart(items=drawn.randrange(2000), unread=drawn.randrange(30)) for path in chosen
    }
    if drawn.random() < 0.6:
        found[f"inbox/{habits.noise}"] = FolderPart(items=drawn.randrange(5000))
    if drawn.random() < 0.5:
        found["archive"] = FolderPart(items=drawn.randrange(9000))
    if drawn.random() < 0.2:
        found["conversationhistory"] = None
    if drawn.random() < 0.15:
        found["PersonMetadata"] = FolderPart(hidden=True)
    return found


def _searches(habits: Habits, drawn: random.Random) -> dict[str, SearchPart]:
    if drawn.random() < 0.8:
        return {}
    return {habits.search: SearchPart(filter="isRead eq false and importance eq 'high'", nested=True)}


def _rules(
    habits: Habits, folders: Any, people: Sequence[tuple[str, str]], drawn: random.Random
) -> tuple[RulePart, ...]:
    """The junk rule is in every mailbox; people's own come and go, some of them beyond what Graph can say."""
    away, words, colleague, old = habits.rules
    noise = f"inbox/{habits.noise}"
    found: list[RulePart] = []
    if noise in folders:
        found.append(
            RulePart(
                name=away,
                conditions={"headerContains": ["List-Unsubscribe"]},
                exceptions={"sentToMe": True},
                actions={"moveToFolder": noise, "stopProcessingRules": True},
            )
        )
    if drawn.random() < 0.5:
        chosen = drawn.sample(habits.words, drawn.randint(1, 2))
        found.append(
            RulePart(
                name=words,
                enabled=drawn.random() < 0.8,
                conditions={"subjectContains": chosen, "hasAttachments": True},
                actions={"assignCategories": ["Facturé" if habits is _FRENCH else chosen[0].title()]},
            )
        )
    if people and drawn.random() < 0.3:
        found.append(
            RulePart(
                name=colleague,
                conditions={"importance": "high"},
                actions={"forwardTo": [drawn.choice(people)[0]]},
            )
        )
    if drawn.random() < 0.15:
        found.append(
            RulePart(
                name=old,
                actions={"markAsRead": True},
                beyond={"ReceivedBeforeDate": "2024-01-01T00:00:00"},
            )
        )
    if drawn.random() < 0.05:
        found.append(RulePart(name=f"{old} (2)", actions={"moveToFolder": "!gone"}))
    junk = RulePart(name="Junk E-mail Rule", actions={"moveToFolder": "junkemail"}, hidden=True)
    return (*found, junk)
