"""Where the specs come from: a folder, a work tree, or a branch of a repository; and whether to trust it.

Git itself is asked, and nothing else in the controller reads git.
"""

from __future__ import annotations

from controller.source.folder import FolderSource, commit_of, fetched_from
from controller.source.merged import check_merged, inside
from controller.source.repository import RepositorySource
from controller.source.revision import Revision, Source

__all__ = [
    "FolderSource",
    "RepositorySource",
    "Revision",
    "Source",
    "check_merged",
    "commit_of",
    "fetched_from",
    "inside",
]
