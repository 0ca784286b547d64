"""Plans of any size, drawn without a tenant, and the names that somebody might choose to break out of a report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from controller.impact import Can, Crowd, Effect, Impact, Person, Turn
from controller.model import (
    Action,
    Cause,
    Change,
    Finding,
    Key,
    Kind,
    Origin,
    Plan,
    Request,
    Risk,
    Severity,
    Upcoming,
)

HOSTILE = (
    "| a | b |\n|---|---|",
    "`code` ``more`` ```\n```",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</summary></details><details open>",
    "::error file=x,line=1::owned",
    "line\n::set-output name=x::y\r\n::warning::z",
    "%0A::error::percent",
    "@octocat and @org/team #12 !34 GH-5 ~label",
    "/close\n/merge",
    "[click](https://evil.example) https://evil.example www.evil.example",
    "a\u202egnp.exe\u2066x\u200bz",
    "\x1b]0;owned\x07\x1b[2J",
    "{0} [x](1) &lt;b&gt; &amp; $x$ *b* _i_ ~~s~~ \\",
    "<!-- --> --> ]]> <![CDATA[",
    "é" * 3_000,
    "",
    " ",
)
_ACTIONS = ((Action.REVOKE, Risk.MEDIUM), (Action.GRANT, Risk.LOW), (Action.GRANT, Risk.LOW))


def plan_of(changes: tuple[Change, ...], findings: tuple[Finding, ...] = (), **rest: Any) -> Plan:
    keys = tuple(sorted({change.key for change in changes}))
    made = {"tenant": "entreprise", "crowd": Crowd(len(changes), 1), "upcoming": (), **rest}
    return Plan(
        tenant_id="7f1b2c3d-0000-4000-8000-000000000001", commit="c0ffee00c0ffee00", specs_digest="sha256:1",
        observed_digest="sha256:2", created_at=datetime(2026, 12, 1, 9, tzinfo=UTC), changes=changes,
        findings=findings, resources=keys, **made,
    )  # fmt: skip


def sized(number: int, *, per_mailbox: int = 4) -> Plan:
    """A plan of so many changes, as a large estate brings them: mostly rights, some settings, one deletion."""
    changes = [_change(at, at // per_mailbox) for at in range(number)]
    if number > 20:
        gone = Key(Kind.SHARED_MAILBOX, "zzz-ancienne@entreprise.example")
        changes.append(
            Change(
                gone, "existence", Action.DELETE, (), "SharedMailbox", None,
                Origin("mailboxes/ancienne.yaml", 3), Risk.HIGH, Cause.SPEC,
                impact=Impact((Effect(Turn.LOSES, Can.READ, gone.address, (Person("anna@entreprise.example"),), 1),),
                              "within minutes to about an hour", ("after about 30 days: the mailbox and all mail in it",)),
            )
        )
    findings = tuple(
        Finding("unmanaged-mailbox", f"u{at}@entreprise.example", Severity.WARNING, "is a shared mailbox that no document describes")
        for at in range(number // 10)
    )
    upcoming = tuple(
        Upcoming(datetime(2027, 1, 1 + at % 28, tzinfo=UTC), changes[at].id, Action.REVOKE) for at in range(0, number, 50)
    )
    return plan_of(tuple(sorted(changes, key=lambda change: (change.key, change.path))), findings, upcoming=upcoming)


def _change(at: int, box: int) -> Change:
    key = Key(Kind.SHARED_MAILBOX, f"equipe-{box:04}@entreprise.example")
    origin = Origin(f"mailboxes/equipe-{box:04}.yaml", 5 + at % 9, 3)
    if at % 4 == 3:
        return Change(key, "mailTip", Action.UPDATE, ("mailTip",), "Réponse sous 8 heures", "Réponse sous 4 heures", origin,
                      cause=Cause.SPEC, requests=(Request("exchange", "Set-Mailbox", {"Identity": "x", "MailTip": "y"}),))  # fmt: skip
    action, risk = _ACTIONS[at % 3]
    turn = Turn.LOSES if action is Action.REVOKE else Turn.GAINS
    who = f"personne-{at:04}@entreprise.example"
    people, count = (Person(who),), 1
    if at % 5 == 0 and action is Action.GRANT:
        who, count = f"groupe-{at % 7}@entreprise.example", 12
        people = tuple(Person(f"membre-{n:02}@entreprise.example", (who,)) for n in range(12))
    effect = Effect(turn, Can.READ, key.address, people, count)
    return Change(
        key, "access", action, ("access", who, "full-access"), None, True, origin, risk, Cause.SPEC,
        requests=(Request("exchange", "Add-MailboxPermission", {"Identity": "guid", "User": "guid", "AccessRights": ["FullAccess"]}),),
        impact=Impact((effect,), "within minutes to about an hour"),
    )  # fmt: skip


def hostile() -> Plan:
    """Each hostile text in each place that a stranger may fill."""
    changes = []
    for at, text in enumerate(HOSTILE):
        key = Key(Kind.SHARED_MAILBOX, f"box{at}{text}")
        origin = Origin(f"mailboxes/{text or 'x'}.yaml", at + 1)
        changes += [
            Change(key, "appearance", Action.UPDATE, ("displayName",), text, f"after {text}", origin, notes=(text,)),
            Change(
                key, "access", Action.REVOKE, ("access", text, "full-access"), True, None, origin, Risk.MEDIUM,
                blocked_by=(f"last-reader/{text}",), requests=(Request("exchange", text, {text: text}),),
                impact=Impact((Effect(Turn.KEEPS, Can.READ, f"other{text}", (Person(text, (text, text)),), 1, text, (text,)),),
                              "soon", (text,)),
            ),
        ]  # fmt: skip
    findings = tuple(
        Finding("unknown-trustee", f"{at}/{text}", severity, text, None, Origin("a.yaml", 1) if at % 2 else None)
        for at, text in enumerate(HOSTILE)
        for severity in (Severity.ERROR, Severity.WARNING)
    )
    upcoming = tuple(Upcoming(datetime(2027, 1, 1, tzinfo=UTC), f"SharedMailbox/a/access/{t}", Action.REVOKE) for t in HOSTILE)
    return plan_of(tuple(changes), findings, tenant=HOSTILE[2], upcoming=upcoming)
