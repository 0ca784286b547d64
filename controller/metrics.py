"""What happened, as Prometheus counts it: a listener of the loop with a registry of its own.

Names and labels are a contract (`docs/reference/metrics.md`). Single mailboxes are named only while they have
drifted, and no more than MOST of them: an estate of ten thousand must not make ten thousand time series.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from controller.model import Action, Cause, Severity, Status
from controller.turn import Turn

MOST: Final = 200
_HORIZONS: Final = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_ENDING: Final = frozenset({Action.REVOKE, Action.REMOVE})
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for
_SECONDS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)


class Metrics:
    """A `Listener`. `now` is asked when somebody scrapes, for ages."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._registry = CollectorRegistry()
        self._good: dict[str, datetime] = {}
        self._names: dict[str, str] = {}  # by tenant id, the label
        one, tenant = self._registry, ("tenant",)
        service, code = (*tenant, "service"), (*tenant, "code", "severity")
        self._cycles = Counter(
            "mbx_cycles", "Turns of the loop, by how they ended.", (*tenant, "condition"), registry=one
        )
        self._troubles = Counter(
            "mbx_cycle_troubles", "Turns that could not work.", (*tenant, "reason"), registry=one
        )
        self._changes = Counter("mbx_changes", "Changes tried.", (*tenant, "action", "status"), registry=one)
        self._requests = Counter("mbx_requests", "Requests to a service.", service, registry=one)
        self._retries = Counter("mbx_request_retries", "Requests sent again.", service, registry=one)
        self._throttled = Counter("mbx_throttled", "Answers that asked to wait.", service, registry=one)
        self._duration = Histogram(
            "mbx_cycle_seconds", "How long a turn took.", tenant, buckets=_SECONDS, registry=one
        )
        self._age = Gauge(
            "mbx_last_good_cycle_age_seconds", "Since the tenant was last seen.", tenant, registry=one
        )
        self._last = Gauge("mbx_last_good_cycle_timestamp_seconds", "When it was.", tenant, registry=one)
        self._documents = Gauge("mbx_documents", "Documents looked at.", tenant, registry=one)
        self._open = Gauge(
            "mbx_pending_changes", "Differences of the last plan.", (*tenant, "cause"), registry=one
        )
        self._held = Gauge("mbx_blocked_changes", "Changes that something holds back.", tenant, registry=one)
        self._unreadable = Gauge(
            "mbx_unreadable", "Documents that could not be read.", tenant, registry=one
        )
        self._findings = Gauge("mbx_findings", "Findings of the last plan.", code, registry=one)
        self._drift = Gauge(
            "mbx_mailbox_drift", "Differences by hand, by mailbox.", (*tenant, "mailbox"), registry=one
        )
        self._expiring = Gauge(
            "mbx_expiring", "Grants that a date ends.", (*tenant, "within"), registry=one
        )

    async def __call__(self, turn: Turn) -> None:
        self.note(turn)

    def note(self, turn: Turn) -> None:
        tenant = turn.tenant or "(none)"
        condition = turn.condition
        self._cycles.labels(tenant, condition.value if condition else "idle").inc()
        if turn.reason is not None:
            self._troubles.labels(tenant, turn.reason.value).inc()
        self._duration.labels(tenant).observe(turn.duration.total_seconds())
        for service, stats in turn.stats.items():
            self._requests.labels(tenant, service).inc(stats.requests)
            self._retries.labels(tenant, service).inc(stats.retries)
            self._throttled.labels(tenant, service).inc(stats.throttled)
        for outcome in turn.cycle.outcomes if turn.cycle else ():
            self._changes.labels(tenant, outcome.change.action.value, outcome.status.value).inc()
        if turn.looked:
            self._seen(tenant, turn)

    def _seen(self, tenant: str, turn: Turn) -> None:
        assert turn.prepared is not None
        plan = turn.prepared.plan
        self._names[turn.tenant_id] = tenant
        self._good[tenant] = turn.ended_at
        self._last.labels(tenant).set(turn.ended_at.timestamp())
        self._documents.labels(tenant).set(len(plan.documents))
        outcomes = turn.cycle.outcomes if turn.cycle else ()
        done = {outcome.change.id for outcome in outcomes if outcome.status is Status.APPLIED}
        left = [change for change in plan.changes if change.id not in done]
        for cause in Cause:
            self._open.labels(tenant, cause.value).set(sum(change.cause is cause for change in left))
        self._held.labels(tenant).set(sum(1 for change in plan.changes if change.blocked_by))
        self._unreadable.labels(tenant).set(len(plan.unreadable))
        self._drift.remove_by_labels({"tenant": tenant})
        self._findings.remove_by_labels({"tenant": tenant})
        drifted: dict[str, int] = {}
        for change in left:
            if change.cause is Cause.DRIFT:
                drifted[change.key.address] = drifted.get(change.key.address, 0) + 1
        for mailbox, count in sorted(drifted.items(), key=lambda item: (-item[1], item[0]))[:MOST]:
            self._drift.labels(tenant, mailbox).set(count)
        counted: dict[tuple[str, Severity], int] = {}
        for finding in plan.findings:
            counted[finding.code, finding.severity] = counted.get((finding.code, finding.severity), 0) + 1
        for (code, severity), count in counted.items():
            self._findings.labels(tenant, code, severity.value).set(count)
        for name, horizon in _HORIZONS.items():
            until = turn.ended_at + horizon
            ends = [one for one in plan.upcoming if one.action in _ENDING and one.at <= until]
            self._expiring.labels(tenant, name).set(len(ends))

    def forget(self, tenant_id: str) -> None:
        """The tenant is in the specs no more: what was counted stays, how it stood is told no longer."""
        tenant = self._names.pop(tenant_id, None)
        if tenant is None or tenant in self._names.values():
            return
        self._good.pop(tenant, None)
        for gauge in (
            self._age, self._last, self._documents, self._open, self._held, self._unreadable, self._findings,
            self._drift, self._expiring,
        ):  # fmt: skip
            gauge.remove_by_labels({"tenant": tenant})

    def exposition(self) -> tuple[bytes, str]:
        """What Prometheus reads, and its media type."""
        now = self._now()
        for tenant, at in list(self._good.items()):
            self._age.labels(tenant).set(max((now - at).total_seconds(), 0.0))
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
