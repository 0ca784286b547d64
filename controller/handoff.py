"""How mail is handed on by a mailbox: by Exchange's forwarding, or by an inbox rule of ours.

Forwarding where it can say all that is asked: one hand-off, of all mail, and the document speaks of no other
forwarding, or of that very one. Otherwise a rule, which redirects: the help desk then sees who wrote, where a
forwarded mail would be from this mailbox [doc: New-InboxRule, RedirectTo and ForwardTo]. The rules come
before the document's own, so that none of these keeps a mail from them by stopping; they are known by their
names. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from controller.model import Path
from controller.spec.models.handoff import RULE_NAMES, says_the_same
from controller.spec.models.mailbox_settings import Forwarding
from controller.spec.models.rules import InboxRule, RuleActions

HANDOFF: Final = ("handoff",)
_PARTS: Final = {name: part for part, name in RULE_NAMES.items()}


def forwarding_of(spec: Any) -> tuple[Forwarding | None, Path]:
    """What Exchange shall forward, as far as the document says, and where it says so."""
    if spec.forwarding is not None:
        return spec.forwarding, ("forwarding",)
    part = _forwarded(spec)
    if part is None:
        return None, ("forwarding",)
    written = spec.handoff.by_mail[part]
    return Forwarding(to=written.address, keepCopy=written.keeps), (*HANDOFF, part)


def rules_of(spec: Any) -> tuple[InboxRule, ...] | None:
    """The rules that the document asks for, in their order: those that hand mail on, then its own. None
    where it says nothing of any."""
    if spec.handoff is None:
        return spec.rules  # type: ignore[no-any-return]
    mine = tuple(_rule(part, spec.handoff.by_mail[part]) for part in _ruled(spec))
    if not spec.handoff.by_mail and spec.rules is None:
        return None
    return (*mine, *(spec.rules or ()))


def ended(spec: Any) -> tuple[str, ...]:
    """The hand-offs of which no rule shall be left: ended, or in the forwarding now."""
    if spec.handoff is None:
        return ()
    ruled = set(_ruled(spec))
    return tuple(part for part in spec.handoff.by_mail if part not in ruled)


def part_of(rule: str, spec: Any) -> str | None:
    """Which hand-off of the document a rule of that name is: none, where it does not speak of that one."""
    part = _PARTS.get(rule)
    return part if part and spec.handoff is not None and part in spec.handoff.by_mail else None


def destinations(spec: Any) -> Iterator[tuple[str, str]]:
    """Every hand-off by mail and the address it goes to, as written."""
    if spec.handoff is not None:
        for part, written in spec.handoff.by_mail.items():
            if written.address is not None:
                yield part, written.address


def onward(spec: Any) -> Iterator[str]:
    """Every address that mail goes on to, as written: forwarding, rules and hand-offs."""
    forwarding, _ = forwarding_of(spec)
    if forwarding is not None and forwarding.to:
        yield forwarding.to
    for rule in rules_of(spec) or ():
        for recipient in (*(rule.actions.forward_to or ()), *(rule.actions.redirect_to or ())):
            yield recipient.address


def _forwarded(spec: Any) -> str | None:
    """The hand-off that forwarding takes care of, if it is one."""
    if spec.handoff is None:
        return None
    going = [part for part, _ in destinations(spec)]
    if spec.forwarding is not None:
        written = ((part, spec.handoff.by_mail[part]) for part in going)
        return next((name for name, part in written if says_the_same(part, spec.forwarding)), None)
    if len(going) != 1 or spec.handoff.by_mail[going[0]].conditions is not None:
        return None
    return going[0]


def _ruled(spec: Any) -> Iterator[str]:
    forwarded = _forwarded(spec)
    return (part for part, _ in destinations(spec) if part != forwarded)


def _rule(part: str, written: Any) -> InboxRule:
    """One that keeps no copy stops, so that no later rule works on what is deleted."""
    actions: dict[str, Any] = {"redirectTo": [written.address]}
    if not written.keeps:
        actions |= {"delete": True, "stopProcessingRules": True}
    made = RuleActions.model_validate(actions)
    rule = InboxRule(name=RULE_NAMES[part], actions=made)
    return rule.model_copy(update={"conditions": written.conditions})
