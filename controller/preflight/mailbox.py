"""The mailbox itself: who may sign in, what is kept of sent mail, how many addresses it has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from controller import canon, conversion
from controller.aspect import Resource
from controller.model import Finding, Present
from controller.preflight.view import View, finding
from controller.tenant_facts import ARCHIVE, HOLD, ROOM, UNLICENSED_ROOM

_ALIASES: Final = 300  # proxy addresses of one mailbox [doc: Exchange Online limits, recipient limits]
_NEARLY: Final = 0.9
_SOON: Final = 90  # days
_AS, _BEHALF = ("sentItems", "copySentAs"), ("sentItems", "copySentOnBehalf")


def sign_in_open(view: View) -> Iterator[Finding]:
    """A shared mailbox is born with an account that can be signed in to [obs: CIPP]."""
    for resource in view.resources:
        disabled = canon.flag((resource.row or {}).get("AccountDisabled"))
        unasked = resource.spec.sign_in_blocked is None and not resource.spec.convert
        if unasked and disabled is False:
            message = (
                f"somebody who knows or resets its password can sign in as {resource.key.address}: "
                "write `signInBlocked: true`"
            )
            yield finding("sign-in-open", resource, message)


def still_in_use(view: View) -> Iterator[Finding]:
    """Somebody whose mailbox shall be converted, and who signed in not long ago."""
    for resource in view.resources:
        seen = view.observed.seen.get("existence", {}).get(resource.key)
        last = conversion.last_sign_in(seen.ids) if isinstance(seen, Present) else None
        if last and view.context.now - last < conversion.RECENT:
            message = (
                f"{resource.key.address} is to be converted, and its owner signed in on {last:%Y-%m-%d}: "
                "make sure that the account is used no more before you approve it"
            )
            yield finding("recent-sign-in", resource, message, at=("convert",))


def copies_half_on(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        on = {path: view.value(resource, "sentItems", path) for path in (_AS, _BEHALF)}
        if set(map(bool, on.values())) == {True, False} and None not in on.values():
            off = next(".".join(path) for path, value in on.items() if not value)
            message = f"only a part of what is sent is copied to Sent Items of the mailbox: {off} is off"
            yield finding("sent-items-half", resource, message, at=("sentItems",))


def many_aliases(view: View) -> Iterator[Finding]:
    for resource in view.resources:
        count = len(resource.spec.aliases or ())
        if count > _ALIASES:
            message = f"{count} aliases: Exchange Online keeps at most {_ALIASES} addresses of one mailbox"
            yield finding("many-aliases", resource, message, at=("aliases",))


def filling(view: View) -> Iterator[Finding]:
    """A shared mailbox without a licence ends at 50 GB, and then refuses mail [doc: about shared
    mailboxes]. Growth is the average since it was made: an estimate, and said to be one."""
    for resource in view.resources:
        row = resource.row or {}
        used = view.observed.facts.sizes.get(resource.identity)
        quota = _room(resource, view)
        if used is None or not (left := _days_left(used, quota, row.get("WhenMailboxCreated"), view)):
            continue
        if used > _NEARLY * quota or left < _SOON:
            when = f"; at its average growth it is full in {left} days" if used < quota else ""
            held = f"{used / 1024**3:.1f} GB of {quota / 1024**3:.0f} GB"
            message = (
                f"{resource.key.address} holds {held}{when}. Then it refuses mail: archive old mail, or give "
                "it a licence"
            )
            yield finding("mailbox-filling", resource, message)


def _room(resource: Resource, view: View) -> int:
    """Bytes until it refuses mail: a quota above 50 GB is one that nobody honours without a licence."""
    quota = canon.in_bytes((resource.row or {}).get("ProhibitSendReceiveQuota")) or UNLICENSED_ROOM
    bounded = ROOM in view.observed.facts.unlicensed.get(resource.identity, ())
    return min(quota, UNLICENSED_ROOM) if bounded else quota


def unlicensed(view: View) -> Iterator[Finding]:
    """An archive or a hold that is there, whether or not the document speaks of it; one that this plan
    ends is not told of."""
    needs = "no licence that includes it, which a shared mailbox needs for that"
    for resource in view.resources:
        lacking = view.observed.facts.unlicensed.get(resource.identity, frozenset())
        wished = view.desired.get(resource.key, {})
        if ARCHIVE in lacking and wished.get(("archive",)) is not False:
            message = (
                f"{resource.key.address} has an archive, and {needs}: write `licence:` with one "
                "(EXCHANGEENTERPRISE); `archive: false` would end the archive, and its mail with it"
            )
            yield finding("archive-unlicensed", resource, message, at=("archive",))
        if HOLD in lacking and wished.get(("litigationHold", "enabled")) is not False:
            message = (
                f"{resource.key.address} is on litigation hold, and has {needs}: write `licence:` with one "
                "(EXCHANGEENTERPRISE), or end the hold (`litigationHold: {enabled: false}`)"
            )
            yield finding("hold-unlicensed", resource, message, at=("litigationHold",))


def _days_left(used: int, quota: int, created: object, view: View) -> int:
    """Until it is full, if it goes on as it did; at least 1."""
    try:
        born = datetime.fromisoformat(str(created).replace("Z", "+00:00"))
    except ValueError:
        born = view.context.now
    age = max((view.context.now - (born if born.tzinfo else born.replace(tzinfo=UTC))).days, 1)
    return max(int((quota - used) / max(used / age, 1)), 1)


CHECKS = (sign_in_open, still_in_use, copies_half_on, many_aliases, filling, unlicensed)
