"""How a journal of an earlier release becomes one of this release: by Alembic revisions, in `versions`.

Revisions are never changed once they are on the main branch: a journal that went through one does not
again. docs/how-to/change-the-journal.md tells how to add one.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = "0007"  # the newest revision, written here so that opening a journal need not load Alembic
REVISION_TABLE: Final = "journal_revision"  # not Alembic's own name: a shared database may have that one
