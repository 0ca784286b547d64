"""`mbx comment` as a job of each forge runs it: one comment, kept up to date, and a status; forks; refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.e2e.conftest import Desk
from tests.forges.azure import PROJECT, AzureDouble
from tests.forges.azure import REPOSITORY as AZURE_REPOSITORY
from tests.forges.double import Answered, Double
from tests.forges.github import GitHubDouble
from tests.forges.gitlab import GitLabDouble

LIBRE = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Libérée\n"
OTHER = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: Encore\n"
NOBODY = "kind: SharedMailbox\naddress: contact@entreprise.example\naccess: {}\n"
SHA = "a" * 40
Env = dict[str, str]


def github_job(desk: Desk, url: str, *, head: str = "entreprise/mail", token: str = "ghs_job") -> Env:
    """What GitHub sets for a job of a pull request, as its documentation has it."""
    pull = {"number": 7, "head": {"sha": SHA, "repo": {"full_name": head}},
            "base": {"repo": {"full_name": "entreprise/mail"}}}  # fmt: skip
    event = desk.folder / "event.json"
    event.write_text(json.dumps({"action": "synchronize", "number": 7, "pull_request": pull}))
    given = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": url,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "entreprise/mail",
        "GITHUB_RUN_ID": "99",
        "GITHUB_SHA": "f" * 40,
        "GITHUB_EVENT_PATH": str(event),
    }
    return given | ({"GITHUB_TOKEN": token} if token else {})


def gitlab_job(desk: Desk, url: str) -> Env:
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
        "CI_COMMIT_SHA": SHA,
        "CI_JOB_TOKEN": "glcbt-job",
        "CI_JOB_URL": "https://gitlab.com/entreprise/mail/-/jobs/5",
        "CI_PIPELINE_ID": "12",
        "MBX_FORGE_TOKEN": "glpat-project",
    }


def azure_job(desk: Desk, url: str) -> Env:
    return {
        "TF_BUILD": "True",
        "SYSTEM_COLLECTIONURI": f"{url}/entreprise/",
        "SYSTEM_TEAMPROJECT": PROJECT,
        "BUILD_REPOSITORY_ID": AZURE_REPOSITORY,
        "BUILD_BUILDID": "31",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID": SHA,
        "SYSTEM_PULLREQUEST_ISFORK": "False",
        "SYSTEM_ACCESSTOKEN": "eyJ0.job.token",
    }


FORGES: dict[str, tuple[Callable[[], Double], Callable[[Desk, str], Env]]] = {
    "github": (GitHubDouble, github_job),
    "gitlab": (GitLabDouble, gitlab_job),
    "azure": (AzureDouble, azure_job),
}
EACH = pytest.mark.parametrize("name", FORGES)


def comments(double: Double) -> list[str]:
    match double:
        case GitHubDouble():
            return [comment["body"] for comment in double.comments]
        case GitLabDouble():
            return [note["body"] for note in double.notes]
        case AzureDouble():
            return [thread["comments"][0]["content"] for thread in double.threads]
    raise AssertionError(double)


def statuses(double: Any) -> list[tuple[str, str]]:
    return [(where, status["state"]) for where, status in double.statuses]


def saved(desk: Desk, document: str, name: str = "plan.json", code: int = 0) -> str:
    desk.spec(document)
    desk.mbx("plan", "--out", name, code=code)
    return name


def served(name: str) -> tuple[Double, AbstractContextManager[str], Callable[[Desk, str], Env]]:
    make, job = FORGES[name]
    double = make()
    return double, double.served(), job


@EACH
def test_each_push_writes_the_plan_over_in_the_same_comment(desk: Desk, name: str) -> None:
    double, serving, job = served(name)
    with serving as url:
        env = job(desk, url)
        desk.mbx("comment", saved(desk, LIBRE), code=0, **env)
        assert "Libérée" in comments(double)[0]
        desk.mbx("comment", saved(desk, OTHER), code=0, **env)
    (body,) = comments(double)
    assert "Encore" in body
    assert "Libérée" not in body
    where = "pullRequests/7" if name == "azure" else SHA
    good = {"github": "success", "gitlab": "success", "azure": "succeeded"}[name]
    assert (where, good) in statuses(double)


@EACH
def test_a_plan_that_a_limit_refuses_fails_the_status_and_not_the_command(desk: Desk, name: str) -> None:
    double, serving, job = served(name)
    with serving as url:
        desk.mbx("comment", saved(desk, NOBODY, code=5), code=0, **job(desk, url))
    (status,) = [status for _, status in double.statuses]  # type: ignore[attr-defined]
    assert status["state"] in ("failure", "failed")
    assert status["description"].startswith("refused: ")
    assert "contact@entreprise.example" in status["description"]


@EACH
def test_without_a_saved_plan_it_plans_and_the_status_is_pending_meanwhile(desk: Desk, name: str) -> None:
    desk.spec(LIBRE)
    double, serving, job = served(name)
    with serving as url:
        desk.mbx("comment", code=0, **job(desk, url))
    assert "Libérée" in comments(double)[0]
    first, last = [state for _, state in statuses(double)]
    assert first == "pending"
    assert last in ("success", "succeeded")


def test_a_tenant_that_cannot_be_planned_is_said_in_the_comment(desk: Desk) -> None:
    desk.spec(LIBRE)
    double = GitHubDouble()
    with double.served() as url:
        env = github_job(desk, url)
        desk.mbx("comment", code=0, **env)
        done = desk.mbx("comment", code=1, **env, MBX_CLIENT_SECRET="not-the-secret")
    (body,) = comments(double)
    assert "No plan for tenant entreprise" in body
    assert "Libérée" not in body
    assert "not-the-secret" not in body + done.out + done.err
    assert statuses(double)[-1][1] == "error"


def test_two_tenants_have_a_comment_and_a_status_each(desk: Desk) -> None:
    first = saved(desk, LIBRE, "first.json")
    plan = json.loads(desk.mbx("plan", "--format", "json").out)
    (desk.folder / "second.json").write_text(json.dumps({**plan, "tenant": "filiale"}))
    double = GitHubDouble()
    with double.served() as url:
        for _ in range(2):
            desk.mbx("comment", first, "second.json", code=0, **github_job(desk, url))
    assert len(comments(double)) == 2
    assert {status["context"] for _, status in double.statuses} == {"mbx/entreprise", "mbx/filiale"}


def test_from_a_fork_the_plan_is_printed_and_the_job_goes_on(desk: Desk) -> None:
    plan = saved(desk, LIBRE)
    double = GitHubDouble()
    double.read_only = True
    with double.served() as url:
        refused = desk.mbx("comment", plan, code=0, **github_job(desk, url, head="mallory/mail"))
        without = desk.mbx("comment", plan, code=0, **github_job(desk, url, head="mallory/mail", token=""))
    for done in (refused, without):
        assert "comes from a fork" in done.err
        assert "Libérée" in done.out
    assert comments(double) == []


def test_a_token_that_may_not_write_is_an_error_where_it_should(desk: Desk) -> None:
    plan = saved(desk, LIBRE)
    double = GitHubDouble()
    double.read_only = True
    with double.served() as url:
        refused = desk.mbx("comment", plan, code=1, **github_job(desk, url))
        without = desk.mbx("comment", plan, code=1, **github_job(desk, url, token=""))
    assert "pull-requests: write" in refused.err
    assert "GITHUB_TOKEN" in without.err
    assert "ghs_job" not in refused.out + refused.err


def test_outside_a_job_the_forge_the_repository_and_the_pull_request_are_said(desk: Desk) -> None:
    plan = saved(desk, LIBRE)
    double = GitLabDouble()
    with double.served() as url:
        desk.mbx("comment", plan, "--forge", "gitlab", "--repository", "entreprise/mail", "--pr", "7", code=0,
                 MBX_FORGE_URL=url, MBX_FORGE_TOKEN="glpat-project")  # fmt: skip
    assert len(comments(double)) == 1
    assert statuses(double) == [("b" * 40, "success")]  # the head, asked for
    assert "--forge" in desk.mbx("comment", plan, code=1).err
    lost = desk.mbx("comment", plan, "--forge", "gitlab", "--repository", "e/m", code=1, MBX_FORGE_TOKEN="t")
    assert "--pr" in lost.err


def test_the_status_can_be_left_alone(desk: Desk) -> None:
    double = GitHubDouble()
    with double.served() as url:
        desk.mbx("comment", saved(desk, LIBRE), "--no-status", code=0, **github_job(desk, url))
    assert len(comments(double)) == 1
    assert double.statuses == []


def test_a_plan_that_was_altered_is_not_shown_to_anybody(desk: Desk) -> None:
    path = desk.folder / saved(desk, LIBRE)
    path.write_text(path.read_text().replace("Libérée", "Innocent"))
    double = GitHubDouble()
    with double.served() as url:
        assert "altered" in desk.mbx("comment", "plan.json", code=4, **github_job(desk, url)).err
    assert double.asked == []


def test_a_forge_that_is_down_for_good_is_an_error(desk: Desk) -> None:
    plan = saved(desk, LIBRE)
    double = GitHubDouble()
    double.faults = [Answered(404, {"message": "Not Found"}) for _ in range(9)]
    with double.served() as url:
        assert "Not Found" in desk.mbx("comment", plan, code=1, **github_job(desk, url)).err


def test_a_token_does_not_travel_in_the_clear(desk: Desk) -> None:
    plan = saved(desk, LIBRE)
    env = github_job(desk, "http://forge.entreprise.example")
    assert "https://" in desk.mbx("comment", plan, code=1, **env).err


def test_names_in_the_plan_cannot_break_out_of_the_comment(desk: Desk) -> None:
    evil = "kind: SharedMailbox\naddress: libre@entreprise.example\ndisplayName: '``` --> @everyone'\n"
    double = GitHubDouble()
    with double.served() as url:
        desk.mbx("comment", saved(desk, evil), code=0, **github_job(desk, url))
    (body,) = comments(double)
    assert body.startswith("<!-- mbx plan: entreprise -->\n## Mailbox plan of `entreprise`")
    assert "→ “``` --> @everyone”````" in body  # in a span that three backticks do not end
