"""Get-, New-, Set-, Remove-, Enable-, Disable-InboxRule: the rules that Graph shows as messageRules.

Identity is `<mailbox>\\<RuleIdentity>`; priorities are dense, from 1. The fact a reader would not guess: any
write throws away the rules that only Outlook can run, and is refused without Force where there are some
[doc: New-InboxRule; that Confirm alone does not do: inf].
"""

from __future__ import annotations

from typing import Any

from controller.sandbox import mailbox_store as store
from controller.sandbox.exchange import directory, refusals, rule_columns
from controller.sandbox.exchange.cmdlets.organization import selected
from controller.sandbox.exchange.invocation import Invocation, Result
from controller.sandbox.exchange.registry import cmdlet
from controller.sandbox.world import MAILBOX_TYPES, Entry

_NAME_MAX = 512  # [doc: Name of New-InboxRule]
_WRITES = ("Mailbox", "Force", "AlwaysDeleteOutlookRulesBlob")


@cmdlet(
    "Get-InboxRule",
    target="Mailbox",
    honours={"Identity", "IncludeHidden", "ResultSize", "DescriptionTimeFormat", "DescriptionTimeZone"},
)
def get_inbox_rule(call: Invocation) -> Result:
    """Rules in order; the system's own only with IncludeHidden. CmdletError: nobody, no such rule."""
    entry, wanted = _mailbox(call)
    seen = call.view(entry, "store") or entry
    rules = store.rules(seen, hidden=call.arguments.on("IncludeHidden"))
    if wanted:
        rules = [_find(seen, rules, wanted)]
    priorities = {rule["id"]: at for at, rule in enumerate(store.rules(seen, hidden=True), start=1)}
    return [selected(call, _row(call, seen, rule, priorities[rule["id"]])) for rule in rules]


@cmdlet("New-InboxRule", target="Mailbox", honours={*_WRITES, "Name", "Priority", *rule_columns.HONOURED})
def new_inbox_rule(call: Invocation) -> Result:
    """The rule, which is on. Names are not unique [inf]."""
    entry, _ = _mailbox(call)
    rule: store.Record = {
        "id": store.new_rule_id(call.world, entry),
        "name": _name(call) or "",
        "sequence": 0,
        "enabled": True,
    }
    rule_columns.take(call, entry, rule)
    if not rule["name"] or not (rule["actions"] or rule.get("beyond")):
        raise refusals.validation("A rule needs a name and at least one action.")
    _refuse_quota(entry, rule)
    _begin(call, entry)
    saved: list[store.Record] = entry.stores.setdefault("rules", [])
    saved.append(rule)
    _place(entry, rule, call.arguments.get("Priority") or len(saved))
    return [_row(call, entry, rule, rule["sequence"])]


@cmdlet("Set-InboxRule", honours={*_WRITES, "Name", "Priority", *rule_columns.HONOURED})
def set_inbox_rule(call: Invocation) -> Result:
    """Only what is named changes, unlike Graph's PATCH; null clears a condition."""
    entry, wanted = _mailbox(call)
    held = _find(entry, store.rules(entry, hidden=True), wanted)
    changed = {**held, "name": _name(call) or held["name"]}
    rule_columns.take(call, entry, changed)
    if any(name in call.arguments for name in ("ApplyCategory", "MoveToFolder", "CopyToFolder")):
        changed.pop("lost", None)
    _refuse_quota(entry, changed)
    _begin(call, entry)
    _replace(entry, changed)
    if call.arguments.get("Priority"):
        _place(entry, changed, call.arguments["Priority"])
    return None


@cmdlet("Remove-InboxRule", honours=_WRITES)
def remove_inbox_rule(call: Invocation) -> Result:
    entry, wanted = _mailbox(call)
    held = _find(entry, store.rules(entry, hidden=True), wanted)
    _begin(call, entry)
    entry.stores["rules"] = [rule for rule in entry.stores["rules"] if rule["id"] != held["id"]]
    _place(entry, None, 0)
    return None


@cmdlet("Enable-InboxRule", honours=_WRITES)
def enable_inbox_rule(call: Invocation) -> Result:
    return _switch(call, enabled=True)


@cmdlet("Disable-InboxRule", honours=_WRITES)
def disable_inbox_rule(call: Invocation) -> Result:
    return _switch(call, enabled=False)


def _switch(call: Invocation, *, enabled: bool) -> Result:
    entry, wanted = _mailbox(call)
    changed = {**_find(entry, store.rules(entry, hidden=True), wanted), "enabled": enabled}
    _refuse_quota(entry, changed)
    _begin(call, entry)
    _replace(entry, changed)
    return None


# --- which --------------------------------------------------------------------------------------------


def _mailbox(call: Invocation) -> tuple[Entry, str]:
    """The mailbox, and what is left of Identity to name a rule: the composite form names both."""
    identity = call.arguments.text("Identity") or ""
    owner, backslash, rule = identity.rpartition("\\")
    mailbox = call.arguments.text("Mailbox") or owner
    if not mailbox:
        raise refusals.not_offered("an inbox rule without Mailbox")
    entry = directory.find(call, mailbox, MAILBOX_TYPES)
    call.subject = entry.name
    return entry, rule if backslash else identity


def _find(entry: Entry, rules: list[store.Record], wanted: str) -> store.Record:
    """By RuleIdentity, else by name, which more than one may have."""
    found = [rule for rule in rules if str(rule["id"]) == wanted]
    found = found or [rule for rule in rules if rule["name"].casefold() == wanted.casefold()]
    if not found:
        raise refusals.not_found(f"{entry.name}\\{wanted}", status=400)
    if len(found) > 1:
        raise refusals.ambiguous(wanted)
    return found[0]


def _name(call: Invocation) -> str | None:
    name = call.arguments.text("Name")
    if name is not None and not 0 < len(name) <= _NAME_MAX:
        raise refusals.validation(f"Name must have 1 to {_NAME_MAX} characters.")
    return name


# --- writing ------------------------------------------------------------------------------------------


def _begin(call: Invocation, entry: Entry) -> None:
    """Announces the write, and drops what only Outlook can run."""
    rules = entry.stores.get("rules", [])
    doomed = [rule for rule in rules if rule.get("clientOnly")]
    if doomed and not call.arguments.on("Force"):
        raise refusals.invalid(
            "The rules that were created by Outlook and run on the client or are disabled will be removed. "
            "Use Force to go on."
        )
    call.writing(entry)
    if doomed:
        entry.stores["rules"] = [rule for rule in rules if not rule.get("clientOnly")]
    if not call.arguments.on("AlwaysDeleteOutlookRulesBlob"):
        call.warn(
            "Inbox rules that were created by Outlook and are client-side or disabled are removed when you "
            "change Inbox rules."
        )


def _replace(entry: Entry, changed: store.Record) -> None:
    entry.stores["rules"] = [
        changed if rule["id"] == changed["id"] else rule for rule in entry.stores["rules"]
    ]


def _place(entry: Entry, moved: store.Record | None, priority: int) -> None:
    """Numbers all rules from 1 on, `moved` at the place that is asked for [doc: Priority]."""
    order = [rule for rule in store.rules(entry, hidden=True) if moved is None or rule["id"] != moved["id"]]
    if moved is not None:
        order.insert(max(priority, 1) - 1, next(r for r in entry.stores["rules"] if r["id"] == moved["id"]))
    for number, rule in enumerate(order, start=1):
        rule["sequence"] = number


def _refuse_quota(entry: Entry, rule: store.Record) -> None:
    if store.over_quota(entry, rule):
        raise refusals.invalid("The rules quota of the mailbox is exceeded.")


# --- out ----------------------------------------------------------------------------------------------


def _row(call: Invocation, entry: Entry, rule: store.Record, priority: int) -> dict[str, Any]:
    broken = store.in_error(entry, rule)
    return {
        "Identity": f"{entry.name}\\{rule['id']}",
        "RuleIdentity": rule["id"],
        "Name": rule["name"],
        "Enabled": rule.get("enabled", True),
        "Priority": priority,
        "SupportedByTask": not rule.get("clientOnly", False),
        "ErrorType": "NotFound" if broken else "None",
        "InError": broken,
        "Legacy": False,
        "MailboxOwnerId": entry.name,
        **rule_columns.columns(call, entry, rule),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
