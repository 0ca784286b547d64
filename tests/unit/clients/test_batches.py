"""Requests in flight together share envelopes; each is answered as if it had been alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from controller.errors import NotFoundError, ServiceError, TransientError
from controller.model import Request
from tests.unit.clients.fake import APP_ANCHOR, Asked, Tenant, graph_error, rows, shape_a


def owner(asked: Asked) -> httpx.Response:
    return rows({"Identity": asked.parameters["Identity"], "User": asked.parameters["Identity"]})


def permissions(count: int, *, cmdlet: str = "Get-MailboxPermission") -> Any:
    async def use(connection: Any) -> list[Any]:
        reader = connection.reader()
        asks = [reader.exchange(cmdlet, {"Identity": f"m{n}@x.example"}) for n in range(count)]
        return await asyncio.gather(*asks, return_exceptions=True)

    return use


def mailbox_settings(count: int) -> Any:
    async def use(connection: Any) -> list[Any]:
        reader = connection.reader()
        asks = [reader.graph(f"/users/u{n}/mailboxSettings", select=("timeZone",)) for n in range(count)]
        return await asyncio.gather(*asks, return_exceptions=True)

    return use


def users(results: list[Any]) -> list[str]:
    return [found[0]["User"] for found in results]


def test_a_burst_travels_in_tens_and_every_answer_finds_its_question() -> None:
    tenant = Tenant(owner)  # which answers parts in reverse
    results = tenant.run(permissions(35))
    assert users(results) == [f"m{n}@x.example" for n in range(35)]
    assert len(tenant.requests) == 4
    assert all(r.url.path.endswith("/$batch") for r in tenant.requests)
    assert tenant.requests[0].headers["x-anchormailbox"] == APP_ANCHOR
    assert "odata.continue-on-error" in tenant.requests[0].headers["prefer"]
    assert {a.headers["x-anchormailbox"] for a in tenant.asked} == {APP_ANCHOR}


def test_graph_travels_in_twenties_with_relative_addresses() -> None:
    tenant = Tenant(lambda asked: httpx.Response(200, json={"path": asked.call}))
    results = tenant.run(mailbox_settings(41))
    assert [r["path"] for r in results] == [f"GET /users/u{n}/mailboxSettings" for n in range(41)]
    assert [len(tenant.requests), sum(a.batched for a in tenant.asked)] == [3, 40]
    assert tenant.asked[0].url == "/users/u0/mailboxSettings?$select=timeZone"


def test_one_alone_and_a_listing_of_the_tenant_are_sent_singly() -> None:
    tenant = Tenant(lambda asked: rows())

    async def use(connection: Any) -> None:
        reader = connection.reader()
        await asyncio.gather(*(reader.exchange("Get-Mailbox", {"ResultSize": "Unlimited"}) for _ in range(3)))

    tenant.run(permissions(1))
    tenant.run(use)
    assert not any(a.batched for a in tenant.asked)


def test_requests_with_different_anchors_do_not_share_a_batch() -> None:
    tenant = Tenant(lambda asked: rows())
    tenant.run(permissions(3, cmdlet="Get-MailboxAutoReplyConfiguration"))
    assert not any(a.batched for a in tenant.asked)
    assert {r.headers["x-anchormailbox"] for r in tenant.requests} == {
        f"SMTP:m{n}@x.example" for n in range(3)
    }


def test_writes_are_never_batched() -> None:
    tenant = Tenant(lambda asked: rows())

    async def use(connection: Any) -> None:
        writer = connection.writer()
        sends = [Request("exchange", "Set-Mailbox", {"Identity": f"m{n}"}) for n in range(5)]
        await asyncio.gather(*(writer.send(one) for one in sends))

    tenant.run(use)
    assert len(tenant.requests) == 5
    assert not any(a.batched for a in tenant.asked)


def test_a_part_that_fails_fails_alone() -> None:
    def answer(asked: Asked) -> httpx.Response:
        if asked.parameters["Identity"] == "m3@x.example":
            return shape_a("a.ManagementObjectNotFoundException", "gone", status=404)
        return owner(asked)

    results = Tenant(answer).run(permissions(10))
    assert isinstance(results[3], NotFoundError)
    assert results[3].target == "m3@x.example"
    assert users(results[:3] + results[4:]) == [f"m{n}@x.example" for n in range(10) if n != 3]


def test_a_throttled_part_waits_its_own_time_and_is_asked_alone() -> None:
    left = Counter({"m3@x.example": 2})

    def answer(asked: Asked) -> httpx.Response:
        identity = asked.parameters["Identity"]
        if left[identity] > 0:
            left[identity] -= 1
            return httpx.Response(429, json={"error": {"code": "429"}}, headers={"Retry-After": "3.5"})
        return owner(asked)

    tenant = Tenant(answer)
    assert users(tenant.run(permissions(10))) == [f"m{n}@x.example" for n in range(10)]
    again = [a for a in tenant.asked if a.parameters["Identity"] == "m3@x.example"]
    assert [a.batched for a in again] == [True, False, False]
    assert tenant.slept == [3.5, 3.5]


def test_an_envelope_that_is_throttled_comes_back_whole() -> None:
    answers = iter([httpx.Response(429, headers={"retry-after": "4"}), None])
    tenant = Tenant(owner, batch=lambda request, parts: next(answers))
    assert users(tenant.run(permissions(10))) == [f"m{n}@x.example" for n in range(10)]
    assert len(tenant.requests) == 2
    assert set(tenant.slept) == {4.0}


@pytest.mark.parametrize("fault", [503, 504, httpx.ReadTimeout("slow")])
def test_an_envelope_that_is_lost_is_asked_again_as_one(fault: Any) -> None:
    left = [fault, fault]

    def batch(request: httpx.Request, parts: list[Any]) -> httpx.Response | None:
        if not left:
            return None
        one = left.pop()
        if isinstance(one, Exception):
            raise one
        return httpx.Response(one)

    tenant = Tenant(owner, batch=batch)
    assert users(tenant.run(permissions(10))) == [f"m{n}@x.example" for n in range(10)]
    assert len(tenant.requests) == 3


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_service_without_batches_is_asked_singly_from_then_on(status: int) -> None:
    tenant = Tenant(owner, batch=lambda request, parts: httpx.Response(status))

    async def use(connection: Any) -> list[Any]:
        return [*await permissions(10)(connection), *await permissions(10)(connection)]

    assert len(users(tenant.run(use))) == 20
    assert sum(r.url.path.endswith("$batch") for r in tenant.requests) == 1
    assert tenant.slept == []


@pytest.mark.parametrize("status", [400, 403, 413, 424])
def test_a_refused_envelope_lets_each_ask_alone(status: int) -> None:
    tenant = Tenant(owner, batch=lambda request, parts: httpx.Response(status, content=b"no"))
    assert len(users(tenant.run(permissions(10)))) == 10


def test_a_missing_answer_is_asked_for_again_alone_and_never_guessed() -> None:
    def answer(asked: Asked) -> httpx.Response:
        forgotten = asked.batched and asked.parameters["Identity"] == "m4@x.example"
        return httpx.Response(0) if forgotten else owner(asked)

    tenant = Tenant(answer)
    assert users(tenant.run(permissions(10))) == [f"m{n}@x.example" for n in range(10)]
    assert [a.batched for a in tenant.asked if a.parameters["Identity"] == "m4@x.example"] == [True, False]


def test_an_answer_that_never_comes_fails_that_request() -> None:
    def batch(request: httpx.Request, parts: list[Any]) -> httpx.Response:
        return httpx.Response(200, json={"responses": []})

    tenant = Tenant(lambda asked: httpx.Response(503), batch=batch)
    results = tenant.run(permissions(2))
    assert all(isinstance(r, TransientError) for r in results)


def test_a_page_link_inside_a_batch_is_followed_singly_under_the_same_anchor() -> None:
    link = "https://outlook.office365.com/adminapi/beta/x/InvokeCommand?$skiptoken=1"

    def answer(asked: Asked) -> httpx.Response:
        identity = asked.parameters["Identity"]
        if "skiptoken" in asked.url:
            return rows({"Name": f"{identity} 2"})
        return rows({"Name": f"{identity} 1"}, **({"@odata.nextLink": link} if "m1@" in identity else {}))

    tenant = Tenant(answer)
    results = tenant.run(permissions(3, cmdlet="Get-DistributionGroupMember"))
    assert [len(found) for found in results] == [1, 2, 1]
    assert [str(r.url) for r in tenant.requests][1] == link
    assert tenant.requests[1].headers["x-anchormailbox"] == APP_ANCHOR


def test_an_expired_token_inside_a_batch_is_renewed() -> None:
    def answer(asked: Asked) -> httpx.Response:
        fresh = asked.request.headers["authorization"] == "Bearer t2"
        return owner(asked) if fresh else httpx.Response(401, json={"error": {"code": "Unauthorized"}})

    tenant = Tenant(answer)
    assert len(users(tenant.run(permissions(5)))) == 5
    assert tenant.tokens.number == 2


class Crowd:
    """Counts how many requests are at one mailbox at a time."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.most = 0
        self.places = 0
        self.most_places = 0

    async def __call__(self, asked: Asked) -> httpx.Response:
        mailbox = asked.call.split("/")[2]
        self.now[mailbox] += 1
        self.places += not asked.batched
        self.most, self.most_places = max(self.most, self.now[mailbox]), max(self.most_places, self.places)
        for _ in range(5):
            await asyncio.sleep(0)
        self.now[mailbox] -= 1
        self.places -= not asked.batched
        return httpx.Response(200, json={"value": []})


def test_one_mailbox_never_has_more_than_four_at_a_time() -> None:
    batched: list[Counter[str]] = []

    def batch(request: httpx.Request, parts: list[Any]) -> None:
        batched.append(Counter(part["url"].split("/")[2] for part in parts))

    crowd = Crowd()
    tenant = Tenant(crowd, batch=batch)

    async def use(connection: Any) -> None:
        reader = connection.reader()
        asks = [
            reader.graph_list(f"/users/{who}/mailFolders/f{n}/childFolders")
            for n in range(15)
            for who in "ab"
        ]
        await asyncio.gather(*asks)

    tenant.run(use)
    assert crowd.most <= 4
    assert max(max(parts.values()) for parts in batched) == 4
    assert len(tenant.asked) == 30


def test_no_more_requests_than_places_are_under_way() -> None:
    crowd = Crowd()
    tenant = Tenant(crowd, settings={"MBX_HTTP_CONCURRENCY": "3"})

    async def use(connection: Any) -> None:
        writer = connection.writer()
        sends = [Request("graph", f"PATCH /users/u{n}", {"accountEnabled": False}) for n in range(20)]
        await asyncio.gather(*(writer.send(one) for one in sends))

    tenant.run(use)
    assert crowd.most_places == 3


def test_a_cancelled_question_takes_no_other_with_it() -> None:
    tenant = Tenant(owner)

    async def use(connection: Any) -> list[Any]:
        reader = connection.reader()
        asks = [
            asyncio.ensure_future(reader.exchange("Get-MailboxPermission", {"Identity": f"m{n}@x.example"}))
            for n in range(4)
        ]
        await asyncio.sleep(0)
        asks[1].cancel()
        return await asyncio.gather(*asks, return_exceptions=True)

    results = tenant.run(use)
    assert isinstance(results[1], asyncio.CancelledError)
    assert users([results[0], *results[2:]]) == ["m0@x.example", "m2@x.example", "m3@x.example"]


def test_a_storm_of_refusals_drops_nothing() -> None:
    """Every third answer, whole or part, is a 429."""
    count = 0

    def refuse() -> bool:
        nonlocal count
        count += 1
        return count % 3 == 0

    def batch(request: httpx.Request, parts: list[Any]) -> httpx.Response | None:
        return httpx.Response(429, headers={"retry-after": "1"}) if refuse() else None

    def answer(asked: Asked) -> httpx.Response:
        return httpx.Response(429, headers={"retry-after": "1"}) if refuse() else owner(asked)

    assert len(users(Tenant(answer, batch=batch).run(permissions(200)))) == 200


def test_a_graph_part_may_be_throttled_under_any_name() -> None:
    left = Counter({"u1": 1, "u2": 1})

    def answer(asked: Asked) -> httpx.Response:
        who = asked.call.split("/")[2]
        if left[who] > 0:
            left[who] -= 1
            return (
                httpx.Response(424)
                if who == "u1"
                else graph_error(429, "ApplicationThrottled", **{"Retry-After": "2"})
            )
        return httpx.Response(200, json={"who": who})

    results = Tenant(answer).run(mailbox_settings(4))
    assert [r["who"] for r in results] == ["u0", "u1", "u2", "u3"]


def test_statistics_tell_batches_and_what_they_carried() -> None:
    tenant = Tenant(owner)

    async def use(connection: Any) -> Any:
        await permissions(25)(connection)
        return connection.stats["exchange"]

    stats = tenant.run(use)
    assert (stats.requests, stats.batches, stats.batched) == (3, 3, 25)


def test_a_fault_of_a_token_source_reaches_who_asked() -> None:
    class Refusing:
        async def token(self, scope: str, *, claims: str | None = None) -> str:
            raise ServiceError(api="sign-in", call="token", message="no")

    tenant = Tenant(owner)
    tenant.tokens = Refusing()  # type: ignore[assignment]
    results = tenant.run(permissions(3))
    assert all(isinstance(r, ServiceError) and r.api == "sign-in" for r in results)
