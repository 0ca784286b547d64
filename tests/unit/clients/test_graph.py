from __future__ import annotations

from typing import Any

import httpx
import pytest

from controller.clients import codes, segment
from controller.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    ReadOnlyError,
    ServiceError,
    TransientError,
    UnknownOutcomeError,
)
from controller.model import Request
from tests.unit.clients.fake import GRAPH, Asked, Tenant, graph_error


def get(tenant: Tenant, path: str, **query: Any) -> Any:
    return tenant.run(lambda c: c.reader().graph(path, **query))


def listing(tenant: Tenant, path: str, **query: Any) -> Any:
    return tenant.run(lambda c: c.reader().graph_list(path, **query))


def send(tenant: Tenant, call: str, **body: Any) -> Any:
    return tenant.run(lambda c: c.writer().send(Request("graph", call, body)))


def ok(body: Any = None) -> Any:
    return lambda asked: httpx.Response(200, json={} if body is None else body)


def test_a_read_is_a_get_under_the_version_with_its_options() -> None:
    tenant = Tenant(ok({"id": "1"}))
    assert get(tenant, "/users/a@x.example", select=("id", "mail"), includeHiddenFolders=True) == {"id": "1"}
    (request,) = tenant.requests
    assert str(request.url) == f"{GRAPH}/v1.0/users/a@x.example?$select=id,mail&includeHiddenFolders=true"
    assert request.headers["authorization"] == "Bearer t1"
    assert len(request.headers["client-request-id"]) == 36


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        ("/users", {"filter": "proxyAddresses/any(p:p eq 'smtp:a@x')", "top": 999},
         "/users?$filter=proxyAddresses/any(p:p%20eq%20'smtp:a@x')&$top=999"),
        ("/users/guest#ext#@x.example", {}, "/users/guest%23ext%23@x.example"),
        ("/users/u/mailFolders/" + segment("AAM/k+=_-"), {}, "/users/u/mailFolders/AAM%2Fk%2B%3D_-"),
        ("/users('u')/messages?$top=5", {"select": "id"}, "/users('u')/messages?$top=5&$select=id"),
        ("GET /users/u", {"filter": None}, "/users/u"),
        ("/users", {"filter": "startsWith(mail,'A & B')"}, "/users?$filter=startsWith(mail,'A%20%26%20B')"),
    ],
)  # fmt: skip
def test_paths_and_options_are_encoded_once(path: str, query: dict[str, Any], url: str) -> None:
    tenant = Tenant(ok())
    get(tenant, path, **query)
    assert tenant.requests[0].url.raw_path.decode() == "/v1.0" + url


@pytest.mark.parametrize(
    "path", ["/users//mailFolders", "/users/ /mailFolders", "/", "/users/", "/users/../me"]
)
def test_a_blank_segment_never_leaves(path: str) -> None:
    tenant = Tenant(ok())
    with pytest.raises(InvalidError):
        get(tenant, path)
    assert tenant.requests == []


@pytest.mark.parametrize("path", ["PATCH /users/u", "POST /users", "delete /users/u"])
def test_a_reader_only_gets(path: str) -> None:
    tenant = Tenant(ok())
    with pytest.raises(ReadOnlyError):
        get(tenant, path)
    assert tenant.requests == []


def test_a_writer_sends_verb_path_and_body_and_no_get() -> None:
    tenant = Tenant(lambda asked: httpx.Response(204, headers={"request-id": "r1"}))
    receipt = send(tenant, "PATCH /users/u1", accountEnabled=False)
    assert (receipt.rows, receipt.request_ids) == ([], ("r1",))
    assert tenant.asked[0].call == "PATCH /users/u1"
    assert tenant.asked[0].body == {"accountEnabled": False}
    send(tenant, "DELETE /users/u1/outlook/masterCategories/c")
    assert tenant.requests[1].content == b""
    with pytest.raises(InvalidError):
        send(tenant, "GET /users/u1")


def test_all_pages_with_their_headers_and_an_empty_one_between() -> None:
    def answer(asked: Asked) -> httpx.Response:
        number = int(httpx.URL(asked.url).params.get("$skiptoken", "0"))
        found = [] if number == 1 else [{"n": number}]
        more = {"@odata.nextLink": f"{GRAPH}/v1.0/users?$skiptoken={number + 1}"} if number < 2 else {}
        return httpx.Response(200, json={"value": found, **more})

    tenant = Tenant(answer)
    assert listing(tenant, "/users", consistency=True, prefer="odata.maxpagesize=2") == [{"n": 0}, {"n": 2}]
    assert {r.headers["consistencylevel"] for r in tenant.requests} == {"eventual"}
    assert {r.headers["prefer"] for r in tenant.requests} == {"odata.maxpagesize=2"}
    assert tenant.requests[0].url.params["$count"] == "true"


@pytest.mark.parametrize("link", ["https://evil.example/v1.0/users", "http://graph.microsoft.com/v1.0/users"])
def test_a_page_link_to_another_host_is_not_followed(link: str) -> None:
    tenant = Tenant(ok({"value": [], "@odata.nextLink": link}))
    with pytest.raises(TransientError, match="not a host of this service"):
        listing(tenant, "/users")
    assert len(tenant.requests) == 1


def test_what_is_no_list_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(InvalidError):
        listing(Tenant(ok({"id": "1"})), "/users/u/mailFolders")


def test_an_expired_page_starts_over() -> None:
    expired = iter([True])

    def answer(asked: Asked) -> httpx.Response:
        if "skiptoken" not in asked.url:
            return httpx.Response(
                200, json={"value": [1], "@odata.nextLink": f"{GRAPH}/v1.0/users?$skiptoken=1"}
            )
        if next(expired, False):
            return graph_error(400, "Directory_ExpiredPageToken")
        return httpx.Response(200, json={"value": [2]})

    assert listing(Tenant(answer), "/users") == [1, 2]


def test_a_report_is_fetched_without_the_token() -> None:
    def answer(asked: Asked) -> httpx.Response:
        if asked.request.url.host == "graph.microsoft.com":
            return httpx.Response(302, headers={"location": "https://reports.example/x?sig=1"})
        return httpx.Response(200, content="\ufeffUser Principal Name\na@x".encode())

    tenant = Tenant(answer)
    text = tenant.run(lambda c: c.reader().graph_text("/reports/getMailboxUsageDetail(period='D7')"))
    assert text.startswith("User Principal Name")
    assert "authorization" not in tenant.requests[1].headers


CATALOGUE = [
    (400, "RequestBodyRead", "m", InvalidError, "RequestBodyRead"),
    (400, "Request_BadRequest", "One or more added object references already exist for x", ConflictError,
     codes.REFERENCE_EXISTS),
    (400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list.",
     InvalidError, codes.EXCHANGE_OWNED_GROUP),
    (400, "ErrorFolderExists", "m", ConflictError, codes.FOLDER_EXISTS),
    (409, "ErrorFolderExists", "m", ConflictError, codes.FOLDER_EXISTS),
    (409, "Request_MultipleObjectsWithSameKeyValue", "m", ConflictError,
     "Request_MultipleObjectsWithSameKeyValue"),
    (403, "Authorization_RequestDenied", "m", DeniedError, "Authorization_RequestDenied"),
    (403, "ErrorAccessDenied", "Access to OData is disabled.", DeniedError, "ErrorAccessDenied"),
    (404, "Request_ResourceNotFound", "m", NotFoundError, "Request_ResourceNotFound"),
    (404, "ErrorInvalidUser", "m", NotFoundError, "ErrorInvalidUser"),
    (404, "ErrorItemNotFound", "m", NotFoundError, "ErrorItemNotFound"),
    (404, "MailboxNotEnabledForRESTAPI", "m", TransientError, codes.MAILBOX_NOT_READY),
    (404, "MailboxNotSupportedForRESTAPI", "m", InvalidError, "MailboxNotSupportedForRESTAPI"),
    (404, "ResourceNotFound", "m", InvalidError, "ResourceNotFound"),
    (412, "", "m", ConflictError, ""),
    (507, "quotaLimitReached", "m", InvalidError, "quotaLimitReached"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "text", "kind", "name"), CATALOGUE)
def test_the_catalogue(status: int, code: str, text: str, kind: type[ServiceError], name: str) -> None:
    tenant = Tenant(lambda asked: graph_error(status, code, text))
    with pytest.raises(kind) as caught:
        get(tenant, "/users/a@x.example/mailboxSettings")
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.status, error.request_id) == (name, status, "rid-g")
    assert error.target == "a@x.example"
    assert len(tenant.requests) == 1


def test_the_more_specific_inner_code_counts() -> None:
    inner = {"code": "x", "innerError": {"code": "MailboxNotEnabledForRESTAPI"}}
    body = {"error": {"code": "ErrorAccessDenied", "message": "m", "innererror": inner}}
    with pytest.raises(TransientError) as caught:
        get(Tenant(lambda asked: httpx.Response(403, json=body)), "/users/u/mailboxSettings")
    assert caught.value.code == codes.MAILBOX_NOT_READY


@pytest.mark.parametrize(
    "fault",
    [
        graph_error(429, "TooManyRequests"), graph_error(429, "UnknownError"),
        graph_error(503, "ServiceNotAvailable"), graph_error(504, "UnknownError"),
        httpx.Response(502, content=b"<html>"),
        graph_error(500, "ErrorInternalServerTransientError"), graph_error(500, "generalException"),
        graph_error(503, "ErrorMailboxStoreUnavailable"), httpx.Response(404),
        httpx.Response(200, content=b'{"va'),
    ],
)  # fmt: skip
def test_a_read_outlives_what_passes(fault: httpx.Response) -> None:
    left = [fault, fault]

    def answer(asked: Asked) -> httpx.Response:
        if not left:
            return httpx.Response(200, json={"id": "1"})
        one = left.pop()
        return httpx.Response(
            one.status_code, content=one.content, headers={"content-type": "application/json"}
        )

    assert get(Tenant(answer), "/users/u") == {"id": "1"}


@pytest.mark.parametrize(
    ("call", "fault", "kind"),
    [
        ("POST /users/u/outlook/masterCategories", httpx.Response(504), UnknownOutcomeError),
        ("POST /users/u/outlook/masterCategories", httpx.Response(500), UnknownOutcomeError),
        ("POST /users/u/outlook/masterCategories", httpx.ReadError("cut"), UnknownOutcomeError),
        ("PATCH /users/u", httpx.Response(504), UnknownOutcomeError),
        ("PATCH /users/u", httpx.ReadTimeout("slow"), UnknownOutcomeError),
        ("PATCH /users/u", graph_error(500, "generalException"), TransientError),
        ("DELETE /users/u", graph_error(404, "Request_ResourceNotFound"), NotFoundError),
    ],
)  # fmt: skip
def test_a_write_is_not_repeated_blindly(call: str, fault: Any, kind: type[ServiceError]) -> None:
    def answer(asked: Asked) -> httpx.Response:
        if isinstance(fault, Exception):
            raise fault
        return fault

    tenant = Tenant(answer)
    with pytest.raises(kind) as caught:
        send(tenant, call, a=1)
    assert type(caught.value) is kind
    assert len(tenant.requests) == 1


def test_what_certainly_was_not_done_is_sent_again() -> None:
    answers = iter([graph_error(429, "TooManyRequests"), graph_error(503, "x", **{"Retry-After": "1"}), None])

    def answer(asked: Asked) -> httpx.Response:
        return next(answers) or httpx.Response(201, json={"id": "c1"})

    receipt = send(Tenant(answer), "POST /users/u/outlook/masterCategories", displayName="x")
    assert receipt.rows == [{"id": "c1"}]
