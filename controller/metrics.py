"""What happened, as Prometheus counts it: a listener of the loop with a registry of its own.

Names and labels are a contract (`docs/reference/metrics.md`). What a label says comes from the specs or from
a list in this program, never from whoever sends a request; and whatever left the specs is told no more, so
that years of names leave no series behind. Single mailboxes are named only while they have drifted, and no
more than MOST of them: an estate of ten thousand must not make ten thousand time series.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from controller import __version__
from controller.model import Action, Cause, Condition, Plan, Status
from controller.spec import TenantSpecs
from controller.turn import Reason, Turn

MOST: Final = 200
NO_TENANT: Final = "(none)"  # no name in a spec can be that: turns that could not read any
_IDLE: Final = "idle"  # another process leads, or it was being stopped
_HORIZONS: Final = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_ENDING: Final = frozenset({Action.REVOKE, Action.REMOVE})
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for
_SECONDS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)


class Metrics:
    """A `Listener`. `now` is asked when somebody scrapes, for ages; `ends` tells when the certificate that
    signs in to a tenant ends, None where there is none or it cannot be read."""

    def __init__(
        self,
        now: Callable[[], datetime],
        ends: Callable[[TenantSpecs], datetime | None] = lambda specs: None,
    ) -> None:
        self._now = now
        self._ends = ends
        self._good: dict[str, datetime] = {}  # by label; a tenant not seen yet: since when it is followed
        self._names: dict[str, str] = {}  # by tenant id, the label
        self._registry = CollectorRegistry()
        self._all: list[Any] = []
        self._counters()
        self._gauges()
        ProcessCollector(registry=self._registry)
        told = "1, with the version that runs."
        build = Gauge("mbx_build_info", told, ("version",), registry=self._registry)
        build.labels(__version__).set(1)

    def _made(self, kind: Any, name: str, text: str, *labels: str, **more: Any) -> Any:
        made = kind(name, text, ("tenant", *labels), registry=self._registry, **more)
        self._all.append(made)
        return made

    def _counters(self) -> None:
        made = self._made
        self._cycles = made(Counter, "mbx_cycles", "Turns of the loop, by how they ended.", "condition")
        self._troubles = made(Counter, "mbx_cycle_troubles", "Turns that could not do their work.", "reason")
        self._changes = made(Counter, "mbx_changes", "Changes tried, by how they ended.", "action", "status")
        self._requests = made(Counter, "mbx_requests", "Requests to a service.", "service")
        self._retries = made(Counter, "mbx_request_retries", "Requests sent again.", "service")
        self._throttled = made(Counter, "mbx_throttled", "Answers that asked to wait.", "service")
        self._duration = made(Histogram, "mbx_cycle_seconds", "How long a turn took.", buckets=_SECONDS)

    def _gauges(self) -> None:
        told = "Since the tenant was last seen; not seen yet, since it is followed."
        self._age = self._made(Gauge, "mbx_last_good_cycle_age_seconds", told)
        told = "When the tenant was last seen, in seconds since 1970."
        self._last = self._made(Gauge, "mbx_last_good_cycle_timestamp_seconds", told)
        self._interval = self._made(Gauge, "mbx_interval_seconds", "How often the Tenant asks for a look.")
        told = "When the certificate that signs in ends, in seconds since 1970."
        self._certificate = self._made(Gauge, "mbx_certificate_ends_timestamp_seconds", told)
        self._leading = self._made(Gauge, "mbx_leading", "1 where this process leads the tenant, else 0.")
        self._documents = self._made(Gauge, "mbx_documents", "Documents looked at.")
        told = "Differences that the last turn left."
        self._open = self._made(Gauge, "mbx_pending_changes", told, "cause")
        told = "Of these, what a limit, a policy or the tenant holds back."
        self._held = self._made(Gauge, "mbx_blocked_changes", told)
        self._unreadable = self._made(Gauge, "mbx_unreadable", "Documents whose object could not be read.")
        told = "Findings of the last plan."
        self._findings = self._made(Gauge, "mbx_findings", told, "code", "severity")
        told = "What somebody changed by hand and still differs, by mailbox."
        self._drift = self._made(Gauge, "mbx_mailbox_drift", told, "mailbox")
        told = "Grants and memberships that a date ends within this time."
        self._expiring = self._made(Gauge, "mbx_expiring", told, "within")

    async def __call__(self, turn: Turn) -> None:
        self.note(turn)

    def note(self, turn: Turn) -> None:
        tenant = self._label(turn)
        condition = turn.condition
        self._cycles.labels(tenant, condition.value if condition else _IDLE).inc()
        if turn.reason is not None:
            self._troubles.labels(tenant, turn.reason.value).inc()
        self._duration.labels(tenant).observe(max(turn.duration.total_seconds(), 0.0))
        for service, stats in turn.stats.items():
            self._requests.labels(tenant, service).inc(stats.requests)
            self._retries.labels(tenant, service).inc(stats.retries)
            self._throttled.labels(tenant, service).inc(stats.throttled)
        for outcome in turn.cycle.outcomes if turn.cycle else ():
            self._changes.labels(tenant, outcome.change.action.value, outcome.status.value).inc()
        if turn.reason is Reason.NOT_LEADING:
            self._stand_by(tenant)
            return
        self._leading.labels(tenant).set(1)
        self._good.setdefault(tenant, turn.started_at)
        if turn.specs is not None:
            self._wished(tenant, turn.specs)
        if turn.looked:
            self._seen(tenant, turn)

    def _wished(self, tenant: str, specs: TenantSpecs) -> None:
        spec: Any = specs.tenant.spec
        self._interval.labels(tenant).set(spec.interval.total_seconds())
        ends = self._ends(specs)
        if ends is not None:
            self._certificate.labels(tenant).set(ends.timestamp())
        else:
            self._certificate.remove_by_labels({"tenant": tenant})

    def _label(self, turn: Turn) -> str:
        """The tenant's name. A tenant that was renamed leaves its former series behind, and a source that can
        be read again those of no tenant."""
        if not turn.tenant_id:
            return NO_TENANT
        before = self._names.get(turn.tenant_id)
        if before == turn.tenant:
            return before
        self.forget(turn.tenant_id)
        self._drop(NO_TENANT, self._all)
        self._names[turn.tenant_id] = turn.tenant
        self._begin(turn.tenant)
        return turn.tenant

    def _begin(self, tenant: str) -> None:
        """At nought: of a counter that begins with 1, Prometheus sees no increase."""
        for condition in (*(one.value for one in Condition), _IDLE):
            self._cycles.labels(tenant, condition)
        for reason in Reason:
            self._troubles.labels(tenant, reason.value)
        for action, status in product(Action, Status):
            self._changes.labels(tenant, action.value, status.value)

    def _stand_by(self, tenant: str) -> None:
        """How it stands is for the leader to tell."""
        self._drop(tenant, [one for one in self._all if isinstance(one, Gauge)])
        self._leading.labels(tenant).set(0)

    def _seen(self, tenant: str, turn: Turn) -> None:
        assert turn.prepared is not None
        plan = turn.prepared.plan
        self._good[tenant] = turn.ended_at
        self._last.labels(tenant).set(turn.ended_at.timestamp())
        self._documents.labels(tenant).set(len(plan.documents))
        outcomes = turn.cycle.outcomes if turn.cycle else ()
        done = {outcome.change.id for outcome in outcomes if outcome.status is Status.APPLIED}
        left = [change for change in plan.changes if change.id not in done]
        for cause in Cause:
            self._open.labels(tenant, cause.value).set(sum(change.cause is cause for change in left))
        self._held.labels(tenant).set(sum(1 for c in plan.changes if c.blocked_by and not c.only_told))
        self._unreadable.labels(tenant).set(len(plan.unreadable))
        drifted = Tally(change.key.address for change in left if change.cause is Cause.DRIFT)
        self._tell_most(self._drift, tenant, {(mailbox,): count for mailbox, count in drifted.items()})
        self._tell_most(self._findings, tenant, _by_code(plan))
        for name, horizon in _HORIZONS.items():
            until = turn.ended_at + horizon
            ends = [one for one in plan.upcoming if one.action in _ENDING and one.at <= until]
            self._expiring.labels(tenant, name).set(len(ends))

    def _tell_most(self, gauge: Gauge, tenant: str, counted: dict[tuple[str, ...], int]) -> None:
        """Instead of what it told before."""
        gauge.remove_by_labels({"tenant": tenant})
        for labels, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST]:
            gauge.labels(tenant, *labels).set(count)

    def forget(self, tenant_id: str) -> None:
        """The tenant is in the specs no more, and nothing of it is told any longer."""
        tenant = self._names.pop(tenant_id, None)
        if tenant is not None and tenant not in self._names.values():
            self._drop(tenant, self._all)

    def _drop(self, tenant: str, told: list[Any]) -> None:
        self._good.pop(tenant, None)
        for one in told:
            one.remove_by_labels({"tenant": tenant})

    def exposition(self) -> tuple[bytes, str]:
        """What Prometheus reads, and its media type."""
        now = self._now()
        for tenant, at in list(self._good.items()):
            self._age.labels(tenant).set(max((now - at).total_seconds(), 0.0))
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _by_code(plan: Plan) -> dict[tuple[str, ...], int]:
    return dict(Tally((finding.code, finding.severity.value) for finding in plan.findings))
