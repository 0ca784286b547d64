"""Microsoft's Graph client for Python [PyPI msgraph-sdk] in a mailbox, and where it is refused."""

from __future__ import annotations

from typing import Any

import pytest

DONE = False  # what a call tells that answers without a body
WORKS = {
    "folder made": "Clients",
    "child made": True,
    "child renamed": "Deeper",
    "child deleted": DONE,
    "folders counted": True,
    "search folder": ["MailSearchFolder", "isRead eq false"],
    "folder deleted": DONE,
    "rule made": ["Invoices", False, False],
    "rule off": False,
    "rule deleted": DONE,
    "category made": ["Urgent", "preset9"],
    "category coloured": "preset1",
    "category deleted": DONE,
    "replies on": "alwaysEnabled",
    "settings read": "shared",
    "settings of the user": "shared",
    "mail sent": DONE,
    "mail listed": ["Late", "Broken"],
    "mail read": "bob@customer.example",
    "mail counted": True,
    "checked": 3,
    "by ids": ["Group", "User"],
    "by principal name": True,
    "skus": "SPB",
    "licences": [],
    "organization": "Contoso",
    "domains": ["contoso.example", "contoso.onmicrosoft.com"],
}
REFUSED = {
    "folder twice": [409, "ErrorFolderExists"],
    "inbox renamed": [400, "ErrorMoveDistinguishedFolder"],
    "folder unknown": [404, "ErrorItemNotFound"],
    "folder malformed": [400, "ErrorInvalidIdMalformed"],
    "rule at 0": [400, "ErrorInboxRulesValidationError"],
    "rule without actions": [400, "ErrorInboxRulesValidationError"],
    "rule elsewhere": [400, "ErrorInvalidRequest"],
    "rule gone": [404, "ErrorItemNotFound"],
    "category renamed": [400, "ErrorInvalidPropertySet"],
    "category twice": [409, "CategoryNameAlreadyExists"],
    "bad zone": [400, "InvalidTimeZone"],
    "mail to nobody": [400, "ErrorInvalidRecipients"],
    "no mailbox": [404, "MailboxNotEnabledForRESTAPI"],
    "nobody's mailbox": [404, "ErrorInvalidUser"],
}
NOT_PLAYED = (
    *("folder copied", "folder delta", "draft", "mail moved", "attachments"),
    *("calendar", "photo", "applications", "report"),
)


@pytest.mark.parametrize("step", WORKS)
def test_what_works(sdk_mail: dict[str, Any], step: str) -> None:
    assert sdk_mail[step] == WORKS[step]


@pytest.mark.parametrize("step", REFUSED)
def test_what_the_service_refuses(sdk_mail: dict[str, Any], step: str) -> None:
    assert sdk_mail[step] == REFUSED[step]


@pytest.mark.parametrize("step", NOT_PLAYED)
def test_what_is_not_played_is_a_typed_error_too(sdk_mail: dict[str, Any], step: str) -> None:
    assert sdk_mail[step] == [501, "NotOfferedException"]


def test_pages_are_followed(sdk_mail: dict[str, Any]) -> None:
    """Two at a time: the iterator follows the links that the sandbox gives."""
    assert {"Inbox", "Drafts", "Sent Items", "Junk Email"} <= set(sdk_mail["folders paged"])
    assert len(sdk_mail["folders paged"]) == len(set(sdk_mail["folders paged"]))
