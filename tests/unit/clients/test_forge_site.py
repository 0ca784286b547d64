"""Which repository, pull request and commit a job is about, as each forge's variables say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from controller.clients.forge import ForgeName, Site, settled, site_of_job
from controller.errors import SettingsError, UsageError


def test_a_status_belongs_on_the_head_and_not_on_the_merge_that_github_made(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    pull = {"number": 7, "head": {"sha": "a" * 40, "repo": None}, "base": {"repo": {"full_name": "o/r"}}}
    event.write_text(json.dumps({"pull_request": pull}))
    given = {"GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "f" * 40, "GITHUB_EVENT_PATH": str(event)}
    site = site_of_job(given)
    assert (site.pull, site.sha, site.root) == (7, "a" * 40, "https://api.github.com")
    assert site.from_fork  # of a fork that was deleted since
    assert site.token is None


def test_another_pull_request_than_the_jobs_has_another_head() -> None:
    given = {"CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": "a" * 40}
    assert site_of_job(given).sha == "a" * 40
    assert site_of_job(given, pull=8).sha is None


def test_a_variable_that_azure_devops_did_not_replace_is_none() -> None:
    given = {"SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/", "SYSTEM_TEAMPROJECT": "P", "BUILD_REPOSITORY_ID": "1",
             "SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}  # fmt: skip
    assert site_of_job(given).token is None


def test_a_token_of_ours_goes_before_the_jobs() -> None:
    given = {"CI_PROJECT_ID": "42", "CI_JOB_TOKEN": "job"}
    assert site_of_job(given).of_job
    ours = site_of_job(given, token=SecretStr("ours"))
    assert ours.token == SecretStr("ours")
    assert not ours.of_job
    assert "ours" not in repr(ours)


@pytest.mark.parametrize("root", ["https://dev.azure.com", "https://dev.azure.com/org"])
def test_an_organisation_is_named_once(root: str) -> None:
    site = settled(Site(ForgeName.AZURE, root, "org/project/repo"))
    assert (site.root, site.repository) == ("https://dev.azure.com/org", "project/repo")


@pytest.mark.parametrize(
    "root", ["https://gitlab.entreprise.example", "https://gitlab.entreprise.example/api/v4/"]
)
def test_gitlab_may_be_named_with_or_without_its_version(root: str) -> None:
    assert settled(Site(ForgeName.GITLAB, root, "g/p")).root == "https://gitlab.entreprise.example/api/v4"


@pytest.mark.parametrize(
    "root", ["http://forge.example", "https://u:p@forge.example", "ftp://forge.example", "forge"]
)
def test_an_address_that_is_not_safe_is_refused(root: str) -> None:
    with pytest.raises(SettingsError):
        settled(Site(ForgeName.GITHUB, root, "o/r"))


def test_outside_a_job_everything_must_be_said() -> None:
    with pytest.raises(UsageError, match="--forge"):
        site_of_job({})
    with pytest.raises(UsageError, match="OWNER/NAME"):
        site_of_job({}, forge=ForgeName.GITHUB, repository="only")
