"""What Outlook calls its own things in a mailbox, by the mailbox's language: default folders, categories.

French, German and English are here, any other language shows English. The fact a reader would not guess: the
names are of the language the mailbox was first opened in; a later change of language leaves them as they
are, until Exchange is told to rename them [doc: Set-MailboxRegionalConfiguration, LocalizeDefaultFolderName].
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DefaultFolder:
    """A folder that the service makes. `role` is Graph's well-known name, or for what is no mail folder
    Exchange's FolderType in lower case; `names` are English, French, German. `late` ones do not exist until
    something makes them [reference: Graph API, mail folders]."""

    role: str
    kind: str  # Exchange's FolderType
    names: tuple[str, str, str]
    parent: str = "msgfolderroot"
    folder_class: str = "IPF.Note"
    late: bool = False


# [doc: graph/api/resources/mailfolder for the roles; names as the clients show them]
DEFAULT_FOLDERS = (
    DefaultFolder(
        "msgfolderroot",
        "Root",
        (
            "Top of Information Store",
            "Haut de la banque d'informations",
            "Oberste Ebene des Informationsspeichers",
        ),
        parent="",
    ),
    DefaultFolder("inbox", "Inbox", ("Inbox", "Boîte de réception", "Posteingang")),
    DefaultFolder("drafts", "Drafts", ("Drafts", "Brouillons", "Entwürfe")),
    DefaultFolder("sentitems", "SentItems", ("Sent Items", "Éléments envoyés", "Gesendete Elemente")),
    DefaultFolder(
        "deleteditems", "DeletedItems", ("Deleted Items", "Éléments supprimés", "Gelöschte Elemente")
    ),
    DefaultFolder("junkemail", "JunkEmail", ("Junk Email", "Courrier indésirable", "Junk-E-Mail")),
    DefaultFolder("outbox", "Outbox", ("Outbox", "Boîte d'envoi", "Postausgang")),
    DefaultFolder("archive", "Archive", ("Archive", "Archive", "Archiv"), late=True),
    DefaultFolder(
        "conversationhistory",
        "ConversationHistory",
        ("Conversation History", "Historique des conversations", "Aufgezeichnete Unterhaltungen"),
        late=True,
    ),
    DefaultFolder("clutter", "Clutter", ("Clutter", "Courrier pêle-mêle", "Unwichtig"), late=True),
    DefaultFolder("scheduled", "User Created", ("Scheduled", "Planifié", "Geplant"), late=True),
    DefaultFolder(
        "syncissues",
        "SyncIssues",
        ("Sync Issues", "Problèmes de synchronisation", "Synchronisierungsprobleme"),
        late=True,
    ),
    DefaultFolder("conflicts", "Conflicts", ("Conflicts", "Conflits", "Konflikte"), "syncissues", late=True),
    DefaultFolder(
        "localfailures",
        "LocalFailures",
        ("Local Failures", "Défaillances locales", "Lokale Fehler"),
        "syncissues",
        late=True,
    ),
    DefaultFolder(
        "serverfailures",
        "ServerFailures",
        ("Server Failures", "Défaillances du serveur", "Serverfehler"),
        "syncissues",
        late=True,
    ),
    DefaultFolder(
        "calendar", "Calendar", ("Calendar", "Calendrier", "Kalender"), folder_class="IPF.Appointment"
    ),
    DefaultFolder("contacts", "Contacts", ("Contacts", "Contacts", "Kontakte"), folder_class="IPF.Contact"),
    DefaultFolder("tasks", "Tasks", ("Tasks", "Tâches", "Aufgaben"), folder_class="IPF.Task"),
    DefaultFolder("notes", "Notes", ("Notes", "Notes", "Notizen"), folder_class="IPF.StickyNote"),
    DefaultFolder("journal", "Journal", ("Journal", "Journal", "Journal"), folder_class="IPF.Journal"),
    DefaultFolder("searchfolders", "User Created", ("Finder", "Finder", "Finder"), parent=""),
    DefaultFolder(
        "recoverableitemsdeletions",
        "RecoverableItemsDeletions",
        ("Deletions", "Deletions", "Deletions"),
        parent="",
    ),
)
# The six that a client makes when it first opens a mailbox, with Outlook's colour numbers.
DEFAULT_CATEGORIES = (
    ("preset0", ("Red category", "Catégorie rouge", "Rote Kategorie")),
    ("preset1", ("Orange category", "Catégorie orange", "Orange Kategorie")),
    ("preset3", ("Yellow category", "Catégorie jaune", "Gelbe Kategorie")),
    ("preset4", ("Green category", "Catégorie verte", "Grüne Kategorie")),
    ("preset7", ("Blue category", "Catégorie bleue", "Blaue Kategorie")),
    ("preset8", ("Purple category", "Catégorie violette", "Lila Kategorie")),
)
_COLUMNS = {"en": 0, "fr": 1, "de": 2}


def column(language: str | None) -> int:
    """Which of the names a culture such as `fr-FR` picks; English for all that is not here."""
    return _COLUMNS.get((language or "en")[:2].lower(), 0)
