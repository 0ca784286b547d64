"""Documents that ask about everything, so that every aspect looks: what they wish for is never planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.model import Key, Kind, Origin
from controller.spec import Document
from controller.spec.kinds import MODELS

# Folders whose permissions are worth asking for in every mailbox: each costs a request.
_SHARED_FOLDERS: Final = ("Inbox", "Calendar", "SentItems", "Contacts")
# Asked for by name, so that rules which move mail there say so in English, whatever the mailbox speaks.
KNOWN_FOLDERS: Final = ("Inbox", "DeletedItems", "JunkEmail", "SentItems")
_NOBODY: Final = "nobody@example.invalid"
_RIGHTS: Final[dict[str, Any]] = {
    "access": {},
    "folderPermissions": {name: {"default": "none"} for name in _SHARED_FOLDERS},
}
_DELIVERY: Final[dict[str, Any]] = {"acceptOnlyFrom": [], "rejectFrom": [], "moderatedBy": []}
_QUESTIONS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.MAILBOX_DELEGATION: _RIGHTS,
    Kind.SHARED_MAILBOX: {
        **_RIGHTS,
        "displayName": "?",
        "aliases": [],
        "hiddenFromAddressLists": False,
        "sentItems": {"copySentAs": True, "copySentOnBehalf": True},
        "categories": {},
        "folders": dict.fromkeys(KNOWN_FOLDERS),
        "searchFolders": {},
        "rules": [],
        "automaticReplies": {
            "state": "disabled",
            "externalAudience": "all",
            "internal": "?",
            "external": "?",
        },
        "regional": {
            "language": "fr-FR",
            "timeZone": "Europe/Paris",
            "dateFormat": "dd/MM/yyyy",
            "timeFormat": "HH:mm",
        },
        "workingHours": {"days": ["monday"], "start": "09:00", "end": "18:00"},
        "signInBlocked": True,
        "protocols": dict.fromkeys(("imap", "pop", "smtpAuth", "activeSync", "mapi", "owa"), True),
        "limits": dict.fromkeys(
            ("maxSendSize", "maxReceiveSize", "warnAt", "prohibitSendAt", "prohibitSendReceiveAt"), "1 MB"
        ),
        "licence": "none",
        "archive": False,
        "retentionPolicy": "none",
        "litigationHold": {"enabled": True, "duration": "unlimited"},
        "audit": {"enabled": True, "ageLimit": "90 days"},
        "delivery": {**_DELIVERY, "requireAuthenticatedSenders": False},
        "mailTip": "",
        "forwarding": "none",
        "signature": "?",
        "customAttributes": {str(number): "" for number in range(1, 16)},
    },
    Kind.DISTRIBUTION_LIST: {
        "displayName": "?",
        "type": "distribution",
        "owners": [_NOBODY],
        "members": [],
        "join": "closed",
        "leave": "closed",
        "acceptExternal": True,
        "delivery": _DELIVERY,
        "sendAs": [],
        "sendOnBehalf": [],
        "hiddenFromAddressLists": False,
        "aliases": [],
    },
}


def probe_rights(key: Key, address: str) -> Document:
    """A document that asks only who may do what with it."""
    named = key.kind is Kind.DISTRIBUTION_LIST
    asked = {"members": [], "sendAs": [], "sendOnBehalf": []} if named else _RIGHTS
    return _document(key, address, asked)


def probe(key: Key, address: str, **besides: Any) -> Document:
    """A document about one object that speaks of every field of its kind which can be read back, and of
    `besides`."""
    return _document(key, address, {**_QUESTIONS[key.kind], **besides})


def _document(key: Key, address: str, asked: Mapping[str, Any]) -> Document:
    name = "mailbox" if key.kind is Kind.MAILBOX_DELEGATION else "address"
    contents = {"kind": key.kind.value, name: address, **asked}
    return Document(key.kind, MODELS[key.kind.value].model_validate(contents), Origin("(import)", 1), key)
