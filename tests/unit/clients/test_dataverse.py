"""Dataverse: where its requests go, what its refusals mean, what is asked again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from controller.clients import codes
from controller.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    ReadOnlyError,
    ServiceError,
    UnknownOutcomeError,
)
from controller.model import Request
from tests.unit.clients.fake import Asked, Tenant

PLACE = "https://entreprise.crm.example"
ROOT = f"{PLACE}/api/data/v9.2"


def refusal(status: int, code: str, text: str = "m", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": {"code": code, "message": text}}, headers=named)


def page(*rows: Any, link: str = "") -> httpx.Response:
    return httpx.Response(200, json={"value": list(rows), **({"@odata.nextLink": link} if link else {})})


def listed(tenant: Tenant) -> list[dict[str, Any]]:
    return tenant.run(
        lambda c: c.reader().dataverse(PLACE, "/workflows", select="name", filter="name eq 'é & f'")
    )


def sent(tenant: Tenant, call: str, body: Any = None) -> Any:
    return tenant.run(lambda c: c.writer().send(Request("dataverse", call, body or {})))


def test_an_environment_is_asked_at_its_own_address_page_by_page() -> None:
    def answer(asked: Asked) -> httpx.Response:
        return (
            page({"name": "b"})
            if "skiptoken" in asked.url
            else page({"name": "a"}, link=f"{ROOT}/workflows?$skiptoken=1")
        )

    tenant = Tenant(answer)
    assert [row["name"] for row in listed(tenant)] == ["a", "b"]
    first = tenant.requests[0]
    assert first.url.host == "entreprise.crm.example"
    assert first.url.params["$filter"] == "name eq 'é & f'"


def test_where_another_address_is_configured_links_are_followed_there() -> None:
    tenant = Tenant(
        lambda asked: page() if "skiptoken" in asked.url else page(link=f"{ROOT}/workflows?$skiptoken=1"),
        settings={"MBX_DATAVERSE_URL": "https://127.0.0.1:8443"},
    )
    listed(tenant)
    assert {(r.url.host, r.url.port) for r in tenant.requests} == {("127.0.0.1", 8443)}


def test_a_link_to_a_stranger_is_not_followed() -> None:
    tenant = Tenant(lambda asked: page(link="https://elsewhere.example/api/data/v9.2/workflows"))
    with pytest.raises(ServiceError, match="not a host of this service"):
        listed(tenant)
    assert len(tenant.requests) == 1


def test_a_change_never_makes_a_row_and_a_new_one_tells_its_id() -> None:
    made = "00000000-0000-0000-0000-0000000000aa"
    tenant = Tenant(
        lambda asked: httpx.Response(204, headers={"OData-EntityId": f"{ROOT}/workflows({made})"})
    )
    assert sent(tenant, f"POST {PLACE}/workflows", {"name": "x"}).rows == [{"id": made}]
    sent(tenant, f"PATCH {PLACE}/workflows({made})", {"statecode": 1})
    assert "if-match" not in tenant.requests[0].headers
    assert tenant.requests[1].headers["if-match"] == "*"


@pytest.mark.parametrize("call", ["PATCH", "POST", "DELETE"])
def test_a_reader_refuses_to_write(call: str) -> None:
    with pytest.raises(ReadOnlyError):
        Tenant(lambda asked: page()).run(lambda c: c.reader().dataverse(PLACE, f"{call} /workflows"))


@pytest.mark.parametrize(
    "call", [f"PATCH {PLACE}/workflows()", f"GET {PLACE}/workflows", "PATCH /workflows(1)"]
)
def test_what_names_no_row_or_no_environment_is_not_sent(call: str) -> None:
    tenant = Tenant(lambda asked: httpx.Response(204))
    with pytest.raises(InvalidError):
        sent(tenant, call, {"statecode": 1})
    assert tenant.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (
            refusal(403, "0x80072560", "The user is not a member of the organization."),
            DeniedError,
            "0x80072560",
        ),
        (refusal(404, "0x80040217"), NotFoundError, codes.NO_ROW),
        (refusal(404, "0x8006088a"), InvalidError, "0x8006088a"),  # a table nobody has proves no absence
        (refusal(412, "0x80060892"), ConflictError, codes.ROW_EXISTS),
        (
            refusal(
                400,
                "0x80060467",
                'details "{"error":{"code":"XrmConnectionReferenceMissingConnection","message":"x"}}"',
            ),
            InvalidError,
            codes.NO_CONNECTION,
        ),
    ],
)
def test_a_refusal_is_told_apart(answer: httpx.Response, kind: type[ServiceError], code: str) -> None:
    tenant = Tenant(lambda asked: answer)
    with pytest.raises(kind) as caught:
        sent(tenant, f"PATCH {PLACE}/workflows(1)", {"statecode": 1})
    assert caught.value.code == code
    assert len(tenant.requests) == 1


def test_too_many_requests_are_asked_again_after_their_own_wait() -> None:
    answers = [refusal(429, "0x80072322", retry_after="7"), page({"name": "a"})]
    tenant = Tenant(lambda asked: answers.pop(0))
    assert listed(tenant) == [{"name": "a"}]
    assert 7 in tenant.slept


def test_what_may_have_been_made_is_not_made_again() -> None:
    tenant = Tenant(lambda asked: httpx.Response(504, text="<html>"))
    with pytest.raises(UnknownOutcomeError):
        sent(tenant, f"POST {PLACE}/workflows", {"name": "x"})
    assert len(tenant.requests) == 1
