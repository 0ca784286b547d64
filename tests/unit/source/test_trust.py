"""Who must have signed is what was trusted before, never what the commit under check says of itself."""

from __future__ import annotations

import subprocess

import pytest

from controller.errors import SourceError
from controller.source import FolderSource

from .conftest import BOX, TENANT, TENANT_ID

SOURCE = "source: {{verify: {how}, allowedSigners: .allowed_signers{rest}}}\n"
BY_PATH = ", byPath: {'specs/rh/**': [chef@entreprise.example]}"


class SshKeys:
    """Keys by name, and the file of those that are allowed."""

    how = "ssh"

    def __init__(self, forge) -> None:
        self.forge = forge

    def key(self, name):
        place = self.forge.top / f"key-{name}"
        if not place.exists():
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(place)], check=True
            )
        return place

    def allow(self, *names):
        lines = [
            f"{name}@entreprise.example {self.key(name).with_suffix('.pub').read_text()}" for name in names
        ]
        self.forge.write(".allowed_signers", "".join(lines))

    def signed(self, name):
        return ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.key(name)}"), {}


class GpgKeys:
    how = "gpg"

    def __init__(self, forge) -> None:
        self.forge = forge
        self.home = forge.top / "gnupg"
        self.home.mkdir(mode=0o700)
        self.known = set()

    def gpg(self, *words):
        return subprocess.run(["gpg", "--homedir", str(self.home), "--batch", "--quiet", *words],
                              check=True, capture_output=True, text=True).stdout  # fmt: skip

    def key(self, name):
        if name not in self.known:
            self.gpg(
                "--passphrase",
                "",
                "--quick-generate-key",
                f"{name} <{name}@entreprise.example>",
                "ed25519",
                "sign",
                "never",
            )
            self.known.add(name)
        return f"{name}@entreprise.example"

    def allow(self, *names):
        self.forge.write(
            ".allowed_signers", "".join(self.gpg("--armor", "--export", self.key(n)) for n in names)
        )

    def signed(self, name):
        return ("-c", "gpg.format=openpgp", "-c", f"user.signingKey={self.key(name)}"), {
            "GNUPGHOME": str(self.home)
        }


@pytest.fixture(params=[SshKeys, GpgKeys])
def keys(forge, request):
    made = request.param(forge)
    yield made
    if isinstance(made, GpgKeys):
        subprocess.run(["gpgconf", "--homedir", str(made.home), "--kill", "all"], check=False)


@pytest.fixture
def team(forge, keys):
    """A repository that trusts ada and chef; chef's signature stands under everything so far."""
    keys.allow("ada", "chef")
    forge.write("specs/tenant.yaml", TENANT + SOURCE.format(how=keys.how, rest=BY_PATH))
    forge.write("specs/rh/paie.yaml", BOX.format("Paie").replace("support", "paie"))
    return keys, commit(forge, keys, "chef")


def commit(forge, keys, name, message="Change"):
    """By `name`, or unsigned."""
    if name is None:
        return forge.commit(message)
    config, env = keys.signed(name)
    forge.git("add", "--all")
    forge.git(*config, "commit", "--quiet", "--allow-empty", "-S", "-m", message, **env)
    push(forge)
    return forge.git("rev-parse", "HEAD")


def push(forge):
    forge.git("push", "--quiet", "--force", str(forge.bare), "HEAD:refs/heads/main")


def vouch(go, source, last):
    go(source.vouch(go(source.newest()), TENANT_ID, last))


def refused(go, source, last, match=None):
    with pytest.raises(SourceError, match=match) as caught:
        vouch(go, source, last)
    assert caught.value.reason == "untrusted-commit"


def test_signed_by_one_of_them_it_is_trusted(forge, source, go, team):
    keys, first = team
    vouch(go, source, None)
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, "ada")
    vouch(go, source, first)


@pytest.mark.parametrize("who", [None, "stranger"])
def test_unsigned_or_signed_by_a_stranger_it_is_not(forge, source, go, team, who):
    keys, first = team
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, who)
    refused(go, source, first, "not signed by an allowed signer")
    refused(go, source, None)


def test_a_good_commit_on_top_does_not_make_the_one_below_good(forge, source, go, team):
    keys, first = team
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, None)
    commit(forge, keys, "chef")
    refused(go, source, first)


@pytest.mark.parametrize("who", [None, "stranger"])
def test_a_commit_cannot_let_itself_in(forge, source, go, team, who):
    """Neither by naming its own signer, nor by asking for no signature, nor by moving the file."""
    keys, first = team
    keys.allow("ada", "chef", "stranger")
    forge.write("specs/tenant.yaml", TENANT)
    commit(forge, keys, who)
    refused(go, source, first)


def test_a_signer_who_was_let_in_counts_from_the_next_commit_on(forge, source, go, team):
    keys, first = team
    keys.allow("ada", "chef", "nouvelle")
    commit(forge, keys, "chef")
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, "nouvelle")
    vouch(go, source, first)


def test_a_signer_who_was_put_out_does_not(forge, source, go, team):
    keys, first = team
    keys.allow("chef")
    commit(forge, keys, "chef")
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, "ada")
    refused(go, source, first)


def test_a_signer_who_was_put_out_does_not_return_by_a_branch_from_before(forge, source, go, team):
    keys, _ = team
    forge.git("branch", "--quiet", "old")
    keys.allow("chef")
    first = commit(forge, keys, "chef")
    forge.git("checkout", "--quiet", "old")
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, "ada")
    forge.git("checkout", "--quiet", "main")
    config, env = keys.signed("chef")
    forge.git(*config, "merge", "--quiet", "-S", "--no-ff", "-m", "Merge", "old", **env)
    push(forge)
    refused(go, source, first)


def test_a_path_is_for_its_own_people_to_change(forge, source, go, team):
    keys, first = team
    forge.write("specs/rh/paie.yaml", BOX.format("Pour tous").replace("support", "paie"))
    commit(forge, keys, "ada")
    refused(go, source, first, "specs/rh/paie.yaml.*chef@entreprise.example.*ada@entreprise.example")


def test_and_its_own_people_do(forge, source, go, team):
    keys, first = team
    forge.write("specs/rh/paie.yaml", BOX.format("Pour tous").replace("support", "paie"))
    commit(forge, keys, "chef")
    vouch(go, source, first)


@pytest.mark.parametrize("strategy", ["clean", "ours"])
def test_a_merge_may_bring_together_and_not_take_back(forge, source, go, team, strategy):
    keys, first = team
    forge.git("branch", "--quiet", "side")
    forge.write("specs/rh/paie.yaml", BOX.format("Nouveau").replace("support", "paie"))
    commit(forge, keys, "chef")
    newer = forge.git("rev-parse", "HEAD")
    forge.git("checkout", "--quiet", "side")
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, "ada")
    config, env = keys.signed("ada")
    how = ("-s", "ours") if strategy == "ours" else ()
    forge.git(*config, "merge", "--quiet", "-S", "--no-ff", *how, "-m", "Merge", newer, **env)
    push(forge)
    if strategy == "clean":
        vouch(go, source, first)
    else:
        refused(go, source, first, "specs/rh/paie.yaml")


def test_a_missing_file_of_signers_lets_nobody_in(forge, source, go, team):
    keys, _ = team
    forge.git("rm", "--quiet", ".allowed_signers")
    removed = commit(forge, keys, "chef")
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    commit(forge, keys, "chef")
    refused(go, source, removed, "missing")


def test_a_signature_of_the_other_kind_counts_for_nothing(forge, source, go):
    ssh = SshKeys(forge)
    ssh.allow("chef")
    forge.write("specs/tenant.yaml", TENANT + SOURCE.format(how="gpg", rest=""))
    commit(forge, ssh, "chef")
    refused(go, source, None)


# --- a work tree ------------------------------------------------------------------------------------


def test_a_work_tree_is_held_to_the_same(forge, go, team):
    keys, first = team
    tree = FolderSource(forge.desk / "specs")
    vouch(go, tree, first)
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    second = commit(forge, keys, "ada")
    vouch(go, tree, first)
    vouch(go, tree, second)
    commit(forge, keys, None)
    refused(go, tree, first)
    forge.git("checkout", "--quiet", "--detach", first)
    with pytest.raises(SourceError) as caught:
        vouch(go, tree, second)
    assert caught.value.reason == "not-fast-forward"


def test_a_work_tree_with_changes_is_nobodys_signature(forge, go, team):
    _, first = team
    tree = FolderSource(forge.desk / "specs")
    forge.write("specs/box.yaml", BOX.format("Bonjour"))
    refused(go, tree, first, "nobody committed")
    forge.write("specs/tenant.yaml", TENANT)  # says itself that it needs none
    refused(go, tree, first, "nobody committed")


def test_outside_git_nothing_is_signed(tmp_path, go):
    for name, text in (("tenant.yaml", TENANT + SOURCE.format(how="ssh", rest="")),):
        (tmp_path / name).write_text(text)
    refused(go, FolderSource(tmp_path), None, "in no git repository")
