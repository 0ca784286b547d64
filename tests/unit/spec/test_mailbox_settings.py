"""Protocols to custom attributes: what may be written, and what is said of what may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.spec import SharedMailbox

One = Callable[[str], list[str]]
HEAD = "kind: SharedMailbox\naddress: support@entreprise.example\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("protocols: {imapp: false}", "unknown field 'imapp' — did you mean 'imap'?"),
        ("protocols: {imap: no}", "got 'no', which is text in YAML 1.2"),
        ("limits: {maxSendSize: 35}", "expected text; got the number 35"),
        ('limits: {maxSendSize: "35"}', "expected a size with its unit, such as 35 MB or 49.5 GB; got '35'"),
        (
            "limits: {warnAt: 50 GB, prohibitSendAt: 1 GB}",
            "'warnAt' (50 GB) is more than 'prohibitSendAt' (1 GB)",
        ),
        (
            "audit: {ageLimit: 0 days}",
            "expected a number of days, at least 1, such as 180 days; got '0 days'",
        ),
        ("litigationHold: {duration: 3 days}", "missing field 'enabled'"),
        (
            "litigationHold: {enabled: false, duration: 3 days}",
            "'duration' says nothing while 'enabled' is false",
        ),
        (
            "litigationHold: {enabled: true, duration: ever}",
            "expected a number of days such as 2555 days, or unlimited",
        ),
        (
            "delivery: {acceptOnlyFrom: [a@b.example, A@b.example]}",
            "'A@b.example' is listed twice in 'acceptOnlyFrom'",
        ),
        (
            "delivery: {acceptOnlyFrom: [a@b.example], rejectFrom: [A@B.example]}",
            "is under both 'acceptOnlyFrom' and 'rejectFrom'",
        ),
        ("forwarding: {keepCopy: false}", "'keepCopy' says nothing without 'to'"),
        ("forwarding:", "none means that nothing is forwarded"),
        ("forwarding: nowhere", "expected a mapping (name: value); got 'nowhere'"),
        ("customAttributes: {16: x}", "expected a number from 1 to 15; got '16'"),
        ("customAttributes: {1: 4711}", "expected text; got the number 4711: put it in quotes"),
        ("licence: null", "'licence' has nothing after it"),
    ],
)
def test_what_is_wrong_is_told(one: One, text: str, told: str) -> None:
    (problem,) = one(f"{HEAD}{text}\n")
    assert told in problem


@pytest.mark.parametrize(
    "text",
    [
        "forwarding: none",
        "forwarding: {}",
        "forwarding: {to: a@b.example}",
        "delivery: {acceptOnlyFrom: []}",
        "limits: {maxSendSize: 35MB, warnAt: 49.5 gb}",
        "limits: {warnAt: 1 GB, prohibitSendAt: 1024 MB, prohibitSendReceiveAt: 1 GB}",
        "litigationHold: {enabled: true, duration: unlimited}",
        "audit: {ageLimit: 90d}",
        'mailTip: ""',
        'customAttributes: {1: "", "15": x}',
        "licence: none",
    ],
)
def test_what_is_right_passes(one: One, text: str) -> None:
    assert one(f"{HEAD}{text}\n") == []


def test_no_forwarding_is_a_wish_and_left_out_is_none() -> None:
    def mailbox(**fields: object) -> SharedMailbox:
        return SharedMailbox.model_validate({"kind": "SharedMailbox", "address": "a@b.example", **fields})

    assert mailbox().forwarding is None
    for spelt in ("none", {}):
        wished = mailbox(forwarding=spelt).forwarding
        assert wished is not None
        assert wished.to is None
    kept = mailbox(forwarding={"to": "a@b.example"}).forwarding
    assert kept is not None
    assert kept.keep_copy is True
