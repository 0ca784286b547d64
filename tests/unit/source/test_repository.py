"""A branch is followed as git has it; what is hostile, broken or gone is refused, and told with a reason."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from controller.errors import SourceError, SpecError, UsageError
from controller.source import RepositorySource

from .conftest import BOX, TENANT_ID


def reason(go, coroutine) -> str:
    with pytest.raises(SourceError) as caught:
        go(coroutine)
    return caught.value.reason


def tips(revision):
    (tenant,) = revision.estate.tenants
    return [document.spec.mail_tip for document in tenant.documents]


def test_the_newest_commit_is_read_and_named(forge, source, go):
    forge.write("specs/mail/support.yaml", BOX.format("Bonjour"))
    commit = forge.commit()
    revision = go(source.newest())
    assert revision.commit == commit
    assert tips(revision) == ["Bonjour"]
    (tenant,) = revision.estate.tenants
    assert tenant.documents[0].origin.path == "specs/mail/support.yaml"
    forge.write("specs/mail/support.yaml", BOX.format("Bonsoir"))
    assert forge.commit() != commit
    assert tips(go(source.newest())) == ["Bonsoir"]


def test_nothing_of_a_commit_stays_on_disk_but_the_copy(forge, source, go):
    go(source.newest())
    (home,) = (forge.top / "state" / "source").iterdir()
    assert sorted(path.name for path in home.iterdir()) == ["lock", "mirror.git"]
    assert home.stat().st_mode & 0o077 == 0


def test_the_branch_of_its_own(forge, go):
    source = forge.follow(branch=None)
    assert go(source.newest()).commit == forge.git("rev-parse", "HEAD")
    source.close()


def test_a_branch_that_vanished(forge, source, go):
    go(source.newest())
    forge.git("update-ref", "-d", "refs/heads/main", at=forge.bare)
    assert reason(go, source.newest()) == "branch-gone"


def test_a_repository_that_does_not_answer_and_comes_back(forge, source, go):
    commit = go(source.newest()).commit
    forge.bare.rename(forge.top / "away")
    assert reason(go, source.newest()) == "source-unreachable"
    (forge.top / "away").rename(forge.bare)
    assert go(source.newest()).commit == commit


def test_specs_that_were_deleted_or_emptied(forge, source, go):
    forge.git("mv", "specs", "elsewhere")
    forge.commit()
    with pytest.raises(UsageError, match="no folder specs"):
        go(source.newest())
    forge.write("specs/README.md", "Rien ici.")
    forge.commit()
    with pytest.raises(SpecError, match="no document here"):
        go(source.newest())


def test_a_folder_that_is_a_link_out_of_the_repository(forge, source, go):
    outside = forge.top / "outside"
    shutil.copytree(forge.desk / "specs", outside)
    forge.git("rm", "-r", "--quiet", "specs")
    (forge.desk / "specs").symlink_to(outside)
    forge.commit()
    with pytest.raises(UsageError, match="no folder specs"):
        go(source.newest())


def test_a_link_out_of_the_folder_is_not_followed(forge, source, go):
    secret = forge.top / "secret.yaml"
    secret.write_text(BOX.format("secret"))
    (forge.desk / "specs" / "box.yaml").symlink_to(secret)
    forge.commit()
    with pytest.raises(SpecError, match="outside the specs folder"):
        go(source.newest())


def test_a_link_inside_the_folder_is(forge, source, go):
    forge.write("specs/.real/box.yaml", BOX.format("Bonjour"))
    (forge.desk / "specs" / "box.yaml").symlink_to(".real/box.yaml")
    forge.commit()
    assert tips(go(source.newest())) == ["Bonjour"]


def test_a_submodule_among_the_specs(forge, source, go):
    commit = forge.git("rev-parse", "HEAD")
    forge.git("update-index", "--add", "--cacheinfo", f"160000,{commit},specs/other")
    forge.git("commit", "--quiet", "-m", "Submodule")
    forge.git("push", "--quiet", str(forge.bare), "HEAD:refs/heads/main")
    assert reason(go, source.newest()) == "unsafe-tree"


@pytest.mark.parametrize("name", [b"specs/\xff.yaml", b"specs/a\x1bb.yaml"])
def test_names_that_no_folder_should_have(forge, source, go, name):
    (forge.desk / os.fsdecode(name)).write_text("kind: Tenant\n")
    forge.commit()
    assert reason(go, source.newest()) == "unsafe-tree"


def test_a_yaml_file_that_is_too_large_and_another_file_that_is_not_for_us(forge, source, go, monkeypatch):
    forge.write("specs/film.bin", b"\0" * 2_000_000)
    forge.commit()
    assert go(source.newest()).estate.tenants
    monkeypatch.setattr("controller.source.tree._YAML", 1000)
    forge.write("specs/large.yaml", "# " + "x" * 1000)
    forge.commit()
    assert reason(go, source.newest()) == "unsafe-tree"


def test_a_yaml_bomb_is_an_error_like_any_other(forge, source, go):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    forge.write("specs/bomb.yaml", "\n".join(lines))
    forge.commit()
    with pytest.raises(SpecError):
        go(source.newest())


def test_no_hook_filter_or_attribute_of_anybody_runs(forge, source, go):
    marker = forge.top / "ran"
    forge.write(".gitattributes", "* filter=evil diff=evil export-subst\n")
    forge.write(".gitconfig-evil", f'[filter "evil"]\nsmudge = touch {marker}\n')
    forge.write("specs/box.yaml", BOX.format("$Format:%H$"))
    forge.git("config", "filter.evil.clean", "cat")
    forge.commit()
    revision = go(source.newest())
    mirror = next((forge.top / "state" / "source").iterdir()) / "mirror.git"
    for hook in ("reference-transaction", "post-checkout", "post-merge"):
        place = mirror / "hooks" / hook
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\ntouch {marker}\n")
        place.chmod(0o755)
    forge.commit()
    assert tips(revision) == tips(go(source.newest())) == ["$Format:%H$"]
    assert not marker.exists()


@pytest.mark.parametrize("url", ["ext::sh -c 'touch ran'", "--upload-pack=touch ran"])
def test_addresses_that_would_run_something(forge, url):
    with pytest.raises(UsageError):
        RepositorySource(url, None, "", forge.top / "state", patience=timedelta(seconds=5))


@pytest.mark.parametrize("damage", ["objects", "head", "ref", "everything"])
def test_a_damaged_copy_is_made_anew(forge, source, go, damage):
    commit = go(source.newest()).commit
    mirror = next((forge.top / "state" / "source").iterdir()) / "mirror.git"
    if damage == "objects":
        for path in (mirror / "objects").rglob("*"):
            if path.is_file():
                path.chmod(0o600)
                path.write_bytes(b"\0" * 40)
    elif damage == "head":
        (mirror / "HEAD").write_bytes(b"\0\0\0")
    elif damage == "ref":
        (mirror / "refs" / "mbx" / "incoming").write_bytes(b"nonsense\n")
    else:
        shutil.rmtree(mirror)
    source.close()
    source = forge.follow()
    assert go(source.newest()).commit == commit
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    forge.commit()
    assert tips(go(source.newest())) == ["Bonjour"]
    source.close()


def test_what_a_killed_fetch_left_is_in_nobodys_way(forge, source, go):
    commit = go(source.newest()).commit
    home = next((forge.top / "state" / "source").iterdir())
    source.close()
    (home / "mirror.git" / "refs" / "mbx" / "incoming.lock").write_text("")
    (home / "mirror.git" / "objects" / "pack").mkdir(exist_ok=True)
    (home / "mirror.git" / "objects" / "pack" / "tmp_pack_x").write_bytes(b"PACK")
    (home / "tree-left" / "specs").mkdir(parents=True)
    again = forge.follow()
    assert go(again.newest()).commit == commit
    assert not (home / "tree-left").exists()
    again.close()


def test_a_controller_killed_at_any_moment_of_a_fetch_loses_nothing(forge, go):
    for number in range(30):
        forge.write(f"specs/{number}.yaml", BOX.format("Bonjour").replace("support", f"box{number}"))
    forge.commit()
    script = (
        "import asyncio, sys; from datetime import timedelta; from pathlib import Path\n"
        "from controller.source import RepositorySource\n"
        "print('begun', flush=True)\n"
        "s = RepositorySource(sys.argv[1], 'main', 'specs', Path(sys.argv[2]), patience=timedelta(seconds=60))\n"
        "asyncio.run(s.newest())\n"
    )
    for patience in (0.0, 0.02, 0.05, 0.1):
        child = subprocess.Popen([sys.executable, "-c", script, str(forge.bare), str(forge.top / "state")],
                                 stdout=subprocess.PIPE)  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    source = forge.follow()
    assert len(go(source.newest()).estate.tenants[0].documents) == 30
    source.close()


def test_two_controllers_have_a_copy_each(forge, source, go):
    other = forge.follow()
    assert go(source.newest()).commit == go(other.newest()).commit
    assert len(list((forge.top / "state" / "source").iterdir())) == 2
    source.close()
    third = forge.follow()
    go(third.newest())
    assert len(list((forge.top / "state" / "source").iterdir())) == 2  # the place that came free
    third.close()
    other.close()


def test_credentials_in_an_address_are_not_told(forge, go):
    source = RepositorySource(
        "https://mbx:s3cret-token@127.0.0.1:1/specs.git", "main", "", forge.top / "state",
        patience=timedelta(seconds=30),
    )  # fmt: skip
    with pytest.raises(SourceError) as caught:
        go(source.newest())
    assert "s3cret" not in str(caught.value) + source.shown
    source.close()


def test_older_and_other_commits_are_not_applied(forge, source, go):
    first = go(source.newest()).commit
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    second = forge.commit()
    revision = go(source.newest())
    go(source.vouch(revision, TENANT_ID, first))
    go(source.vouch(revision, TENANT_ID, second))
    forge.git("reset", "--quiet", "--hard", first)
    forge.git("push", "--quiet", "--force", str(forge.bare), "HEAD:refs/heads/main")
    older = go(source.newest())
    assert older.commit == first
    assert reason(go, source.vouch(older, TENANT_ID, second)) == "not-fast-forward"
    forge.write("specs/box.yaml", BOX.format("Ailleurs"))
    forge.commit("Rewritten")
    assert reason(go, source.vouch(go(source.newest()), TENANT_ID, second)) == "not-fast-forward"
    assert (
        reason(go, source.vouch(go(source.newest()), TENANT_ID, "c0ffee" * 6 + "c0ff")) == "not-fast-forward"
    )
