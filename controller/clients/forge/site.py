"""Which repository, pull request and commit a job is about, by the variables that the forge gives it.

No I/O but the event file that GitHub leaves. Facts one would not guess: GitHub hands its token to a job only
where the workflow passes it on, and `GITHUB_SHA` of a pull request is a merge that nobody sees; a status
belongs on the head [doc: docs.github.com/actions, events that trigger workflows: pull_request]. In GitLab's
merged results pipelines `CI_COMMIT_SHA` is such a merge too [doc: docs.gitlab.com/ci/variables].
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from controller.clients.forge.model import ForgeName, Site
from controller.errors import SettingsError, UsageError

_HOME: Final = {
    ForgeName.GITHUB: "https://api.github.com",
    ForgeName.GITLAB: "https://gitlab.com/api/v4",
    ForgeName.AZURE: "https://dev.azure.com",
}
_FORMS: Final = {
    ForgeName.GITHUB: "OWNER/NAME",
    ForgeName.GITLAB: "GROUP/PROJECT, or the project's id",
    ForgeName.AZURE: "PROJECT/REPOSITORY, or ORGANISATION/PROJECT/REPOSITORY",
}


def site_of_job(
    environ: Mapping[str, str],
    *,
    forge: ForgeName | None = None,
    url: str | None = None,
    token: SecretStr | None = None,
    repository: str | None = None,
    pull: int | None = None,
) -> Site:
    """What the job's variables say, with what is told here in their place.

    Raises UsageError or SettingsError where the forge, the repository or its address cannot be known.
    """
    name = forge or _forge(environ)
    if name is None:
        raise UsageError(
            "this is no job of GitHub, GitLab or Azure DevOps: say --forge, --repository and --pr"
        )
    found = _OF_JOB[name](environ)
    if pull is not None and pull != found.pull:
        found = replace(found, pull=pull, sha=None, from_fork=False)
    if token is not None:
        found = replace(found, token=token, of_job=False)
    if url:
        found = replace(found, root=url)
    elif not found.root:
        found = replace(found, root=_HOME[name])
    return settled(replace(found, repository=repository or found.repository))


def settled(site: Site) -> Site:
    """The site with its address and repository in the form that its forge takes."""
    root, repository = _checked(site.root), site.repository.strip("/")
    parts = repository.split("/")
    if site.forge is ForgeName.GITLAB and not root.endswith("/api/v4"):
        root += "/api/v4"
    if site.forge is ForgeName.AZURE and len(parts) == 3:
        repository = "/".join(parts[1:])
        root = root if root.endswith(f"/{parts[0]}") else f"{root}/{parts[0]}"
    fits = bool(repository) and (site.forge is ForgeName.GITLAB or repository.count("/") == 1)
    if not fits:
        said = f"{repository!r} is not" if repository else "say"
        raise UsageError(f"--repository: {said} a repository of {site.forge}: {_FORMS[site.forge]}")
    return replace(site, root=root, repository=repository)


def home_of(forge: ForgeName) -> str:
    """The address of the interface of the forge that everybody knows by that name."""
    return _HOME[forge]


def _forge(environ: Mapping[str, str]) -> ForgeName | None:
    marks = (("GITHUB_ACTIONS", "GITHUB_REPOSITORY"), ("GITLAB_CI", "CI_PROJECT_ID"),
             ("TF_BUILD", "SYSTEM_COLLECTIONURI"))  # fmt: skip
    for name, variables in zip(ForgeName, marks, strict=True):
        if any(environ.get(variable) for variable in variables):
            return name
    return None


def _github(environ: Mapping[str, str]) -> Site:
    event = _event(environ.get("GITHUB_EVENT_PATH"))
    asked: dict[str, Any] = event.get("pull_request") or {}
    head, base = asked.get("head") or {}, asked.get("base") or {}
    repository = environ.get("GITHUB_REPOSITORY", "")
    home = (head.get("repo") or {}).get("full_name")  # none: the fork was deleted
    server, run = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_RUN_ID", "")
    return Site(
        ForgeName.GITHUB,
        environ.get("GITHUB_API_URL", ""),
        repository,
        _token(environ, "GITHUB_TOKEN", "GH_TOKEN"),
        of_job=True,
        pull=_number(asked.get("number") or event.get("number")),
        sha=head.get("sha") or environ.get("GITHUB_SHA"),
        from_fork=bool(asked) and home != (base.get("repo") or {}).get("full_name", repository),
        job=f"{server}/{repository}/actions/runs/{run}" if server and run else None,
    )


def _gitlab(environ: Mapping[str, str]) -> Site:
    project, source = environ.get("CI_PROJECT_ID", ""), environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    return Site(
        ForgeName.GITLAB,
        environ.get("CI_API_V4_URL", ""),
        environ.get("CI_MERGE_REQUEST_PROJECT_ID") or project,
        _token(environ, "CI_JOB_TOKEN"),
        of_job=True,
        pull=_number(environ.get("CI_MERGE_REQUEST_IID")),
        sha=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA"),
        from_fork=bool(source) and source != environ.get("CI_MERGE_REQUEST_PROJECT_ID", project),
        job=environ.get("CI_JOB_URL") or None,
        pipeline=_digits(environ.get("CI_PIPELINE_ID")),
    )


def _azure(environ: Mapping[str, str]) -> Site:
    collection = environ.get("SYSTEM_COLLECTIONURI") or environ.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
    project, build = environ.get("SYSTEM_TEAMPROJECT", ""), environ.get("BUILD_BUILDID", "")
    repository = environ.get("BUILD_REPOSITORY_ID", "")
    page = f"{collection.rstrip('/')}/{project}/_build/results?buildId={build}"
    return Site(
        ForgeName.AZURE,
        collection,
        f"{project}/{repository}" if project and repository else "",
        _token(environ, "SYSTEM_ACCESSTOKEN"),
        of_job=True,
        pull=_number(environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID")),
        sha=environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") or environ.get("BUILD_SOURCEVERSION"),
        from_fork=environ.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() == "true",
        job=page if collection and build else None,
    )


_OF_JOB: Final = {ForgeName.GITHUB: _github, ForgeName.GITLAB: _gitlab, ForgeName.AZURE: _azure}


def _token(environ: Mapping[str, str], *names: str) -> SecretStr | None:
    """An unset variable of Azure DevOps arrives as the words that would have been replaced."""
    for name in names:
        text = environ.get(name, "").strip()
        if text and not text.startswith("$("):
            return SecretStr(text)
    return None


def _event(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def _number(value: Any) -> int | None:
    text = _digits(str(value)) if value else None
    return int(text) if text else None


def _digits(text: str | None) -> str | None:
    return text if text and text.isdigit() else None


def _checked(url: str) -> str:
    """https, or http to this machine: a token does not travel in the clear."""
    parts = urlsplit(url.strip())
    if parts.username or parts.password:
        raise SettingsError("the forge's address has a password in it: set MBX_FORGE_TOKEN instead")
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and loopback(host))):
        raise SettingsError(
            f"the forge's address must be https://, or http:// to this machine; it is {url!r}"
        )
    return parts._replace(query="", fragment="").geturl().rstrip("/")


def loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
