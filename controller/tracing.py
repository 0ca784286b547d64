"""OpenTelemetry traces of the loop, where they are configured: a span for each turn, in it one for each
request, and an event for each change.

Nothing of it is imported otherwise. Attributes are the loop's own ids, which join a span to the log, the
journal and the plan, and the request ids that join it to the services' own logs; addresses and values never
go out. A request's span ends while its turn goes on, so that a turn of ten thousand requests holds none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import structlog

from controller import __version__
from controller.clients.watching import Seen, route_of, watching
from controller.turn import Turn

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_log = structlog.get_logger()


class Traces:
    """A `Listener`, and what turns go on in."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: dict[str, Span] = {}  # by the id of a turn that goes on, or is about to be told

    @contextmanager
    def turn(self, ident: str, at: datetime) -> Iterator[None]:
        """One turn goes on inside; it is told with its end, by `note`."""
        span = self._tracer.start_span("mbx.cycle", start_time=_nanoseconds(at))
        self._open[ident] = span
        try:
            with watching(lambda seen: self._request(span, seen)):
                yield
        except BaseException:  # it is not told: the tenant left, or the process is ending
            self._open.pop(ident).end()
            raise

    def _request(self, turn: Span, seen: Seen) -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context  # noqa: PLC0415

        route = route_of(seen.call)
        verb, space, path = route.partition(" ")
        found: dict[str, Any] = {
            "mbx.service": seen.api,
            "mbx.call": route,
            "mbx.attempt": seen.attempt,
            "mbx.request_id": seen.request_id,
            "http.request.method": verb if space else "POST",  # a cmdlet is always posted
            "http.request.resend_count": seen.attempt - 1,
        }
        found |= {"url.template": path} if space else {}
        found |= {"http.response.status_code": seen.status} if seen.status else {}
        found |= {"error.type": seen.trouble} if seen.trouble else {}
        span = self._tracer.start_span(
            f"{seen.api} {route}", set_span_in_context(turn), SpanKind.CLIENT, found,
            start_time=_nanoseconds(seen.began),
        )  # fmt: skip
        if seen.trouble:
            span.set_status(Status(StatusCode.ERROR, seen.trouble))
        span.end(_nanoseconds(seen.ended))

    async def __call__(self, turn: Turn) -> None:
        self.note(turn)

    def note(self, turn: Turn) -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 -- only where traces are wanted

        span = self._open.pop(turn.id, None) or self._tracer.start_span(
            "mbx.cycle", start_time=_nanoseconds(turn.started_at)
        )
        span.set_attributes(_attributes(turn))
        for outcome in turn.cycle.outcomes if turn.cycle else ():
            span.add_event(
                "mbx.change",
                {
                    "mbx.action": outcome.change.action.value,
                    "mbx.aspect": outcome.change.aspect,
                    "mbx.status": outcome.status.value,
                    "mbx.request_ids": list(outcome.request_ids),
                },
                timestamp=_nanoseconds(turn.ended_at),
            )
        if turn.reason is not None and turn.condition is not None:
            span.set_status(Status(StatusCode.ERROR, turn.reason.value))
        span.end(_nanoseconds(turn.ended_at))


def traces(environment: Mapping[str, str]) -> Traces | None:
    """None unless the environment names an endpoint, as OpenTelemetry's own variables do. They are sent by a
    thread of their own, and what cannot be sent is dropped: no turn waits for it."""
    if not any(environment.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        _log.warning("traces.missing", advice="install mailbox-controller[otel], or unset the endpoint")
        return None
    service = {"service.name": environment.get("OTEL_SERVICE_NAME") or "mailbox-controller"}
    provider = TracerProvider(resource=Resource.create({**service, "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider.get_tracer("mailbox-controller", __version__))


def _attributes(turn: Turn) -> dict[str, Any]:
    plan = turn.prepared.plan if turn.prepared else None
    found: dict[str, Any] = {
        "mbx.cycle": turn.id,
        "mbx.tenant": turn.tenant,
        "mbx.mode": turn.mode.value,
        "mbx.condition": turn.condition.value if turn.condition else "idle",
        "mbx.commit": turn.commit or "",
        "mbx.run_id": (turn.cycle.run_id or "") if turn.cycle else "",
        "mbx.reason": turn.reason.value if turn.reason else "",
    }
    if plan is not None:
        found |= {
            "mbx.changes": len(plan.changes),
            "mbx.blocked": sum(1 for change in plan.changes if change.blocked_by),
            "mbx.unreadable": len(plan.unreadable),
            "mbx.observed_digest": plan.observed_digest,
        }
    for service, stats in turn.stats.items():
        found[f"mbx.{service}.requests"] = stats.requests
        found[f"mbx.{service}.throttled"] = stats.throttled
    return found


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1_000
