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
from typing import Any
from urllib.parse import parse_qs

from tests.contract.strict_cmdlets import PEOPLE, SWITCHES, TAKES, Choices, Cmdlets, Refusal, Row, Thing

SECRET = "the-only-secret-there-is"


class StrictTenant(Cmdlets):
    """`writes` is every cmdlet or request that changed something."""

    origin = "https://strict.example"

    def __init__(self, choices: Choices, things: Iterable[Thing], domains: Iterable[str]) -> None:
        super().__init__(choices, things, domains)
        self.writes: list[str] = []
        self.told: list[str] = []  # warnings given
        self._throttled: set[str] = set()

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
            parts = (
                path.partition("://")[2].partition("/")[2].split("/") if "://" in path else path.split("/")
            )
            if wanted == "graph":
                segments = ["v1.0", *[p for p in parts if p]]
                status, extra, answer = self._graph(
                    part["method"], segments, parse_qs(query), part.get("body")
                )
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
            if name not in TAKES or (name == "get-user" and self.choices.users_denied):
                raise Refusal(
                    "System.Management.Automation.CommandNotFoundException",
                    f"The term '{given['CmdletName']}' is not recognized as the name of a cmdlet",
                    403,
                )
            if unknown := parameters.keys() - TAKES[name] - SWITCHES:
                raise Refusal(
                    "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException",
                    f"Parameter set cannot be resolved. Invalid cmdlet parameters specified. {unknown}",
                )
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
