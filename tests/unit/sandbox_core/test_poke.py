from __future__ import annotations

from typing import Any

import pytest

from controller.sandbox.poke import Poke, PokeError, parse

TABLE = "#Exchange.GenericHashTable"


@pytest.mark.parametrize(
    ("words", "cmdlet", "parameters"),
    [
        ("Get-Mailbox", "Get-Mailbox", {}),
        ("Set-X Identity=a@b Flag=true N=1", "Set-X", {"Identity": "a@b", "Flag": True, "N": "1"}),
        ("Set-X V=$null L=[1,2]", "Set-X", {"V": None, "L": [1, 2]}),
        ("Set-X T=a=b", "Set-X", {"T": "a=b"}),
        (
            "Set-X L+=a L+=b L-=c",
            "Set-X",
            {"L": {"@odata.type": TABLE, "Add": ["a", "b"], "Remove": ["c"]}},
        ),
        ("rename a@b c@d", "Set-Mailbox", {"Identity": "a@b", "WindowsEmailAddress": "c@d"}),
        ("delete a@b", "Remove-Mailbox", {"Identity": "a@b", "Confirm": False}),
    ],
)
def test_words_become_a_cmdlet(words: str, cmdlet: str, parameters: dict[str, Any]) -> None:
    assert parse(words.split()) == [Poke("poke", {"cmdlet": cmdlet, "parameters": parameters})]


def test_one_grant_for_each_right() -> None:
    made = [
        each.body["cmdlet"]
        for each in parse(["grant", "a@b", "c@d", "full-access", "send-as", "send-on-behalf"])
    ]
    assert made == ["Add-MailboxPermission", "Add-RecipientPermission", "Set-Mailbox"]
    assert [each.body["cmdlet"] for each in parse(["revoke", "a@b", "c@d"])] == ["Remove-MailboxPermission"]


def test_graph_calls() -> None:
    body = {"method": "PATCH", "path": "/users/a@b", "body": {"accountEnabled": False}}
    assert parse(["graph", "patch", "/users/a@b", '{"accountEnabled": false}']) == [Poke("graph", body)]
    assert parse(["block", "a@b"]) == [Poke("graph", body)]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "grnt a@b c@d",
        "grant a@b",
        "grant a@b c@d everything",
        "Set-X Identity",
        "Set-X L={broken",
        "Set-X L=a L+=b",
        "graph GET",
        "rename a@b",
    ],
)
def test_words_that_mean_nothing(words: str) -> None:
    with pytest.raises(PokeError):
        parse(words.split())
