"""Inbox rules in Exchange's words: the store keeps Graph's, cmdlets speak of parameters and columns.

What Graph has no word for stays under its parameter's name in the rule's `beyond`. The facts a reader would
not guess: a message type is one word here and a flag each in Graph; sizes are bytes here, kilobytes there;
recipients come back as `"Name" [EX:…]` for the organisation's own and `"name" [SMTP:…]` for others, folders
by name [obs: graph2otel; SMTP form and folder names: inf].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.sandbox import mailbox_store as store
from controller.sandbox.exchange import directory, refusals
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.values import is_email, parse_size, print_size
from controller.sandbox.world import RECIPIENT_TYPES, Entry

# Parameter to Graph's predicate [doc: New-InboxRule, messageRulePredicates].
_PLAIN: Final = {
    "BodyContainsWords": "bodyContains",
    "SubjectContainsWords": "subjectContains",
    "SubjectOrBodyContainsWords": "bodyOrSubjectContains",
    "HeaderContainsWords": "headerContains",
    "FromAddressContainsWords": "senderContains",
    "RecipientAddressContainsWords": "recipientContains",
    "HasAttachment": "hasAttachments",
    "MyNameInToBox": "sentToMe",
    "MyNameInCcBox": "sentCcMe",
    "MyNameInToOrCcBox": "sentToOrCcMe",
    "MyNameNotInToBox": "notSentToMe",
    "SentOnlyToMe": "sentOnlyToMe",
    "WithImportance": "importance",
    "WithSensitivity": "sensitivity",
    "FlaggedForAction": "messageActionFlag",
}
_PEOPLE: Final = {"From": "fromAddresses", "SentTo": "sentToAddresses"}
_SIZES: Final = {"WithinSizeRangeMinimum": "minimumSize", "WithinSizeRangeMaximum": "maximumSize"}
_MESSAGE_TYPES: Final = {
    "AutomaticReply": "isAutomaticReply",
    "AutomaticForward": "isAutomaticForward",
    "Encrypted": "isEncrypted",
    "Calendaring": "isMeetingRequest",
    "CalendaringResponse": "isMeetingResponse",
    "PermissionControlled": "isPermissionControlled",
    "Voicemail": "isVoicemail",
    "Signed": "isSigned",
    "ApprovalRequest": "isApprovalRequest",
    "ReadReceipt": "isReadReceipt",
    "NonDeliveryReport": "isNonDeliveryReport",
}
_WORDS: Final = {"sensitivity": {"CompanyConfidential": "confidential"}}
_ACTIONS: Final = {
    "ApplyCategory": "assignCategories",
    "DeleteMessage": "delete",
    "PermanentDelete": "permanentDelete",
    "MarkAsRead": "markAsRead",
    "MarkImportance": "markImportance",
    "StopProcessingRules": "stopProcessingRules",
}
_FOLDERS: Final = {"MoveToFolder": "moveToFolder", "CopyToFolder": "copyToFolder"}
_SENDING: Final = {
    "ForwardTo": "forwardTo",
    "ForwardAsAttachmentTo": "forwardAsAttachmentTo",
    "RedirectTo": "redirectTo",
}
# What Graph cannot say; a rule with one of these is read-only there [reference: Graph API, inbox rules].
_BEYOND: Final = (
    "ReceivedAfterDate",
    "ReceivedBeforeDate",
    "AnyCategory",
    "HasClassification",
    "PinMessage",
    "SoftDeleteMessage",
    "FlagMessage",
    "ApplySystemCategory",
)
_CONDITIONS: Final = (*_PLAIN, *_PEOPLE, *_SIZES, "MessageTypeMatches")
_EXCEPTED_BEYOND: Final = ("ReceivedAfterDate", "ReceivedBeforeDate", "AnyCategory", "HasClassification")
HONOURED: Final = (
    *_CONDITIONS,
    *(f"ExceptIf{name}" for name in (*_CONDITIONS, *_EXCEPTED_BEYOND)),
    *_ACTIONS,
    *_FOLDERS,
    *_SENDING,
    *_BEYOND,
)


# --- out ----------------------------------------------------------------------------------------------


def columns(call: Invocation, entry: Entry, rule: store.Record) -> dict[str, Any]:
    """The conditions, exceptions and actions of a rule as columns; null or false where it has none."""
    actions = rule.get("actions", {})
    row = {
        **_predicates(call, rule.get("conditions", {}), ""),
        **_predicates(call, rule.get("exceptions", {}), "ExceptIf"),
        **{name: actions.get(theirs, _blank(name)) for name, theirs in _ACTIONS.items()},
        **{name: _folder_name(entry, actions.get(theirs)) for name, theirs in _FOLDERS.items()},
        **{name: _people(call, actions.get(theirs)) for name, theirs in _SENDING.items()},
        **dict.fromkeys(_BEYOND),
        **rule.get("beyond", {}),
    }
    importance = row["MarkImportance"]
    row["MarkImportance"] = importance and importance.title()
    return row


def _blank(name: str) -> Any:
    return None if name in ("ApplyCategory", "MarkImportance") else False


def _predicates(call: Invocation, given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, theirs in _PLAIN.items():
        value = given.get(theirs)
        if name.startswith("With") or name == "FlaggedForAction":
            row[prefix + name] = value and _exchange_word(theirs, value)
        else:
            row[prefix + name] = (None if name.endswith("Words") else False) if value is None else value
    for name, theirs in _PEOPLE.items():
        row[prefix + name] = _people(call, given.get(theirs))
    sizes = given.get("withinSizeRange", {})
    for name, theirs in _SIZES.items():
        row[prefix + name] = print_size(sizes[theirs] * 1024) if theirs in sizes else None
    types = (name for name, theirs in _MESSAGE_TYPES.items() if given.get(theirs))
    row[f"{prefix}MessageTypeMatches"] = next(types, None)
    return row


def _exchange_word(predicate: str, word: str) -> str:
    known = {theirs: ours for ours, theirs in _WORDS.get(predicate, {}).items()}
    return known.get(word, word[:1].upper() + word[1:])


def _people(call: Invocation, recipients: Sequence[Mapping[str, Any]] | None) -> list[str] | None:
    if not recipients:
        return None
    return [_person(call, each["emailAddress"]) for each in recipients]


def _person(call: Invocation, person: Mapping[str, str]) -> str:
    address = person.get("address", "")
    holder = call.world.holder(address)
    if holder is not None and holder.legacy_dn:
        return f'"{holder.display_name}" [EX:{holder.legacy_dn}]'
    return f'"{person.get("name") or address}" [SMTP:{address}]'


def _folder_name(entry: Entry, key: str | None) -> str | None:
    if key is None:
        return None
    folder = store.folders(entry).get(key)
    return folder.name if folder is not None else None


# --- in -----------------------------------------------------------------------------------------------


def take(call: Invocation, entry: Entry, rule: store.Record) -> None:
    """Puts what the arguments say into the rule; null and false take it out. CmdletError (400): recipients
    nobody has, folders that are not there."""
    parts: dict[str, dict[str, Any]] = {
        part: dict(rule.get(part, {})) for part in ("conditions", "exceptions", "actions", "beyond")
    }
    for name in call.arguments.values:
        bare = name.removeprefix("ExceptIf")
        if name not in HONOURED:
            continue
        value = call.arguments[name]
        if bare in _BEYOND:
            _put(parts["beyond"], name, _kept(value))
        elif bare in _CONDITIONS:
            _condition(call, parts["conditions" if bare == name else "exceptions"], bare, value)
        else:
            _action(call, entry, parts["actions"], name, value)
    for part, values in parts.items():
        rule[part] = values
    if not rule["beyond"]:
        del rule["beyond"]


def _put(part: dict[str, Any], name: str, value: Any) -> None:
    if value in (None, False, "", []):
        part.pop(name, None)
    else:
        part[name] = value


def _kept(value: Any) -> Any:
    """Plain values only, as a saved tenant holds them."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _condition(call: Invocation, part: dict[str, Any], name: str, value: Any) -> None:
    if name in _PEOPLE:
        _put(part, _PEOPLE[name], [_recipient(call, each) for each in value or ()])
    elif name in _SIZES:
        size = value if isinstance(value, int) or value is None else parse_size(str(value))
        sizes = dict(part.get("withinSizeRange", {}))
        sizes.pop(_SIZES[name], None)
        if size is not None:
            sizes[_SIZES[name]] = size // 1024
        _put(part, "withinSizeRange", sizes or None)
    elif name == "MessageTypeMatches":
        for flag in _MESSAGE_TYPES.values():
            part.pop(flag, None)
        if value is not None:
            part[_MESSAGE_TYPES[_message_type(str(value))]] = True
    else:
        theirs = _PLAIN[name]
        word = isinstance(value, str) and (name.startswith("With") or name == "FlaggedForAction")
        _put(part, theirs, _graph_word(theirs, value) if word else _kept(value))


def _message_type(text: str) -> str:
    found = next((name for name in _MESSAGE_TYPES if name.lower() == text.lower()), None)
    if found is None:
        raise refusals.bad_enumerator("MessageTypeMatches", text, "InboxRuleMessageType", _MESSAGE_TYPES)
    return found


def _graph_word(predicate: str, word: str) -> str:
    return _WORDS.get(predicate, {}).get(word, word[:1].lower() + word[1:])


def _action(call: Invocation, entry: Entry, part: dict[str, Any], name: str, value: Any) -> None:
    if name in _FOLDERS:
        _put(part, _FOLDERS[name], value and _folder_key(call, entry, str(value)))
    elif name in _SENDING:
        _put(part, _SENDING[name], [_recipient(call, each) for each in value or ()])
    else:
        _put(part, _ACTIONS[name], value.lower() if name == "MarkImportance" and value else _kept(value))


def _folder_key(call: Invocation, entry: Entry, text: str) -> str:
    r"""`mailbox:\Folder\Sub`, or `mailbox:FolderId` [doc]."""
    _, colon, place = text.partition(":")
    place = place if colon else text
    found = store.folders(call.view(entry, "store") or entry, call.now)
    if place.startswith("\\"):
        folder = store.by_path(found, [name for name in place.split("\\") if name])
        key = folder.key if folder is not None else ""
    else:
        try:
            key = store.key_of_folder_id(entry, place)
        except (store.BadIdError, store.ForeignIdError):
            key = ""
    if key not in found:
        raise refusals.not_found(text, status=400)
    return key


def _recipient(call: Invocation, text: str) -> dict[str, Any]:
    """Somebody the directory knows by any name, or an address outside."""
    found = directory.matches(call, text, RECIPIENT_TYPES)
    if len(found) == 1:
        return {"emailAddress": {"name": found[0].display_name, "address": found[0].primary}}
    if not is_email(text):
        raise refusals.not_found(text, status=400)
    return {"emailAddress": {"name": text, "address": text}}
