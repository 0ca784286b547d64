from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.sandbox import weathers
from controller.sandbox.clock import StandingClock
from controller.sandbox.forecast import FaultRule, Forecast, Latency, duration
from controller.sandbox.state import Call, FaultKind
from controller.sandbox.weather import MAILBOX_BUSY, TENANT_BUSY, FairWeather, ForecastWeather, open_request

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
READ = Call("graph", "GET /users/{id}", "a@x.example")
WRITE = Call("exchange", "Set-Mailbox", "a@x.example", write=True)
RULES = "GET /users/{id}/mailFolders/inbox/messageRules"


def weather(*faults: FaultRule, **given: object) -> ForecastWeather:
    return ForecastWeather(Forecast.model_validate({"faults": faults, **given}), StandingClock(START))


def kinds(sky: ForecastWeather, call: Call, count: int) -> list[FaultKind]:
    return [sky.fault(call).kind for _ in range(count)]


def test_a_rate_is_kept_roughly_and_repeats_with_the_seed() -> None:
    rule = FaultRule(kind=FaultKind.THROTTLED, rate=0.25)
    first = kinds(weather(rule, seed=7), READ, 2000)
    assert first == kinds(weather(rule, seed=7), READ, 2000)
    assert first != kinds(weather(rule, seed=8), READ, 2000)
    assert 400 < first.count(FaultKind.THROTTLED) < 600


@given(st.permutations([READ, WRITE, READ, WRITE, READ, WRITE, WRITE, READ]))
def test_who_is_struck_does_not_depend_on_who_else_calls(order: list[Call]) -> None:
    def struck(calls: list[Call]) -> dict[str, list[FaultKind]]:
        sky = weather(FaultRule(kind=FaultKind.UNAVAILABLE, rate=0.5), seed=3)
        found: dict[str, list[FaultKind]] = {}
        for call in calls:
            found.setdefault(call.api, []).append(sky.fault(call).kind)
        return found

    assert struck(order) == struck(sorted(order, key=lambda call: call.api))


@pytest.mark.parametrize(
    ("given", "hit"),
    [
        ({"api": "exchange"}, [False, True]),
        ({"on": "read"}, [True, False]),
        ({"on": "write"}, [False, True]),
        ({"operations": ["set-*"]}, [False, True]),
        ({"targets": ["A@*"]}, [True, True]),
        ({"targets": ["b@*"]}, [False, False]),
        ({"inner": True}, [False, False]),
        ({"from": "+5m"}, [False, False]),
        ({"until": "2026-12-01T08:00:00Z"}, [False, False]),
        ({"from": "2026-12-01T10:00:00+01:00", "until": "+1s"}, [True, True]),
    ],
)
def test_a_rule_strikes_what_it_names(given: dict[str, object], hit: list[bool]) -> None:
    sky = weather(FaultRule.model_validate({"kind": "denied", **given}))
    assert [sky.fault(call).kind is FaultKind.DENIED for call in (READ, WRITE)] == hit


def test_a_window_opens_and_closes_with_the_tenants_clock() -> None:
    clock = StandingClock(START)
    rule = FaultRule.model_validate({"kind": "unavailable", "from": "+1m", "until": "+2m"})
    sky = ForecastWeather(Forecast(faults=(rule,)), clock)
    seen = []
    for _ in range(3):
        seen.append(sky.fault(READ).kind)
        clock.advance(timedelta(minutes=1))
    assert seen == [FaultKind.NONE, FaultKind.UNAVAILABLE, FaultKind.NONE]


def test_after_and_times_aim_at_single_calls() -> None:
    sky = weather(FaultRule(kind=FaultKind.LOST_AFTER, on="write", after=2, times=1))
    assert kinds(sky, READ, 3) == [FaultKind.NONE] * 3
    assert kinds(sky, WRITE, 5).index(FaultKind.LOST_AFTER) == 2
    assert kinds(sky, WRITE, 5) == [FaultKind.NONE] * 5


def test_what_is_denied_is_denied_every_time() -> None:
    sky = weather(denied={"operations": ["Set-Mailbox"], "targets": ["b@x.example"]})
    assert kinds(sky, WRITE, 3) == [FaultKind.DENIED] * 3
    assert sky.fault(Call("graph", "GET /users/{id}", "B@x.example")).kind is FaultKind.DENIED
    assert sky.fault(READ).kind is FaultKind.NONE


def test_a_retry_after_may_be_decimal_or_missing() -> None:
    sky = weather(FaultRule(kind=FaultKind.THROTTLED), retryAfter=[2.128, None])
    assert {sky.fault(READ).retry_after for _ in range(50)} == {2.128, None}
    fixed = weather(FaultRule(kind=FaultKind.THROTTLED, retry_after=9))
    assert fixed.fault(READ).retry_after == 9


def test_the_fifth_request_at_once_on_one_mailbox_is_refused_until_one_ends() -> None:
    sky, call = weather(), Call("graph", RULES, "a@x.example")
    held = [open_request() for _ in range(4)]
    for each in held:
        each.__enter__()
        assert sky.fault(call).kind is FaultKind.NONE
    with open_request():
        fault = sky.fault(call)
        assert (fault.kind, fault.text) == (FaultKind.THROTTLED, MAILBOX_BUSY)
        assert sky.fault(Call("graph", RULES, "b@x.example")).kind is FaultKind.NONE
        assert sky.fault(READ).kind is FaultKind.NONE  # users are not Outlook's
    held.pop().__exit__(None, None, None)
    with open_request():
        assert sky.fault(call).kind is FaultKind.NONE
    for each in reversed(held):
        each.__exit__(None, None, None)


def test_a_batch_runs_four_at_a_time_and_two_batches_collide() -> None:
    sky, call = weather(), Call("graph", RULES, "a@x.example", inner=True)
    with open_request():
        assert kinds(sky, call, 20) == [FaultKind.NONE] * 20
        with open_request():
            assert sky.fault(call).kind is FaultKind.THROTTLED


def test_chains_take_one_slot_each() -> None:
    sky, call = weather(), Call("graph", RULES, "a@x.example", inner=True, serial=True)
    with open_request():
        assert kinds(sky, call, 20) == [FaultKind.NONE] * 20
        with open_request():
            assert sky.fault(call).kind is FaultKind.NONE


def test_exchange_limits_a_tenants_requests() -> None:
    sky = weather(tenantConcurrency=1)
    with open_request():
        assert sky.fault(WRITE).kind is FaultKind.NONE
        with open_request():
            fault = sky.fault(Call("exchange", "Get-Mailbox"))
            assert (fault.kind, fault.text) == (FaultKind.THROTTLED, TENANT_BUSY)


def test_lags_are_looked_up_by_service_first() -> None:
    sky = weather(propagation={"object": "20s", "graph/object": "2m"})
    assert sky.lag("exchange", "object") == timedelta(seconds=20)
    assert sky.lag("graph", "object") == timedelta(minutes=2)
    assert sky.lag("graph", "member") == timedelta()


def test_latency_stays_within_its_jitter() -> None:
    sky = ForecastWeather(Forecast(latency=Latency(seconds=1, jitter=0.5)), StandingClock(START))
    drawn = set()
    for _ in range(50):
        sky.fault(READ)
        drawn.add(sky.latency(READ))
    assert all(0.5 <= each <= 1.5 for each in drawn)
    assert len(drawn) > 10
    assert FairWeather().latency(READ) == 0


@pytest.mark.parametrize("name", weathers.NAMED)
def test_every_named_weather_survives_being_written_down(name: str) -> None:
    sky = weathers.make(name, StandingClock(START))
    choice = weathers.choice_of(sky)
    if isinstance(choice, Forecast):
        written = choice.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        assert Forecast.model_validate(written) == choice
    else:
        assert choice == "fair"


@pytest.mark.parametrize(
    "wrong",
    [
        {"faults": [{"kind": "thunder"}]},
        {"faults": [{"kind": "denied", "rate": 2}]},
        {"faults": [{"kind": "denied", "from": "tomorrow"}]},
        {"propagation": {"object": "soon"}},
        {"propagation": {"mood": "1s"}},
        {"retryAfter": []},
        {"lightning": 1},
    ],
)
def test_a_wrong_forecast_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Forecast.model_validate(wrong)


@pytest.mark.parametrize(
    ("spelt", "seconds"), [("90", 90), (90, 90), ("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172800)]
)
def test_durations(spelt: object, seconds: int) -> None:
    assert duration(spelt) == timedelta(seconds=seconds)
