"""Hand-offs by mail: an address that is no channel's, and what is not kept.

What a channel takes is small (24 KB of text, 20 attachments of 10 MB, 50 pictures in the text), and it may be
closed to senders from outside [doc: Teams limits and specifications, emailing a channel]: `docs/` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controller.handoff import HANDOFF, rules_of
from controller.model import Finding
from controller.preflight.view import View, finding
from controller.spec.models.handoff import RULE_NAMES

# `…@emea.teams.ms`, `…@uk.teams.ms`; in government clouds another domain [obs: nikkichapple.com; doc: Graph
# provisionEmail].
_CHANNEL: Final = re.compile(r"@(?:[a-z0-9-]+\.)*teams\.(?:ms|microsoft\.us|microsoft\.com)$", re.IGNORECASE)


def no_channel(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        part = resource.spec.handoff and resource.spec.handoff.teams_channel
        if part and part.address and not _CHANNEL.search(part.address):
            message = (
                f"{part.address} does not look like a Teams channel's own address, which ends in .teams.ms: "
                "take it from the channel's menu, “Get email address”. The team's own address posts nothing"
            )
            at = (*HANDOFF, "teamsChannel", "address")
            yield finding("handoff-no-channel", resource, message, at=at)


def nothing_kept(view: View) -> Iterator[Finding]:
    """Of hand-offs by rule; those by forwarding are told with it."""
    for resource in view.resources:
        ruled = {rule.name for rule in rules_of(resource.spec) or () if resource.spec.handoff}
        part = resource.spec.handoff and resource.spec.handoff.ticketing
        if part and RULE_NAMES["ticketing"] in ruled and not part.keeps:
            message = (
                f"{resource.key.address} moves what it hands on to {part.address} to Deleted Items: what is "
                "lost there is lost. Write `keepCopy: true`"
            )
            yield finding("forward-without-copy", resource, message, at=(*HANDOFF, "ticketing", "keepCopy"))


CHECKS = (no_channel, nothing_kept)
