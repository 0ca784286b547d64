"""Journals of earlier releases, and of later ones.

`release_0_1` holds a journal as release 0.1 wrote it, with something of everything, dumped by each database.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from controller.errors import StateError
from controller.journal import Applied, Journal
from controller.journal import migrations as revisions
from controller.journal.schema import metadata
from controller.model import Condition, Status

from .conftest import HOUR, NOON, SUPPORT, TENANT, make_change

OLD = Path(__file__).with_name("release_0_1")
ALICE = {"who": "alice@entreprise.example", "right": "full-access"}


@contextmanager
def raw(url: str) -> Iterator[sa.Connection]:
    """The database itself, past the journal."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def old_url(url: str) -> str:
    """A journal of release 0.1."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir()
    with raw(url) as connection:
        name = connection.dialect.name
        script = (OLD / f"{name}.sql").read_text("utf-8")
        if name == "sqlite":
            connection.connection.driver_connection.executescript(script)  # type: ignore[union-attr]
        else:
            connection.exec_driver_sql(script)
    return url


def test_the_newest_revision_is_the_one_that_opening_looks_for() -> None:
    folder = str(Path(str(revisions.__file__)).parent)
    assert ScriptDirectory(folder).get_heads() == [revisions.HEAD]


def differences(url: str) -> list[object]:
    """What Alembic would still have to do, to make of this database what the tables in the code are."""
    with raw(url) as connection:
        options = {"version_table": revisions.REVISION_TABLE, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_a_new_journal_has_the_tables_of_this_release(url: str) -> None:
    Journal.open(url).close()
    assert differences(url) == []


def test_an_old_journal_gets_the_tables_of_this_release(old_url: str) -> None:
    assert differences(old_url) != []
    Journal.open(old_url).close()
    assert differences(old_url) == []


def test_nothing_of_an_old_journal_is_lost(old_url: str) -> None:
    with Journal.open(old_url) as journal:
        rows = {row.path[0]: row for row in journal.history(TENANT)}
        assert {path: row.status for path, row in rows.items()} == {
            "displayName": Status.APPLIED,
            "mailTip": Status.FAILED,
            "language": None,
        }
        assert (rows["displayName"].before, rows["displayName"].after) == ("Aide", "Büro")
        assert rows["mailTip"].error == "denied"
        assert [found.path for found in journal.pending(TENANT)] == [("language",)]
        assert [run.condition for run in journal.runs(TENANT)] == [Condition.DEGRADED]
        assert journal.last_applied(TENANT) == {(SUPPORT, ("displayName",)): Applied("Büro", NOON, "c1")}
        assert journal.managed(TENANT)[SUPPORT].object_id == "o-1"
        assert journal.auto_mapping(TENANT, SUPPORT) == {"t-1": None}
        lists = [journal.access_at(TENANT, SUPPORT.address, at) for at in (NOON, NOON + HOUR)]
        assert [found and found.rows for found in lists] == [(ALICE,), ()]


def test_an_old_journal_is_written_on(old_url: str) -> None:
    with Journal.open(old_url) as journal:
        run_id = journal.runs(TENANT)[0].run_id
        intent_id = journal.intend(run_id, make_change(("hidden",)), at=NOON + 2 * HOUR)
        journal.conclude(intent_id, Status.APPLIED, at=NOON + 2 * HOUR)
        assert journal.history(TENANT)[0].path == ("hidden",)
        assert journal.outbox.enqueue(TENANT, "ops", "drift/1", {"text": "…"}, at=NOON)


def test_two_that_find_an_old_journal_at_once_both_get_it(
    old_url: str, start: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "import sys; from controller.journal import Journal; sys.stdin.readline();"
        "print(len(Journal.open(sys.argv[1]).history(sys.argv[2])))"
    )
    processes = [start(code, old_url, TENANT) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["3\n"] * 3


def test_release_0_1_is_kept_out_of_what_it_does_not_know(old_url: str) -> None:
    Journal.open(old_url).close()
    with raw(old_url) as connection:  # it refuses whatever is above the 1 that it knows
        assert connection.exec_driver_sql("SELECT max(version) FROM journal_schema").scalar() == 2


def test_a_newer_journal_is_refused_and_left_as_it_is(url: str) -> None:
    Journal.open(url).close()
    with raw(url) as connection:
        connection.exec_driver_sql(f"UPDATE {revisions.REVISION_TABLE} SET version_num = '9999'")
    with pytest.raises(StateError, match=r"newer release .*9999.* install"):
        Journal.open(url)
    with raw(url) as connection:
        found = connection.exec_driver_sql(f"SELECT version_num FROM {revisions.REVISION_TABLE}").scalars()
        assert list(found) == ["9999"]


def test_an_upgrade_that_breaks_off_leaves_the_old_journal(old_url: str) -> None:
    with raw(old_url) as connection:
        connection.exec_driver_sql("CREATE TABLE outbox (something_else INTEGER)")
    with pytest.raises(StateError, match="outbox"):
        Journal.open(old_url)
    with raw(old_url) as connection:
        assert connection.exec_driver_sql("SELECT max(version) FROM journal_schema").scalar() == 1
        assert not sa.inspect(connection).has_table(revisions.REVISION_TABLE)


def test_alembic_is_loaded_only_by_those_who_migrate(url: str) -> None:
    Journal.open(url).close()
    code = (
        "import sys; from controller.journal import Journal; Journal.open(sys.argv[1]).close();"
        "print('alembic' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, url], check=True, stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert found.stdout == "False\n"
