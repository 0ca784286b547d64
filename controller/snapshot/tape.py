"""Questions and answers, as they went over the wire, and which answer serves which question.

An answer serves a question of the same words for the same columns or fewer. Beside that, a listing serves
for one object of it: which of the two is asked depends on how many documents there are, and a pull request
changes that by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller import canon

Row = dict[str, Any]
_RECIPIENTS: Final = "Get-Recipient"
_DELETED: Final = "IncludeSoftDeletedRecipients"
DELETED: Final = {"ResultSize": "Unlimited", _DELETED: True}  # asks for all that addresses are reserved by
# Listings of which only the rows about some objects are kept. Whoever reads them asks for an object that
# they lack, and concludes nothing from its absence.
_BY_OBJECT: Final = frozenset(
    {"Get-Mailbox", "Get-DistributionGroup", "Get-CASMailbox", "Get-RecipientPermission"}
)
_LISTED: Final = frozenset({"ResultSize", "RecipientTypeDetails"})  # what listings are asked with
_SINGLE: Final = frozenset({"Identity", "ResultSize"})  # and questions that a listing serves for
_NAMES: Final = ("Guid", "ExternalDirectoryObjectId", "Identity", "Name")
_USERS: Final = "/users"
_OF_ACCOUNTS: Final = ("accountEnabled", "assignedLicenses")  # nobody's business where no document asks
_BYPASS: Final = ("Get-MailboxAuditBypassAssociation", "AuditBypassEnabled")


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is what came back, rows or an entity; or `error` what was said instead. `columns` None: all."""

    columns: frozenset[str] | None
    value: Any = None
    error: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Tape:
    """`about` holds the GUIDs of the objects that were looked at, and is None until that is known."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    about: frozenset[str] | None = None
    _owners: dict[str, str] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)
    _listings: dict[str, list[tuple[Answer, dict[str | None, list[Row]]]]] = field(default_factory=dict)
    _reserved: dict[str, list[Row]] | None = None

    def find(self, way: str, what: str, asked: Mapping[str, Any], select: Sequence[str]) -> Answer | None:
        """The answer to a question, if there is one. `way` is the Reader's method."""
        for answer in self.answers.get(key(way, what, asked), ()):
            if _covers(answer, select):
                return _narrowed(answer, select)
        if way == "graph":
            return self._user(what, asked)
        if way != "exchange" or "Identity" not in asked:
            return None
        if what == _RECIPIENTS and asked.keys() == {"Identity", _DELETED}:
            return self._reserving(str(asked["Identity"]))
        return self._listed(what, str(asked["Identity"]), select) if asked.keys() <= _SINGLE else None

    def note(self, way: str, what: str, asked: Mapping[str, Any], answer: Answer) -> Answer:
        """Keeps an answer, less what nobody needs; and gives back what is kept."""
        if answer.error is None:
            answer = Answer(answer.columns, self._needed(way, what, asked, answer.value))
        self.answers.setdefault(key(way, what, asked), []).append(answer)
        if way == "exchange" and answer.error is None and asked.keys() <= _LISTED:
            if what == _RECIPIENTS:
                self._owners = _owners(answer.value)
                self._addresses = {str(r.get("Guid")): str(r.get("PrimarySmtpAddress")) for r in answer.value}
            elif what in _BY_OBJECT:
                self._listings.setdefault(what, []).append((answer, self._by_owner(answer.value)))
        return answer

    def called(self, text: str) -> str:
        """What people call what a question names: addresses for ids, in a path or alone."""
        parts = (self._addresses.get(self._owners.get(part.lower(), ""), part) for part in text.split("/"))
        return "/".join(parts)

    def _needed(self, way: str, what: str, asked: Mapping[str, Any], found: Any) -> Any:
        if what == _BYPASS[0]:
            return [row for row in found if canon.flag(row.get(_BYPASS[1]))]
        if what == _RECIPIENTS and asked == DELETED:
            there = frozenset(self._owners.values())
            return [row for row in found if str(row.get("Guid")) not in there]
        if self.about is None or not is_shortcut(way, what, asked):
            return found
        return [row for row in found if self._owner(row) in self.about]

    def _owner(self, row: Mapping[str, Any]) -> str | None:
        """The GUID of the object that a row is about, by a name that only one recipient has."""
        for name in (*_NAMES, "id"):
            if (text := str(row.get(name) or "").rpartition("/")[2].lower()) in self._owners:
                return self._owners[text]
        return None

    def _by_owner(self, rows: Iterable[Row]) -> dict[str | None, list[Row]]:
        found: dict[str | None, list[Row]] = {}
        for row in rows:
            found.setdefault(self._owner(row), []).append(row)
        return found

    def _listed(self, cmdlet: str, identity: str, select: Sequence[str]) -> Answer | None:
        owner = self._owners.get(identity.lower())
        for answer, by_owner in self._listings.get(cmdlet, ()):
            if owner in by_owner and owner is not None and _covers(answer, select):
                return _narrowed(Answer(answer.columns, by_owner[owner]), select)
        return None

    def _user(self, path: str, query: Mapping[str, Any]) -> Answer | None:
        head, _, ident = path.rpartition("/")
        if head != _USERS:
            return None
        found = self.answers.get(key("graph_list", _USERS, {**query, "top": 999}), ())
        rows = (row for answer in found for row in answer.value or () if row.get("id") == ident)
        return next((Answer(None, row) for row in rows), None)

    def _reserving(self, address: str) -> Answer | None:
        """Who holds an address, deleted ones included; None where nobody asked who was deleted."""
        deleted = self.answers.get(key("exchange", _RECIPIENTS, DELETED), ())
        if not deleted or deleted[0].error is not None:
            return deleted[0] if deleted else None
        if self._reserved is None:
            self._reserved = {}
            for row in deleted[0].value:
                for each in (row.get("PrimarySmtpAddress") or "", *(row.get("EmailAddresses") or ())):
                    self._reserved.setdefault(canon.address(str(each)), []).append(row)
        if found := self._reserved.get(canon.address(address)):
            return Answer(None, found)
        words = {"message": f"'{address}' is nobody's", "status": 404}
        return Answer(None, error={"class": "NotFoundError", "api": "exchange", "call": _RECIPIENTS, **words})


def key(way: str, what: str, asked: Mapping[str, Any]) -> str:
    """The words of a question, without its columns."""
    return json.dumps([way, what, asked], sort_keys=True, ensure_ascii=False)


def is_shortcut(way: str, what: str, asked: Mapping[str, Any]) -> bool:
    """Whether it only saves asking for each object: nothing is missed where it fails."""
    if way == "exchange":
        return what in _BY_OBJECT and asked.keys() <= _LISTED
    words = str(asked.get("select"))
    return way == "graph_list" and what == _USERS and any(name in words for name in _OF_ACCOUNTS)


def _covers(answer: Answer, select: Sequence[str]) -> bool:
    return answer.columns is None or (bool(select) and answer.columns >= frozenset(select))


def _narrowed(answer: Answer, select: Sequence[str]) -> Answer:
    """Without the columns that were not asked for, as the service would answer."""
    if not select or answer.error is not None or answer.columns == frozenset(select):
        return answer
    kept = frozenset(select)
    rows = [{name: value for name, value in row.items() if name in kept} for row in answer.value]
    return Answer(kept, rows)


def _owners(recipients: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """GUIDs by every name, in lower case, that one recipient alone has."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for row in recipients:
        guid = str(row.get("Guid") or "")
        for name in {str(row.get(each) or "").lower() for each in _NAMES} - {""}:
            if found.setdefault(name, guid) != guid:
                twice.add(name)
    return {name: guid for name, guid in found.items() if name not in twice}
