"""Opening a journal: where it lies, who may read it, what is said when it cannot be had."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from controller.errors import StateError
from controller.journal import Journal

from .conftest import NOON, SUPPORT, TENANT


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read_the_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    umask = os.umask(0o022)
    try:
        with Journal.open(f"sqlite:///{path}") as journal:
            journal.settle(TENANT, SUPPORT, {}, at=NOON, commit=None)
            modes = {mode_of(found) for found in path.parent.iterdir()}
            assert path.with_name("journal.db-wal").exists()
    finally:
        os.umask(umask)
    assert modes == {0o600}
    assert mode_of(path.parent) == 0o700


def test_a_file_that_stood_open_is_closed_and_a_folder_that_was_there_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "journal.db"
    Journal.open(f"sqlite:///{path}").close()
    path.chmod(0o644)
    Journal.open(f"sqlite:///{path}").close()
    assert (mode_of(path), mode_of(tmp_path)) == (0o600, 0o755)


def test_what_was_written_is_there_after_reopening(url: str) -> None:
    with Journal.open(url) as journal:
        journal.settle(TENANT, SUPPORT, {("displayName",): "Aide"}, at=NOON, commit="c1")
    with Journal.open(url) as journal:
        assert set(journal.managed(TENANT)) == {SUPPORT}


def test_two_that_open_an_empty_database_at_once_both_get_it(
    url: str, start: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "import sys; from controller.journal import Journal; sys.stdin.readline();"
        "Journal.open(sys.argv[1]).close(); print('open')"
    )
    processes = [start(code, url) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["open\n"] * 3


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://user:hunter-2@host/db", "'mysql'"),
        ("not a url hunter-2", "not a database URL"),
        ("postgresql://user:hunter-2@host:port/db", "not a database URL"),
        ("postgresql://user:hunter-2@127.0.0.1:1/db", r"user:\*\*\*@127.0.0.1:1/db.*MBX_STATE_URL"),
        ("sqlite:////proc/nowhere/journal.db", "MBX_STATE_URL"),
    ],
)
def test_what_cannot_be_opened_is_told_with_advice_and_without_the_password(url: str, says: str) -> None:
    with pytest.raises(StateError, match=says) as caught:
        Journal.open(url)
    assert "hunter-2" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("this is a shopping list, and long enough to be looked at\n" * 20)
    with pytest.raises(StateError, match="not a database — move the file away"):
        Journal.open(f"sqlite:///{path}")
    assert path.read_text().startswith("this is a shopping list")


def test_what_the_database_says_later_is_a_state_error_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(f"sqlite:///{path}") as journal:
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE managed")
        engine.dispose()
        with pytest.raises(StateError, match="no such table: managed"):
            journal.settle(TENANT, SUPPORT, {}, at=NOON, commit=None)
