"""The forges' interfaces against strict doubles: one comment, ours, kept up to date; statuses; refusals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from controller.clients.forge import (
    CommitStatus,
    Forge,
    ForgeName,
    Site,
    State,
    open_forge,
    put_comment,
    put_status,
    settled,
)
from controller.errors import (
    DeniedError,
    InvalidError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    TransientError,
)
from controller.settings import load_settings
from tests.forges.azure import PROJECT as AZURE_PROJECT
from tests.forges.azure import REPOSITORY as AZURE_REPOSITORY
from tests.forges.azure import AzureDouble
from tests.forges.double import Answered, Double
from tests.forges.github import GitHubDouble
from tests.forges.gitlab import GitLabDouble

T = TypeVar("T")
MARKER = "<!-- mbx plan: entreprise -->"
SHA = "d" * 40
STATUS = CommitStatus("mbx plan", State.SUCCESS, "1 to grant", "https://ci.example/1")


class Bench:
    """A double, the site that leads to it, and a clock that sleeps at once."""

    def __init__(self, double: Double, site: Site) -> None:
        self.double, self.site = double, site
        self.slept: list[float] = []

    def run(self, work: Callable[[Forge], Awaitable[T]]) -> T:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        async def main() -> T:
            transport = self.double.transport()
            settings = load_settings({}, env_file=None)
            elapsed = lambda: sum(self.slept)  # noqa: E731 - time goes by only while we sleep
            async with open_forge(
                self.site, settings, transport=transport, sleep=sleep, monotonic=elapsed, rng=random.Random(1)
            ) as forge:
                return await work(forge)

        return asyncio.run(main())

    def comment(self, text: str) -> Any:
        return self.run(lambda forge: put_comment(forge, 7, MARKER, text))

    def status(self, status: CommitStatus = STATUS, pull: int | None = None) -> None:
        self.run(lambda forge: put_status(forge, status, sha=SHA, pull=pull))


def site(forge: ForgeName, root: str, repository: str, token: str, *, of_job: bool = False) -> Site:
    return settled(Site(forge, root, repository, SecretStr(token), of_job=of_job, pull=7, sha=SHA))


def github(*, user: str | None = None) -> Bench:
    double = GitHubDouble(user=user)
    return Bench(double, site(ForgeName.GITHUB, "https://forge.example", "entreprise/mail", double.token))


def gitlab(project: str = "42") -> Bench:
    double = GitLabDouble()
    return Bench(double, site(ForgeName.GITLAB, "https://forge.example/api/v4", project, double.token))


def azure(token: str = "patpatpat") -> Bench:
    double = AzureDouble()
    repository = f"{AZURE_PROJECT}/{AZURE_REPOSITORY}"
    return Bench(double, site(ForgeName.AZURE, "https://forge.example/entreprise", repository, token))


def texts(double: Double) -> list[str]:
    match double:
        case GitHubDouble():
            return [comment["body"] for comment in double.comments]
        case GitLabDouble():
            return [note["body"] for note in double.notes if not note["system"]]
        case AzureDouble():
            return [comment["content"] for thread in double.threads for comment in thread["comments"]]
    raise AssertionError(double)


EACH = pytest.mark.parametrize("make", [github, gitlab, azure])


@EACH
def test_the_comment_is_made_once_and_then_kept_up_to_date(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.comment("first")
    bench.comment("second")
    assert texts(bench.double) == [f"{MARKER}\nsecond"]


@EACH
def test_a_comment_that_says_so_already_is_not_written_again(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.comment("same")
    writes = len(bench.double.writes())
    bench.comment("same")
    assert len(bench.double.writes()) == writes


@EACH
def test_other_tenants_have_comments_of_their_own(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.comment("ours")
    bench.run(lambda forge: put_comment(forge, 7, "<!-- mbx plan: filiale -->", "theirs"))
    bench.comment("ours again")
    assert texts(bench.double) == [f"{MARKER}\nours again", "<!-- mbx plan: filiale -->\ntheirs"]


@EACH
def test_a_lost_answer_makes_no_second_comment(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.double.faults = [None, Answered(0, lost=True)]
    bench.comment("once")
    assert texts(bench.double) == [f"{MARKER}\nonce"]


@EACH
def test_the_longest_comment_is_taken_and_a_longer_one_refused(make: Callable[[], Bench]) -> None:
    bench = make()
    limit = bench.run(_limit)
    bench.comment("x" * (limit - len(MARKER) - 1))
    assert len(texts(bench.double)[0]) == limit
    with pytest.raises(InvalidError, match=r"[Tt]oo long|longer than"):
        bench.comment("x" * limit)


async def _limit(forge: Forge) -> int:
    return forge.body_limit


def test_our_comment_is_found_on_the_second_page_at_github() -> None:
    bench = github()
    assert isinstance(bench.double, GitHubDouble)
    for number in range(130):
        bench.double.add(f"remark {number}", "octocat")
    bench.comment("first")
    bench.comment("second")
    assert texts(bench.double)[130:] == [f"{MARKER}\nsecond"]


def test_our_note_is_found_on_the_second_page_at_gitlab() -> None:
    bench = gitlab()
    assert isinstance(bench.double, GitLabDouble)
    for number in range(130):
        bench.double.add(f"remark {number}", 5, system=number % 2 == 0)
    bench.comment("first")
    bench.comment("second")
    assert texts(bench.double)[-1] == f"{MARKER}\nsecond"
    assert len(bench.double.notes) == 131


def test_a_project_may_be_named_by_its_path_at_gitlab() -> None:
    bench = gitlab("entreprise/mail")
    bench.comment("here")
    assert "/projects/entreprise%2Fmail/" in bench.double.asked[0].path


@pytest.mark.parametrize("user", [None, "mbx-bot"])
def test_a_stranger_who_copies_the_marker_is_not_given_our_words_at_github(user: str | None) -> None:
    bench = github(user=user)
    assert isinstance(bench.double, GitHubDouble)
    bench.double.add(f"{MARKER}\nAll is well, merge it.", "mallory")
    bench.comment("revoke alice")
    bench.comment("revoke alice and bruno")
    assert texts(bench.double) == [f"{MARKER}\nAll is well, merge it.", f"{MARKER}\nrevoke alice and bruno"]


def test_a_stranger_who_copies_the_marker_is_not_given_our_words_at_gitlab() -> None:
    bench = gitlab()
    assert isinstance(bench.double, GitLabDouble)
    bench.double.add(f"{MARKER}\nAll is well, merge it.", 666)
    bench.comment("revoke alice")
    assert texts(bench.double) == [f"{MARKER}\nAll is well, merge it.", f"{MARKER}\nrevoke alice"]


def test_a_stranger_who_copies_the_marker_is_not_given_our_words_at_azure_devops() -> None:
    bench = azure()
    assert isinstance(bench.double, AzureDouble)
    bench.double.add(f"{MARKER}\nAll is well, merge it.", "mallory")
    bench.comment("revoke alice")
    bench.comment("revoke bruno")
    assert texts(bench.double) == [f"{MARKER}\nAll is well, merge it.", f"{MARKER}\nrevoke bruno"]


def test_a_status_stands_on_the_commit_at_github() -> None:
    bench = github()
    bench.status(CommitStatus("mbx plan", State.FAILURE, "w" * 300, "https://ci.example/1"))
    assert isinstance(bench.double, GitHubDouble)
    ((sha, status),) = bench.double.statuses
    assert (sha, status["state"], status["context"]) == (SHA, "failure", "mbx plan")
    assert len(status["description"]) == 140
    assert status["description"].endswith("…")


def test_a_status_that_is_so_already_is_no_error_at_gitlab() -> None:
    bench = gitlab()
    bench.status()
    bench.status()
    assert isinstance(bench.double, GitLabDouble)
    assert [status["state"] for _, status in bench.double.statuses] == ["success"]


@pytest.mark.parametrize(("pull", "where"), [(7, "pullRequests/7"), (None, f"commits/{SHA}")])
def test_a_status_stands_on_the_pull_request_at_azure_devops(pull: int | None, where: str) -> None:
    bench = azure()
    bench.status(pull=pull)
    assert isinstance(bench.double, AzureDouble)
    ((place, status),) = bench.double.statuses
    assert (place, status["state"]) == (where, "succeeded")
    assert status["context"] == {"name": "mbx plan", "genre": "mbx"}


@EACH
def test_an_unknown_token_is_denied_with_what_to_do(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.site = site(bench.site.forge, bench.site.root, bench.site.repository, "wrong-token")
    with pytest.raises(DeniedError, match="MBX_FORGE_TOKEN") as refused:
        bench.comment("here")
    assert "wrong-token" not in str(refused.value)
    assert bench.slept == []


def test_a_job_token_is_told_that_it_may_not_write_notes() -> None:
    bench = gitlab()
    assert isinstance(bench.double, GitLabDouble)
    bench.site = site(ForgeName.GITLAB, bench.site.root, "42", bench.double.job_token, of_job=True)
    with pytest.raises(NotFoundError, match="a job token never may"):
        bench.comment("here")


def test_a_job_token_of_azure_devops_is_a_bearer_and_a_personal_one_a_password() -> None:
    for token, of_job in (("eyJ0.job.token", True), ("patpatpat", False)):
        bench = azure()
        bench.site = site(ForgeName.AZURE, bench.site.root, bench.site.repository, token, of_job=of_job)
        bench.comment("here")
        assert len(texts(bench.double)) == 1


@EACH
@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_lasting_refusal_is_not_repeated(make: Callable[[], Bench], status: int) -> None:
    bench = make()
    bench.double.faults = [Answered(status, {"message": "No way"})]
    with pytest.raises(ServiceError, match="No way"):
        bench.comment("here")
    assert len(bench.double.asked) == 1
    assert bench.double.writes() == []


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        (Answered(429, {"message": "Too many"}, {"retry-after": "7"}), 7),
        (Answered(403, {"message": "You have exceeded a secondary rate limit."}, {"retry-after": "9"}), 9),
        (Answered(403, {"message": "You have exceeded a secondary rate limit."}), 60),
    ],
)
def test_a_busy_forge_is_given_the_time_that_it_asks_for(refusal: Answered, wait: float) -> None:
    bench = github()
    bench.double.faults = [refusal]
    bench.comment("here")
    assert bench.slept == [wait]
    assert len(texts(bench.double)) == 1


def test_a_forge_that_is_busy_for_an_hour_is_not_waited_for() -> None:
    bench = github()
    refusal = Answered(403, {"message": "API rate limit exceeded"}, {"x-ratelimit-remaining": "0",
                       "x-ratelimit-reset": "9999999999"})  # fmt: skip
    bench.double.faults = [refusal]
    with pytest.raises(ThrottledError):
        bench.comment("here")
    assert bench.slept == []


@EACH
def test_a_forge_that_stumbles_is_asked_again(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.double.faults = [Answered(502, b"<html>Bad Gateway</html>"), Answered(503, {"message": "Busy"})]
    bench.comment("here")
    assert len(texts(bench.double)) == 1


@EACH
def test_a_forge_that_is_down_is_given_up(make: Callable[[], Bench]) -> None:
    bench = make()
    bench.double.faults = [Answered(500, {"message": "Oops"}) for _ in range(50)]
    with pytest.raises(TransientError, match="Oops"):
        bench.comment("here")
    assert bench.double.writes() == []


def test_a_renamed_repository_is_followed_and_another_host_is_not() -> None:
    bench = github()
    place = "https://forge.example/repos/entreprise/mail/issues/7/comments?per_page=100"
    bench.double.faults = [Answered(301, {"message": "Moved"}, {"location": place})]
    bench.comment("here")
    assert len(texts(bench.double)) == 1
    bench.double.faults = [Answered(302, None, {"location": "https://evil.example/"})]
    with pytest.raises(DeniedError, match=r"evil\.example"):
        bench.comment("again")


def test_the_head_of_a_pull_request_tells_a_fork() -> None:
    for make, fork in ((github, "mallory/mail"), (gitlab, 99)):
        bench = make()
        assert not bench.run(lambda forge: forge.head(7)).from_fork
        if isinstance(bench.double, GitHubDouble):
            bench.double.head_repo = str(fork)
        else:
            assert isinstance(bench.double, GitLabDouble)
            bench.double.source_project = 99
        head = bench.run(lambda forge: forge.head(7))
        assert head.from_fork
        assert len(head.sha) == 40
