"""A specs folder as a whole: which documents belong to which tenant, and what is wrong between them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath
from typing import Final

from controller.errors import Problem, SpecError, UsageError
from controller.model import Key, Kind, Origin
from controller.spec.asserts import policy_problems
from controller.spec.beside import read_beside
from controller.spec.documents import Document, Estate, TenantSpecs
from controller.spec.drafts import Draft, drafts
from controller.spec.files import Folder, SpecFile, repository_root
from controller.spec.models import Tenant
from controller.spec.profiles import merge_profiles

_EXAMPLE: Final = (
    "{kind: Tenant, name: entreprise, tenantId: 7f1b2c3d-0000-4000-8000-000000000001, timeZone: Europe/Paris}"
)

_RULING: Final = frozenset({Kind.APPROVAL, Kind.POLICY, Kind.PROFILE})  # they describe nothing in the tenant


def load(folder: Path, *, root: Path | None = None) -> Estate:
    """Everything that a specs folder says. Places are told relative to `root`: by default the top of the
    git repository that the folder is in, outside git the working directory.

    Raises SpecError with every problem of every file, UsageError where there is no such folder."""
    if not folder.exists():
        raise UsageError(
            f"there is no folder {str(folder)!r}: name the specs folder, as in 'mbx plan path/to/specs'"
        )
    if not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file: name the specs folder that it is in")
    top = folder.resolve()
    reading = Folder(top, (root or repository_root(top) or Path.cwd()).resolve())
    files: list[SpecFile] = []
    found: list[Draft] = []
    problems: list[Problem] = []
    for file in reading.read():
        files.append(_without_text(file))
        found.extend(drafts(file, problems))
    unknown = bool(reading.problems) or any(draft.kind is None for draft in found)
    problems += reading.problems
    if not found and not problems:
        problems.append(
            Problem(Origin(reading.shown(top), 1), f"no document here; a first one could be {_EXAMPLE}")
        )
    homes = _Homes(found)
    merge_profiles(found, homes.of, problems)
    beside = list(read_beside(reading, found, problems))
    problems += _tenant_problems(homes)
    problems += policy_problems(found, homes.of)
    problems += _problems_between(homes, found, orphans=not unknown)
    if problems:
        raise SpecError(sorted(set(problems)))
    return _estate(homes, found, files, beside)


def _without_text(file: SpecFile) -> SpecFile:
    return SpecFile(file.relative, file.shown, file.content)


class _Homes:
    """Which Tenant a file's documents belong to: the one in its own folder, or the nearest above."""

    def __init__(self, found: Iterable[Draft]) -> None:
        self.tenants = [draft for draft in found if draft.kind is Kind.TENANT]
        self._by_folder: dict[PurePosixPath, list[Draft]] = {}
        for tenant in self.tenants:
            self._by_folder.setdefault(tenant.file.relative.parent, []).append(tenant)

    def of(self, file: SpecFile) -> list[Draft]:
        """One Tenant; several, where a folder has more than it should; none."""
        folder = file.relative.parent
        if folder not in self._by_folder:
            above = (self._by_folder[each] for each in folder.parents if each in self._by_folder)
            self._by_folder[folder] = next(above, [])
        return self._by_folder[folder]


def _tenant_problems(homes: _Homes) -> Iterator[Problem]:
    named: dict[str, Draft] = {}
    for draft in homes.tenants:
        if not isinstance(draft.spec, Tenant):
            continue
        first = named.setdefault(draft.spec.name.lower(), draft)
        if first is not draft:
            message = f"there is a tenant {draft.spec.name!r} already (at {first.origin}): rename one"
            yield Problem(draft.text.value_at(("name",)), message)


def _problems_between(homes: _Homes, found: list[Draft], *, orphans: bool) -> Iterator[Problem]:
    """`orphans`: tell of documents without a tenant. Not where something could not be read, which may
    well have been the tenant."""
    claimed: dict[tuple[int, str], tuple[Draft, tuple[str, ...]]] = {}
    crowded: set[int] = set()
    homeless = []
    for draft in found:
        owners = homes.of(draft.file)
        tenant = owners[0] if owners else None
        if draft.spec is not None:
            for path, message in draft.spec.troubles(_zone(tenant)):
                yield Problem(draft.text.at(path), message)
            yield from _clashes(draft, id(tenant), claimed)
        if draft.kind is Kind.TENANT:
            continue
        if not owners:
            homeless.append(draft)
        elif len(owners) > 1 and id(tenant) not in crowded:
            crowded.add(id(tenant))
            yield Problem(
                owners[1].origin,
                f"a second Tenant in one folder (the first: {owners[0].origin}), so that {draft.origin} "
                "and others could belong to either: give each tenant a folder of its own",
            )
    if orphans:
        yield from _orphans(homeless, alone=not homes.tenants)


def _orphans(homeless: list[Draft], *, alone: bool) -> Iterator[Problem]:
    """One problem where there is no Tenant at all, one for each document where others have one."""
    for draft in homeless[:1] if alone else homeless:
        folder = draft.file.relative.parent
        top = folder == PurePosixPath(".")
        where = "the specs folder" if top else f"{str(folder)!r} or a folder above it"
        yield Problem(
            draft.origin,
            f"belongs to no tenant: there is no Tenant document in {where}; write one, say tenant.yaml "
            f"with {_EXAMPLE}",
        )


def _clashes(
    draft: Draft, tenant: int, claimed: dict[tuple[int, str], tuple[Draft, tuple[str, ...]]]
) -> Iterator[Problem]:
    assert draft.spec is not None
    for path, address in draft.spec.claims():
        other, other_path = claimed.setdefault((tenant, address.lower()), (draft, path))
        if other is draft:
            continue
        assert other.spec is not None
        place = other.text.value_at(other_path)
        yield Problem(
            draft.text.value_at(path),
            f"{address} stands in two documents: here under {path[0]!r}, and under {other_path[0]!r} of "
            f"{other.kind} {other.spec.identity()} at {place}",
        )


def _zone(tenant: Draft | None) -> tzinfo:
    return tenant.spec.zone if tenant is not None and isinstance(tenant.spec, Tenant) else UTC


def _estate(
    homes: _Homes, found: list[Draft], files: list[SpecFile], beside: list[tuple[Draft, SpecFile]]
) -> Estate:
    """`beside` are the files that documents name; they count as contents of the documents' tenant."""
    documents: dict[Draft, list[Document]] = {tenant: [] for tenant in homes.tenants}
    contents: dict[Draft, dict[str, SpecFile]] = {tenant: {} for tenant in homes.tenants}
    for draft in found:
        if draft.kind is not Kind.TENANT:
            documents[homes.of(draft.file)[0]].append(_document(draft))
    for file in files:
        for tenant in homes.of(file):
            contents[tenant][str(file.relative)] = file
    for draft, file in sorted(beside, key=lambda each: each[1].relative):
        for tenant in homes.of(draft.file):
            contents[tenant].setdefault(str(file.relative), file)
    return Estate(
        tuple(
            TenantSpecs(
                tenant=_document(tenant),
                documents=tuple(each for each in documents[tenant] if each.kind not in _RULING),
                approvals=tuple(each for each in documents[tenant] if each.kind is Kind.APPROVAL),
                policies=tuple(each for each in documents[tenant] if each.kind is Kind.POLICY),
                profiles=tuple(each for each in documents[tenant] if each.kind is Kind.PROFILE),
                digest=_digest(contents[tenant].values()),
                files=tuple((name, file.content) for name, file in contents[tenant].items()),
            )
            for tenant in homes.tenants
        )
    )


def _document(draft: Draft) -> Document:
    assert draft.kind is not None
    assert draft.spec is not None
    address = draft.spec.identity()
    key = Key(draft.kind, address.lower()) if address is not None else None
    return Document(draft.kind, draft.spec, draft.origin, key, draft.text)


def _digest(files: Iterable[SpecFile]) -> str:
    """Over paths and contents; lengths stand between them, so that no two estates look alike."""
    total = hashlib.sha256()
    for file in files:
        name = str(file.relative).encode()
        total.update(b"%d:%s%d:" % (len(name), name, len(file.content)))
        total.update(file.content)
    return f"sha256:{total.hexdigest()}"
