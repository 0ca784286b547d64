"""Being told, over days of a tenant: each thing once, or once more with the same id after a kill; never in a storm."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from controller.clients.hooks import open_hooks
from controller.journal import Errand
from controller.model import Cycle, Mode
from controller.notify import Notifier, open_notifier
from controller.notify.webhook import signature
from controller.reconciler import carry_out, may_start, prepare
from controller.sandbox.forecast import FaultRule, Forecast
from controller.sandbox.state import FaultKind
from controller.sandbox.weather import ForecastWeather
from controller.settings import Settings, load_settings
from controller.turn import Reason, Turn
from tests.rig import Rig

SHA = "a" * 40
TENANT = """\
kind: Tenant
name: entreprise
tenantId: 7f1b2c3d-0000-4000-8000-000000000001
timeZone: Europe/Paris
mode: apply
notify:
  - webhook: {urlFrom: MBX_HOOK_URL, secretFrom: MBX_HOOK_SECRET}
  - slack: {webhookUrlFrom: MBX_SLACK_WEBHOOK}
    on: [refused, stalled]
"""
BOX = """\
kind: SharedMailbox
address: contact@entreprise.example
access:
  alice@entreprise.example: [full-access]
  bruno@entreprise.example: [full-access]
"""
HOOK, SLACK = "https://hook.example/mbx?key=s3cret-key", "https://slack.example/T0/s3cret-slack"
INTRUDER = {
    "Identity": "contact@entreprise.example",
    "User": "intrus@entreprise.example",
    "AccessRights": ["FullAccess"],
}


class People:
    """Whoever is told. `answers` are given in turn, then 200; `heard` keeps what arrived, by host."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.heard: dict[str, list[dict[str, Any]]] = {"hook.example": [], "slack.example": []}
        self.requests: list[httpx.Request] = []
        self.answers: list[int | Exception] = []
        self.number = 0
        self.settings: Settings = load_settings(
            {"MBX_HOOK_URL": HOOK, "MBX_HOOK_SECRET": "signing-secret", "MBX_SLACK_WEBHOOK": SLACK},
            env_file=None,
        )

    def respond(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        self.requests.append(request)
        if answer == 200:
            self.heard[request.url.host].append(json.loads(request.content))
        return httpx.Response(answer, text="ok")

    async def within(self, work: Callable[[Notifier], Any]) -> Any:
        """A process's life: what it does with a notifier of its own."""
        transport = httpx.MockTransport(self.respond)
        async with open_hooks(self.settings, transport=transport) as hooks, open_notifier(
            lambda: self.rig.journal, self.settings, now=self.rig.clock.now, sleep=self.rig.sleep,
            hooks=hooks, repository="https://github.com/entreprise/mail.git",
        ) as notifier:  # fmt: skip
            return await work(notifier)

    async def turn(self, mode: Mode = Mode.APPLY, **more: Any) -> Turn:
        """One turn of the loop, noted and delivered."""
        turn = await self.looked(mode, **more)

        async def work(notifier: Notifier) -> None:
            await notifier(turn)
            await notifier.deliver()

        await self.within(work)
        self.rig.clock.advance(timedelta(minutes=15))
        return turn

    async def looked(self, mode: Mode = Mode.APPLY, **more: Any) -> Turn:
        self.number += 1
        rig, now = self.rig, self.rig.clock.now()
        turn = Turn(f"t{self.number}", "entreprise", rig.sandbox.world.tenant_id, now, now, mode, specs=rig.specs(),
                    commit=SHA)  # fmt: skip
        if "reason" in more:
            return Turn(f"t{self.number}", "entreprise", turn.tenant_id, now, now, mode, **more)
        setting = rig.setting()
        with rig.journal.lock(setting.tenant_id):
            async with rig.connection() as connection:
                prepared = await prepare(setting, connection.reader())
                cycle = Cycle(prepared.plan)
                if mode is Mode.APPLY and may_start(prepared.plan):
                    cycle = await carry_out(setting, connection, prepared)
        return Turn(turn.id, turn.tenant, turn.tenant_id, now, rig.clock.now(), mode, specs=turn.specs, commit=SHA,
                    prepared=prepared, cycle=cycle)  # fmt: skip

    async def deliver(self) -> int:
        sent: int = await self.within(lambda notifier: notifier.deliver())
        return sent

    def news(self, host: str = "hook.example") -> list[dict[str, Any]]:
        return [one for message in self.heard[host] for one in message["news"]]

    def kinds(self) -> list[str]:
        return [one["kind"] for one in self.news() if one["kind"] != "licence"]


@pytest.fixture
def people(rig: Callable[..., Rig]) -> People:
    tenant = rig()
    tenant.write("tenant.yaml", TENANT)
    tenant.write("box.yaml", BOX)
    return People(tenant)


def test_drift_is_told_once_with_all_that_people_need(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        for _ in range(5):
            await people.turn(Mode.REPORT)

    go(story())
    (drift,) = [one for one in people.news() if one["kind"] == "drift"]
    assert "intrus@entreprise.example was given full-access" in drift["what"]
    assert drift["resource"] == "SharedMailbox/contact@entreprise.example"
    assert drift["place"] == "box.yaml:3"
    assert drift["url"] == f"https://github.com/entreprise/mail/blob/{SHA}/box.yaml#L3"


def test_drift_that_is_healed_is_told_as_both_and_then_no_more(
    people: People, go: Callable[..., Any]
) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        for _ in range(5):
            await people.turn()

    go(story())
    assert people.kinds() == ["drift", "healed"]
    assert "put back" in people.news()[-1]["what"]


def test_a_message_is_signed_and_names_no_secret(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        await people.turn()

    go(story())
    request = next(r for r in people.requests if r.url.host == "hook.example")
    assert request.headers["x-mbx-signature-256"] == signature(request.content, "signing-secret")
    assert request.headers["x-mbx-delivery"] == json.loads(request.content)["id"]
    rows = people.rig.journal.outbox.recent(people.rig.sandbox.world.tenant_id)
    assert "s3cret" not in str(rows)
    assert "signing-secret" not in str(rows)


def test_each_way_is_told_of_what_it_asked_for(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        await people.turn(Mode.REPORT)
        assert people.heard["slack.example"] == []
        people.rig.write("box.yaml", BOX.split("access:", maxsplit=1)[0] + "access: {}\n")
        await people.turn(Mode.REPORT)

    go(story())
    (message,) = people.heard["slack.example"]
    assert "refused" in message["text"]
    refused = [one for one in people.news() if one["kind"] == "refused"]
    assert refused
    assert all("Approval of" in one["advice"] for one in refused)


def test_a_hook_that_is_down_for_hours_gets_one_message(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.heard["hook.example"].clear()
        people.answers = [503] * 1000
        for _ in range(3):  # a fourth time would be held, as somebody means it
            people.rig.poke("Add-MailboxPermission", **INTRUDER)
            await people.turn()
        people.answers = []
        people.rig.clock.advance(timedelta(hours=1))
        await people.deliver()

    go(story())
    (message,) = people.heard["hook.example"]
    assert [one["kind"] for one in message["news"]] == ["drift", "healed"] * 3
    assert len({one["id"] for one in message["news"]}) == 6


def test_a_hook_that_never_answers_is_given_up_after_a_day_with_a_reason(
    people: People, go: Callable[..., Any]
) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        people.answers = [httpx.ConnectError("refused")] * 10_000
        await people.turn()
        for _ in range(60):
            people.rig.clock.advance(timedelta(minutes=31))
            await people.deliver()

    go(story())
    tenant_id = people.rig.sandbox.world.tenant_id
    given_up = people.rig.journal.outbox.recent(tenant_id, state=Errand.GIVEN_UP)
    assert given_up
    assert all("no answer" in (message.reason or "") for message in given_up)
    assert "s3cret" not in str([message.reason for message in given_up])
    assert people.rig.journal.outbox.recent(tenant_id, state=Errand.WAITING) == []


def test_a_missing_variable_is_a_reason_and_the_message_waits(people: People, go: Callable[..., Any]) -> None:
    whole = people.settings

    async def story() -> None:
        people.settings = load_settings({"MBX_SLACK_WEBHOOK": SLACK}, env_file=None)
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        await people.turn()
        assert people.heard["hook.example"] == []
        waiting = people.rig.journal.outbox.recent(people.rig.sandbox.world.tenant_id, state=Errand.WAITING)
        assert "MBX_HOOK_URL is not set" in str([message.reason for message in waiting])
        people.settings = whole
        people.rig.clock.advance(timedelta(hours=1))
        await people.deliver()

    go(story())
    assert "drift" in people.kinds()


def test_what_waits_for_a_way_that_is_no_longer_named_is_given_up(
    people: People, go: Callable[..., Any]
) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        people.answers = [503] * 100
        await people.turn()
        people.rig.write("tenant.yaml", TENANT.partition("notify:")[0])
        people.rig.clock.advance(timedelta(hours=1))
        await people.turn()

    go(story())
    rows = people.rig.journal.outbox.recent(people.rig.sandbox.world.tenant_id)
    assert {row.state for row in rows} <= {Errand.SENT, Errand.GIVEN_UP}
    assert "no longer in the Tenant's notify" in str([row.reason for row in rows])


class KilledError(BaseException):
    """The process dies here."""


def test_killed_before_it_sends_a_message_goes_once(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        turn = await people.looked()
        await people.within(lambda notifier: notifier(turn))  # noted, and dead before it sends
        people.rig.clock.advance(timedelta(minutes=1))
        assert await people.deliver() == 1
        assert await people.deliver() == 0

    go(story())
    assert people.kinds() == ["drift", "healed"]


def test_killed_after_it_sent_a_message_goes_once_more_under_the_same_id(
    people: People, go: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        turn = await people.looked()
        await people.within(lambda notifier: notifier(turn))
        with monkeypatch.context() as patched:

            def die(*_: Any, **__: Any) -> None:
                raise KilledError

            patched.setattr(people.rig.journal.outbox, "sent", die)
            with pytest.raises(KilledError):
                await people.deliver()
        assert await people.deliver() == 0  # the claim of the dead one still stands
        people.rig.clock.advance(timedelta(minutes=6))
        assert await people.deliver() == 1
        people.rig.clock.advance(timedelta(hours=1))
        assert await people.deliver() == 0

    go(story())
    first, again = people.heard["hook.example"]
    assert first == again


def test_killed_while_healing_drift_is_told_all_the_same(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        seen = await people.looked(Mode.REPORT)
        await people.within(lambda notifier: notifier.foresee(seen))
        await people.looked()  # healed, and dead before that was noted
        for _ in range(3):
            await people.turn()

    go(story())
    assert people.kinds() == ["drift", "healed"]
    assert "no longer differs" in people.news()[-1]["what"]


def test_drift_that_was_foreseen_is_told_once(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        seen = await people.looked(Mode.REPORT)
        await people.within(lambda notifier: notifier.foresee(seen))
        for _ in range(3):
            await people.turn()

    go(story())
    assert people.kinds() == ["drift", "healed"]


def test_a_killed_turn_that_was_not_noted_is_told_by_the_next(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        await people.looked(Mode.REPORT)  # seen, and dead before it was noted
        await people.turn(Mode.REPORT)

    go(story())
    assert people.kinds() == ["drift"]


def test_specs_that_cannot_be_read_after_a_restart_are_told_to_those_of_before(
    people: People, go: Callable[..., Any]
) -> None:
    async def story() -> None:
        await people.turn()
        for _ in range(10):
            await people.turn(reason=Reason.BAD_SPECS, error="specs/box.yaml:3:1: unknown field 'acess'")
        for _ in range(5):
            await people.turn()

    go(story())
    assert people.kinds() == ["stalled", "healed"]
    assert "unknown field 'acess'" in people.news()[0]["what"]


def test_another_replica_that_leads_is_no_news(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        for reason in (Reason.NOT_LEADING, Reason.STOPPED):
            await people.turn(reason=reason)

    go(story())
    assert people.kinds() == []


def test_access_that_ends_within_a_week_is_told_once(people: People, go: Callable[..., Any]) -> None:
    ends = (people.rig.clock.now() + timedelta(days=20)).date()
    people.rig.write(
        "box.yaml", BOX + f"  chloe@entreprise.example: {{rights: [full-access, send-as], until: {ends}}}\n"
    )

    async def story() -> None:
        for _ in range(25):
            await people.turn()
            people.rig.clock.advance(timedelta(days=1))

    go(story())
    expiring = [one for one in people.news() if one["kind"] == "expiring"]
    assert len(expiring) == 1
    assert "chloe@entreprise.example" in expiring[0]["what"]
    assert expiring[0]["url"].endswith("box.yaml#L6")
    assert people.rig.full_access("contact@entreprise.example") >= {"alice@entreprise.example"}
    assert "chloe@entreprise.example" not in people.rig.full_access("contact@entreprise.example")


def test_a_mailbox_that_can_be_read_every_other_turn_is_told_once(
    people: People, go: Callable[..., Any]
) -> None:
    async def story() -> None:
        await people.turn()
        fair = people.rig.sandbox.weather
        denied = FaultRule(
            kind=FaultKind.DENIED, operations=("Get-MailboxPermission",), targets=("contact*",)
        )
        for turn in range(24):
            foul = ForecastWeather(Forecast(faults=(denied,)), people.rig.clock)
            people.rig.sandbox.weather = foul if turn % 2 == 0 else fair
            await people.turn(Mode.REPORT)

    go(story())
    assert people.kinds() == ["failure"]


def test_a_thousand_things_at_once_are_one_message(people: People, go: Callable[..., Any]) -> None:
    async def story() -> None:
        await people.turn()
        people.heard["hook.example"].clear()
        for name in ("chloe", "alice", "bruno"):
            people.rig.poke("Add-RecipientPermission", Identity="contact@entreprise.example",
                            Trustee=f"{name}@entreprise.example", AccessRights=["SendAs"])  # fmt: skip
        people.rig.poke("Add-MailboxPermission", **INTRUDER)
        await people.turn(Mode.REPORT)

    go(story())
    (message,) = people.heard["hook.example"]
    assert Counter(one["kind"] for one in message["news"])["drift"] == 4
    assert "4 drifted" in message["headline"]
