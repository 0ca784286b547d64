"""A span for each turn, one in it for each request, joined by ids; and nothing in them that names anybody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from controller.clients.watching import route_of
from controller.sandbox.forecast import FaultKind, FaultRule, Forecast
from controller.sandbox.weather import ForecastWeather
from controller.tracing import Traces, traces
from controller.turn import Reason, Turn
from tests.rig import Rig, make_rig
from tests.world.loop_rig import Follow
from tests.world.test_metrics import SMALL, SPEC


class Kept:
    """A tracer whose spans are kept."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.traces = Traces(provider.get_tracer("test"))

    def spans(self, kind: SpanKind) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.kind is kind]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return make_rig(tmp_path, SMALL, {"contact.yaml": SPEC + "licence: none\nfolders: {Archives: }\n"})


def follow(rig: Rig, kept: Kept) -> Follow:
    return Follow(rig.folder, rig, listeners=[kept.traces], traced=kept.traces.turn)


def test_a_turn_is_a_span_and_a_change_an_event(rig: Rig, kept: Kept, go: Any) -> None:
    async def live() -> Turn:
        loop = follow(rig, kept)
        async with loop.running() as first:
            await loop.next()
        return first

    first = go(live())
    now = rig.clock.now()
    kept.traces.note(Turn("9", "entreprise", "x", now, now, reason=Reason.SIGN_IN_FAILED, error="no"))
    one, _, last = kept.spans(SpanKind.INTERNAL)
    assert one.name == "mbx.cycle"
    assert one.attributes is not None
    assert one.attributes["mbx.cycle"] == first.id
    assert one.attributes["mbx.run_id"] == first.cycle.run_id
    assert one.attributes["mbx.observed_digest"] == first.prepared.plan.observed_digest
    assert one.attributes["mbx.exchange.requests"] > 0
    assert one.end_time - one.start_time == int(first.duration.total_seconds() * 1e6) * 1000
    sent = [tuple(event.attributes["mbx.request_ids"]) for event in one.events]
    assert sent == [outcome.request_ids for outcome in first.cycle.outcomes]
    assert any(sent)
    assert not last.status.is_ok
    assert last.status.description == "sign-in-failed"


def test_each_request_is_a_span_inside_its_turn(rig: Rig, kept: Kept, go: Any) -> None:
    async def live() -> Turn:
        async with follow(rig, kept).running() as first:
            return first

    first = go(live())
    (turn,) = kept.spans(SpanKind.INTERNAL)
    requests = kept.spans(SpanKind.CLIENT)
    assert {span.parent.span_id for span in requests if span.parent} == {turn.context.span_id}
    assert all(turn.start_time <= span.start_time <= span.end_time <= turn.end_time for span in requests)
    named = {span.name: dict(span.attributes or {}) for span in requests}
    granted = named["exchange Add-MailboxPermission"]
    assert (granted["mbx.service"], granted["mbx.call"], granted["http.response.status_code"]) == (
        "exchange", "Add-MailboxPermission", 200,
    )  # fmt: skip
    assert granted["mbx.attempt"] == 1
    assert granted["mbx.request_id"] in [i for outcome in first.cycle.outcomes for i in outcome.request_ids]
    rules = named["graph GET /users/{id}/mailFolders/inbox/messageRules"]
    assert rules["url.template"] == "/users/{id}/mailFolders/inbox/messageRules"


def test_a_request_that_is_sent_again_is_a_span_for_each_attempt(rig: Rig, kept: Kept, go: Any) -> None:
    twice = FaultRule(kind=FaultKind.THROTTLED, operations=("Get-Recipient",), times=2)
    rig.sandbox.weather = ForecastWeather(Forecast(faults=(twice,)), rig.clock)

    async def live() -> None:
        async with follow(rig, kept).running():
            pass

    go(live())
    asked = [dict(span.attributes or {}) for span in kept.spans(SpanKind.CLIENT) if span.name == "exchange Get-Recipient"]
    assert [one["mbx.attempt"] for one in asked[:3]] == [1, 2, 3]
    assert [one["http.response.status_code"] for one in asked[:3]] == [429, 429, 200]
    assert [one.get("error.type") for one in asked[:3]] == ["throttled", "throttled", None]


def test_no_span_names_anybody(rig: Rig, kept: Kept, go: Any) -> None:
    async def live() -> None:
        loop = follow(rig, kept)
        async with loop.running():
            rig.poke("Set-Mailbox", Identity="contact@entreprise.example", DisplayName="Autre")
            await loop.next()

    go(live())
    text = "".join(span.to_json() for span in kept.exporter.get_finished_spans())
    assert "@" not in text
    assert "Contact" not in text
    ids = re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "".join(s.name for s in kept.spans(SpanKind.CLIENT)))
    assert ids == []


def test_a_tenant_that_left_leaves_no_span_open(rig: Rig, kept: Kept, go: Any) -> None:
    async def live() -> None:
        loop = follow(rig, kept)
        async with loop.running():
            text = (rig.folder / "tenant.yaml").read_text("utf-8")
            rig.write("tenant.yaml", text.replace("000000000001", "000000000009"))
            other = dict(loop.rigs)
            loop.rigs["7f1b2c3d-0000-4000-8000-000000000009"] = next(iter(other.values()))
            await loop.next()

    go(live())
    assert len(kept.spans(SpanKind.INTERNAL)) >= 3
    assert kept.traces._open == {}


@pytest.mark.parametrize(
    ("call", "route"),
    [
        ("Get-Mailbox", "Get-Mailbox"),
        ("GET /users/alice@entreprise.example/mailFolders/AAMkAGI2=/messageRules", "GET /users/{id}/mailFolders/{id}/messageRules"),
        ("GET /users('alice@entreprise.example')/mailboxSettings", "GET /users({id})/mailboxSettings"),
        ("GET /v1.0/subscribedSkus?$select=x", "GET /{id}/subscribedSkus"),
        ("PATCH /workflows(11111111-0000-4000-8000-000000000001)", "PATCH /workflows({id})"),
    ],
)
def test_a_route_has_no_ids(call: str, route: str) -> None:
    assert route_of(call) == route


def test_without_an_endpoint_there_are_none() -> None:
    assert traces({}) is None
    assert traces({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}) is None
