"""Get- and Set-MailboxAutoReplyConfiguration: the out-of-office texts.

Texts come back as HTML documents, whatever went in. Enabled and Scheduled want an internal text, and an
external one for the audiences Known and All; what would cancel meetings is not played [doc].
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controller.sandbox import mailbox_settings
from controller.sandbox.exchange import own_settings, refusals
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.exchange.values import print_date
from controller.sandbox.mailbox_settings import REPLY_LIMIT, AutomaticReplies


@cmdlet("Get-MailboxAutoReplyConfiguration", honours={"ResultSize"})
def get_auto_reply(call: Invocation) -> Result:
    entry, seen = own_settings.target(call)
    found = mailbox_settings.automatic_replies(seen, call.now)
    assert found.start is not None
    assert found.end is not None
    row = {
        "Identity": entry.name,
        "MailboxOwnerId": entry.name,
        "AutoReplyState": _state(found, call),
        "ExternalAudience": found.audience,
        "StartTime": print_date(found.start),
        "EndTime": print_date(found.end),
        "InternalMessage": found.internal,
        "ExternalMessage": found.external,
        "CreateOOFEvent": False,
        "OOFEventSubject": "",
        "AutoDeclineFutureRequestsWhenOOF": False,
        "DeclineEventsForScheduledOOF": False,
        "DeclineAllEventsForScheduledOOF": False,
        "DeclineMeetingMessage": "",
        "EventsToDeleteIDs": [],
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [selected(call, row)]


def _state(found: AutomaticReplies, call: Invocation) -> str:
    """A schedule that ended counts as Disabled [doc: EndTime]."""
    ended = found.state == "Scheduled" and found.end is not None and found.end <= call.now
    return "Disabled" if ended else found.state


@cmdlet(
    "Set-MailboxAutoReplyConfiguration",
    honours={
        "AutoReplyState",
        "ExternalAudience",
        "InternalMessage",
        "ExternalMessage",
        "StartTime",
        "EndTime",
    },
)
def set_auto_reply(call: Invocation) -> Result:
    """No rows. CmdletError (400): a text that is missing or too long, a schedule that ends before it
    starts."""
    entry, _ = own_settings.target(call)
    before = mailbox_settings.automatic_replies(entry, call.now)
    if entry.stores.get("automatic_replies", {}).get("start") is None:
        before = replace(before, start=None, end=None)
    after = _draft(call, before)
    _check(call, after)
    if not own_settings.save(call, entry, "automatic_replies", after):
        own_settings.unchanged(call, entry)
    return None


def _draft(call: Invocation, before: AutomaticReplies) -> AutomaticReplies:
    arguments = call.arguments
    values: dict[str, Any] = {
        "state": arguments.get("AutoReplyState") or before.state,
        "audience": arguments.get("ExternalAudience") or before.audience,
        "start": arguments.get("StartTime") or before.start,
        "end": arguments.get("EndTime") or before.end,
    }
    for parameter, name in (("InternalMessage", "internal"), ("ExternalMessage", "external")):
        if parameter in arguments:  # null clears [doc]
            text = arguments.text(parameter)
            if text is not None and len(text) > REPLY_LIMIT:
                raise refusals.validation(f"The length of {parameter} exceeds {REPLY_LIMIT} characters.")
            values[name] = mailbox_settings.stored_reply(text)
    return replace(before, **values)


def _check(call: Invocation, after: AutomaticReplies) -> None:
    if after.start and after.end and after.start >= after.end:
        raise refusals.invalid("The value of EndTime must be later than the value of StartTime.")
    if after.state == "Disabled":
        return
    if after.state == "Scheduled" and not (after.start and after.end):
        raise refusals.invalid("StartTime and EndTime are needed for the state Scheduled.")
    if not after.internal:
        raise refusals.validation(f"InternalMessage can't be empty when AutoReplyState is {after.state}.")
    if after.audience != "None" and not after.external:
        raise refusals.validation(
            f"ExternalMessage can't be empty when AutoReplyState is {after.state} and ExternalAudience is "
            f"{after.audience}."
        )
