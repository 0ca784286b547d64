"""Properties of users and groups that Entra does not keep: read with one object, on $select, never in a list.

The facts a reader would not guess: a list that asks for one is refused with 501 [github
microsoftgraph/microsoft-graph-docs issue 7555, for users; for groups inferred]; a group without a mailbox
that Graph can open is a 404 for them [github microsoftgraph/microsoft-graph-docs-contrib issue 3232].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import permissions
from controller.sandbox.graph.errors import elsewhere
from controller.sandbox.graph.mailbox_settings import shown
from controller.sandbox.graph.mailboxes import not_enabled, open_mailbox
from controller.sandbox.graph.query import Query
from controller.sandbox.graph.rows import Row
from controller.sandbox.graph.wire import Request
from controller.sandbox.world import Entry

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

# [doc: graph/api/resources/user: SharePoint's, and the mailbox's]
OF_USERS = frozenset(
    {"mailboxSettings", "aboutMe", "birthday", "hireDate", "interests", "mySite", "pastProjects",
     "preferredName", "responsibilities", "schools", "skills"}
)  # fmt: skip
# [doc: graph/api/resources/group: "supported only on the Get group API"]
OF_GROUPS = frozenset(
    {"allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients",
     "isSubscribedByMail", "unseenCount"}
)  # fmt: skip
_OF = {"user": OF_USERS, "group": OF_GROUPS}


def refuse_in_list(asked: Query, *type_names: str) -> None:
    """Raises NotImplemented where a list of `type_names` is asked for what is kept elsewhere."""
    kept = frozenset[str]().union(*(_OF.get(name, frozenset()) for name in type_names))
    if kept & set(asked.select or ()):
        raise elsewhere()


def of_user(graph: Graph, request: Request, asked: Query) -> dict[str, Any]:
    """What one user's answer gets in addition: the settings of the mailbox, with the permission for them."""
    if "mailboxSettings" not in (asked.select or ()):
        return {}
    permissions.require(request.caller, permissions.SETTINGS_READ)
    mailbox = open_mailbox(graph, request)
    return {"mailboxSettings": shown(mailbox, mailbox.view)}


def of_group(row: Row, asked: Query) -> dict[str, Any]:
    """What one group's answer gets in addition, of a Microsoft 365 group."""
    wanted = OF_GROUPS & set(asked.select or ())
    if not wanted:
        return {}
    if row.entry is None or row.entry.type != "GroupMailbox":
        raise not_enabled()
    kept = _of_exchange(row.entry)
    return {name: kept[name] for name in asked.select or () if name in wanted}


def _of_exchange(entry: Entry) -> dict[str, Any]:
    """Exchange's words are the other way round for outside senders. What a signed-in person would see of
    the group has its default here."""
    return {
        "allowExternalSenders": not entry.properties.get("RequireSenderAuthenticationEnabled", True),
        "autoSubscribeNewMembers": bool(entry.properties.get("AutoSubscribeNewMembers", False)),
        "hideFromAddressLists": bool(entry.properties.get("HiddenFromAddressListsEnabled", False)),
        "hideFromOutlookClients": bool(entry.properties.get("HiddenFromExchangeClientsEnabled", False)),
        "isSubscribedByMail": True,
        "unseenCount": 0,
    }
