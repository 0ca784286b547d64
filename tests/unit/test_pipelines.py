"""The ready pipelines: right by the forges' schemas, every `mbx` line one that `mbx` takes, and nothing in the
hands of a job that it does not need."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from controller.cli import module_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "pipelines"
SCHEMAS = ROOT / "tests" / "forges" / "schemas"
NAMES = ("github", "gitlab", "azure")


class Loader(yaml.SafeLoader):
    """YAML 1.2, as the forges read it: `on` is a word."""


Loader.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile("true|false") if tag.endswith(":bool") else pattern)
        for tag, pattern in found
        if not tag.endswith(":bool") or first in "tf"
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def pipeline(name: str) -> dict[str, Any]:
    return dict(yaml.load((FOLDER / f"{name}.yml").read_text("utf-8"), Loader=Loader))


GITHUB, GITLAB, AZURE = (pipeline(name) for name in NAMES)
GITLAB_JOBS = {name: job for name, job in GITLAB.items() if name not in {"variables", "stages"}}


@pytest.mark.parametrize(("name", "schema"), [("github", "github-workflow"), ("azure", "azure-pipelines")])
def test_a_pipeline_is_what_its_forge_takes(name: str, schema: str) -> None:
    form = json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8"))
    check = jsonschema.validators.validator_for(form)(form)
    assert [error.message for error in check.iter_errors(pipeline(name))] == []
    wrong = pipeline(name) | {"jobz": {}}
    assert not check.is_valid(wrong)


def test_gitlabs_jobs_have_no_key_that_gitlab_does_not_know_and_refer_to_what_is_there() -> None:
    known = {
        "extends",
        "image",
        "id_tokens",
        "before_script",
        "stage",
        "rules",
        "script",
        "artifacts",
        "needs",
    }
    known |= {"environment", "resource_group"}
    for name, job in GITLAB_JOBS.items():
        assert set(job) - known == set(), name
        assert job.get("extends", name) in GITLAB_JOBS
        assert set(job.get("needs", ())) <= GITLAB_JOBS.keys()
        if not name.startswith("."):
            assert job["stage"] in GITLAB["stages"]
            assert job["script"]
            assert job["rules"], f"{name} would run in every pipeline"


def commands(text: str) -> Iterator[list[str]]:
    for line in re.findall(r"^\s*(?:- )?(?:if .*then )?(mbx [a-z].*)$", text, flags=re.MULTILINE):
        yield shlex.split(re.split(r" \|\| | > |; ", line)[0])
    for line in re.findall(r"then (mbx [^;>]*)", text):
        yield shlex.split(line)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_in_a_pipeline_is_one_that_mbx_takes(name: str, tmp_path: Path) -> None:
    found = list(commands((FOLDER / f"{name}.yml").read_text("utf-8")))
    assert {words[1] for words in found} >= {"validate", "plan", "comment", "apply", "drift"}
    for words in found:
        command = importlib.import_module(module_of(words[1])).command
        assert isinstance(command, click.Command)
        (tmp_path / "plan.json").touch()
        arguments = [str(tmp_path / word) if word == "plan.json" else word for word in words[2:]]
        command.make_context(words[1], arguments)  # raises where an option or a file form is wrong


# --- who may do what --------------------------------------------------------------------------------


def test_github_gives_no_token_but_job_by_job() -> None:
    assert GITHUB["permissions"] == {}
    allowed = {name: job["permissions"] for name, job in GITHUB["jobs"].items()}
    reading = {"contents": "read", "packages": "read"}
    assert allowed == {
        "validate": reading,
        "plan": {**reading, "id-token": "write"},
        "comment": {**reading, "pull-requests": "write", "statuses": "write"},
        "apply": {**reading, "id-token": "write"},
        "drift": {**reading, "id-token": "write"},
    }


def test_github_never_runs_a_strangers_change_with_the_repositorys_rights() -> None:
    assert set(GITHUB["on"]) == {"pull_request", "push", "schedule"}
    assert (
        GITHUB["jobs"]["plan"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    )
    assert "environment" not in GITHUB["jobs"]["validate"]


def test_github_uses_only_githubs_own_actions_by_full_commit() -> None:
    used = [step["uses"] for job in GITHUB["jobs"].values() for step in job["steps"] if "uses" in step]
    assert len(used) > 4
    assert [one for one in used if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one)] == []


def test_only_the_apply_job_may_write_to_the_tenant() -> None:
    """In all three: the writing identity, and a lock so that one apply runs at a time."""
    writers = {name for name, job in GITHUB["jobs"].items() if job.get("environment") == "mail-write"}
    assert writers == {"apply"}
    assert GITHUB["jobs"]["apply"]["if"] == "github.event_name == 'push'"
    assert GITHUB["on"]["push"] == {"branches": ["main"]}
    assert [name for name, job in GITLAB_JOBS.items() if "WRITE_CLIENT_ID" in str(job)] == ["apply"]
    assert GITLAB_JOBS["apply"]["rules"] == [
        {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'}
    ]
    stages = {stage["stage"]: stage for stage in AZURE["stages"]}
    assert [name for name, stage in stages.items() if "mail-write" in str(stage)] == ["apply"]
    assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in stages["apply"]["condition"]
    assert stages["apply"]["jobs"][0]["environment"] == "mail-write"


def test_what_comments_cannot_sign_in_and_what_signs_in_cannot_comment() -> None:
    assert "id-token" not in GITHUB["jobs"]["comment"]["permissions"]
    assert "id_tokens" not in str(GITLAB_JOBS["comment"])
    assert GITLAB_JOBS["comment"]["extends"] == ".mbx"
    assert GITLAB_JOBS["comment"]["environment"]["name"] == "pull-request"
    jobs = {job["job"]: job for stage in AZURE["stages"] for job in stage["jobs"] if "job" in job}
    assert "AzureCLI" not in str(jobs["comment"])
    assert [name for name, job in jobs.items() if "System.AccessToken" in str(job)] == ["comment"]


def test_no_pull_request_sees_the_journal() -> None:
    """Its password would let a proposal rewrite the record."""
    for job in ("validate", "plan", "comment"):
        assert "secrets." not in str(GITHUB["jobs"][job])
        assert "STATE_URL" not in str(GITHUB["jobs"][job])
        assert "environment" not in GITLAB_JOBS[job] or job == "comment"
    journal = [{"group": "mail-journal"}]
    asking = {stage["stage"]: stage.get("variables") for stage in AZURE["stages"]}
    assert asking == {"pull_request": None, "apply": journal, "drift": journal}
    assert "$(MBX_STATE_URL)" not in str(AZURE["stages"][0])


def test_a_fork_only_validates() -> None:
    fork = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"
    assert all(fork in GITLAB_JOBS[job]["rules"][0]["if"] for job in ("plan", "comment"))
    jobs = {job["job"]: job for job in AZURE["stages"][0]["jobs"]}
    assert "ne(variables['System.PullRequest.IsFork'], 'True')" in jobs["plan"]["condition"]
    assert jobs["comment"]["dependsOn"] == "plan"
    assert GITHUB["jobs"]["comment"]["needs"] == "plan"
    # a job that is skipped has no outputs
    assert GITHUB["jobs"]["comment"]["if"] == "always() && needs.plan.outputs.saved == 'true'"


def test_no_plan_no_comment_and_no_second_failure() -> None:
    """A plan that could not be made fails its own job, which says why; a job that looks for it would say less."""
    assert GITHUB["jobs"]["plan"]["outputs"] == {"saved": "${{ steps.plan.outputs.saved }}"}
    steps = {
        step["displayName"]: step for step in AZURE["stages"][0]["jobs"][1]["steps"] if "displayName" in step
    }
    assert "variable=plan;isOutput=true]saved" in steps["Whether there is a plan"]["bash"]
    (comment,) = (job for job in AZURE["stages"][0]["jobs"] if job["job"] == "comment")
    assert "eq(dependencies.plan.outputs['look.plan'], 'saved')" in comment["condition"]


@pytest.mark.parametrize(
    ("plan", "url", "asked"),
    [
        pytest.param(0, "", "plan --out plan.json|show plan.json --format github", id="signed in"),
        pytest.param(0, "https://x.example/s", "plan --snapshot https://x.example/s --out plan.json|"
                     "show plan.json --format github", id="from a snapshot"),
        pytest.param(1, "", "plan --out plan.json", id="no plan"),
    ],
)  # fmt: skip
def test_githubs_plan_step_as_bash_runs_it(tmp_path: Path, plan: int, url: str, asked: str) -> None:
    step = next(step for step in GITHUB["jobs"]["plan"]["steps"] if step.get("id") == "plan")
    (tmp_path / "asked").touch()
    stub = (
        'mbx() { echo "$*" >> asked; if [ "$1" = plan ]; then '
        f"[ {plan} = 0 ] && touch plan.json; return {plan}; fi; }}; pull() {{ :; }}; sign_in() {{ touch token; }}"
    )
    env = {"PATH": os.environ["PATH"], "MBX": stub, "SNAPSHOT_URL": url, "SNAPSHOT_PUBLIC_KEY": "key",
           "GITHUB_OUTPUT": "output"}  # fmt: skip
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=tmp_path, env=env, check=False)
    assert done.returncode == plan
    assert (tmp_path / "asked").read_text("utf-8").splitlines() == asked.split("|")
    assert (tmp_path / "token").exists() == (not url)
    assert (tmp_path / "output").exists() == (plan == 0)
