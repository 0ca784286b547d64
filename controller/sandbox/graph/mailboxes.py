"""From a path to a mailbox, and what every resource inside one has in common.

The facts a reader would not guess: Outlook names an unknown user another way than the directory does; a user
without a usable mailbox, also one whose mailbox is still being made, is a 404 of its own; and what is in a
mailbox has one copy, so that a write is seen at once [reference: Graph API, errors].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from controller.sandbox import mailbox_store as store
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.wire import Request
from controller.sandbox.world import MAILBOX_TYPES, Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

NAME_MAX = 255


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`entry` is the mailbox, to be written; `view` what this caller's reads see of it."""

    graph: Graph
    request: Request
    entry: Entry
    view: Entry

    def context(self, fragment: str) -> str:
        """The @odata.context of something below the user, whose key is percent-encoded in it [github
        swimlane and others: recorded answers with `users('name%40domain')/mailFolders`]."""
        return self.request.context(f"users('{quote(self.request.params['user'], safe='')}')/{fragment}")

    def folders(self, *, fresh: bool = False) -> dict[str, store.Folder]:
        """Folders by key, expired search folders left out; `fresh` after a write of one's own."""
        return store.folders(self.entry if fresh else self.view, self.graph.tenant.now)

    def writing(self) -> Entry:
        """To be called before the mailbox is changed."""
        self.graph.tenant.before(self.entry)
        return self.entry

    def record(self, operation: str, parameters: Iterable[tuple[str, Any]], *, audited: bool = False) -> None:
        """The record of a write. Of what Graph writes in a mailbox the service's auditing knows inbox rules
        alone: not folders ("creating a mailbox folder isn't audited"), categories or settings [doc: mailbox
        auditing actions]."""
        owner, tenant = self.entry.upn or self.entry.primary, self.graph.tenant
        tenant.record(self.request, operation, owner, parameters, workload="Exchange", audited=audited)


def open_mailbox(graph: Graph, request: Request) -> Mailbox:
    """The mailbox of the path's user.

    Raises:
        GraphError: 404 for nobody, and for somebody without a mailbox that can be used (yet).
    """
    tenant, key = graph.tenant, request.params["user"]
    try:
        entry = tenant.target(tenant.user(key, request.caller))
    except GraphError as error:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{key}' is invalid.") from error
    ready = entry.created + tenant.sandbox.weather.lag("graph", "mailbox")
    if entry.type not in MAILBOX_TYPES or tenant.now < ready:
        raise not_enabled()
    return Mailbox(graph, request, entry, tenant.seen(entry, "store") or entry)


def not_enabled() -> GraphError:
    """There is somebody, but no mailbox that Graph can open [reference: Graph API, errors]."""
    text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    return GraphError(404, "MailboxNotEnabledForRESTAPI", text)


def item_not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def invalid(message: str, code: str = "ErrorInvalidRequest") -> GraphError:
    return GraphError(400, code, message)


def resolve(mailbox: Mailbox, identifier: str, found: dict[str, store.Folder]) -> store.Folder:
    """The folder behind a Graph id or a well-known name (any case).

    Raises:
        GraphError: 400 for what is no id, or another mailbox's; 404 for a folder that is not there.
    """
    folder = found.get(identifier.lower())
    if folder is not None and folder.role and folder.mail:
        return folder
    if identifier.lower() in _WELL_KNOWN:
        raise item_not_found()
    folder = found.get(folder_key(mailbox, identifier))
    if folder is None or not folder.mail:
        raise item_not_found()
    return folder


def folder_key(mailbox: Mailbox, identifier: str) -> str:
    """The key behind a Graph id, whether or not the folder is there; refuses as `resolve` does."""
    try:
        return store.key_of(mailbox.entry, identifier)
    except store.BadIdError:
        raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.") from None
    except store.ForeignIdError:
        text = "Item Id doesn't belong to the current mailbox."
        raise GraphError(400, "ErrorInvalidMailboxItemId", text) from None


# [doc: graph/api/resources/mailfolder]
_WELL_KNOWN = frozenset(
    {
        "archive",
        "clutter",
        "conflicts",
        "conversationhistory",
        "deleteditems",
        "drafts",
        "inbox",
        "junkemail",
        "localfailures",
        "msgfolderroot",
        "outbox",
        "recoverableitemsdeletions",
        "scheduled",
        "searchfolders",
        "sentitems",
        "serverfailures",
        "syncissues",
    }
)
