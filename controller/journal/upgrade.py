"""Brings a journal's tables to what this release knows, and refuses those that it does not know.

Alembic takes longer to load than most commands to run, so it is loaded only where there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from controller.errors import StateError
from controller.journal.migrations import HEAD, REVISION_TABLE

_FOLDER: Final = Path(__file__).with_name("migrations")
_REVISIONS: Final = sa.table(REVISION_TABLE, sa.column("version_num"))


def revision_of(connection: sa.Connection) -> str | None:
    """The revision that a database is at; None: empty, or as release 0.1 left it."""
    if not sa.inspect(connection).has_table(REVISION_TABLE):
        return None
    found: str | None = connection.scalar(sa.select(_REVISIONS.c.version_num))
    return found


def is_up_to_date(connection: sa.Connection) -> bool:
    return revision_of(connection) == HEAD


def upgrade(connection: sa.Connection) -> None:
    """Takes the journal to HEAD, in the transaction of `connection`: all of it or nothing.

    Raises StateError if a newer release wrote it. The caller sees to it that no two do this at once.
    """
    if is_up_to_date(connection):
        return  # another was faster
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = revision_of(connection)
    if found is not None and found not in known:
        raise StateError(
            f"the journal was written by a newer release (it is at revision {found}, this release knows "
            f"those up to {HEAD}): install that release again, or point MBX_STATE_URL at another journal"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
