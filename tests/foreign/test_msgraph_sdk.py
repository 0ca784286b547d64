"""Microsoft's Graph client for Python [PyPI msgraph-sdk], signed in by azure-identity."""

from __future__ import annotations

from typing import Any

import pytest

SUPPORT = "support@contoso.example"


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_one_user(sdk: Any, kind: str) -> None:
    found = sdk("get", SUPPORT, kind)
    assert (found["mail"], found["displayName"]) == (SUPPORT, "Support Clients")


def test_nobody(sdk: Any) -> None:
    error = sdk("missing", "nobody@contoso.example")
    assert (error["status"], error["code"]) == (404, "Request_ResourceNotFound")
    assert len(error["requestId"]) == 36


def test_pages(sdk: Any) -> None:
    ids = sdk("every")
    assert len(ids) == len(set(ids)) >= 5


def test_counting(sdk: Any) -> None:
    assert sdk("count") == len(sdk("every"))


def test_filters(sdk: Any) -> None:
    alias = "proxyAddresses/any(p:p eq 'smtp:contact@contoso.example')"
    assert sdk("matching", alias) == {"count": None, "mail": [SUPPORT]}
    assert sdk("matching", "endsWith(mail,'partner.example')", "advanced") == {
        "count": 1,
        "mail": ["eve@partner.example"],
    }


def test_sign_in_is_disabled(sdk: Any) -> None:
    assert sdk("disable", SUPPORT) == [False]


def test_members_have_their_types(sdk: Any) -> None:
    assert sdk("members", "Everyone") == [
        ["User", "alice@contoso.example"],
        ["User", "bruno@contoso.example"],
    ]


def test_what_exchange_masters_is_refused(sdk: Any) -> None:
    message = sdk("refused", "Team", "carol@contoso.example")
    assert message == "Cannot Update a mail-enabled security groups and or distribution list."


def test_a_batch(sdk: Any) -> None:
    assert sdk("batch", SUPPORT, "nobody@contoso.example", "alice@contoso.example") == [200, 404, 200]


def test_a_delta(sdk: Any) -> None:
    first, again = sdk("delta")
    assert first >= 5
    assert again == 0


def test_many_at_once(sdk: Any) -> None:
    assert sdk("many", SUPPORT) == 1


def test_the_clients_own_way_with_throttling(sdk: Any) -> None:
    assert sdk("throttled", SUPPORT) == [SUPPORT, 3]
