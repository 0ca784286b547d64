"""A second tenant, written from the published facts alone, that chooses otherwise wherever it may.

It shares nothing with the sandbox: what both ends of this repository would misread alike, it does not. Each of
its `Choices` is one that the services are known to make somewhere: error bodies whose detail is JSON, access
rights joined in one text, trustees by display name, canonical names, booleans spelt out, pages of three rows.
It is an ASGI app without state on disk; no token is looked at but for the service it is for.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Row = dict[str, Any]
PEOPLE = ("UserMailbox", "SharedMailbox", "MailUser", "GuestMailUser")
SECRET = "the-only-secret-there-is"
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


_SWITCHES = {"confirm", "resultsize", "identity"}
_TAKES = {  # the parameters each cmdlet is known to have, as far as anybody here needs them
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


class StrictTenant:
    """`things` is the whole tenant; `writes` every cmdlet or request that changed something."""

    origin = "https://strict.example"

    def __init__(self, choices: Choices, things: Iterable[Thing], domains: Iterable[str]) -> None:
        self.choices = choices
        self.things = list(things)
        self.domains = list(domains)
        self.writes: list[str] = []
        self.told: list[str] = []  # warnings given
        self._throttled: set[str] = set()
        for thing in self.things:
            self._christen(thing)

    def _christen(self, thing: Thing) -> None:
        if not thing.name:
            thing.name = thing.display if self.choices.human_names else thing.oid
        if thing.type in PEOPLE:
            thing.upn = thing.upn or thing.address

    # --- the wire ------------------------------------------------------------------------------------

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        query = parse_qs(scope["query_string"].decode())
        status, extra, answer = self.answer(scope["method"], scope["path"], query, headers, body)
        content = b"" if answer is None else json.dumps(answer).encode()
        given = [(b"content-type", b"application/json"), (b"request-id", uuid.uuid4().hex.encode())]
        given += [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": given})
        await send({"type": "http.response.body", "body": content})

    def answer(
        self, verb: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON for one request."""
        parts = path.strip("/").split("/")
        if "oauth2" in parts or ".well-known" in parts:
            return self._sign_in(parts, body)
        wanted = "exchange" if parts[0] == "adminapi" else "graph"
        if headers.get("authorization") != f"Bearer {wanted}":
            return 401, {}, {"error": {"code": "Unauthorized", "message": "wrong audience"}}
        if parts[-1] == "$batch":
            return self._batch(json.loads(body), wanted)
        if wanted == "graph":
            return self._graph(verb, parts, query, json.loads(body) if body else None)
        if parts[-1] == "EXOModuleFile" and self.choices.publishes is not None:
            return 200, {}, {"value": [{"exportedCmdlets": ",".join(self.choices.publishes)}]}
        if parts[-1] != "InvokeCommand":
            return 404, {}, {"error": {"code": "NotFound", "message": "no such resource"}}
        return self._invoke(json.loads(body)["CmdletInput"], query)

    def _sign_in(self, parts: list[str], body: bytes) -> tuple[int, dict[str, str], Any]:
        """As little as an authority may say; the token tells nothing but the service it is for."""
        root = f"{self.origin}/{parts[0]}"
        if parts[-1] == "openid-configuration":
            return 200, {}, {"issuer": f"{root}/v2.0", "token_endpoint": f"{root}/oauth2/v2.0/token",
                             "authorization_endpoint": f"{root}/oauth2/v2.0/authorize"}  # fmt: skip
        given = parse_qs(body.decode())
        if given["client_secret"] != [SECRET]:
            text = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1\r\nTimestamp: now"
            return 401, {}, {"error": "invalid_client", "error_description": text, "error_codes": [7000215]}
        token = "graph" if "graph" in given["scope"][0] else "exchange"
        return 200, {}, {"token_type": "Bearer", "access_token": token, "expires_in": 3599}

    def _batch(self, envelope: Row, wanted: str) -> tuple[int, dict[str, str], Any]:
        if not self.choices.batches:
            return 404, {}, {"error": {"code": "NotFound", "message": "no such resource"}}
        responses = []
        for part in reversed(envelope["requests"]):  # in any order
            path, _, query = part["url"].partition("?")
            parts = path.partition("://")[2].partition("/")[2].split("/") if "://" in path else path.split("/")
            if wanted == "graph":
                segments = ["v1.0", *[p for p in parts if p]]
                status, extra, answer = self._graph(part["method"], segments, parse_qs(query), part.get("body"))
            else:
                status, extra, answer = self._invoke(part["body"]["CmdletInput"], parse_qs(query))
            responses.append({"id": part["id"], "status": status, "headers": extra, "body": answer})
        return 200, {}, {"responses": responses}

    # --- Exchange ------------------------------------------------------------------------------------

    def _invoke(self, given: Row, query: Mapping[str, list[str]]) -> tuple[int, dict[str, str], Any]:
        name = given["CmdletName"].lower()
        if self.choices.throttles_first and name not in self._throttled:
            self._throttled.add(name)
            return 429, {"Retry-After": self.choices.throttles_first}, None
        parameters = {key.lower(): value for key, value in given["Parameters"].items()}
        warnings: list[str] = []
        try:
            if name not in _TAKES or (name == "get-user" and self.choices.users_denied):
                raise Refusal("System.Management.Automation.CommandNotFoundException",
                              f"The term '{given['CmdletName']}' is not recognized as the name of a cmdlet", 403)
            if unknown := parameters.keys() - _TAKES[name] - _SWITCHES:
                raise Refusal("Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException",
                              f"Parameter set cannot be resolved. Invalid cmdlet parameters specified. {unknown}")
            run: Callable[[Row, list[str]], list[Row]] = getattr(self, "_" + name.replace("-", "_"))
            rows = run(parameters, warnings)
        except Refusal as refusal:
            return refusal.status, {}, self._error(refusal)
        self.told += warnings
        if not name.startswith(("get-", "search-")):
            self.writes.append(given["CmdletName"])
            if not rows:
                return self._silent(warnings)
        return 200, {}, self._paged(rows, query, warnings)

    def _silent(self, warnings: list[str]) -> tuple[int, dict[str, str], Any]:
        if self.choices.writes_say == "nothing" and not warnings:
            return 204, {}, None
        body: Row = {"@adminapi.warnings": warnings}
        if self.choices.writes_say != "absent":
            body["value"] = [] if self.choices.writes_say == "empty" else None
        return 200, {}, body

    def _paged(self, rows: list[Row], query: Mapping[str, list[str]], warnings: list[str]) -> Row:
        start = int(query.get("$skiptoken", ["0"])[0])
        page = rows[start : start + self.choices.page]
        body: Row = {"@adminapi.warnings": warnings, "value": [self._shown(row, query) for row in page]}
        if start + self.choices.page < len(rows):
            select = f"&$select={query['$select'][0]}" if "$select" in query else ""
            link = f"/adminapi/beta/x/InvokeCommand?$skiptoken={start + self.choices.page}{select}"
            body["@odata.nextLink"] = f"{self.origin}{link}"
        return body

    def _shown(self, row: Row, query: Mapping[str, list[str]]) -> Row:
        wanted = {name.lower() for name in query.get("$select", [""])[0].split(",")} - {""}
        if wanted and self.choices.selects:
            row = {key: value for key, value in row.items() if key.lower() in wanted}
        if self.choices.spelt_booleans:
            row = {key: str(value) if isinstance(value, bool) else value for key, value in row.items()}
        return {**row, "Anything@data.type": "System.String"}

    def _error(self, refusal: Refusal) -> Row:
        if self.choices.error_shape == "B":
            text = json.dumps({"Message": refusal.text, "TypeName": refusal.type, "StackTrace": None})
            return {"error": {"code": "BadRequest", "message": "Error executing cmdlet",
                              "details": [{"code": "Context", "target": "", "message": text}]}}  # fmt: skip
        inner = {"message": refusal.text, "type": refusal.type, "stacktrace": ""}
        detail = {"code": "Context", "target": "", "message": f"|{refusal.type}|{refusal.text}"}
        return {"error": {"code": "BadRequest", "message": "Error executing cmdlet", "details": [detail],
                          "innererror": {"internalexception": inner}}}  # fmt: skip

    # --- who is meant ---------------------------------------------------------------------------------

    def live(self, *types: str) -> list[Thing]:
        return [t for t in self.things if not t.deleted and (not types or t.type in types)]

    def find(self, identity: Any, *types: str, deleted: bool = False) -> Thing:
        text = str(identity or "").lower()
        found = [t for t in self.things if t.deleted is deleted and text in t.names]
        found = [t for t in found if not types or t.type in types]
        if len(found) > 1:
            raise Refusal("Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
                          f"The operation couldn't be performed because '{identity}' matches multiple entries.")
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
            raise Refusal("Microsoft.Exchange.Management.RecipientTasks.InvalidExternalUserIdException",
                          f"'{text}' isn't a valid security principal")
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
            return [row(self._called(one), "", self._rights("FullAccess")) for one in box.full if one == wanted]
        for one in box.full:
            if isinstance(one, str) and not given.get("includeunresolvedpermissions"):
                continue
            rows.append(row(self._called(one), one if isinstance(one, str) else one.sid, self._rights("FullAccess")))
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
        return [self._recipient(m) for m in self.find(given.get("identity"), *GROUPS).members if not m.deleted]

    def _search_unifiedauditlog(self, given: Row, _: list[str]) -> list[Row]:
        return []

    # --- writing -------------------------------------------------------------------------------------

    def _new_mailbox(self, given: Row, _: list[str]) -> list[Row]:
        assert given["shared"] is True
        self._claim(given["primarysmtpaddress"])
        if any(given["name"].lower() in t.names for t in self.things):
            raise Refusal("Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
                          f"The name '{given['name']}' is already being used.")
        made = Thing("SharedMailbox", given["primarysmtpaddress"], given.get("displayname") or given["name"],
                     upn=f"{given['alias']}@{self.domains[0]}")  # fmt: skip
        made.aliases.append(f"{given['alias']}@contoso.onmicrosoft.com")
        made.unknown_to_graph = self.choices.graph_late
        self._christen(made)
        self.things.append(made)
        if self.choices.terse_creation:
            return [{"Guid": made.guid, "ExternalDirectoryObjectId": made.oid}]
        return [self._recipient(made)]

    def _remove_mailbox(self, given: Row, _: list[str]) -> list[Row]:
        self.find(given.get("identity"), "UserMailbox", "SharedMailbox").deleted = True
        return []

    def _set_mailbox(self, given: Row, warnings: list[str]) -> list[Row]:
        box = self.find(given.pop("identity"), "UserMailbox", "SharedMailbox")
        before = (box.address, list(box.aliases), list(box.on_behalf), dict(box.settings), box.display, box.type)
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
            warnings.append(f"The command completed successfully but no settings of '{box.name}' have been modified.")
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
            warnings.append(f"Can't remove the access control entry on the object \"{box.name}\" for account "
                            f"\"{given['user']}\" because the ACE doesn't exist on the object.")
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
            raise Refusal("System.Management.Automation.PSInvalidOperationException", "a confirmation is needed")

    # --- Graph ---------------------------------------------------------------------------------------

    def _graph(
        self, verb: str, parts: list[str], query: Mapping[str, list[str]], body: Any
    ) -> tuple[int, dict[str, str], Any]:
        if parts[:2] != ["v1.0", "users"] or len(parts) > 3:  # what else there is, this app may not see
            return 403, {}, {"error": {"code": "ErrorAccessDenied", "message": "Access is denied."}}
        if len(parts) == 2:
            users = [{"id": t.oid, "accountEnabled": t.enabled} for t in self.live(*PEOPLE)]
            return 200, {}, {"value": users}
        wanted = parts[2].lower()
        found = [t for t in self.live(*PEOPLE) if wanted in (t.oid, t.upn.lower())]
        if not found or found[0].unknown_to_graph:
            for thing in found:
                thing.unknown_to_graph -= 1
            message = f"Resource '{parts[2]}' does not exist or one of its queried reference-property objects are not present."
            return 404, {}, {"error": {"code": "Request_ResourceNotFound", "message": message}}
        (user,) = found
        if verb == "PATCH":
            assert set(body) == {"accountEnabled"}
            self.writes.append("PATCH /users")
            user.enabled = body["accountEnabled"]
            return 204, {}, None
        row = {"id": user.oid, "displayName": user.display, "userPrincipalName": user.upn}
        if "accountEnabled" in query.get("$select", [""])[0]:  # only when it is asked for
            row["accountEnabled"] = user.enabled
        return 200, {}, row


def _texts(table: Row, name: str) -> list[str]:
    found = next((value for key, value in table.items() if key.lower() == name), [])
    return [found] if isinstance(found, str) else list(found)
