"""Access lists: whose entry is whose, how a trustee shows, and what an entry becomes when its holder goes.

A trustee is kept by object id; deleted, it shows as its bare SID [obs: graph2otel, michev 4012]. What
Exchange itself puts on a list (SELF, inherited and denied rows) is made up here where it is not stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from controller.sandbox.exchange import directory, refusals
from controller.sandbox.exchange.directory import SELF, SELF_SID
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.world import MAILBOX_TYPES, Ace, Entry

LIMIT = 500  # explicit entries of one mailbox [doc: Add-MailboxPermission]
_FOREST = "EURPR01A002"


@dataclass(frozen=True, slots=True)
class Trustee:
    """Who is named by an argument: an object, or only a SID that is left of one."""

    object_id: str
    sid: str
    shown: str

    def holds(self, ace: Ace) -> bool:
        return ace.trustee == self.object_id or bool(self.sid and self.sid in (ace.trustee, ace.sid))


def trustee(call: Invocation, identity: str) -> Trustee:
    """CmdletError: 400 for nobody, for what cannot hold rights; 500 for several."""
    text = identity.strip()
    if text.lower() in (SELF.lower(), SELF_SID.lower(), "self"):
        return Trustee(SELF, SELF_SID, SELF)
    if text.upper().startswith("S-1-") and not directory.matches(call, text, directory.PRINCIPAL_TYPES):
        return Trustee(text.upper(), text.upper(), text.upper())
    entry = directory.find_principal(call, text)
    return Trustee(entry.object_id, entry.sid, directory.show_principal(entry))


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry as a reader sees it. `orphan` is an entry whose holder is gone."""

    ace: Ace
    who: str
    sid: str
    orphan: bool = False


def show(call: Invocation, ace: Ace) -> Shown:
    entry = call.world.entries.get(ace.trustee)
    if entry is not None:
        seen = call.view(entry) or entry
        sid = ace.sid or entry.sid
        if seen.deleted is None:
            return Shown(ace, directory.show_principal(seen), sid)
        return Shown(ace, sid, sid, orphan=True)
    if ace.trustee.startswith("S-1-"):
        return Shown(ace, ace.trustee, ace.trustee, orphan=ace.trustee != SELF_SID)
    if len(ace.trustee) == 36 and ace.trustee.count("-") == 4:  # purged, its SID kept or made up
        sid = ace.sid or _made_up_sid(ace.trustee)
        return Shown(ace, sid, sid, orphan=True)
    return Shown(ace, ace.trustee, SELF_SID if ace.trustee == SELF else ace.sid)


def _made_up_sid(object_id: str) -> str:
    number = int(hashlib.sha256(object_id.encode()).hexdigest()[:7], 16)
    return f"S-1-5-21-1111111111-2222222222-3333333333-{number}"


def mailbox_list(call: Invocation, entry: Entry) -> list[Ace]:
    """The mailbox access list as seen, with the rows that every mailbox has."""
    seen = call.view(entry, "permission") or call.view(entry) or entry
    stored = list(seen.permissions)
    if not any(ace.trustee == SELF for ace in stored):
        stored.insert(0, Ace(SELF, ["FullAccess", "ReadPermission"], sid=SELF_SID))
    return [*stored, *_by_exchange(entry)]


def _by_exchange(entry: Entry) -> list[Ace]:
    """Rows that only some mailboxes have: a second one for SELF [obs: graph2otel], inherited and denied
    ones [doc: Get-MailboxPermission]. The mailbox's own GUID decides, so they stay."""
    kind = int(entry.guid[-1], 16) if entry.guid else 0
    if kind < 3:
        return [Ace(SELF, ["FullAccess", "ExternalAccount", "ReadPermission"], sid=SELF_SID)]
    if kind < 8:
        admins = f"{_FOREST}\\Organization Management"
        servers = f"{_FOREST}\\Exchange Servers"
        return [
            Ace(admins, ["FullAccess"], deny=True, inherited=True, sid="S-1-5-21-1-2-3-1119"),
            Ace(servers, ["FullAccess", "ReadPermission"], inherited=True, sid="S-1-5-21-1-2-3-1120"),
            Ace("NT AUTHORITY\\SYSTEM", ["FullAccess"], inherited=True, sid="S-1-5-18"),
        ]
    return []


def send_as_list(call: Invocation, entry: Entry) -> list[Ace]:
    """The Send As list as seen; mailboxes have a row for SELF."""
    seen = call.view(entry, "permission") or call.view(entry) or entry
    stored = list(seen.send_as)
    if seen.type in MAILBOX_TYPES and not any(ace.trustee == SELF for ace in stored):
        stored.insert(0, Ace(SELF, ["SendAs"], sid=SELF_SID))
    return stored


def grant(
    call: Invocation,
    held: list[Ace],
    who: Trustee,
    rights: Sequence[str],
    *,
    deny: bool = False,
    auto_mapping: bool | None = None,
    name: str = "",
) -> Ace | None:
    """Adds rights to a list; None (and the warning that clients read as done already) where all of them
    are there. AutoMapping is only taken with a new entry [reference: section 10]. CmdletError: list full.

    Whoever calls has announced the write.
    """
    mine = next((ace for ace in held if who.holds(ace) and ace.deny is deny and not ace.inherited), None)
    if mine is not None:
        missing = [right for right in rights if right not in mine.rights]
        if not missing:
            call.warn(
                "The appropriate access control entry is already present on the object "
                f'"CN={name}" for account "{who.shown}".'
            )
            return None
        mine.rights = [*mine.rights, *missing]
        return mine
    if sum(not ace.inherited for ace in held) >= LIMIT:  # entries of the deleted count [obs: thextrabit]
        raise refusals.list_full(name)
    added = Ace(who.object_id, list(rights), deny=deny, sid=who.sid, auto_mapping=auto_mapping)
    held.append(added)
    return added


def revoke(held: list[Ace], who: Trustee, rights: Sequence[str], *, deny: bool = False) -> bool:
    """Takes rights off a list; False where there was no such entry. Inherited entries stay."""
    found = False
    for ace in list(held):
        if not who.holds(ace) or ace.deny is not deny or ace.inherited:
            continue
        kept = [right for right in ace.rights if right not in rights]
        if len(kept) == len(ace.rights):
            continue
        found = True
        if kept:
            ace.rights = kept
        else:
            held.remove(ace)
    return found
