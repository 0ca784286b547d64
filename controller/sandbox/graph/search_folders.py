"""Search folders: mail folders that hold what a filter finds in others.

The facts a reader would not guess: Outlook shows only those below `searchfolders`, Exchange drops one that
nobody used for 45 days, and the filter may come back in another spelling than it was sent in (a switch here)
[doc: graph/api/resources/mailsearchfolder; the respelling is inferred].
"""

from __future__ import annotations

import re
from typing import Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.graph import filter_parser
from controller.sandbox.graph.mailboxes import Mailbox, folder_key, invalid

# What a search folder has and others lack, with its name in the store.
FIELDS = {"includeNestedFolders": "nested", "sourceFolderIds": "sources", "filterQuery": "filter"}
_TYPE = "microsoft.graph.mailsearchfolder"
_SPACES = re.compile(r"('(?:[^']|'')*')|\s+")
_OPERATORS = re.compile(r"('(?:[^']|'')*')|\b(and|or|not|eq|ne|gt|ge|lt|le)\b", re.IGNORECASE)


def typed(body: Any) -> bool:
    """Whether a body says that it is a search folder; the type is taken with and without `#`."""
    given = body.get("@odata.type", "") if isinstance(body, dict) else ""
    return isinstance(given, str) and given.removeprefix("#").lower() == _TYPE


def read(mailbox: Mailbox, values: dict[str, Any], held: store.Record | None) -> store.Record | None:
    """What the folder searches from now on; None where the body says nothing of it. `held` is what it
    searched before.

    Raises:
        GraphError: 400 for a search that lacks something, a filter that is none, a folder that is not there.
    """
    given = {FIELDS[name]: value for name, value in values.items() if name in FIELDS}
    if not given and (held is not None or not typed(mailbox.request.body)):
        return None
    search = {"nested": False, **(held or {}), **given}
    if not search.get("sources") or not search.get("filter"):
        raise invalid("A search folder needs sourceFolderIds and filterQuery.")
    if "sources" in given:
        search["sources"] = [_source(mailbox, identifier) for identifier in given["sources"]]
    filter_parser.parse(search["filter"])
    return search


def _source(mailbox: Mailbox, identifier: str) -> str:
    """Ids only; well-known names are not ids [reference: Graph API, search folders]."""
    key = folder_key(mailbox, identifier)
    if key not in mailbox.folders(fresh=True):
        raise invalid("A source folder of the search does not exist.", "ErrorFolderNotFound")
    return key


def shown(mailbox: Mailbox, search: store.Record, folder: dict[str, Any]) -> dict[str, Any]:
    """The folder with what it searches."""
    text = search["filter"]
    return {
        "@odata.type": "#microsoft.graph.mailSearchFolder",
        **folder,
        "isSupported": search.get("supported", True),
        "includeNestedFolders": search.get("nested", False),
        "sourceFolderIds": [store.rest_id(mailbox.entry, key) for key in search["sources"]],
        "filterQuery": respelt(text) if mailbox.graph.tenant.world.quirks.rewrite_filters else text,
    }


def respelt(text: str) -> str:
    """The same filter in the spelling of a service that keeps a tree of it: lower-case operators, single
    spaces, parentheses around each side of `and` and `or` left as they are."""
    spaced = _SPACES.sub(lambda match: match[1] or " ", text.strip())
    lowered = _OPERATORS.sub(lambda match: match[1] or match[2].lower(), spaced)
    return f"({lowered})"
