"""Sending a mail as a user: `POST /users/{id}/sendMail` [reference: Graph API, sending mail].

Nothing is delivered: what was sent is kept for whoever looks at `/_sandbox/sent`. The facts a reader would
not guess: the answer is 202 without a body and without an id; headers of one's own must begin with `x-`
[doc: graph, message: internetMessageHeaders].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from controller.sandbox.graph import entities, permissions
from controller.sandbox.graph.bodies import json_object, refused
from controller.sandbox.graph.errors import GraphError
from controller.sandbox.graph.mailboxes import Mailbox, invalid, open_mailbox
from controller.sandbox.graph.routing import Route
from controller.sandbox.graph.wire import Answer, Request
from controller.sandbox.state import SENT_KEPT

if TYPE_CHECKING:
    from controller.sandbox.graph.service import Graph

_RECIPIENTS = 500  # of one message [doc: Exchange Online limits]
_KINDS = ("toRecipients", "ccRecipients", "bccRecipients")


def send_mail(graph: Graph, request: Request) -> Answer:
    mailbox = open_mailbox(graph, request)
    body = {name.lower(): value for name, value in json_object(request).items()}
    message = body.get("message")
    if not isinstance(message, dict):
        raise refused("The request is missing the required parameter 'Message'.")
    type_ = entities.entity("message")
    if strange := sorted(name for name in message if "@" not in name and not _known(type_, name)):
        raise refused(
            f"The property '{strange[0]}' does not exist on type 'microsoft.graph.message'. Make sure to "
            "only use property names that are defined by the type or mark the type as open type."
        )
    kinds = {kind: [_address(one) for one in message.get(kind) or ()] for kind in _KINDS}
    _check(mailbox, message, [address for some in kinds.values() for address in some])
    kept = {
        "at": graph.tenant.now.isoformat(),
        "from": mailbox.entry.primary,
        **kinds,
        "subject": str(message.get("subject") or ""),
        "body": message.get("body") or {},
        "headers": {one["name"]: one["value"] for one in message.get("internetMessageHeaders") or ()},
        "saved": body.get("savetosentitems") is not False,
    }
    sent = graph.sandbox.sent
    sent.append(kept)
    del sent[:-SENT_KEPT]
    return Answer(202)


def _known(type_: entities.EntityType, name: str) -> bool:
    return type_.find(name) is not None or type_.find_navigation(name) is not None


def _address(recipient: Any) -> str:
    found = recipient.get("emailAddress") if isinstance(recipient, Mapping) else None
    address = found.get("address") if isinstance(found, Mapping) else None
    if not isinstance(address, str) or "@" not in address:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    return address


def _check(mailbox: Mailbox, message: Mapping[str, Any], recipients: list[str]) -> None:
    if not recipients:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    if len(recipients) > _RECIPIENTS:
        raise GraphError(400, "ErrorMessageSubmissionBlocked", "The message has too many recipients.")
    for header in message.get("internetMessageHeaders") or ():
        name = str(header.get("name", ""))
        if not name.lower().startswith("x-"):
            text = f"The internet message header name '{name}' should start with 'x-' or 'X-'."
            raise invalid(text, "InvalidInternetMessageHeader")
    claimed = message.get("from")
    if claimed is not None and _address(claimed).lower() != mailbox.entry.primary.lower():
        text = (
            "The user account which was used to submit this request does not have the right to send mail on "
        )
        raise GraphError(403, "ErrorSendAsDenied", f"{text}behalf of the specified sending account.")


ROUTES = (Route("POST", "/users/{user}/sendMail", send_mail, permissions.MAIL_SEND),)
