"""What a stranger would ask of a plan: that it does what the documents say, and nothing else whatsoever.

The tenant is taken apart into its smallest pieces (`leaves`), and every piece that differs afterwards must be
one that a change of the plan was about (`named`). `python -m tests.stranger --runs 200 --seed 1` asks many
tenants of `tests/lived_in.py`; `tests/world/test_lived_in.py` a few.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller.model import Cause, Change, Plan, Status
from controller.sandbox import mailbox_store as store
from controller.sandbox.world import Entry
from tests.lived_in import Box, lived_in
from tests.rig import Rig, picture_of

HOLIDAYS = (datetime(2026, 12, 24, 17, tzinfo=UTC), datetime(2027, 1, 4, 7, tzinfo=UTC))  # 18:00 and 8:00 in Paris
_MOMENT = timedelta(seconds=1)
Leaf = tuple[str, ...]

_LISTED = ("permissions", "send_as", "send_on_behalf", "addresses", "properties", "graph", "stores")
_STORED = ("folders", "categories", "rules", "folder_permissions")
# The property of the mailbox that a field, or a part of one, is about.
_PROPERTIES: dict[str, tuple[str, ...]] = {
    "hiddenFromAddressLists": ("HiddenFromAddressListsEnabled",),
    "sentItems.copySentAs": ("MessageCopyForSentAsEnabled",),
    "sentItems.copySentOnBehalf": ("MessageCopyForSendOnBehalfEnabled",),
    "protocols.imap": ("ImapEnabled",),
    "protocols.pop": ("PopEnabled",),
    "limits.warnAt": ("IssueWarningQuota",),
    "limits.prohibitSendAt": ("ProhibitSendQuota",),
    "retentionPolicy": ("RetentionPolicy",),
    "audit.enabled": ("AuditEnabled",),
    "audit.ageLimit": ("AuditLogAgeLimit",),
    "delivery.acceptOnlyFrom": ("AcceptMessagesOnlyFrom", "AcceptMessagesOnlyFromDLMembers"),
    "delivery.rejectFrom": ("RejectMessagesFrom", "RejectMessagesFromDLMembers"),
    "delivery.requireAuthenticatedSenders": ("RequireSenderAuthenticationEnabled",),
    "delivery.moderatedBy": ("ModeratedBy", "ModerationEnabled"),
    "mailTip": ("MailTip", "MailTipTranslations"),
    "forwarding": ("ForwardingAddress", "ForwardingSmtpAddress", "DeliverToMailboxAndForward"),
    "litigationHold": ("LitigationHoldEnabled", "LitigationHoldDuration", "LitigationHoldDate", "LitigationHoldOwner"),
    "archive": ("ArchiveStatus", "ArchiveState", "ArchiveGuid", "ArchiveName", "DisabledArchiveGuid"),
}
_STORES: dict[str, tuple[Leaf, ...]] = {
    "automaticReplies.state": (("automatic_replies", "state"),),
    "automaticReplies.externalAudience": (("automatic_replies", "audience"),),
    "automaticReplies.internal": (("automatic_replies", "internal"),),
    "automaticReplies.external": (("automatic_replies", "external"),),
    "regional.language": (("regional", "language"), ("regional", "date_format"), ("regional", "time_format")),
    "regional.timeZone": (("regional", "time_zone"),),
    "regional.dateFormat": (("regional", "date_format"),),
    "regional.timeFormat": (("regional", "time_format"),),
    "workingHours.days": (("working_hours", "days"),),
    "workingHours.start": (("working_hours", "start"), ("working_hours", "end")),
    "workingHours.end": (("working_hours", "end"),),
    "workingHours.timeZone": (("working_hours", "time_zone"),),
    "signature.html": (("messages", "SignatureHtml"),),
    "signature.autoAdd": (("messages", "AutoAddSignature"),),
}


# --- the tenant in pieces --------------------------------------------------------------------------------


def leaves(rig: Rig) -> dict[Leaf, Any]:
    """Every piece of the tenant, under the address of what it is of."""
    found: dict[Leaf, Any] = {("organization", name): value for name, value in rig.sandbox.world.organization.items()}
    for entry in rig.sandbox.world.entries.values():
        head = (entry.primary or entry.object_id).lower()
        found.update({(head, *leaf): value for leaf, value in _pieces(rig, entry)})
    return found


def _pieces(rig: Rig, entry: Entry) -> Iterator[tuple[Leaf, Any]]:
    whole = picture_of(entry)
    yield from (((name,), value) for name, value in whole.items() if name not in _LISTED)
    for name in ("properties", "graph"):
        yield from (((name, key), value) for key, value in whole[name].items())
    for name in ("addresses", "send_on_behalf"):
        yield from (((name, _named(rig, text).lower()), text) for text in whole[name])
    for name in ("permissions", "send_as"):
        for ace in whole[name]:
            yield (name, _named(rig, ace.trustee), str(ace.deny), str(ace.inherited)), asdict(ace)
    for name, value in whole["stores"].items():
        if name not in _STORED:
            parts = value.items() if isinstance(value, dict) else [("", value)]
            yield from (((name, key), each) for key, each in parts)
    yield from _of_outlook(rig, entry)


def _of_outlook(rig: Rig, entry: Entry) -> Iterator[tuple[Leaf, Any]]:
    """What Outlook shows; by the names that people see, so that a folder of another id is another folder."""
    for category in store.categories(entry):
        yield ("category", category["displayName"].casefold()), category
    folders = store.folders(entry)
    for folder in folders.values():
        path = "/".join(store.path_of(folders, folder)).casefold()
        parts = asdict(folder)
        yield ("tag", path), parts.pop("properties")
        yield ("search" if folder.search else "folder", path), parts
    rules = store.rules(entry, hidden=True)
    numbered = rig.sandbox.world.quirks.dense_sequences  # anew with each write: only their order can stay
    yield ("odd rules",), [rule["id"] for rule in rules if store.read_only(rule) or store.in_error(entry, rule)]
    for rule in rules:
        parts = dict(rule)
        number = parts.pop("sequence")
        yield ("place", rule["name"], str(rule["id"])), None if numbered else number
        yield ("rule", rule["name"], str(rule["id"])), parts
    for key, holders in entry.stores.get("folder_permissions", {}).items():
        yield from ((("folderaccess", key, _named(rig, who)), what) for who, what in holders.items())


def _named(rig: Rig, ident: str) -> str:
    entry = rig.sandbox.world.entries.get(ident)
    return (entry.primary or entry.name).lower() if entry else ident


# --- what a plan is about ---------------------------------------------------------------------------------


def named(rig: Rig, plan: Plan, boxes: list[Box]) -> set[Leaf]:
    """Beginnings of the pieces that the changes of a plan are about."""
    by_address = {box.address: box for box in boxes}
    found = set[Leaf]()
    for change in plan.open_changes:
        box = by_address[change.key.address]
        found |= {(change.key.address, *leaf) for leaf in _about(rig, change, box)}
    return found


def _about(rig: Rig, change: Change, box: Box) -> Iterator[Leaf]:
    head, *rest = change.path
    field = ".".join(change.path[:2])
    for each in (*_PROPERTIES.get(field, ()), *_PROPERTIES.get(head, ())):
        yield "properties", each
    yield from _STORES.get(field, ())
    folders = store.folders(rig.entry(box.address))
    if head == "displayName":
        yield ("display_name",)
    elif head == "signInBlocked":
        yield ("account_enabled",)
    elif head == "aliases":
        yield "addresses", f"smtp:{rest[0]}"
    elif head == "customAttributes":
        yield "properties", f"CustomAttribute{rest[0]}"
    elif head == "licence":
        yield from (("graph", "licenseAssignmentStates"), ("graph", "assignedLicenses"))
    elif head == "access":
        column = {"send-as": "send_as", "send-on-behalf": "send_on_behalf"}.get(rest[1], "permissions")
        yield (column, rest[0]) if column == "send_on_behalf" else (column, rest[0], "False", "False")
    elif head in ("categories", "claimCategories"):
        yield "category", rest[0].casefold()
    elif head == "searchFolders":
        yield from ((kind, rest[0].casefold()) for kind in ("search", "tag"))
    elif head == "folders":
        inbox = folders["inbox"].name
        path = rest[0].replace("Inbox", inbox).casefold()
        yield from ((kind, path) for kind in (("tag",) if rest[1:] else ("folder", "tag")))
    elif head == "folderPermissions":
        yield "folderaccess", rest[0].lower(), rest[1].capitalize() if rest[1] == "default" else rest[1]
    elif head == "rules":
        yield from _about_rule(rest[0], box)


def _about_rule(name: str, box: Box) -> Iterator[Leaf]:
    """A rule, or the places of those that the document lists."""
    if name == "order":
        yield from (("place", rule["name"]) for rule in box.part_of("rules"))
        return
    called = "order" if name == "order (rule)" else name  # a rule of that name
    yield from (("rule", called), ("place", called))


def changed(before: dict[Leaf, Any], after: dict[Leaf, Any]) -> set[Leaf]:
    return {leaf for leaf in before.keys() | after.keys() if before.get(leaf) != after.get(leaf)}


def unexplained(pieces: set[Leaf], about: set[Leaf]) -> set[Leaf]:
    return {leaf for leaf in pieces if not any(leaf[: len(head)] == head for head in about)}


# --- what is asked -----------------------------------------------------------------------------------------


async def hold(rig: Rig, boxes: list[Box]) -> None:
    """Raises AssertionError where the controller does less or more than the documents say."""
    before = leaves(rig)
    plan = await rig.plan()
    for box in boxes:
        fields = {change.path[0] for change in plan.changes if change.key.address == box.address}
        assert fields == box.differing, f"{box.address}: missed, or one too many: {sorted(fields ^ box.differing)}"
    assert leaves(rig) == before
    await _applied(rig)
    assert not (left := unexplained(changed(before, leaves(rig)), named(rig, plan, boxes))), _shown(left, before, rig)
    await _holidays(rig, boxes)


async def _applied(rig: Rig) -> None:
    cycle = await rig.apply()
    failed = [(o.change.id, o.error) for o in cycle.outcomes if o.status is not Status.APPLIED]
    assert not failed, failed
    assert not [change.id for change in cycle.plan.changes if change.blocked_by]
    again = await rig.plan()
    assert not again.changes, [(c.id, c.before, c.after) for c in again.changes]


async def _holidays(rig: Rig, boxes: list[Box]) -> None:
    """They begin, and everything is as before once they end; nothing else moves in all that time."""
    settled = leaves(rig)
    away = {box.address for box in boxes if box.part_of("automaticReplies").get("periods")}
    for at in HOLIDAYS:
        rig.clock.advance(at - rig.clock.now() - _MOMENT)
        assert not (await rig.plan()).changes, "a moment too early"
        rig.clock.advance(_MOMENT)
        before, plan = leaves(rig), await rig.plan()
        assert {change.key.address for change in plan.changes} == away
        assert {(change.path[0], change.cause) for change in plan.changes} <= {("automaticReplies", Cause.TIME)}
        await _applied(rig)
        left = unexplained(changed(before, leaves(rig)), named(rig, plan, boxes))
        assert not left, _shown(left, before, rig)
        if at == HOLIDAYS[0]:
            assert {box.address for box in boxes if _says_closed(rig, box)} == away
    for box in boxes:
        if box.stamped:  # the holiday's texts took the place of people's, and are gone
            stored = rig.entry(box.address).stores["automatic_replies"]
            assert not {"state", "internal", "external"} & stored.keys()
            settled |= {(box.address, "automatic_replies", name): value for name, value in stored.items()}
            for name in ("internal", "external"):
                settled.pop((box.address, "automatic_replies", name))
    assert leaves(rig) == settled


def _says_closed(rig: Rig, box: Box) -> bool:
    stored = rig.entry(box.address).stores.get("automatic_replies", {})
    return stored.get("state") == "Enabled" and any(word in stored.get("external", "") for word in ("Fermé", "Zu"))


def _shown(left: set[Leaf], before: dict[Leaf, Any], rig: Rig) -> str:
    after = leaves(rig)
    return "\n".join(f"{' '.join(leaf)}: {before.get(leaf)} -> {after.get(leaf)}" for leaf in sorted(left))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        for seed in range(arguments.seed, arguments.seed + arguments.runs):
            try:
                asyncio.run(hold(*lived_in(Path(name) / str(seed), seed)))
            except Exception:
                broken += 1
                print(f"seed {seed}:", file=sys.stderr)
                traceback.print_exc(limit=-3)
    print(f"{arguments.runs - broken} held, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
