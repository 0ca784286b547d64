"""One replica leads a tenant, and one that was killed, cut off or frozen writes nothing more."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from controller.errors import LeadLostError, StateError
from controller.journal import Journal
from controller.journal.lease import HeldLead, Leases
from controller.journal.opening import open_engine
from controller.model import Mode

from .conftest import NOON, TENANT, Server, make_change

OTHER_TENANT = "7f1b2c3d-0000-4000-8000-000000000002"
LONG = timedelta(hours=1)  # longer than any test: nothing here happens because time went by

LEADER = """
import asyncio, sys
from datetime import timedelta
from tests.unit.journal.conftest import NOON, TENANT, make_change
from controller.errors import LeadLostError
from controller.journal import Journal
from controller.model import Mode

def say(word):
    print(word, flush=True)
    sys.stdin.readline()

journal = Journal.open(sys.argv[1])
leases = journal.leadership("leader", timedelta(hours=1))
sys.stdin.readline()
lead = leases.take(TENANT)
say("leading" if lead else "not leading")
run = journal.start_run(TENANT, at=NOON, commit="c1", specs_digest="sha256:00", mode=Mode.APPLY)
"""

WRITER = (
    LEADER
    + """
for n in range(1000):
    if not lead.held():
        say("lost before the intent")
    try:
        journal.intend(run, make_change((f"f{n}",)), at=NOON)
    except LeadLostError:
        say("refused")
    if not lead.held():
        say("lost before the request")
    say(f"write {n}")
"""
)

IN_TRANSACTION = (
    LEADER
    + """
with journal._writing() as connection:
    connection.exec_driver_sql("SELECT 1 FROM leads FOR SHARE")
    say("in a transaction")
"""
)


class Replica:
    """Another process, that goes one step for each word it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def goes_on(self) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def replica(postgres_url: str, start: Callable[..., subprocess.Popen[str]]) -> Callable[[str], Replica]:
    def begin(code: str) -> Replica:
        return Replica(start(code, postgres_url))

    return begin


@contextmanager
def leases(url: str, lease: timedelta = LONG, clock: Callable[[], float] | None = None) -> Iterator[Leases]:
    Journal.open(url).close()
    engine = open_engine(url)
    found = Leases(engine, "here", lease, **({"clock": clock} if clock else {}))
    yield found
    found.close()
    engine.dispose()


def asked(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def let_the_lease_run_out(url: str) -> None:
    asked(url, "UPDATE leads SET expires_at = clock_timestamp()")


def end_sessions(url: str) -> None:
    """As a broken line or an administrator does: the server ends whoever holds an advisory lock."""
    asked(url, "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")


def taken(found: Leases, tenant_id: str = TENANT) -> HeldLead:
    """The lead, as soon as the server has noticed that nobody has it."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if lead := found.take(tenant_id):
            return lead
        threading.Event().wait(0.05)
    raise AssertionError("nobody gave up the lead")


def test_one_leads_and_the_others_do_not(postgres_url: str) -> None:
    with leases(postgres_url) as one, leases(postgres_url) as other:
        lead = one.take(TENANT)
        assert lead is not None
        assert lead.held()
        assert other.take(TENANT) is None
        assert other.take(OTHER_TENANT) is not None
        assert one.take(OTHER_TENANT) is None
        assert one.take(TENANT) is lead


def test_who_ends_in_order_is_followed_at_once(postgres_url: str) -> None:
    with leases(postgres_url) as other:
        with leases(postgres_url) as one:
            assert one.take(TENANT) is not None
            assert other.take(TENANT) is None
        lead = taken(other)
        assert lead.token == 2


def test_of_many_that_start_together_one_leads(replica: Callable[[str], Replica]) -> None:
    several = [replica(LEADER) for _ in range(4)]
    for one in several:
        assert one.process.stdin is not None
        one.process.stdin.write("go\n")
        one.process.stdin.flush()
    said = [one.process.stdout.readline().strip() for one in several if one.process.stdout]
    assert sorted(said) == ["leading"] + ["not leading"] * 3


def test_a_killed_leader_is_followed_without_waiting_for_its_lease(
    postgres_url: str, replica: Callable[[str], Replica]
) -> None:
    one = replica(WRITER)
    assert one.goes_on() == "leading"
    with leases(postgres_url) as other:
        assert other.take(TENANT) is None
        one.process.kill()
        assert taken(other).token == 2


def test_a_frozen_leader_is_followed_when_its_lease_is_over_and_writes_nothing_more(
    postgres_url: str, replica: Callable[[str], Replica]
) -> None:
    one = replica(WRITER)
    assert [one.goes_on() for _ in range(3)] == ["leading", "write 0", "write 1"]
    one.process.send_signal(signal.SIGSTOP)
    with leases(postgres_url) as other:
        assert other.take(TENANT) is None, "its lease is not over"
        let_the_lease_run_out(postgres_url)
        lead = other.take(TENANT)
        assert lead is not None
        one.process.send_signal(signal.SIGCONT)
        said = [one.goes_on() for _ in range(3)]
        assert said == ["lost before the intent", "refused", "lost before the request"]
        assert lead.held()
    assert asked(postgres_url, "SELECT count(*) FROM intents") == [(2,)]


def test_a_leader_frozen_in_a_transaction_stops_nobody(
    postgres_url: str, replica: Callable[[str], Replica]
) -> None:
    one = replica(IN_TRANSACTION)
    assert one.goes_on() == "leading"
    let_the_lease_run_out(postgres_url)
    assert one.goes_on() == "in a transaction"
    one.process.send_signal(signal.SIGSTOP)
    with leases(postgres_url) as other:
        assert other.take(TENANT) is not None
    one.process.send_signal(signal.SIGCONT)


def test_a_lost_session_is_a_lost_lead(postgres_url: str) -> None:
    with Journal.open(postgres_url) as journal:
        found = journal.leadership("here", LONG)
        assert isinstance(found, Leases)
        lead = found.take(TENANT)
        assert lead is not None
        run_id = journal.start_run(TENANT, at=NOON, commit=None, specs_digest="sha256:00", mode=Mode.APPLY)
        journal.intend(run_id, make_change(), at=NOON)
        end_sessions(postgres_url)
        assert not lead.held()
        with pytest.raises(LeadLostError, match="another replica goes on"):
            journal.intend(run_id, make_change(("other",)), at=NOON)
        again = found.take(TENANT)
        assert again is not None
        assert (lead.held(), again.held()) == (False, True)
        with pytest.raises(LeadLostError):  # what was planned under the lost lead stays undone
            journal.intend(run_id, make_change(("other",)), at=NOON)


def test_an_intent_is_refused_by_the_database_itself(postgres_url: str) -> None:
    """Though this process cannot know yet: it asks in the transaction that writes the intent."""
    with Journal.open(postgres_url) as journal:
        found = journal.leadership("here", LONG)
        assert isinstance(found, Leases)
        lead = found.take(TENANT)
        run_id = journal.start_run(TENANT, at=NOON, commit=None, specs_digest="sha256:00", mode=Mode.APPLY)
        asked(postgres_url, "UPDATE leads SET token = token + 1")
        assert lead is not None
        assert lead.held()
        with pytest.raises(LeadLostError):
            journal.intend(run_id, make_change(), at=NOON)
        assert journal.pending(TENANT) == ()


def test_a_restart_of_the_server_ends_every_lead(postgres_url: str, postgres_server: Server) -> None:
    with leases(postgres_url) as one, leases(postgres_url) as other:
        first, second = one.take(TENANT), other.take(OTHER_TENANT)
        assert first is not None
        assert second is not None
        postgres_server.stop()
        postgres_server.start()
        assert (first.held(), second.held()) == (False, False)
        again = other.take(TENANT)
        assert again is not None
        assert again.token == 2
        assert one.take(TENANT) is None


def test_a_lease_counts_less_for_its_holder_than_for_the_others(postgres_url: str) -> None:
    now = 100.0
    with leases(postgres_url, timedelta(seconds=1000), clock=lambda: now) as one:
        lead = one.take(TENANT)
        assert lead is not None
        now = 899.0
        assert lead.held()
        now = 901.0
        assert not lead.held()
        now = 100.0
        assert not lead.held(), "lost is lost"
        again = one.take(TENANT)
        assert again is not None
        assert again.token == 2


def test_renewing_prolongs_what_is_held_and_tells_what_is_not(postgres_url: str) -> None:
    now = 0.0
    with leases(postgres_url, timedelta(seconds=1000), clock=lambda: now) as one:
        mine, lost = one.take(TENANT), one.take(OTHER_TENANT)
        assert mine is not None
        assert lost is not None
        asked(postgres_url, f"UPDATE leads SET token = 7 WHERE tenant_id = '{OTHER_TENANT}'")
        ends = "SELECT max(expires_at) FROM leads WHERE token = 1"
        before = asked(postgres_url, ends)
        now = 700.0
        one.renew()
        assert asked(postgres_url, ends) > before
        now = 1400.0
        assert (mine.held(), lost.held()) == (True, False)


def test_a_database_that_is_gone_is_told_and_leads_nobody(postgres_url: str, postgres_server: Server) -> None:
    with leases(postgres_url) as one:
        lead = one.take(TENANT)
        assert lead is not None
        postgres_server.stop()
        try:
            one.renew()
            assert not lead.held()
            with pytest.raises(StateError, match="check that the database is up"):
                one.take(TENANT)
        finally:
            postgres_server.start()
        again = one.take(TENANT)
        assert again is not None
        assert again.held()


def test_people_can_see_who_leads(postgres_url: str) -> None:
    with Journal.open(postgres_url) as journal:
        found = journal.leadership("host-7", LONG)
        assert isinstance(found, Leases)
        assert journal.leaders() == []
        found.take(TENANT)
        (leader,) = journal.leaders()
        assert (leader.tenant_id, leader.name) == (TENANT, "host-7")
        assert timedelta() <= leader.expires_at - leader.since - LONG < timedelta(minutes=1)


async def lead_of(journal: Journal) -> bool:
    async with journal.leadership("here", LONG).lead(TENANT) as lead:
        return lead is not None and lead.held()


def test_a_turn_has_the_lead_or_has_not(postgres_url: str) -> None:
    with Journal.open(postgres_url) as one, Journal.open(postgres_url) as other:
        assert asyncio.run(lead_of(one))
        assert not asyncio.run(lead_of(other))


def test_on_sqlite_there_are_no_leases_to_list() -> None:
    with Journal.open("sqlite://") as journal:
        assert asyncio.run(lead_of(journal))
        assert journal.leaders() == []
