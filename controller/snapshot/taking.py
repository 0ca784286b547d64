"""Looking at a tenant for a snapshot: at everything of what the documents are about, whether they ask for it
or not, so that a pull request may ask for it first.

Of everybody else in the tenant only what tells who is who: a pull request may name anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from controller.aspect import all_aspects
from controller.claims import read_names
from controller.clients import Reader
from controller.directory import Directory, Principal
from controller.errors import ServiceError
from controller.folders.retention_tags import read_tags
from controller.licences import read_shelf
from controller.model import Key, Kind
from controller.observe import observe
from controller.outbound import read_outbound
from controller.probe import KNOWN_FOLDERS, probe
from controller.recipients import RECIPIENT
from controller.reconciler import Setting, prepare, remember
from controller.snapshot import remembered
from controller.snapshot.readers import Recorder
from controller.snapshot.tape import DELETED, Tape
from controller.spec import Document
from controller.survey import locate, read_directory
from controller.tenant_facts import read_facts, with_mailboxes

# The path makes sure that what stands below the inbox is read: people have their folders there.
_FOLDERS: Final = dict.fromkeys((*KNOWN_FOLDERS, "Inbox/(snapshot)"))
_ASKED_TOO: Final[dict[Kind, dict[str, Any]]] = {
    Kind.SHARED_MAILBOX: {"searchFolders": {}, "folders": _FOLDERS}
}


async def take(setting: Setting, reader: Reader, *, everything: bool = False) -> dict[str, Any]:
    """The contents of a snapshot. `everything`: also shared mailboxes and lists that no document is about.
    Raises ServiceError where not even the directory can be read."""
    began = setting.now()
    memory = await asyncio.to_thread(remember, setting.journal, setting.tenant_id)
    tape = Tape()
    recorder = Recorder(reader, tape)
    directory = await read_directory(recorder)
    directory.ours = {key: ident for ident, key in memory.object_ids.items()}
    chosen = dict(_spoken_of(setting, directory))
    if everything:
        chosen = dict(_all(directory)) | chosen
    tape.about = frozenset(one.guid for one in chosen.values())
    await _of_the_tenant(recorder, directory)
    questions = [probe(key, one.address, **_ASKED_TOO.get(key.kind, {})) for key, one in chosen.items()]
    observed = await observe(recorder, questions, directory, all_aspects())
    await with_mailboxes(await read_facts(recorder, directory), recorder, observed.resources)
    # What the documents themselves ask for, by a reader that has not looked at any folder yet.
    await prepare(replace(setting, journal=None, memory=memory), Recorder(reader, tape))
    return {
        "tenantId": setting.tenant_id,
        "tenant": setting.tenant.name,
        "takenAt": began.isoformat(),
        "about": sorted({key.address for key in chosen}),
        "memory": remembered.written(memory),
        "answers": list(_answers(tape)),
    }


def _spoken_of(setting: Setting, directory: Directory) -> Iterator[tuple[Key, Principal]]:
    """What the documents are about, under the address that it has."""
    documents: list[Document] = [one for one in setting.documents() if one.kind is not Kind.TENANT]
    for document in documents:
        one, _ = locate(document, directory)
        if one is not None:
            yield Key(document.kind, one.address.lower()), one


def _all(directory: Directory) -> Iterator[tuple[Key, Principal]]:
    for one in directory.principals.values():
        if one.is_shared or one.is_list:
            kind = Kind.SHARED_MAILBOX if one.is_shared else Kind.DISTRIBUTION_LIST
            yield Key(kind, one.address.lower()), one


async def _of_the_tenant(reader: Reader, directory: Directory) -> None:
    """What is asked once for all, and only where some document calls for it. What is refused is noted."""
    with suppress(ServiceError):
        await reader.exchange("Get-Recipient", DELETED, select=RECIPIENT)
    with suppress(ServiceError):
        await read_shelf(reader)
    with suppress(ServiceError):
        await read_names(reader, directory)
    await read_tags(reader)
    await read_outbound(reader)
    for aspect in all_aspects():
        if aspect.kinds == {Kind.TENANT}:
            await aspect.read(reader, (), directory)


def _answers(tape: Tape) -> Iterator[dict[str, Any]]:
    """In the order in which they were given: who is who comes first."""
    for name, answers in tape.answers.items():
        for answer in answers:
            columns = {"columns": sorted(answer.columns)} if answer.columns is not None else {}
            said = {"value": answer.value} if answer.error is None else {"error": dict(answer.error)}
            yield {"asked": name, **columns, **said}
