"""Who signed a commit: asked of git, with the keys that we hand it and no others.

`git verify-commit` picks the program by the look of the signature, whatever is configured; so the programs
of the other kinds are taken away [doc: git-config(1) gpg.<format>.program]. Of SSH, the principal is the one
that the allowed signers give the key; of OpenPGP, every address that the key bears.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.source.git import LOCAL, Git, GitError, outcome_of, start

_GPG_CONF: Final = "batch\nno-autostart\nno-auto-key-retrieve\ntrust-model always\n"
_NONE: Final = "/bin/false"
_SSH: Final = re.compile(r'^Good "git" signature for (\S+) with \S+ key (\S+)$', re.MULTILINE)
_GOOD: Final = re.compile(r"^\[GNUPG:\] GOODSIG ", re.MULTILINE)
_VALID: Final = re.compile(r"^\[GNUPG:\] VALIDSIG (?:\S+ )*?([0-9A-F]{40,64})$", re.MULTILINE)
_BAD: Final = re.compile(r"^\[GNUPG:\] (?:BADSIG|ERRSIG|EXPSIG|EXPKEYSIG|REVKEYSIG) ", re.MULTILINE)
_ADDRESS: Final = re.compile(r"<([^<>@\s]+@[^<>@\s]+)>")


@dataclass(frozen=True, slots=True)
class Signer:
    """`names` are the addresses, in lower case, under which the key is known."""

    names: frozenset[str]
    key: str

    @property
    def shown(self) -> str:
        return ", ".join(sorted(self.names)) or self.key


async def signer_of(git: Git, commit: str, how: str, allowed: bytes) -> Signer | None:
    """None unless the signature is good and its key is among the `allowed`: a file as ssh-keygen reads it
    (`ssh`), or public keys, armoured one after another (`gpg`). Raises GitError."""
    program = "ssh-keygen" if how == "ssh" else "gpg"
    if shutil.which(program) is None:
        raise GitError(f"{program} is not installed, and without it no signature can be checked", -1)
    folder = Path(tempfile.mkdtemp(prefix="mbx-signers-"))
    try:
        return await (_by_ssh if how == "ssh" else _by_gpg)(git, commit, allowed, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _by_ssh(git: Git, commit: str, allowed: bytes, folder: Path) -> Signer | None:
    signers = folder / "allowed_signers"
    signers.write_bytes(allowed)
    config = (
        f"gpg.ssh.allowedSignersFile={signers}",
        "gpg.ssh.program=ssh-keygen",
        *_without("openpgp", "x509"),
    )
    said = await _verified(git, commit, config, {})
    found = _SSH.findall(said)
    return Signer(frozenset({found[0][0].lower()}), found[0][1]) if len(found) == 1 else None


async def _by_gpg(git: Git, commit: str, allowed: bytes, folder: Path) -> Signer | None:
    (folder / "gpg.conf").write_text(_GPG_CONF)
    armoured = folder / "allowed.asc"
    armoured.write_bytes(allowed)
    env = {"GNUPGHOME": str(folder)}  # a keyring of its own, which has the allowed keys and no other
    await _gpg(env, "--quiet", "--import", str(armoured))
    config = ("gpg.program=gpg", "gpg.openpgp.program=gpg", *_without("ssh", "x509"))
    said = await _verified(git, commit, config, env)
    found = _VALID.findall(said)
    if len(found) != 1 or not _GOOD.search(said) or _BAD.search(said):
        return None
    return Signer(_addresses(await _gpg(env, "--with-colons", "--list-keys", found[0])), found[0])


async def _verified(git: Git, commit: str, config: tuple[str, ...], env: Mapping[str, str]) -> str:
    """What the verifying program said, empty unless git is content with it."""
    status, _, err = await git.ask("verify-commit", "--raw", commit, config=config, env=env)
    return err.decode("utf-8", "replace") if status == 0 else ""


def _without(*formats: str) -> tuple[str, ...]:
    switched = tuple(f"gpg.{each}.program={_NONE}" for each in formats)
    return (*switched, f"gpg.program={_NONE}") if "openpgp" in formats else switched


async def _gpg(env: Mapping[str, str], *arguments: str) -> str:
    started = await start("gpg", *arguments, env=env)
    _, out, _ = await outcome_of(started, "gpg", b"", LOCAL)
    return out.decode("utf-8", "replace")


def _addresses(listed: str) -> frozenset[str]:
    """Of the user ids that are neither revoked nor expired [doc: GnuPG, DETAILS, colon listings]."""
    rows = [line.split(":") for line in listed.splitlines() if line.startswith("uid:")]
    names = [row[9] for row in rows if row[1] not in ("r", "e")]
    return frozenset(address.lower() for name in names for address in _ADDRESS.findall(name))
