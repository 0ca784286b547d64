"""What a new repository of specs begins with: templates, and which of them belong where.

Reads its own package and what the caller hands in; writes nothing. The pipelines are those of
`deploy/pipelines`, which are links to the ones here so that the wheel carries them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

IGNORED: Final = (".env", "journal.db*", "plan.json")  # settings, the record, and what is saved for one run


class Home(StrEnum):
    """Where the repository is kept."""

    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE = "azure"
    NONE = "none"


PIPELINES: Final[Mapping[Home, str]] = MappingProxyType(
    {
        Home.GITHUB: ".github/workflows/mailboxes.yml",
        Home.GITLAB: ".gitlab-ci.yml",
        Home.AZURE: "azure-pipelines.yml",
    }
)
# What only repositories of one forge have.
_SIGNS: Final = (
    (Home.GITHUB, ".github"),
    (Home.GITLAB, ".gitlab-ci.yml"),
    (Home.GITLAB, ".gitlab"),
    (Home.AZURE, "azure-pipelines.yml"),
    (Home.AZURE, ".azuredevops"),
)


def home_of(remote: str, names: Collection[str]) -> Home:
    """The forge in use, by the address of the git remote (`""`: none), else by the `names` in the folder."""
    host = _host(remote)
    if host.endswith((".visualstudio.com", "dev.azure.com")):
        return Home.AZURE
    for home in (Home.GITHUB, Home.GITLAB):
        if str(home) in host.split("."):
            return home
    return next((home for home, name in _SIGNS if name in names), Home.NONE)


def starter_files(home: Home, *, with_specs: bool) -> dict[str, str]:
    """Texts by their path in the new repository. `with_specs`: also a Tenant and a first mailbox."""
    files: dict[str, str] = {}
    if with_specs:
        files["specs/tenant.yaml"] = _template("tenant.yaml")
        files["specs/mailboxes/support.yaml"] = _template("mailbox.yaml")
    files[".pre-commit-config.yaml"] = _template("pre-commit.yaml")
    if home in PIPELINES:
        files[PIPELINES[home]] = _template(f"{home}.yml")
    return files


def with_ignored(text: str) -> str:
    """A `.gitignore` that has what must not be committed, after what it had."""
    missing = [name for name in IGNORED if name not in text.splitlines()]
    gap = "" if not text or text.endswith("\n") else "\n"
    return text + gap + "".join(f"{name}\n" for name in missing)


def _template(name: str) -> str:
    return (resources.files(__name__) / name).read_text("utf-8")


def _host(remote: str) -> str:
    """Of `https://host/path`, `ssh://git@host/path` and git's own `git@host:path`."""
    if "://" in remote:
        return (urlsplit(remote).hostname or "").lower()
    before, colon, _ = remote.partition(":")
    return before.rpartition("@")[2].lower() if colon else ""
