"""Inbox rules, in their order, those that hand mail on first. Rules of a mailbox are read even where its
document leaves them out: for findings only, as mail that leaks is worth a warning.

A rule is known by its name, which the service does not keep unique: of twins the one most like the document's
is taken for it. Rules that Graph cannot write (`isReadOnly`) are never touched; one in error (`hasError`:
something it names is gone) is only replaced if the document lists it, by removing it and making it anew, as
an erroneous rule can be deleted for certain and changed perhaps not [reference: Graph API, inbox rules].
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from controller import canon
from controller.aspect import Aspect, Context, Permissions, Resource
from controller.clients import Reader, Receipt, Writer, ask_all, codes, segment
from controller.directory import Directory
from controller.errors import NotFoundError, ServiceError
from controller.folders.paths import account_of, creation_of, reference, resolved, unknown
from controller.handoff import HANDOFF, ended, part_of, rules_of
from controller.made import recall, remember
from controller.model import (
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
    Unreadable,
    Want,
    ident,
)
from controller.rules import findings as telling
from controller.rules.forms import body, folders, in_words, wished
from controller.rules.order import Arrangement, arrange
from controller.rules.reading import ERROR, NUMBER, READ_ONLY, RULES, observe, rule_name, rule_path
from controller.spec.collections import is_exclusive

ORDER: Final = (*RULES, "order")
# In larger estates hidden rules are sought only where a document speaks of rules: Exchange tells them for one
# mailbox at a time, in about a second each, and not in batches [obs: graph2otel; reference: Get-InboxRule].
_HIDDEN_SOUGHT: Final = 500
_NEW_RULE: Final = re.compile(r"\{rule:(.*)\}", re.DOTALL)  # stands for the id of one that this plan makes


class Rules(Aspect):
    name = "rules"
    kinds = frozenset({Kind.SHARED_MAILBOX})
    permissions = Permissions(
        read=("MailboxSettings.Read", "Mail.ReadBasic.All", "Get-InboxRule"),
        write=("MailboxSettings.ReadWrite",),
    )
    mailbox_properties = ("RulesQuota",)

    def concerns(self, resource: Resource) -> bool:
        return bool(resource.spec.state != "absent")

    async def read(
        self, reader: Reader, resources: Sequence[Resource], directory: Directory
    ) -> Mapping[Key, Observation]:
        few = len(resources) <= _HIDDEN_SOUGHT

        async def look(resource: Resource) -> Observation:
            hidden_too = few or rules_of(resource.spec) is not None
            return await observe(reader, resource, directory, hidden_too=hidden_too)

        answers = await ask_all(look, resources)
        return _without_unasked(resources, dict(zip((r.key for r in resources), answers, strict=True)))

    def desired(self, resource: Resource, context: Context) -> Desired:
        spec = resource.spec
        rules = rules_of(spec)
        if rules is None:
            return Desired()
        wants: dict[Path, Want] = {}
        first = len(rules) - len(spec.rules or ())  # of its own, behind those that hand mail on
        for index, rule in enumerate(rules):
            path = rule_path(rule.name, spec)
            place = resource.at(*path) if index < first else resource.at(*RULES, str(index - first))
            wants[path] = Want(wished(rule, context.directory), rule, place)
        gone: dict[Path, Origin] = {(*HANDOFF, part): resource.at(*HANDOFF, part) for part in ended(spec)}
        if spec.rules is None:
            return Desired(wants, gone=frozenset(gone), origins=gone)
        if len(rules) > 1:
            order = [rule.name for rule in rules]
            wants[ORDER] = Want(order, order, resource.at(*RULES))
        exclusive = is_exclusive(spec, context.tenant, "rules")
        origins = {**gone, RULES: resource.at(*RULES)}
        return Desired(wants, {RULES: exclusive}, gone=frozenset(gone), origins=origins)

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """Without those that are not ours to touch, unless the document lists them; and with an order,
        where that has to be wished for."""
        fields = {
            path: value
            for path, value in present.fields.items()
            if path in desired.wants or path[0] == NUMBER or not {READ_ONLY, ERROR} & value.keys()
        }
        if ORDER in desired.wants:
            want = desired.wants[ORDER].value
            fields[ORDER] = want
            if _arrangement(present, resource).moves:
                held = _held(present, resource)
                fields[ORDER] = sorted(held, key=lambda name: held[name])
        return fields

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """One list, in order, without those that are not ours to touch."""
        numbers = {path[1]: number for path, number in present.fields.items() if path[0] == NUMBER}
        ours = [
            path
            for path, value in present.fields.items()
            if path[0] == RULES[0] and not {READ_ONLY, ERROR} & value.keys()
        ]
        rules = [present.spelt[path] for path in sorted(ours, key=lambda path: numbers[rule_name(path)])]
        return {RULES: rules}

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        if delta.path == ORDER:
            return self._order(delta, present, resource)
        name = rule_name(delta.path)
        risk, notes = _risk(delta, context.directory)
        draft = Change(
            key=resource.key,
            aspect=self.name,
            action=Action.REMOVE if delta.want is None else Action.UPDATE if delta.before else Action.ADD,
            path=delta.path,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            risk=risk,
            notes=notes,
        )
        if delta.want is None:  # what takes a hand-off's place comes first
            return replace(draft, requests=(_delete(resource, present, name),), depends_on=_instead(resource))
        rule = delta.want.verbatim
        obstacle = _obstacle(rule, present, resource, delta, context)
        if delta.before and READ_ONLY in delta.before:
            obstacle = _stuck(resource, name, delta)
        return replace(
            draft,
            requests=_requests(resource, present, rule, delta),
            depends_on=(*_needs(resource, rule), *_after(rule.name, present, resource, delta, context)),
            obstacle=obstacle,
        )

    def _order(self, delta: Delta, present: Present, resource: Resource) -> Change:
        return Change(
            key=resource.key,
            aspect=self.name,
            action=Action.UPDATE,
            path=ORDER,
            before=delta.before,
            after=delta.after,
            origin=delta.origin,
            depends_on=tuple(
                ident(resource.key, rule_path(rule.name, resource.spec))
                for rule in rules_of(resource.spec) or ()
            ),
            requests=tuple(
                Request("graph", f"PATCH {_one(resource, present, name)}", {"sequence": number})
                for name, number in _arrangement(present, resource).moves.items()
            ),
        )

    async def write(self, reader: Reader, writer: Writer, change: Change, request: Request) -> Receipt:
        """A rule that shall go and is gone already is as wished."""
        account = account_of(request.call)
        request = await resolved(reader, account, request)
        if found := _NEW_RULE.search(request.call):
            ident_ = recall(reader, account, f"rule:{found[1]}")
            ident_ = ident_ or await _id_of(reader, request.call[: found.start()].partition(" ")[2], found[1])
            request = replace(request, call=_NEW_RULE.sub(segment(ident_), request.call))
        try:
            receipt = await writer.send(request)
            if request.call.startswith("POST "):
                for row in receipt.rows:
                    remember(reader, account, f"rule:{rule_name(change.path)}", row.get("id"))
            return receipt
        except NotFoundError as error:
            if request.call.startswith("DELETE ") and codes.not_there(error):
                return Receipt([], (), ())
            raise


def _without_unasked(
    resources: Sequence[Resource], answers: dict[Key, Observation]
) -> dict[Key, Observation]:
    """Where no document asks for rules, trouble with reading them is told once and stops nothing."""
    unasked = [r for r in resources if rules_of(r.spec) is None and isinstance(answers[r.key], Unreadable)]
    for index, resource in enumerate(unasked):
        error = answers[resource.key]
        assert isinstance(error, Unreadable)
        assert isinstance(error.error, ServiceError)
        told = (_unread(resource, error.error, len(unasked)),) if index == 0 else ()
        answers[resource.key] = Present({}, findings=told)
    return answers


def _unread(resource: Resource, error: ServiceError, count: int) -> Finding:
    rest = f" and of {count - 1} more" if count > 1 else ""
    why = " ".join(part for part in (error.code, error.message) if part)  # the same words each time
    return Finding(
        "rules-unread",
        resource.key.address,
        Severity.INFO,
        f"the rules of {resource.key.address}{rest} could not be read, so that mail which leaves by one goes "
        f"unseen: {why}",
        resource.key,
        resource.document.origin,
    )


def _held(present: Present, resource: Resource) -> dict[str, int]:
    """The numbers of those of the document's rules that are there and stay."""
    names = {rule.name for rule in rules_of(resource.spec) or ()}
    return {
        path[1]: number
        for path, number in present.fields.items()
        if path[0] == NUMBER and path[1] in names and not _replaced(present, resource, path[1])
    }


def _replaced(present: Present, resource: Resource, name: str) -> bool:
    """Whether it will be made anew, or cannot be moved."""
    return bool({READ_ONLY, ERROR} & _seen(present, resource, name).keys())


def _seen(present: Present, resource: Resource, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = present.fields.get(rule_path(name, resource.spec), {})
    return found


def _arrangement(present: Present, resource: Resource) -> Arrangement:
    """How the document's rules come into order; one that is out of reach has no place in it."""
    held = _held(present, resource)
    everything = {path[1]: number for path, number in present.fields.items() if path[0] == NUMBER}
    taken = [number for name, number in everything.items() if name not in held]
    names = [rule.name for rule in rules_of(resource.spec) or ()]
    stuck = {name for name in names if READ_ONLY in _seen(present, resource, name)}
    return arrange([name for name in names if name not in stuck], held, taken)


def _rules_of(resource: Resource) -> str:
    return f"{resource.object_path}/mailFolders/inbox/messageRules"


def _one(resource: Resource, present: Present, name: str) -> str:
    """The path of one rule; of one that is to be made, with what stands for its id."""
    found = None if _replaced(present, resource, name) else present.ids.get(f"rule:{name}")
    return f"{_rules_of(resource)}/{segment(found) if found else f'{{rule:{name}}}'}"


async def _id_of(reader: Reader, path: str, name: str) -> str:
    rows = await reader.graph_list(path.rstrip("/"))
    ids = [str(row["id"]) for row in rows if row.get("displayName") == name]
    if not ids:
        raise NotFoundError("graph", f"GET {path}", f"there is no rule “{name}”", target=name)
    return ids[-1]


def _delete(resource: Resource, present: Present, name: str) -> Request:
    return Request("graph", f"DELETE {_rules_of(resource)}/{segment(present.ids[f'rule:{name}'])}")


def _requests(resource: Resource, present: Present, rule: Any, delta: Delta) -> tuple[Request, ...]:
    """A PATCH with whole blocks, emptied ones included; a POST where there is none, or only a broken one."""
    sent = body(rule, lambda path: reference(path, present))
    if delta.before and ERROR not in delta.before:
        return (Request("graph", f"PATCH {_one(resource, present, rule.name)}", sent),)
    number = _arrangement(present, resource).new.get(rule.name, 1)
    made = {name: value for name, value in sent.items() if value != {}} | {"sequence": number}
    removal = (_delete(resource, present, rule.name),) if delta.before else ()
    return (*removal, Request("graph", f"POST {_rules_of(resource)}", made))


def _after(
    name: str, present: Present, resource: Resource, delta: Delta, context: Context
) -> tuple[str, ...]:
    """New rules are made in their order: the service may number them as they come. One that cannot be made
    is not waited for."""
    new = list(_arrangement(present, resource).new)
    rules = {rule.name: rule for rule in rules_of(resource.spec) or ()}
    for former in reversed(new[: new.index(name)] if name in new else []):
        if _obstacle(rules[former], present, resource, delta, context) is None:
            return (ident(resource.key, rule_path(former, resource.spec)),)
    return ()


def _needs(resource: Resource, rule: Any) -> tuple[str, ...]:
    """Folders and categories that the document creates come first."""
    assigned = rule.actions.assign_categories or ()
    spelt = {name.casefold(): name for name in resource.spec.categories or ()}
    found = [creation_of(path, resource) for path in folders(rule)]
    for name in assigned:
        found.append(ident(resource.key, ("categories", spelt.get(name.casefold(), name))))
        found.append(ident(resource.key, ("claimCategories", name)))
    return tuple(found)


def _risk(delta: Delta, directory: Directory) -> tuple[Risk, tuple[str, ...]]:
    """High where mail leaves the organisation, or is lost: by a rule that comes, or by one that was here."""
    before, after = telling.risky(delta.before, directory), telling.risky(delta.after, directory)
    notes = [] if delta.before and delta.after else [in_words(delta.after or delta.before)]
    if after:
        notes.append(f"sends mail outside the organisation: {', '.join(after)}")
    if stranger := sorted(set(before) - set(after)):
        notes.append(
            f"it sends mail outside the organisation, to {', '.join(stranger)}: find out who made it"
        )
    actions = (delta.after or {}).get("actions", {})
    if actions.get("permanentDelete"):
        notes.append("deletes mail for good")
    if delta.before and ERROR in delta.before and delta.after:
        notes.append("it is in error, as something it names is gone: removed and made anew")
    if delta.after and not delta.after["conditions"]:
        notes.append("it has no condition: it is about all mail")
    if after or stranger or actions.get("permanentDelete"):
        return Risk.HIGH, tuple(notes)
    careful = delta.want is None or bool(actions.get("delete"))
    return (Risk.MEDIUM if careful else Risk.LOW), tuple(notes)


def _instead(resource: Resource) -> tuple[str, ...]:
    return tuple(ident(resource.key, path) for path in (("forwarding", "to"), ("forwarding", "keepCopy")))


def _obstacle(
    rule: Any, present: Present, resource: Resource, delta: Delta, context: Context
) -> Finding | None:
    """A folder that is not there; or a hand-off to an address of ours that nobody has."""
    if found := unknown(folders(rule), "the rule", present, resource, delta):
        return found
    part = part_of(rule.name, resource.spec)
    to = resource.spec.handoff.by_mail[part].address if part else None
    if to is None or context.ahead.by_address(to) or not context.directory.accepts(to):
        return None
    return Finding(
        "unknown-address",
        f"{resource.key.address}/{canon.address(to)}",
        Severity.ERROR,
        f"nobody in this tenant has the address {to}; mail of {resource.key.address} is not handed on to it "
        "until this is settled",
        resource.key,
        delta.origin,
    )


def _stuck(resource: Resource, name: str, delta: Delta) -> Finding:
    return replace(
        telling.read_only(resource, name),
        message=f"a rule called “{name}” is there that Microsoft Graph cannot change: delete or rename it in "
        "Outlook, then the document's is made",
        origin=delta.origin,
        severity=Severity.ERROR,
    )
