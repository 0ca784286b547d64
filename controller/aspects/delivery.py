"""Whose mail a mailbox or a list accepts, and who looks at it first.

Exchange shows the senders as directory Names. The combined parameters (…SendersOrMembers) overwrite and
take no table, and an empty list clears nothing [doc: Set-Mailbox; obs: go-exoscc]. So it is the two lists
behind each that are written, people in one and groups in the other, by what comes and what goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource, set_recipient
from controller.clients import Reader
from controller.directory import Directory, Principal
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
    Origin,
    Path,
    Present,
    Request,
    Risk,
    Severity,
    Want,
)

INSIDE: Final = ("delivery", "requireAuthenticatedSenders")
MODERATION: Final = ("delivery", "moderation")


_SEPARATOR = " "


@dataclass(frozen=True, slots=True)
class _List:
    """One list of senders: its name in the spec and on the model, the column that shows it, and the
    properties that hold its people and its groups."""

    name: str
    attribute: str
    column: str
    people: str
    groups: str

    @property
    def path(self) -> Path:
        return ("delivery", self.name)


_ACCEPT = _List(
    "acceptOnlyFrom",
    "accept_only_from",
    "AcceptMessagesOnlyFromSendersOrMembers",
    "AcceptMessagesOnlyFrom",
    "AcceptMessagesOnlyFromDLMembers",
)
_REJECT = _List(
    "rejectFrom",
    "reject_from",
    "RejectMessagesFromSendersOrMembers",
    "RejectMessagesFrom",
    "RejectMessagesFromDLMembers",
)
_MODERATORS = _List("moderatedBy", "moderated_by", "ModeratedBy", "ModeratedBy", "ModeratedBy")
_LISTS: Final = {one.name: one for one in (_ACCEPT, _REJECT, _MODERATORS)}
_FLAGS: Final[dict[Path, str]] = {
    INSIDE: "RequireSenderAuthenticationEnabled",
    MODERATION: "ModerationEnabled",
}


class Delivery(Aspect):
    name = "delivery"
    kinds = frozenset({Kind.SHARED_MAILBOX, Kind.DISTRIBUTION_LIST})
    permissions = Permissions(
        read=("Get-Mailbox", "Get-DistributionGroup"), write=("Set-Mailbox", "Set-DistributionGroup")
    )
    mailbox_properties = (*(one.column for one in _LISTS.values()), *_FLAGS.values())
    list_properties = mailbox_properties

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.delivery is not None

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        return {r.key: Absent() if r.row is None else _observe(r, r.row, directory) for r in resources}

    def fresh(self, resource: Resource) -> Present:
        empty = {one.path: () for one in _LISTS.values()}
        inside = resource.key.kind is Kind.DISTRIBUTION_LIST  # a new list refuses mail from outside
        return Present({MODERATION: False, INSIDE: inside, **empty})

    def desired(self, resource: Resource, context: Context) -> Desired:
        spec = resource.spec.delivery
        wants: dict[Path, Want] = {}
        findings: list[Finding] = []
        for listed in _LISTS.values():
            addresses = getattr(spec, listed.attribute)
            if addresses is None:
                continue
            found = [_resolved(resource, listed, address, context.ahead) for address in addresses]
            findings += [one for one in found if isinstance(one, Finding)]
            senders = {one.address.lower(): one for one in found if isinstance(one, Principal)}
            wants[listed.path] = Want(
                tuple(sorted(senders)), list(addresses), resource.at(*listed.path), ref=senders
            )
        for path, value in (
            (INSIDE, spec.require_authenticated_senders),
            (MODERATION, None if spec.moderated_by is None else bool(spec.moderated_by)),
        ):
            if value is not None:
                at = _MODERATORS.path if path == MODERATION else path
                wants[path] = Want(value, value, resource.at(*at))
        return Desired(wants, findings=tuple(findings))

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Moderation goes out with its moderators: one change, not two."""
        wished = desired.wants.get(_MODERATORS.path)
        if wished and present.fields.get(_MODERATORS.path, ()) != wished.value:
            return {**present.fields, MODERATION: desired.wants[MODERATION].value}
        return present.fields

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """A document switches moderation on by naming moderators."""
        moderated = present.fields.get(MODERATION)
        unsaid = {MODERATION} if moderated else {MODERATION, _MODERATORS.path}
        said = {path: value for path, value in super().spelling(present).items() if path not in unsaid}
        return said if moderated else {**said, _MODERATORS.path: ()}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None
        if delta.path in _FLAGS:
            request = set_recipient(resource, {_FLAGS[delta.path]: delta.after})
            return _change(delta, resource, Risk.MEDIUM if delta.after else Risk.LOW, request)
        listed = _LISTS[delta.path[1]]
        directory = context.directory
        ids = dict(zip(delta.before, _split(present.ids.get(listed.name)), strict=True))
        gone = [directory.principals[ids[address]] for address in delta.before if address not in delta.after]
        come = [one for address, one in delta.want.ref.items() if address not in delta.before]
        parameters: dict[str, Any] = {}
        for holder in dict.fromkeys((listed.people, listed.groups)):
            of = [
                one for one in (*come, *gone) if holder == (listed.groups if one.is_group else listed.people)
            ]
            if of:
                parameters[holder] = _table(come, gone, of)
        if listed is _MODERATORS:
            parameters[_FLAGS[MODERATION]] = bool(delta.after)
        request = set_recipient(resource, parameters)
        needs = tuple(need for one in come for need in context.needs(one))
        return _change(delta, resource, _list_risk(listed, come, gone), request, needs)


def _table(come: Sequence[Principal], gone: Sequence[Principal], of: Sequence[Principal]) -> dict[str, Any]:
    table: dict[str, Any] = {"@odata.type": "#Exchange.GenericHashTable"}
    for key, members in (("Add", come), ("Remove", gone)):
        if guids := [one.guid for one in members if one in of]:
            table[key] = guids
    return table


def _list_risk(listed: _List, come: Sequence[Principal], gone: Sequence[Principal]) -> Risk:
    """Whether somebody can no longer write, or mail waits that did not."""
    loses = bool(come) if listed in (_REJECT, _MODERATORS) else True
    return Risk.MEDIUM if loses else Risk.LOW


def _change(
    delta: Delta, resource: Resource, risk: Risk, request: Request, needs: tuple[str, ...] = ()
) -> Change:
    return Change(
        key=resource.key,
        aspect=Delivery.name,
        action=Action.UPDATE,
        path=delta.path,
        before=delta.before,
        after=delta.after,
        origin=delta.origin,
        risk=risk if resource.row is not None else Risk.LOW,  # nobody writes to a new one yet
        requests=(request,),
        depends_on=needs,
        notes=_notes(delta),
    )


def _notes(delta: Delta) -> tuple[str, ...]:
    if delta.path == _ACCEPT.path and delta.after and not delta.before:
        return ("from now on only those listed can write to it",)
    if delta.path == _ACCEPT.path and not delta.after:
        return ("from now on everybody can write to it",)
    if delta.path == INSIDE and delta.after:
        return ("mail from outside is refused",)
    if delta.path in (MODERATION, _MODERATORS.path) and delta.after:
        return ("mail waits for a moderator",)
    return ()


def _observe(resource: Resource, row: Mapping[str, Any], directory: Directory) -> Present:
    """`ids` holds the GUIDs of each list, in the order of its addresses."""
    fields: dict[Path, Any] = {path: bool(canon.flag(row.get(column))) for path, column in _FLAGS.items()}
    ids: dict[str, str] = {}
    findings: list[Finding] = []
    for listed in _LISTS.values():
        if getattr(resource.spec.delivery, listed.attribute) is None:
            continue
        senders: dict[str, str] = {}
        for name in _texts(row.get(listed.column)):
            found = directory.by_id(name) or directory.by_trustee(name)
            if isinstance(found, Principal):
                senders[found.address.lower()] = found.guid
            else:
                findings.append(_unrecognised(resource, listed, name))
        fields[listed.path] = tuple(sorted(senders))
        ids[listed.name] = _SEPARATOR.join(senders[address] for address in sorted(senders))
    return Present(fields, ids, tuple(findings))


def _split(guids: str | None) -> list[str]:
    return guids.split(_SEPARATOR) if guids else []


def _resolved(resource: Resource, listed: _List, address: str, directory: Directory) -> Principal | Finding:
    found = directory.by_address(address)
    if len(found) == 1:
        return found[0]
    return _nobody(resource, address, found, resource.at(*listed.path, address))


def _texts(value: Any) -> Iterable[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value or ()]


def _unrecognised(resource: Resource, listed: _List, name: str) -> Finding:
    return Finding(
        "unknown-sender",
        f"{resource.key.address}/{listed.name}/{name}",
        Severity.WARNING,
        f"“{name}” stands in {listed.name} of {resource.key.address}, and nobody (or several) is known by "
        "that name: this entry is left alone",
        resource.key,
        resource.at(*listed.path),
    )


def _nobody(resource: Resource, address: str, found: Sequence[Principal], origin: Origin) -> Finding:
    holders = ", ".join(sorted(f"{one.display_name} ({one.type})" for one in found))
    what = f"{address} is claimed by several: {holders}" if found else f"nobody in this tenant has {address}"
    return Finding(
        "ambiguous-address" if found else "unknown-address",
        f"{resource.key.address}/{canon.address(address)}",
        Severity.ERROR,
        f"{what}; the delivery settings of {resource.key.address} are left as they are until this is settled",
        resource.key,
        origin,
        blocks=(resource.key, "delivery"),
    )
