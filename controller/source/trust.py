"""May this commit be applied? Only what follows, and where the Tenant asks for it, only what the right
people signed.

What counts is what was trusted before: the policy (`source:` of the Tenant) of the commit that was applied
last, and for each commit since, the allowed signers as its parents have them; never what the commit under
check says of itself. The one exception is the very first commit, which has nothing before it: it must be
signed by one of its own allowed signers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller.errors import ControllerError, SourceError
from controller.source.git import Git, GitError
from controller.source.lineage import must_follow
from controller.source.revision import Revision, tenant_id_of
from controller.source.signatures import Signer, signer_of
from controller.spec import Estate

_MOST: Final = 5000  # commits to look at between two turns
_SIGNERS: Final = 1024**2  # bytes of the file of allowed signers
_DIRTY: Final = "-dirty"


async def vouch(
    git: Git, at: Callable[[str], Awaitable[Estate]], revision: Revision, tenant_id: str, last: str | None
) -> None:
    """Raises SourceError, with the reason, unless `revision` may be applied to this tenant. `at` reads the
    specs of another commit; `last` is what was applied, or accepted by the operator, before."""
    own = _policy(revision.estate, tenant_id)
    commit = revision.commit
    if commit is None:
        if own.verify:
            raise _untrusted("the specs are in no git repository, and the Tenant asks for signed commits")
        return
    clean, before = commit.removesuffix(_DIRTY), (last or "").removesuffix(_DIRTY)
    policy = own
    if before:
        await must_follow(git, before, clean)
        if before != commit:  # a work tree with changes may say otherwise than its commit
            policy = await _policy_before(at, before, tenant_id) or own
    if not policy.verify:
        return
    if clean != commit:
        raise _untrusted(
            "the work tree has changes that nobody committed, and the Tenant asks for signed commits"
        )
    try:
        await _Check(git, policy, before or None).everything_up_to(clean)
    except GitError as error:
        raise _untrusted(f"the signatures up to {clean[:12]} cannot be looked at: {error.said}") from error


@dataclass(frozen=True, slots=True)
class Policy:
    """Who must have signed. `verify` is `ssh`, `gpg`, or empty."""

    verify: str = ""
    allowed_signers: str = ""
    by_path: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _policy(estate: Estate, tenant_id: str) -> Policy:
    for specs in estate.tenants:
        source: Any = specs.tenant.spec.source  # type: ignore[attr-defined]
        if tenant_id_of(specs) == tenant_id and source is not None:
            by_path = {
                pattern: frozenset(who.lower() for who in them) for pattern, them in source.by_path.items()
            }
            return Policy(source.verify or "", source.allowed_signers or "", by_path)
    return Policy()


async def _policy_before(
    at: Callable[[str], Awaitable[Estate]], before: str, tenant_id: str
) -> Policy | None:
    """None where the tenant was in no document then."""
    try:
        estate = await at(before)
    except (ControllerError, GitError) as error:
        said = str(error).splitlines()[0]
        raise _untrusted(
            f"whom to trust stands in the commit that was applied last, {before[:12]}, and that cannot be "
            f"read ({said}); if the newest commit is meant, say so: mbx accept COMMIT --reason '…'"
        ) from error
    known = any(tenant_id_of(specs) == tenant_id for specs in estate.tenants)
    return _policy(estate, tenant_id) if known else None


@dataclass(slots=True)
class _Check:
    """One look at all that came since `last`."""

    git: Git
    policy: Policy
    last: str | None
    _signers: dict[str, bytes] = field(default_factory=dict)

    async def everything_up_to(self, commit: str) -> None:
        if self.last is None:
            signer = await self._signed(commit, [commit])
            await self._may_touch(commit, signer, [])
            return
        listed = await self.git("rev-list", "--topo-order", "--parents", f"--max-count={_MOST + 1}",
                                f"{self.last}..{commit}")  # fmt: skip
        commits = [line.split() for line in listed.decode().splitlines()]
        if len(commits) > _MOST:
            raise _untrusted(f"more than {_MOST} commits since {self.last[:12]}: apply an earlier one first")
        since = {each for each, *_ in commits}
        for each, *parents in reversed(commits):
            trusted = [parent if parent in since else self.last for parent in parents] or [self.last]
            signer = await self._signed(each, trusted)
            await self._may_touch(each, signer, parents)

    async def _signed(self, commit: str, trusted: Sequence[str]) -> Signer:
        """By whom; the same key must be allowed in each of the `trusted` commits."""
        signer = None
        for allowed in {await self._allowed_in(each): None for each in trusted}:
            signer = await signer_of(self.git, commit, self.policy.verify, allowed)
            if signer is None:
                break
        if signer is None:
            raise _untrusted(
                f"commit {commit[:12]} ({await self._subject(commit)}) is not signed by an allowed signer "
                f"({self.policy.verify}, {self.policy.allowed_signers} as it was before it)"
            )
        return signer

    async def _allowed_in(self, commit: str) -> bytes:
        if commit not in self._signers:
            place = f"{commit}:{self.policy.allowed_signers}"
            if not self.policy.allowed_signers:
                raise _untrusted("`source` asks for signed commits and names no `allowedSigners`")
            status, size, _ = await self.git.ask("cat-file", "-s", place)
            if status != 0 or int(size) > _SIGNERS:
                raise _untrusted(f"{self.policy.allowed_signers} is missing or too large at {commit[:12]}")
            self._signers[commit] = await self.git("cat-file", "blob", place)
        return self._signers[commit]

    async def _may_touch(self, commit: str, signer: Signer, parents: Sequence[str]) -> None:
        if not self.policy.by_path:
            return
        touched = await self._touched(commit, parents)
        for pattern, who in self.policy.by_path.items():
            form = _form(pattern)
            hit = next((path for path in touched if form.fullmatch(path)), None)
            if hit is not None and not signer.names & who:
                raise _untrusted(
                    f"commit {commit[:12]} changes {hit}, which is for {', '.join(sorted(who))} to sign, "
                    f"and was signed by {signer.shown}"
                )

    async def _touched(self, commit: str, parents: Sequence[str]) -> list[str]:
        """What the commit itself changes. Of a merge: what is not as git alone would have merged it, so
        that nobody takes back another's change by choosing a side."""
        if len(parents) < 2:
            listed = await self.git("diff-tree", "-r", "-z", "--root", "--no-renames", "--name-only",
                                    "--no-commit-id", "--no-ext-diff", commit)  # fmt: skip
            return _names(listed)
        against = parents[0]
        if len(parents) == 2:
            status, tree, _ = await self.git.ask("merge-tree", "--write-tree", "--no-messages", *parents)
            against = tree.split()[0].decode() if status == 0 else against
        return _names(await self.git("diff-tree", "-r", "-z", "--no-renames", "--name-only",
                                     "--no-ext-diff", against, commit))  # fmt: skip

    async def _subject(self, commit: str) -> str:
        said = (await self.git("log", "-1", "--no-show-signature", "--format=%an: %s", commit)).decode(
            "utf-8", "replace"
        )
        return "".join(character for character in said.strip() if character.isprintable())[:80]


def _names(listed: bytes) -> list[str]:
    return [name.decode("utf-8", "replace") for name in listed.split(b"\0") if name]


def _form(pattern: str) -> re.Pattern[str]:
    """`**` any folders, `*` anything but a slash, `?` one character; a folder stands for all below it."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("/"))
    return re.compile(
        "".join(_piece(part) for part in parts) + (".*" if pattern.endswith("/") else "(?:/.*)?"), re.DOTALL
    )


def _piece(part: str) -> str:
    return {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))


def _untrusted(why: str) -> SourceError:
    return SourceError("untrusted-commit", f"{why}; nothing is applied")
