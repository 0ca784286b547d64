"""Colour categories: those that the document lists, and one for each person who works in the mailbox.

Mail refers to a category by its name, and the name can never be changed: another name is another category,
and mail under the old one keeps the name and loses the colour [doc: Graph outlookCategory]. Names are unique
without case. What the service answers to a name that is taken is documented nowhere, so that the list is read
again then [reference: Graph API, master categories].
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.aspect import Aspect, Context, Permissions, Resource
from controller.claims import CLAIMS, claims, read_names
from controller.clients import Reader, Receipt, Writer, segment
from controller.directory import Directory
from controller.errors import ConflictError, InvalidError, ServiceError
from controller.model import (
    Absent,
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Key,
    Kind,
    Observation,
    Path,
    Present,
    Request,
    Risk,
    Unreadable,
    Want,
)
from controller.spec.collections import is_exclusive
from controller.spec.models.categories import Colour

CATEGORIES: Final = ("categories",)
# The order of preset0 to preset24 [doc: Graph outlookCategory].
_PRESETS: Final = tuple(str(one) for one in Colour if one is not Colour.NONE and one == one.plain)


class Categories(Aspect):
    name = "categories"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("MailboxSettings.Read", "User.Read.All"), write=("MailboxSettings.ReadWrite",)
    )

    def concerns(self, resource: Resource) -> bool:
        spec = resource.spec
        return spec.state != "absent" and (spec.categories is not None or spec.claim_categories is not None)

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        answers = list(await asyncio.gather(*(_observe(reader, r) for r in resources)))
        if any(r.spec.claim_categories for r in resources):
            try:
                await read_names(reader, directory)
            except ServiceError as error:
                answers = [
                    Unreadable(error) if r.spec.claim_categories else answer
                    for r, answer in zip(resources, answers, strict=True)
                ]
        return dict(zip((r.key for r in resources), answers, strict=True))

    def desired(self, resource: Resource, context: Context) -> Desired:
        spec = resource.spec
        wants: dict[Path, Want] = {}
        for name, written in (spec.categories or {}).items():
            wants[(*CATEGORIES, name)] = Want(written.plain, written.plain, resource.at(*CATEGORIES, name))
        claimed = claims(resource, context)
        listed = {name.casefold() for name in spec.categories or ()}
        wants |= {path: want for path, want in claimed.wants.items() if path[-1].casefold() not in listed}
        collections: dict[Path, bool] = {}
        if spec.categories is not None:
            collections[CATEGORIES] = is_exclusive(spec, context.tenant, "categories")
        return Desired(
            wants,
            collections,
            gone=frozenset(path for path in claimed.gone if path[-1].casefold() not in listed),
            ended={path: end for path, end in claimed.ended.items() if path[-1].casefold() not in listed},
            origins={CATEGORIES: resource.at(*CATEGORIES), CLAIMS: resource.at(*CLAIMS)},
            findings=claimed.findings,
            upcoming=claimed.upcoming,
        )

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Names are the same whatever their case; one for a person is no stranger to the list."""
        asked = {path[-1].casefold(): path for path in (*desired.wants, *desired.gone)}
        return {asked.get(path[-1].casefold(), path): colour for path, colour in present.fields.items()}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        name = delta.path[-1]
        ident = present.ids.get(name.casefold())
        action = Action.REMOVE if delta.want is None else Action.UPDATE if ident else Action.ADD
        return Change(
            key=resource.key,
            aspect=self.name,
            action=action,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=Risk.MEDIUM if action is Action.REMOVE else Risk.LOW,
            requests=(_request(action, resource, name, delta, ident),),
            notes=_notes(action, delta),
            due=delta.due,
        )

    def own_record(self, change: Change, request: Request) -> Mapping[str, bool | None]:
        """A person's category that we made is ours to remove; one that was there before is not."""
        if change.path[:1] != CLAIMS or change.action is Action.UPDATE:
            return {}
        return {f"category/{change.path[-1]}": True if change.action is Action.ADD else None}

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """A refused POST is looked into: somebody may have made the very category meanwhile."""
        try:
            return await writer.send(request)
        except (ConflictError, InvalidError):
            if change.action is not Action.ADD:
                raise
            rows = await reader.graph_list(request.call.removeprefix("POST "))
            name, color = request.parameters["displayName"], request.parameters["color"]
            if not any(_named(row) == name.casefold() and row.get("color") == color for row in rows):
                raise
            return Receipt([], (), ())


async def _observe(reader: Reader, resource: Resource) -> Observation:
    if resource.principal is None:
        return Absent()
    try:
        rows = await reader.graph_list(f"{resource.object_path}/outlook/masterCategories")
    except ServiceError as error:
        return Unreadable(error)
    fields: dict[Path, Any] = {(*CATEGORIES, str(row.get("displayName"))): _colour(row) for row in rows}
    return Present(fields, {_named(row): str(row.get("id")) for row in rows})


def _named(row: Mapping[str, Any]) -> str:
    return str(row.get("displayName") or "").casefold()


def _colour(row: Mapping[str, Any]) -> str:
    """Outlook's name of a preset; what is not known is shown as it came."""
    color = str(row.get("color") or "none").lower()
    number = color.removeprefix("preset")
    known = number.isdigit() and int(number) < len(_PRESETS)
    return _PRESETS[int(number)] if known else color


def _preset(colour: str) -> str:
    return "none" if colour == Colour.NONE else f"preset{_PRESETS.index(colour)}"


def _request(action: Action, resource: Resource, name: str, delta: Delta, ident: str | None) -> Request:
    all_of_them = f"{resource.object_path}/outlook/masterCategories"
    if action is Action.ADD:
        body = {"displayName": name, "color": _preset(delta.after)}
        return Request("graph", f"POST {all_of_them}", body)
    one = f"{all_of_them}/{segment(str(ident))}"
    if action is Action.UPDATE:
        return Request("graph", f"PATCH {one}", {"color": _preset(delta.after)})
    return Request("graph", f"DELETE {one}")


def _notes(action: Action, delta: Delta) -> tuple[str, ...]:
    if action is not Action.REMOVE:
        return ()
    what = "mail that bears it keeps the name and loses the colour"
    return (what if delta.path[:1] == CATEGORIES else f"whoever had it has no access any more: {what}",)
