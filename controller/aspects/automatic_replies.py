"""What whoever writes to the mailbox gets back, and the holiday versions of it.

A period replaces texts and turns replies on while it lasts; both its ends were written down and reviewed,
so the changes they bring have the cause `time`. Exchange has a schedule of its own (state Scheduled), which
knows one set of texts and ends in silence: found there, it is a difference. Start and end time stand there
always and mean nothing otherwise, so they are not compared [reference: 15.8]. A period's text that has no
standing one to give way to is emptied when the period is over, unless somebody wrote another meanwhile.

Each field is a change of its own, in an order in which Exchange takes them: replies are not on without an
internal text, nor for people outside without an external one [doc: Set-MailboxAutoReplyConfiguration].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from controller import markup
from controller.aspect import Context, Permissions, Resource
from controller.model import (
    Action,
    Change,
    Delta,
    Desired,
    Finding,
    Path,
    Present,
    Severity,
    Upcoming,
    Want,
    ident,
)
from controller.own_settings import OwnSettings

_ROOT: Final = "automaticReplies"
STATE: Final = (_ROOT, "state")
AUDIENCE: Final = (_ROOT, "externalAudience")
INTERNAL: Final = (_ROOT, "internal")
EXTERNAL: Final = (_ROOT, "external")
_TEXTS: Final[dict[str, Path]] = {"internal": INTERNAL, "external": EXTERNAL}
_PARAMETERS: Final[dict[Path, str]] = {
    STATE: "AutoReplyState",
    AUDIENCE: "ExternalAudience",
    INTERNAL: "InternalMessage",
    EXTERNAL: "ExternalMessage",
}


@dataclass(frozen=True, slots=True)
class _Span:
    """A period with its instants, and where it is written."""

    period: Any
    at: str
    begins: datetime
    ends: datetime


class AutomaticReplies(OwnSettings):
    name = "automaticReplies"
    noun = "MailboxAutoReplyConfiguration"
    columns = (*_PARAMETERS.values(), "StartTime", "EndTime")
    permissions = Permissions(
        read=("Get-MailboxAutoReplyConfiguration",), write=("Set-MailboxAutoReplyConfiguration",)
    )

    def concerns(self, resource: Resource) -> bool:
        return resource.spec.automatic_replies is not None

    def seen(self, row: Mapping[str, Any]) -> Present:
        state = str(row.get("AutoReplyState") or "Disabled").lower()
        fields: dict[Path, Any] = {
            STATE: state,
            AUDIENCE: str(row.get("ExternalAudience") or "All").lower(),
            INTERNAL: markup.canonical(row.get("InternalMessage")),
            EXTERNAL: markup.canonical(row.get("ExternalMessage")),
        }
        schedule = f"{row.get('StartTime')} to {row.get('EndTime')}" if state == "scheduled" else ""
        spelt = {path: str(row.get(_PARAMETERS[path]) or "") for path in _TEXTS.values()}
        return Present(fields, {"schedule": schedule} if schedule else {}, spelt=spelt)

    def desired(self, resource: Resource, context: Context) -> Desired:
        spec = resource.spec.automatic_replies
        spans = _spans(spec, context)
        now = next((span for span in spans if span.begins <= context.now < span.ends), None)
        wants: dict[Path, Want] = {}
        if state := ("enabled" if now else spec.state or ("disabled" if spans else None)):
            origin = resource.at(_ROOT, "periods", now.at) if now else resource.at(*STATE)
            wants[STATE] = Want(str(state), str(state).title(), origin, _turn(spans, context.now))
        if spec.external_audience:
            audience = str(spec.external_audience)
            wants[AUDIENCE] = Want(audience, audience.title(), resource.at(*AUDIENCE))
        for name, path in _TEXTS.items():
            if want := _text(name, path, resource, spans, now, context):
                wants[path] = want
        return Desired(wants, upcoming=tuple(_upcoming(spans, resource, context)))

    def spelling(self, present: Present) -> Mapping[Path, Any]:
        """Without texts that are empty, and without a schedule of Exchange's own, which no document has."""
        said = {path: value for path, value in super().spelling(present).items() if value}
        if said.get(STATE) == "scheduled":
            del said[STATE]
        return said

    def observed(
        self, present: Present, resource: Resource, desired: Desired, context: Context
    ) -> Mapping[Path, Any]:
        """A text that shall go with its period is only missed where it is the period's own."""
        fields = dict(present.fields)
        for path, want in desired.wants.items():
            if want.ref is not None and fields[path] not in want.ref:
                fields[path] = want.value
        return fields

    def change(
        self, delta: Delta, present: Present, resource: Resource, context: Context
    ) -> Change | Finding:
        assert delta.want is not None  # single values: none of them can be wished away
        wants = self.desired(resource, context).wants
        notes = []
        if delta.path == STATE and "schedule" in present.ids:
            notes.append(f"somebody scheduled replies in Exchange, {present.ids['schedule']}: that ends now")
        if delta.before and _is_lost(delta, resource):
            notes.append(
                "what stands there now does not come back after the period: write it under "
                f"{'.'.join(delta.path)} if it shall"
            )
        change = self.settle(
            delta,
            resource,
            {_PARAMETERS[delta.path]: delta.want.verbatim},
            depends_on=[ident(resource.key, path) for path in _before(delta.path, wants)],
            notes=notes,
        )
        answering = delta.path in (STATE, AUDIENCE)
        return replace(change, obstacle=_incomplete(wants, present, resource)) if answering else change


def _before(path: Path, wants: Mapping[Path, Want]) -> tuple[Path, ...]:
    """What has to be in place first: texts before replies go out, silence before they are taken back."""
    state = wants.get(STATE)
    if state and state.value == "disabled":
        return () if path == STATE else (STATE,)
    if path == STATE:
        return INTERNAL, EXTERNAL, AUDIENCE
    return (EXTERNAL,) if path == AUDIENCE else ()


def _spans(spec: Any, context: Context) -> list[_Span]:
    """The periods in the order in which they come; those that never hold are left out."""
    spans = [
        _Span(period, str(at), period.begins(context.zone), period.ends(context.zone))
        for at, period in enumerate(spec.periods)
    ]
    return sorted((span for span in spans if span.begins < span.ends), key=lambda span: span.begins)


def _turn(spans: list[_Span], now: datetime, name: str = "") -> datetime | None:
    """When a period that concerns the state, or the text of that name, last began or ended."""
    concerned = [span for span in spans if not name or getattr(span.period, name) is not None]
    turns = [turn for span in concerned for turn in (span.begins, span.ends) if turn <= now]
    return max(turns, default=None)


def _text(
    name: str, path: Path, resource: Resource, spans: list[_Span], now: _Span | None, context: Context
) -> Want | None:
    own = getattr(now.period, name) if now else None
    wording = own or getattr(resource.spec.automatic_replies, name)
    if wording is None:
        return None if now else _emptied(name, resource, spans, context)
    origin = resource.at(_ROOT, "periods", now.at, name) if own and now else resource.at(*path)
    document = wording.document()
    return Want(markup.canonical(document), document, origin, _turn(spans, context.now, name))


def _emptied(name: str, resource: Resource, spans: list[_Span], context: Context) -> Want | None:
    """What becomes of a text that only periods have. `ref` holds those that were put in place by now."""
    over = [span for span in spans if span.ends <= context.now and getattr(span.period, name) is not None]
    if not over:
        return None
    stamped = frozenset(markup.canonical(getattr(span.period, name).document()) for span in over)
    origin = resource.at(_ROOT, "periods", over[-1].at, name)
    return Want("", "", origin, _turn(spans, context.now, name), ref=stamped)


def _is_lost(delta: Delta, resource: Resource) -> bool:
    """Whether a period's text takes the place of one that no document has."""
    standing = {path: getattr(resource.spec.automatic_replies, name) for name, path in _TEXTS.items()}
    return bool(delta.after) and delta.path in standing and standing[delta.path] is None


def _upcoming(spans: list[_Span], resource: Resource, context: Context) -> Iterator[Upcoming]:
    for span in spans:
        id_ = ident(resource.key, (_ROOT, span.period.name))
        for at, action in ((span.begins, Action.ADD), (span.ends, Action.REMOVE)):
            if at > context.now:
                yield Upcoming(at, id_, action)


def _incomplete(wants: Mapping[Path, Want], present: Present, resource: Resource) -> Finding | None:
    """What Exchange would refuse: replies without the texts they need, of which some are not in the spec."""
    then = {path: wants[path].value if path in wants else seen for path, seen in present.fields.items()}
    if then[STATE] == "disabled":
        return None
    missing = "internal" if not then[INTERNAL] else ""
    if not then[EXTERNAL] and then[AUDIENCE] != "none":
        missing = missing or "external"
    if not missing:
        return None
    advice = "" if missing == "internal" else ", or externalAudience: none"
    return Finding(
        "reply-incomplete",
        f"{resource.key.address}/{missing}",
        Severity.ERROR,
        f"automatic replies of {resource.key.address} would be on without an {missing} text, which Exchange "
        f"refuses: write automaticReplies.{missing}{advice}",
        resource.key,
        resource.at(_ROOT),
    )
