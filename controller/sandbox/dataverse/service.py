"""Two tables of an environment: read, create, change, delete, with etags, pages and upsert.

The fact a reader would not guess: a PATCH on a row that is not there makes it, unless `If-Match: *` says not
to [doc: Update and delete table rows using the Web API, upsert].
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.sandbox.dataverse import flows, odata
from controller.sandbox.dataverse.errors import (
    DataverseError,
    exists,
    malformed,
    no_property,
    no_row,
    no_segment,
    stale,
)
from controller.sandbox.environment import Environment, Row
from controller.sandbox.state import Sandbox
from controller.sandbox.world import AuditRecord

_ADDRESS = re.compile(r"(?P<set>\w+)(?:\((?P<key>[^()]*)\))?")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PAGE = 5000  # rows [doc: Query data using the Web API, paging]
_READ_ONLY = frozenset(
    {"createdon", "modifiedon", "ismanaged", "statuscode", "workflowidunique", "_ownerid_value"}
)


@dataclass(frozen=True, slots=True)
class Table:
    """`unique` is a column of which no two rows have the same."""

    type: str
    key: str
    columns: tuple[str, ...]
    unique: str = ""


TABLES = {
    "workflows": Table(
        "workflow",
        "workflowid",
        ("workflowid", "workflowidunique", "name", "description", "category", "type", "primaryentity",
         "clientdata", "statecode", "statuscode", "ismanaged", "createdon", "modifiedon", "_ownerid_value"),
    ),
    "connectionreferences": Table(
        "connectionreference",
        "connectionreferenceid",
        ("connectionreferenceid", "connectionreferencelogicalname", "connectionreferencedisplayname",
         "connectorid", "connectionid", "description", "statecode", "statuscode", "ismanaged", "createdon",
         "modifiedon", "_ownerid_value"),
        unique="connectionreferencelogicalname",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` by lower-case name; `body` parsed JSON or None; `actor` whom the audit log names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    actor: str


@dataclass(slots=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Dataverse:
    """One environment. `root` is its address, without a path."""

    def __init__(self, sandbox: Sandbox, root: str, environment: Environment) -> None:
        self._sandbox, self._root, self._held = sandbox, root, environment

    def work(self, request: Request) -> Answer:
        """The answer to an admitted request; refusals are answers, too."""
        before = copy.deepcopy(self._held.tables)
        try:
            return self._respond(request)
        except DataverseError as error:
            self._held.tables = before  # a refused write is none
            return Answer(error.status, error.body, dict(error.headers))

    def _respond(self, request: Request) -> Answer:
        address = _ADDRESS.fullmatch(request.path)
        if address is None or (address["set"] not in TABLES and address["set"] != "WhoAmI"):
            raise no_segment(request.path.partition("(")[0])
        if address["set"] == "WhoAmI":
            return Answer(200, {"UserId": self._made("user"), "OrganizationId": self._made("organization")})
        key = address["key"]
        match request.method, key is not None:
            case "GET", False:
                return self._list(address["set"], request)
            case "GET", True:
                return self._get(address["set"], self._key(key), request)
            case "POST", False:
                return self._create(address["set"], request, str(uuid.UUID(self._sandbox.world.new_id())))
            case "PATCH", True:
                return self._change(address["set"], self._key(key), request)
            case "DELETE", True:
                return self._delete(address["set"], self._key(key), request)
        raise DataverseError(
            405, "0x80060888", f"The requested resource does not support http method '{request.method}'."
        )

    def _key(self, key: str) -> str:
        if not _GUID.fullmatch(key):
            raise malformed(f"'{key}' is not a Guid.")
        return key.lower()

    def _made(self, what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._root}/{what}"))

    # --- reading -------------------------------------------------------------------------------------

    def _shown(self, table: Table, row: Row, select: tuple[str, ...]) -> dict[str, Any]:
        names = select or table.columns
        if table.key not in names:  # the key comes along, asked for or not
            names = (*names, table.key)
        return {"@odata.etag": _etag(row), **{name: row.get(name) for name in names}}

    def _context(self, fragment: str) -> str:
        return f"{self._root}/api/data/v9.2/$metadata#{fragment}"

    def _checked(self, table: Table, name: str) -> str:
        if name not in table.columns:
            raise no_property(name, table.type)
        return name

    def _list(self, name: str, request: Request) -> Answer:
        table = TABLES[name]
        asked = odata.parse(request.query, lambda column: self._checked(table, column))
        rows = [row for row in self._held.rows(name).values() if asked.test(row)]
        if asked.order:
            column, descending = asked.order
            rows.sort(key=lambda row: str(row.get(column) or ""), reverse=descending)
        size = min(_size(request.headers), _PAGE)
        page = rows[asked.after : asked.after + (asked.top or size)]
        selection = f"({','.join(asked.select)})" if asked.select else ""
        body: dict[str, Any] = {"@odata.context": self._context(f"{name}{selection}")}
        if asked.count:
            body["@odata.count"] = len(rows)
        body["value"] = [self._shown(table, row, asked.select) for row in page]
        rest = asked.after + len(page)
        if asked.top is None and rest < len(rows):
            query = re.sub(r"&?\$skiptoken=\d+", "", request.query)
            link = f"{self._root}/api/data/v9.2/{name}?{query}&$skiptoken={rest}"
            body["@odata.nextLink"] = link
        return Answer(200, body)

    def _get(self, name: str, key: str, request: Request) -> Answer:
        table = TABLES[name]
        asked = odata.parse(request.query, lambda column: self._checked(table, column))
        row = self._row(name, key)
        return Answer(
            200, {"@odata.context": self._context(f"{name}/$entity"), **self._shown(table, row, asked.select)}
        )

    def _row(self, name: str, key: str) -> Row:
        row = self._held.rows(name).get(key)
        if row is None:
            raise no_row(TABLES[name].type, key)
        return row

    # --- writing -------------------------------------------------------------------------------------

    def _create(self, name: str, request: Request, key: str) -> Answer:
        table, sent = TABLES[name], self._sent(TABLES[name], request.body)
        now = self._sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        row: Row = {
            **sent,
            table.key: key,
            "ismanaged": False,
            "createdon": now,
            "_ownerid_value": self._made("user"),
        }
        if name == "workflows":
            row["workflowidunique"] = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
            flows.new(row)
        elif not sent.get(table.unique) or not sent.get("connectorid"):
            raise malformed(f"The '{table.unique}' and 'connectorid' fields are required.")
        else:
            row |= {"statecode": 0, "statuscode": 1}
        self._alone(name, row)
        self._held.rows(name)[key] = row
        started = {
            column: value for column, value in sent.items() if column != "statecode"
        }  # always off at first
        self._wrote(name, row, started, request, f"Create {table.type}")
        link = f"{self._root}/api/data/v9.2/{name}({key})"
        if "return=representation" in request.headers.get("prefer", ""):
            headers = {"OData-EntityId": link, "Preference-Applied": "return=representation"}
            return Answer(201, self._shown(table, row, ()), headers)
        return Answer(204, None, {"OData-EntityId": link, "Location": link})

    def _change(self, name: str, key: str, request: Request) -> Answer:
        row = self._held.rows(name).get(key)
        match = request.headers.get("if-match")
        if row is None:
            if match is not None:
                raise no_row(TABLES[name].type, key)
            return self._create(name, request, key)
        if request.headers.get("if-none-match") == "*":
            raise exists()
        if match not in (None, "*", _etag(row)):
            raise stale()
        sent = self._sent(TABLES[name], request.body)
        row |= sent
        self._alone(name, row)
        self._wrote(name, row, sent, request, f"Update {TABLES[name].type}")
        return Answer(204)

    def _delete(self, name: str, key: str, request: Request) -> Answer:
        row = self._row(name, key)
        if request.headers.get("if-match") not in (None, "*", _etag(row)):
            raise stale()
        del self._held.rows(name)[key]
        self._audit(request, f"Delete {TABLES[name].type}", row, {})
        return Answer(204)

    def _sent(self, table: Table, body: Any) -> Row:
        if not isinstance(body, dict):
            raise malformed("an object is expected.")
        for column in body:
            if column.removesuffix("@odata.bind") != "ownerid" and column not in table.columns:
                raise no_property(column, table.type)
        return {
            column: value
            for column, value in body.items()
            if column in table.columns and column not in _READ_ONLY
        }

    def _alone(self, name: str, row: Row) -> None:
        table = TABLES[name]
        if table.unique and any(
            str(other.get(table.unique)).lower() == str(row[table.unique]).lower()
            and other[table.key] != row[table.key]
            for other in self._held.rows(name).values()
        ):
            raise exists()

    def _wrote(self, name: str, row: Row, sent: Row, request: Request, operation: str) -> None:
        if name == "workflows":
            flows.written(self._held, row, sent)
        self._held.version += 1
        row["versionnumber"] = self._held.version
        row["modifiedon"] = self._sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._audit(request, operation, row, sent)

    def _audit(self, request: Request, operation: str, row: Row, sent: Row) -> None:
        now = self._sandbox.clock.now()
        name = str(row.get("name") or row.get("connectionreferencelogicalname"))
        self._sandbox.world.audit.append(
            AuditRecord(
                id=self._sandbox.world.new_id(),
                at=now,
                visible=now + self._sandbox.weather.lag("dataverse", "audit"),
                actor=request.actor,
                operation=operation,
                workload="Dataverse",
                object_id=name,
                parameters=[(column, str(value)) for column, value in sent.items()],
            )
        )


def _etag(row: Row) -> str:
    return f'W/"{row.get("versionnumber", 0)}"'


def _size(headers: Mapping[str, str]) -> int:
    found = re.search(r"odata\.maxpagesize=(\d+)", headers.get("prefer", ""))
    return max(int(found[1]), 1) if found else _PAGE
