"""The pages of a line and of a commit at the forge, from the address of the repository. Pure.

The forms of the addresses are those that the forges' own "copy permalink" gives. An address of an unknown
host gives none, and the place is told as `file:line`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from controller.clients.forge import ForgeName
from controller.model import Origin

_SSH = re.compile(r"(?:ssh://)?(?:[^@/\s]+@)?(?P<host>[^:/\s]+)(?::\d+)?[:/](?P<path>[^\s]+)")
_DOORS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}  # for ssh through port 443
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one repository. `web` is its address in a browser."""

    forge: ForgeName
    web: str

    def of(self, origin: Origin | None, commit: str | None) -> str | None:
        """The page of a line at a commit; None where the files are not those of a commit."""
        if origin is None or commit is None or not _COMMIT.fullmatch(commit):
            return None
        path, line = quote(origin.path), origin.line
        match self.forge:
            case ForgeName.GITHUB:
                return f"{self.web}/blob/{commit}/{path}#L{line}"
            case ForgeName.GITLAB:
                return f"{self.web}/-/blob/{commit}/{path}#L{line}"
            case ForgeName.AZURE:
                place = f"line={line}&lineEnd={line + 1}&lineStartColumn=1&lineEndColumn=1"
                return f"{self.web}?path=/{quote(origin.path, safe='')}&version=GC{commit}&{place}"

    def of_commit(self, commit: str | None) -> str | None:
        """The page of a commit; None where the files are not those of one."""
        if commit is None or not _COMMIT.fullmatch(commit):
            return None
        inside = "/-/commit/" if self.forge is ForgeName.GITLAB else "/commit/"
        return f"{self.web}{inside}{commit}"


def pages_of(repository: str | None, forge: ForgeName | None = None) -> Pages | None:
    """By the address that git fetches from; `forge` says what a host of an untelling name is."""
    if not repository:
        return None
    host, path = _parts(repository)
    name = forge or _forge(host)
    if not host or not path or name is None:
        return None
    path = path.removesuffix("/").removesuffix(".git")
    if name is ForgeName.AZURE and (match := re.fullmatch(r"v3/([^/]+)/([^/]+)/([^/]+)", path)):
        host, path = "dev.azure.com", f"{match[1]}/{match[2]}/_git/{match[3]}"
    return Pages(name, f"https://{host}/{path}")


def forge_at(repository: str | None, interface: str | None) -> ForgeName | None:
    """Which forge a repository of an untelling host is at, by the address of that host's interface:
    GitLab's ends in `/api/v4`, GitHub's own servers' in `/api/v3`."""
    if not repository or not interface:
        return None
    host, path = _parts(interface)
    if not host or host != _parts(repository)[0]:
        return None
    return {"api/v4": ForgeName.GITLAB, "api/v3": ForgeName.GITHUB}.get(path)


def _parts(repository: str) -> tuple[str, str]:
    """Host and path, without user, password and port of ssh."""
    if repository.startswith(("https://", "http://")):
        try:
            parts = urlsplit(repository)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return "", ""
        return (parts.hostname or "") + port, parts.path.strip("/")
    match = _SSH.fullmatch(repository)
    if match is None or repository.startswith(("/", ".", "file:")):
        return "", ""
    host = match["host"].lower()
    return _DOORS.get(host, host), match["path"].strip("/")


def _forge(host: str) -> ForgeName | None:
    if host.endswith(("dev.azure.com", ".visualstudio.com")):
        return ForgeName.AZURE
    return next((name for name in (ForgeName.GITHUB, ForgeName.GITLAB) if name in host), None)
