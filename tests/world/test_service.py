"""`mbx report service` against a mailbox: what it reads, what it never asks for, and what it makes of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from controller.errors import NotFoundError, ServiceError
from controller.service import Period, Read, pages, read, reckon
from controller.survey import read_directory
from tests.rig import BASE, Rig

BOX, ALICE, ANN = "contact@entreprise.example", "alice@entreprise.example", "ann@client.example"
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def mail(received: str, author: str, thread: str, **rest: Any) -> dict[str, Any]:
    return {"received": received, "from": author, "conversation": thread, **rest}


MAILS = [
    mail("2026-11-03T09:00:00Z", ANN, "a", to=[BOX], subject="Secret", message_id="<a1@client.example>"),
    mail("2026-11-03T10:00:00Z", BOX, "a", sender=ALICE, folder="sentitems", to=[ANN]),
    mail("2026-11-03T11:00:00Z", ANN, "b", folder="inbox", read=True, categories=["Pris par Alice"]),
    mail("2026-11-04T09:00:00Z", "robot@client.example", "c", headers={"Auto-Submitted": "auto-replied"}),
    mail("2026-11-04T09:30:00Z", "spam@client.example", "d", folder="junkemail"),
    mail("2026-11-05T09:00:00Z", ANN, "e", folder="Rangé"),
    mail("2026-11-05T12:00:00Z", ALICE, "other", to=[ANN], cc=[BOX], headers={"In-Reply-To": "<a1@client.example>"}),
    mail("2026-12-05T12:00:00Z", ANN, "later"),
    *(mail(f"2026-11-{day:02}T22:30:00Z", ANN, f"n{day}-{n}") for day in range(6, 26) for n in range(20)),
]


@pytest.fixture
def seen(rig: Callable[..., Rig]) -> tuple[Rig, list[str]]:
    made = rig()
    entry = made.entry(BOX)
    entry.stores["folders"] = [{"key": "020000000001", "name": "Rangé", "parent": "msgfolderroot"}]
    entry.stores["mail"] = MAILS
    asked: list[str] = []
    passed = made.wire.handle_async_request

    async def noting(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url} {request.content.decode() if request.method == 'POST' else ''}")
        return await passed(request)

    made.wire.handle_async_request = noting  # type: ignore[method-assign]
    return made, asked


def look(rig: Rig, address: str = BOX) -> Read:
    async def inner() -> Read:
        async with rig.connection() as connection:
            reader = connection.reader()
            return await read(reader, await read_directory(reader), address, (SINCE, UNTIL), UTC)

    return asyncio.run(inner())


def test_what_is_asked_for_is_headers(seen: tuple[Rig, list[str]]) -> None:
    rig, asked = seen
    found = look(rig)
    messages = re.findall(r"/messages\?([^\"\s]*)", "\n".join(asked))
    assert len(messages) > 1  # pages
    for query in messages:
        names = parse_qs(query)["$select"][0].split(",")
        assert not {"subject", "body", "bodyPreview", "uniqueBody", "*"} & set(names)
    assert not any("subject" in line.lower() or "body" in line.lower() for line in asked if "/messages" in line)
    figures = reckon(found.mails, Period(SINCE, UNTIL), found.hours, found.staff)
    args: Any = (BOX, figures, found, Period(SINCE, UNTIL))
    told = "\n".join(pages.text(*args, within=timedelta(hours=4), people=False))
    assert "Secret" not in told
    assert ALICE not in told
    assert ALICE in "\n".join(pages.text(*args, within=timedelta(hours=4), people=True))


def test_mail_counts_wherever_it_lies_but_not_junk(seen: tuple[Rig, list[str]]) -> None:
    zone = {"WorkingHoursTimeZone": "UTC"}
    seen[0].poke("Set-MailboxCalendarConfiguration", Identity=BOX, **zone)
    found = look(seen[0])
    assert len(found.mails) == 6 + 400
    figures = reckon(found.mails, Period(SINCE, UNTIL), found.hours, found.staff, claim="Pris par {givenName}")
    assert (figures.response.requests, figures.response.answered) == (403, 1)
    assert figures.response.median == timedelta(hours=1)
    assert (figures.backlog.waiting, figures.backlog.claimed) == (402, 1)
    assert dict(figures.answered_by) == {ALICE: 2}
    assert figures.automatic == 1


def test_hours_are_the_mailboxs_own(seen: tuple[Rig, list[str]]) -> None:
    rig, _ = seen
    rig.poke("Set-MailboxCalendarConfiguration", Identity=BOX, WorkDays="Monday, Tuesday", WorkingHoursStartTime="10:00:00",
             WorkingHoursEndTime="16:00:00", WorkingHoursTimeZone="Romance Standard Time")  # fmt: skip
    hours = look(rig).hours
    assert (hours.days, hours.start, hours.end, str(hours.zone)) == ({0, 1}, time(10), time(16), "Europe/Paris")


def test_missing_copies_are_told(seen: tuple[Rig, list[str]]) -> None:
    rig, _ = seen
    assert "copySentAs" in look(rig).warnings[0]
    rig.poke("Set-Mailbox", Identity=BOX, MessageCopyForSentAsEnabled=True, MessageCopyForSendOnBehalfEnabled=True)
    (zone,) = look(rig).warnings
    assert "America/Los_Angeles" in zone
    rig.poke("Set-MailboxCalendarConfiguration", Identity=BOX, WorkingHoursTimeZone="UTC")
    assert look(rig).warnings == ()


def test_half_of_the_mail_is_no_figure(seen: tuple[Rig, list[str]]) -> None:
    rig, _ = seen
    app = next(iter(rig.sandbox.world.apps.values()))
    app.graph_roles.remove("Mail.ReadWrite")
    with pytest.raises(ServiceError):
        look(rig)
    app.graph_roles.append("Mail.ReadBasic.All")
    assert len(look(rig).mails) == 406
    with pytest.raises(NotFoundError):
        look(rig, "nobody@entreprise.example")


def test_the_sandbox_lists_messages_as_graph_does(seen: tuple[Rig, list[str]]) -> None:
    rig, _ = seen

    async def asked() -> tuple[Any, ...]:
        async with rig.connection() as connection:
            reader = connection.reader()
            path = f"/users/{BOX}"
            folder = await reader.graph(f"{path}/mailFolders/inbox")
            page = await reader.graph(f"{path}/mailFolders/inbox/messages")
            sent = await reader.graph(f"{path}/mailFolders/sentitems/messages", select="internetMessageHeaders")
            one = await reader.graph(f"{path}/messages/{page['value'][0]['id']}", select="from,internetMessageHeaders")
            with pytest.raises(ServiceError) as refused:
                await reader.graph(f"{path}/messages", orderby="receivedDateTime", filter="isRead eq false")
            return folder, page, sent, one, refused.value

    folder, page, sent, one, refused = asyncio.run(asked())
    assert (folder["totalItemCount"], folder["unreadItemCount"]) == (405, 404)
    assert len(page["value"]) == 10
    assert "@odata.nextLink" in page
    assert page["value"][0]["receivedDateTime"] == "2026-12-05T12:00:00Z"
    assert "internetMessageHeaders" not in page["value"][0]
    assert "internetMessageHeaders" not in sent["value"][0]
    assert one["internetMessageHeaders"] == []
    assert one["from"]["emailAddress"]["address"] == ANN
    assert refused.code == "InefficientFilter"
    assert page["@odata.nextLink"].startswith(BASE)


def test_a_signature_and_mail_live_beside_each_other(seen: tuple[Rig, list[str]]) -> None:
    rig, _ = seen
    rig.poke("Set-MailboxMessageConfiguration", Identity=BOX, SignatureHtml="<p>Contact</p>", AutoAddSignature=True)
    rig.poke("Set-MailboxMessageConfiguration", Identity=BOX, AutoAddSignatureOnReply=True)
    assert rig.entry(BOX).stores["mail"] == MAILS
    assert look(rig)
