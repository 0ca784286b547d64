"""What Set-* cmdlets of recipients share: a draft of the changes, compared and then applied as a whole.

Nothing is written unless everything checks out, and a Set that changes nothing says so in a warning. An
empty list does not clear a list [obs: go-exoscc]; null does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from controller.sandbox.exchange import addresses, directory, naming, refusals
from controller.sandbox.exchange.invocation import Invocation
from controller.sandbox.exchange.rows import Layout
from controller.sandbox.exchange.values import Delta, parse_size, print_date, print_size, print_span
from controller.sandbox.world import RECIPIENT_TYPES, Entry

GROUPS = frozenset({"MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "GroupMailbox"})
_DELEGATES = directory.PRINCIPAL_TYPES - {"User", "SecurityGroup"}
DISPLAY_NAME_LENGTH = 256  # [doc: DisplayName]
MAIL_TIP_LENGTH = 175  # as displayed [doc: MailTip]

PLAIN = frozenset(
    {
        "HiddenFromAddressListsEnabled",
        "RequireSenderAuthenticationEnabled",
        "ModerationEnabled",
        "SendModerationNotifications",
        "SimpleDisplayName",
        *(f"CustomAttribute{n}" for n in range(1, 16)),
    }
)
LISTS = frozenset(f"ExtensionCustomAttribute{number}" for number in range(1, 6))
REFERENCES: Mapping[str, Collection[str]] = {
    "AcceptMessagesOnlyFrom": RECIPIENT_TYPES - GROUPS,
    "AcceptMessagesOnlyFromDLMembers": GROUPS,
    "RejectMessagesFrom": RECIPIENT_TYPES - GROUPS,
    "RejectMessagesFromDLMembers": GROUPS,
    "ModeratedBy": RECIPIENT_TYPES - GROUPS,
    "BypassModerationFromSendersOrMembers": RECIPIENT_TYPES,
}
COMBINED = ("AcceptMessagesOnlyFrom", "RejectMessagesFrom")
NAMES = {"DisplayName": "display_name", "Alias": "alias", "Name": "name"}
SHARED = frozenset(
    {
        *PLAIN,
        *LISTS,
        *REFERENCES,
        *NAMES,
        *(f"{kind}SendersOrMembers" for kind in COMBINED),
        "GrantSendOnBehalfTo",
        "MailTip",
        "EmailAddresses",
        "WindowsEmailAddress",
    }
)


def merged(held: Sequence[str], wish: Sequence[str] | Delta | None) -> list[str]:
    """A list after a wish: replaced by a list, changed by a table, cleared by null, and left alone by an
    empty list [obs: go-exoscc]."""
    if wish is None:
        return []
    if not isinstance(wish, Delta):
        return _unique(wish) if wish else list(held)
    gone = {item.lower() for item in wish.remove}
    return _unique([*(item for item in held if item.lower() not in gone), *wish.add])


def _unique(items: Sequence[str]) -> list[str]:
    kept: dict[str, str] = {}
    for item in items:
        kept.setdefault(item.lower(), item)
    return list(kept.values())


def referenced(
    call: Invocation,
    wish: Sequence[str] | Delta | None,
    types: Collection[str] = RECIPIENT_TYPES,
    held: Sequence[str] = (),
) -> list[str]:
    """The object ids after a wish in terms of identities. CmdletError: 400 for one that is not there."""

    def ids(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(directory.find(call, name, types, status=400).object_id for name in names)

    if isinstance(wish, Delta):
        return merged(held, Delta(ids(wish.add), ids(wish.remove)))
    return merged(held, None if wish is None else ids(wish))


def delegates(call: Invocation, wish: Sequence[str] | Delta | None, held: Sequence[str]) -> list[str]:
    """Send on behalf: mailboxes, mail users and mail-enabled security groups [doc: GrantSendOnBehalfTo]."""
    ids = referenced(call, wish, RECIPIENT_TYPES, held)
    for object_id in ids:
        entry = call.world.entries.get(object_id)
        if object_id not in held and entry is not None and entry.type not in _DELEGATES:
            raise refusals.not_a_security_principal(entry.name)
    return ids


def mail_tip(text: str | None) -> tuple[str | None, list[str]]:
    """(MailTip, MailTipTranslations) as stored: wrapped in HTML, mirrored as the default translation
    [doc: MailTip]."""
    if not text:
        return None, []
    if len(text) > MAIL_TIP_LENGTH and not text.lower().startswith("<html"):
        raise refusals.validation(f"The MailTip is longer than {MAIL_TIP_LENGTH} characters.")
    stored = (
        text if text.lower().startswith("<html") else f"<html>\r\n<body>\r\n{text}\r\n</body>\r\n</html>\r\n"
    )
    return stored, [f"default:{stored}"]


class Draft:
    """Changes to one entry, kept apart until they are committed."""

    def __init__(self, call: Invocation, entry: Entry, layout: Layout) -> None:
        self._call = call
        self._layout = layout
        self.entry = entry
        self.fields: dict[str, Any] = {}  # attributes of Entry
        self.properties: dict[str, Any] = {}

    def held(self, name: str) -> Any:
        """A property as it is, before the draft."""
        return self.entry.properties.get(name, self._layout.stored.get(name))

    def put(self, name: str, value: Any) -> None:
        """A property, as it prints: sizes and spans become text, null an absent value of its kind."""
        if value is None and isinstance(self._layout.stored.get(name), str):
            value = "" if self._layout.stored[name] == "" else None
        elif name in self._layout.sizes and isinstance(value, int):
            value = print_size(value)
        elif isinstance(value, timedelta):
            value = print_span(value)
        elif isinstance(value, datetime):
            value = print_date(value)
        self.properties[name] = value

    def bytes_of(self, name: str) -> float:
        """A size after the draft, in bytes; infinite for Unlimited."""
        value = self.properties.get(name, self.held(name))
        size = value if isinstance(value, int) else parse_size(str(value))
        return float("inf") if size is None else size

    def take_shared(self) -> None:
        """Drafts every argument that recipients of all kinds have in common."""
        arguments, entry = self._call.arguments, self.entry
        for name in PLAIN:
            if name in arguments:
                self.put(name, arguments[name])
        for name in LISTS:
            if name in arguments:
                self.put(name, merged(self.held(name), arguments[name]))
        for name, attribute in NAMES.items():
            if name in arguments:
                self.fields[attribute] = self._name(name, arguments.text(name))
        if "MailTip" in arguments:
            tip, translations = mail_tip(arguments.text("MailTip"))
            self.put("MailTip", tip)
            self.put("MailTipTranslations", translations)
        if "GrantSendOnBehalfTo" in arguments:
            wish = arguments["GrantSendOnBehalfTo"]
            self.fields["send_on_behalf"] = delegates(self._call, wish, entry.send_on_behalf)
        self._take_references()
        self._take_addresses()

    def _name(self, parameter: str, value: str | None) -> str:
        if not value or not value.strip():
            raise refusals.empty_parameter(parameter)
        if parameter == "Name":
            return naming.checked_name(self._call, value, besides=self.entry)
        if parameter == "Alias":
            return naming.checked_alias(self._call, value, besides=self.entry)
        if len(value) > DISPLAY_NAME_LENGTH:
            raise refusals.validation(f"DisplayName is longer than {DISPLAY_NAME_LENGTH} characters.")
        return value

    def _take_references(self) -> None:
        arguments = self._call.arguments
        for kind in COMBINED:
            if f"{kind}SendersOrMembers" in arguments:
                self._take_combined(kind, arguments[f"{kind}SendersOrMembers"])
        for name, types in REFERENCES.items():
            if name in arguments:
                held = self.entry.properties.get(name, [])
                self.put(name, referenced(self._call, arguments[name], types, held))

    def _take_combined(self, kind: str, wish: Sequence[str] | Delta | None) -> None:
        """Overwrites both lists; not to be mixed with either, and no place for a table [doc]."""
        parts = (kind, f"{kind}DLMembers")
        if isinstance(wish, Delta) or any(part in self._call.arguments for part in parts):
            raise refusals.invalid(
                f"The parameter {kind}SendersOrMembers can't be used with Add or Remove, or together with "
                f"{' or '.join(parts)}."
            )
        if wish is not None and not wish:
            return
        ids = referenced(self._call, wish)
        groups = {oid for oid in ids if self._call.world.entries[oid].type in GROUPS}
        self.put(kind, [oid for oid in ids if oid not in groups])
        self.put(f"{kind}DLMembers", [oid for oid in ids if oid in groups])

    def _take_addresses(self) -> None:
        arguments = self._call.arguments
        primary = arguments.text("PrimarySmtpAddress") or arguments.text("WindowsEmailAddress")
        if "EmailAddresses" in arguments and "PrimarySmtpAddress" in arguments:
            raise refusals.invalid("You can't use EmailAddresses and PrimarySmtpAddress together.")
        wanted = list(self.entry.addresses)
        wish = arguments.get("EmailAddresses")
        if isinstance(wish, Delta) or wish:
            wanted = addresses.applied(self.entry, wish)
        if primary and primary.lower() != self.entry.primary.lower():
            wanted = addresses.with_primary(wanted, primary)
        if wanted != self.entry.addresses:
            addresses.check(self._call, wanted, owner=self.entry)
            self.fields["addresses"] = wanted

    def commit(self) -> bool:
        """Applies what differs. Where nothing does: a warning, and False."""
        entry = self.entry
        fields = {name: value for name, value in self.fields.items() if getattr(entry, name) != value}
        properties = {name: value for name, value in self.properties.items() if value != self._shown(name)}
        if not fields and not properties:
            where = directory.canonical(self._call, entry)
            self._call.warn(
                f"The command completed successfully but no settings of '{where}' have been modified."
            )
            return False
        self._call.writing(entry)
        for name, value in fields.items():
            setattr(entry, name, value)
        entry.properties.update(properties)
        self._call.world.reindex(entry)
        return True

    def _shown(self, name: str) -> Any:
        value = self._layout.printed(name, self.held(name))
        if isinstance(value, datetime):
            return print_date(value)
        return [] if name in REFERENCES and value is None else value
