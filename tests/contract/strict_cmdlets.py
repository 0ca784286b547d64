"""What the second tenant's Exchange does: its objects, its choices, and a cmdlet for each method.

Written from the published facts alone, as `strict_tenant` is, which puts it on the wire.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
PEOPLE = ("UserMailbox", "SharedMailbox", "MailUser", "GuestMailUser")
GROUPS = ("MailUniversalSecurityGroup", "MailUniversalDistributionGroup")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a service may do one way or the other; the defaults are the plainest."""

    error_shape: str = "A"  # "A": id|type|text and internalexception; "B": a detail that is JSON
    not_found: int = 404
    joined_rights: bool = False  # "FullAccess, ReadPermission" as one text, not in a list
    trustees: str = "upn"  # of people; "display": their display name
    on_behalf: str = "name"  # "canonical": contoso.onmicrosoft.com/Users/Name
    sids: bool = True
    spelt_booleans: bool = False  # "True" and "False"
    page: int = 1000
    selects: bool = True  # whether $select is honoured
    human_names: bool = False  # Name is what an administrator typed, not the object id
    throttles_first: str = ""  # Retry-After of a 429 that every cmdlet gets once
    users_denied: bool = False  # the role does not include Get-User
    graph_late: int = 0  # so many 404s before Graph knows a new account
    terse_creation: bool = False  # New-Mailbox answers with its two ids and no more
    writes_say: str = "null"  # "null", "absent", "empty", "nothing" (204)
    batches: bool = True
    synced_shown: bool = True  # whether rows have IsDirSynced
    publishes: tuple[str, ...] | None = None  # the cmdlets that EXOModuleFile offers; None: 404


@dataclass(slots=True, eq=False)
class Thing:
    """One directory object."""

    type: str
    address: str
    display: str
    name: str = ""
    upn: str = ""
    aliases: list[str] = field(default_factory=list)
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    oid: str = field(default_factory=lambda: str(uuid.uuid4()))
    sid: str = field(default_factory=lambda: f"S-1-5-21-1-2-3-{uuid.uuid4().int % 10**9 + 10**6}")
    full: list[Thing | str] = field(default_factory=list)  # a text is somebody deleted
    send_as: list[Thing | str] = field(default_factory=list)
    on_behalf: list[Thing] = field(default_factory=list)
    members: list[Thing] = field(default_factory=list)
    settings: Row = field(default_factory=dict)
    mapped: dict[str, bool] = field(default_factory=dict)  # never told to anybody
    enabled: bool = True
    deleted: bool = False
    unknown_to_graph: int = 0

    @property
    def names(self) -> set[str]:
        forms = (self.guid, self.oid, self.name, self.address, self.upn, *self.aliases)
        return {form.lower() for form in forms if form}


class Refusal(Exception):  # noqa: N818 -- it is an answer
    def __init__(self, type_name: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.type, self.text, self.status = type_name, text, status


SWITCHES = {"confirm", "resultsize", "identity"}
TAKES = {  # the parameters each cmdlet is known to have, as far as anybody here needs them
    "get-recipient": {"includesoftdeletedrecipients", "recipienttypedetails", "filter", "anr"},
    "get-user": {"filter", "recipienttypedetails"},
    "get-accepteddomain": set(),
    "get-mailbox": {"recipienttypedetails", "filter", "softdeletedmailbox", "anr",
                    "includegrantsendonbehalftowithdisplaynames"},
    "get-mailboxpermission": {"user", "owner", "includeunresolvedpermissions"},
    "get-recipientpermission": {"trustee", "accessrights"},
    "get-distributiongroupmember": {"includesoftdeletedobjects"},
    "search-unifiedauditlog": {"startdate", "enddate", "operations", "sessionid", "sessioncommand", "userids",
                               "objectids", "recordtype", "formatted"},
    "new-mailbox": {"shared", "name", "displayname", "alias", "primarysmtpaddress"},
    "set-mailbox": {"displayname", "hiddenfromaddresslistsenabled", "messagecopyforsentasenabled", "type",
                    "messagecopyforsendonbehalfenabled", "emailaddresses", "grantsendonbehalfto",
                    "windowsemailaddress", "name", "alias"},
    "remove-mailbox": {"permanentlydelete"},
    "add-mailboxpermission": {"user", "accessrights", "automapping", "inheritancetype"},
    "remove-mailboxpermission": {"user", "accessrights", "inheritancetype", "deny"},
    "add-recipientpermission": {"trustee", "accessrights"},
    "remove-recipientpermission": {"trustee", "accessrights"},
}  # fmt: skip


class Cmdlets:
    """`things` is the whole tenant. Each cmdlet takes its parameters, names in lower case, and a list for its
    warnings."""

    def __init__(self, choices: Choices, things: Iterable[Thing], domains: Iterable[str]) -> None:
        self.choices = choices
        self.things = list(things)
        self.domains = list(domains)
        for thing in self.things:
            self.christen(thing)

    def christen(self, thing: Thing) -> None:
        if not thing.name:
            thing.name = thing.display if self.choices.human_names else thing.oid
        if thing.type in PEOPLE:
            thing.upn = thing.upn or thing.address

    # --- who is meant ---------------------------------------------------------------------------------

    def live(self, *types: str) -> list[Thing]:
        return [t for t in self.things if not t.deleted and (not types or t.type in types)]

    def find(self, identity: Any, *types: str, deleted: bool = False) -> Thing:
        text = str(identity or "").lower()
        found = [t for t in self.things if t.deleted is deleted and text in t.names]
        found = [t for t in found if not types or t.type in types]
        if len(found) > 1:
            raise Refusal(
                "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
                f"The operation couldn't be performed because '{identity}' matches multiple entries.",
            )
        if not found:
            raise Refusal("Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
                          f"The operation couldn't be performed because object '{identity}' couldn't be found on "
                          "'DB1.EURPR01A002.PROD.OUTLOOK.COM'.", self.choices.not_found)  # fmt: skip
        return found[0]

    def _trustee(self, text: str) -> Thing | str:
        if text.startswith("S-1-5-"):
            return next((t for t in self.things if t.sid == text), text)
        found = self.find(text)
        if found.type in ("MailUniversalDistributionGroup", "MailContact"):
            raise Refusal(
                "Microsoft.Exchange.Management.RecipientTasks.InvalidExternalUserIdException",
                f"'{text}' isn't a valid security principal",
            )
        return found

    def _called(self, trustee: Thing | str) -> str:
        if isinstance(trustee, str):
            return trustee
        if trustee.type in GROUPS or self.choices.trustees == "display":
            return trustee.display
        return trustee.upn

    def _rights(self, *rights: str) -> Any:
        return ", ".join(rights) if self.choices.joined_rights else list(rights)

    def _claim(self, address: str, *, by: Thing | None = None) -> None:
        for other in self.things:
            if other is not by and address.lower() in {a.lower() for a in (other.address, *other.aliases)}:
                raise Refusal("Microsoft.Exchange.Data.Directory.ProxyAddressExistsException",
                              f"The proxy address \"SMTP:{address}\" is already being used by the proxy addresses "
                              f"or LegacyExchangeDN of \"{other.name}\".")  # fmt: skip

    # --- reading -------------------------------------------------------------------------------------

    def _recipient(self, thing: Thing) -> Row:
        return {
            "Identity": thing.name, "Name": thing.name, "Guid": thing.guid, "DisplayName": thing.display,
            "ExternalDirectoryObjectId": thing.oid, "Alias": thing.address.partition("@")[0],
            "PrimarySmtpAddress": thing.address, "RecipientTypeDetails": thing.type,
            "EmailAddresses": [f"SMTP:{thing.address}", *(f"smtp:{a}" for a in thing.aliases),
                               f"SPO:SPO_{thing.guid}@SPO_tenant"],
            "WindowsLiveID": thing.upn,
        }  # fmt: skip

    def _get_recipient(self, given: Row, _: list[str]) -> list[Row]:
        if not given.get("identity"):
            return [self._recipient(t) for t in self.live()]
        try:
            return [self._recipient(self.find(given["identity"]))]
        except Refusal:
            if not given.get("includesoftdeletedrecipients"):
                raise
            return [self._recipient(self.find(given["identity"], deleted=True))]

    def _get_user(self, given: Row, _: list[str]) -> list[Row]:
        return [
            {"Identity": t.name, "Name": t.name, "UserPrincipalName": t.upn, "DisplayName": t.display,
             "ExternalDirectoryObjectId": t.oid, "Sid": t.sid, "RecipientTypeDetails": t.type}
            for t in self.live(*PEOPLE)
        ]  # fmt: skip

    def _get_accepteddomain(self, given: Row, _: list[str]) -> list[Row]:
        return [{"Name": d, "DomainName": d, "Default": i == 0, "InitialDomain": d.endswith(".onmicrosoft.com")}
                for i, d in enumerate(self.domains)]  # fmt: skip

    def _get_mailbox(self, given: Row, _: list[str]) -> list[Row]:
        wanted = given.get("recipienttypedetails") or ["UserMailbox", "SharedMailbox"]
        things = self.live(*wanted)
        if given.get("identity"):
            things = [self.find(given["identity"], "UserMailbox", "SharedMailbox")]
        synced = {"IsDirSynced": False} if self.choices.synced_shown else {}
        return [self._recipient(t) | synced | t.settings
                | {"GrantSendOnBehalfTo": [self._reference(o) for o in t.on_behalf]} for t in things]  # fmt: skip

    def _reference(self, thing: Thing) -> str:
        if self.choices.on_behalf == "canonical":
            return f"contoso.onmicrosoft.com/Users/{thing.name}"
        return thing.name

    def _get_mailboxpermission(self, given: Row, _: list[str]) -> list[Row]:
        box = self.find(given.get("identity"), "UserMailbox", "SharedMailbox")

        def row(user: str, sid: str, rights: Any, *, deny: bool = False, inherited: bool = False) -> Row:
            told = {"UserSid": sid} if self.choices.sids else {}
            return {"Identity": box.name, "User": user, "AccessRights": rights, "Deny": deny,
                    "IsInherited": inherited, "InheritanceType": "All", "PrimarySmtpAddress": ""} | told  # fmt: skip

        rows = [row("NT AUTHORITY\\SELF", "S-1-5-10", self._rights("FullAccess", "ReadPermission")),
                row("Organization Management", "S-1-5-21-9-9-9-1", self._rights("FullAccess"), deny=True,
                    inherited=True)]  # fmt: skip
        if given.get("user"):
            wanted = self._trustee(given["user"])
            return [
                row(self._called(one), "", self._rights("FullAccess")) for one in box.full if one == wanted
            ]
        for one in box.full:
            if isinstance(one, str) and not given.get("includeunresolvedpermissions"):
                continue
            rows.append(
                row(self._called(one), one if isinstance(one, str) else one.sid, self._rights("FullAccess"))
            )
        return rows

    def _get_recipientpermission(self, given: Row, _: list[str]) -> list[Row]:
        things = [self.find(given["identity"])] if given.get("identity") else self.live()
        rows = []
        for thing in things:
            wanted = self._trustee(given["trustee"]) if given.get("trustee") else None
            for one in ("NT AUTHORITY\\SELF", *thing.send_as):
                if wanted and one != wanted:
                    continue
                name = one if isinstance(one, str) else self._called(one)
                row = {"Identity": thing.name, "Trustee": name, "AccessControlType": "Allow",
                       "AccessRights": self._rights("SendAs"), "IsInherited": False}  # fmt: skip
                sid = "" if isinstance(one, str) else one.sid
                rows.append(row | ({"TrusteeSidString": sid} if self.choices.sids else {}))
        return rows

    def _get_distributiongroupmember(self, given: Row, _: list[str]) -> list[Row]:
        return [
            self._recipient(m) for m in self.find(given.get("identity"), *GROUPS).members if not m.deleted
        ]

    def _search_unifiedauditlog(self, given: Row, _: list[str]) -> list[Row]:
        return []

    # --- writing -------------------------------------------------------------------------------------

    def _new_mailbox(self, given: Row, _: list[str]) -> list[Row]:
        assert given["shared"] is True
        self._claim(given["primarysmtpaddress"])
        if any(given["name"].lower() in t.names for t in self.things):
            raise Refusal(
                "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
                f"The name '{given['name']}' is already being used.",
            )
        made = Thing("SharedMailbox", given["primarysmtpaddress"], given.get("displayname") or given["name"],
                     upn=f"{given['alias']}@{self.domains[0]}")  # fmt: skip
        made.aliases.append(f"{given['alias']}@contoso.onmicrosoft.com")
        made.unknown_to_graph = self.choices.graph_late
        self.christen(made)
        self.things.append(made)
        if self.choices.terse_creation:
            return [{"Guid": made.guid, "ExternalDirectoryObjectId": made.oid}]
        return [self._recipient(made)]

    def _remove_mailbox(self, given: Row, _: list[str]) -> list[Row]:
        self.find(given.get("identity"), "UserMailbox", "SharedMailbox").deleted = True
        return []

    def _set_mailbox(self, given: Row, warnings: list[str]) -> list[Row]:
        box = self.find(given.pop("identity"), "UserMailbox", "SharedMailbox")
        before = (
            box.address,
            list(box.aliases),
            list(box.on_behalf),
            dict(box.settings),
            box.display,
            box.type,
        )
        if table := given.pop("emailaddresses", None):
            assert table["@odata.type"] == "#Exchange.GenericHashTable"
            for address in _texts(table, "add"):
                self._claim(address[5:], by=box)
                if address[5:].lower() not in {a.lower() for a in (box.address, *box.aliases)}:
                    box.aliases.append(address[5:])
            gone = {address[5:].lower() for address in _texts(table, "remove")}
            box.aliases = [a for a in box.aliases if a.lower() not in gone]
        if table := given.pop("grantsendonbehalfto", None):
            assert table["@odata.type"] == "#Exchange.GenericHashTable"
            added = [self._trustee(text) for text in _texts(table, "add")]
            box.on_behalf += [one for one in added if isinstance(one, Thing) and one not in box.on_behalf]
            gone_things = [self._trustee(text) for text in _texts(table, "remove")]
            box.on_behalf = [one for one in box.on_behalf if one not in gone_things]
        if primary := given.pop("windowsemailaddress", None):
            self._claim(primary, by=box)
            box.aliases = [a for a in (*box.aliases, box.address) if a.lower() != primary.lower()]
            box.address = primary
        if given.pop("type", None) == "Shared":
            box.type = "SharedMailbox"
        box.display = given.pop("displayname", box.display)
        spelling = {"hiddenfromaddresslistsenabled": "HiddenFromAddressListsEnabled",
                    "messagecopyforsentasenabled": "MessageCopyForSentAsEnabled",
                    "messagecopyforsendonbehalfenabled": "MessageCopyForSendOnBehalfEnabled"}  # fmt: skip
        box.settings |= {spelling[name]: value for name, value in given.items() if name in spelling}
        if before == (box.address, box.aliases, box.on_behalf, box.settings, box.display, box.type):
            warnings.append(
                f"The command completed successfully but no settings of '{box.name}' have been modified."
            )
        return []

    def _add_mailboxpermission(self, given: Row, warnings: list[str]) -> list[Row]:
        box = self.find(given.get("identity"), "UserMailbox", "SharedMailbox")
        one = self._trustee(given["user"])
        if one in box.full:
            warnings.append("The appropriate access control entry is already present on the object.")
        elif isinstance(one, Thing):
            box.full.append(one)
            box.mapped[one.guid] = given.get("automapping", True)
        return []

    def _remove_mailboxpermission(self, given: Row, warnings: list[str]) -> list[Row]:
        box = self.find(given.get("identity"), "UserMailbox", "SharedMailbox")
        one = self._trustee(given["user"])
        if one not in box.full:
            warnings.append(
                f'Can\'t remove the access control entry on the object "{box.name}" for account '
                f'"{given["user"]}" because the ACE doesn\'t exist on the object.'
            )
        box.full = [other for other in box.full if other != one]
        return []

    def _add_recipientpermission(self, given: Row, warnings: list[str]) -> list[Row]:
        self._confirmed(given)
        box, one = self.find(given.get("identity")), self._trustee(given["trustee"])
        if one in box.send_as:
            warnings.append("The appropriate access control entry is already present on the object.")
        else:
            box.send_as.append(one)
        return []

    def _remove_recipientpermission(self, given: Row, warnings: list[str]) -> list[Row]:
        self._confirmed(given)
        box, one = self.find(given.get("identity")), self._trustee(given["trustee"])
        if one not in box.send_as:
            warnings.append("Can't remove the entry because the ACE isn't present.")
        box.send_as = [other for other in box.send_as if other != one]
        return []

    def _confirmed(self, given: Row) -> None:
        if given.get("confirm") is not False:
            raise Refusal(
                "System.Management.Automation.PSInvalidOperationException", "a confirmation is needed"
            )


def _texts(table: Row, name: str) -> list[str]:
    found = next((value for key, value in table.items() if key.lower() == name), [])
    return [found] if isinstance(found, str) else list(found)
