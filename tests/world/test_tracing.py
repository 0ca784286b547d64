"""A span for each turn, joined by its ids, and nothing in it that names anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from controller.tracing import Traces, traces
from controller.turn import Reason, Turn
from tests.rig import make_rig
from tests.world.loop_rig import Follow
from tests.world.test_metrics import SMALL, SPEC


def test_a_turn_is_a_span_and_a_change_an_event(tmp_path: Path, go: Any) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    listener = Traces(provider.get_tracer("test"))
    rig = make_rig(tmp_path, SMALL, {"contact.yaml": SPEC})

    async def live() -> Turn:
        follow = Follow(tmp_path, rig, listeners=[listener])
        async with follow.running() as first:
            await follow.next()
        return first

    first = go(live())
    now = rig.clock.now()
    listener.note(Turn("9", "entreprise", "x", now, now, reason=Reason.SIGN_IN_FAILED, error="no"))
    one, _, *_, last = kept.get_finished_spans()
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
    assert "@" not in one.to_json()
    assert not last.status.is_ok
    assert last.status.description == "sign-in-failed"


def test_without_an_endpoint_there_are_none() -> None:
    assert traces({}) is None
    assert traces({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}) is None
